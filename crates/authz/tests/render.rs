//! Answers as people and programs read them.
#![expect(clippy::panic, reason = "a failing test says where")]

use std::{collections::BTreeSet, fs, path::Path};

use authz::{
    context::{Context, Others},
    file::{NoFiles, request, world},
    query::Circumstances,
    render::{Answer, Detail, MayDo, Theme, WhoMay},
    request::{Request, Resource},
    rules::Assumptions,
    text::SourceText,
    world::World,
};
use serde_json::{Value, json};

const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROLE: &str = "arn:aws:iam::111122223333:role/controller";

fn a_world(yaml: &str) -> World {
    world::read(&SourceText::new("w.yaml", yaml), &NoFiles).unwrap_or_else(|wrong| panic!("{wrong}\n{yaml}"))
}

fn a_request(world: &World, yaml: &str) -> Request {
    request::read(&SourceText::new("r.yaml", yaml), world, &NoFiles).unwrap_or_else(|wrong| panic!("{wrong}\n{yaml}"))
}

/// The text and the JSON of the answer to a question.
fn answered(world: &World, request: &str) -> (String, Value) {
    let request = a_request(world, request);
    let assumptions = Assumptions::default();
    let explanation = world.explain(&request, &assumptions);
    let near = world.near_misses(&request, &assumptions, &explanation);
    let fixes = world.fixes(&request, &assumptions);
    let answer = Answer {
        world,
        request: &request,
        assumptions: &assumptions,
        explanation: &explanation,
        near: &near,
        fixes: Some(&fixes),
    };
    (answer.text(Theme::PLAIN, Detail::Short), answer.json())
}

fn text(world: &World, request: &str) -> String {
    answered(world, request).0
}

/// A text without its first lines up to the first with a label, and from there the label's own lines.
fn entry<'t>(text: &'t str, label: &str) -> Vec<&'t str> {
    let start = format!("  {label} ");
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&start));
    let first = lines.next().unwrap_or_else(|| panic!("no {label} in\n{text}"));
    let more = lines.take_while(|line| line.starts_with("         "));
    std::iter::once(first).chain(more).map(|line| line.trim_start()).collect()
}

/// A key of one account, a role of another that the policies are about.
fn across(role_policy: &str, key_policy: &str, grants: &str) -> World {
    a_world(&format!(
        r#"
accounts: {{"111122223333": {{name: cluster}}, "444455556666": {{name: keys}}}}
roles:
  {ROLE}:
    policies:
      kms: {{Version: "2012-10-17", Statement: [{role_policy}]}}
keys:
  {KEY}:
    policy: '{{"Version": "2012-10-17", "Statement": [{key_policy}]}}'
    grants: [{grants}]
"#
    ))
}

const ALLOWS_KEY: &str = r#"{Sid: Key, Effect: Allow, Action: "kms:*", Resource: "*"}"#;
const OPEN: &str =
    r#"{"Sid": "Open", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}"#;

fn decrypt() -> String {
    format!("principal: {ROLE}\naction: kms:Decrypt\nresource: {KEY}\notherKeys: absent")
}

#[test]
fn what_differs_is_underlined_in_the_policy() {
    let closed = OPEN.replace("111122223333", "999999999999");
    let text = text(&across(ALLOWS_KEY, &closed, ""), &decrypt());
    let expected = [
        "MISSING  key policy in 444455556666 (keys): its one statement does not match",
        &format!("nearest: w.yaml:9: keys.{KEY}.policy:1 Sid=Open, only Principal differs"),
    ];
    let told = entry(&text, "MISSING");
    assert_eq!(told[..2], expected, "{text}");
    let (line, underline) = (told[2], told[3]);
    let at = underline.find('^').unwrap();
    let width = underline.matches('^').count();
    let shift = line.find('|').unwrap() - underline.find('|').unwrap();
    assert_eq!(line.get(at + shift..at + shift + width), Some("\"999999999999\""), "{text}");
    assert!(underline.ends_with("^ another account: the request has 111122223333"), "{text}");
}

#[test]
fn each_gate_has_its_line() {
    let deny = r#"{Effect: Deny, Action: "kms:Decrypt", Resource: "*"}"#;
    let text = text(&across(&format!("{ALLOWS_KEY}, {deny}"), OPEN, ""), &decrypt());
    assert!(text.starts_with(&format!("denied (explicit): kms:Decrypt on {KEY}\n")), "{text}");
    assert!(text.contains("  by       identity policies, in account 111122223333 (cluster)\n"), "{text}");
    assert!(entry(&text, "ok")[0].ends_with("policy:1 Sid=Open"), "{text}");
    let denies = entry(&text, "DENIES");
    assert!(denies[0].starts_with("DENIES   identity policies in 111122223333 (cluster): denied by w.yaml:"), "{text}");
    assert!(denies[1].contains("\"Deny\"") && denies[2].contains("^^^^^^"), "{text}");
    assert!(entry(&text, "no")[0].ends_with("grants in 444455556666 (keys): there are none on the key"), "{text}");
    assert!(
        entry(&text, "-")[0].contains("service control policies, permissions boundary, session policies"),
        "{text}"
    );
    assert!(
        entry(&text, "AWS says")[0].contains("AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/")
    );
}

#[test]
fn grants_are_summed_up_by_what_is_in_the_way() {
    let grant = |grantee: &str, operation: &str| format!("{{grantee: {grantee}, operations: [{operation}]}}");
    let other = "arn:aws:iam::111122223333:role/other";
    let grants = [grant(other, "Decrypt"), grant(other, "Encrypt"), grant(ROLE, "Encrypt")].join(", ");
    let closed = OPEN.replace("111122223333", "999999999999");
    let text = text(&across(ALLOWS_KEY, &closed, &grants), &decrypt());
    assert!(text.contains("3 on the key: 2 are other grantees', 1 does not permit the operation"), "{text}");
    let grants = [grant(other, "Decrypt"), grant(ROLE, "Decrypt")].join(", ");
    let (text, json) =
        answered(&across("{Effect: Allow, Action: s3:Get*, Resource: '*'}", &closed, &grants), &decrypt());
    assert!(text.starts_with("allowed: "), "{text}");
    assert!(text.contains("2 on the key: 1 lets the caller through, 1 is another grantee's"), "{text}");
    assert!(text.contains(&format!("grant grant-2 to {ROLE}")), "{text}");
    assert_eq!(json["gates"][1]["outcome"], "ok");
    assert_eq!(json["gates"][1]["grants"][1]["misses"], json!(["otherGrantee"]));
}

#[test]
fn a_condition_is_told_as_what_must_hold() {
    let if_vpc = r#"{Effect: Allow, Action: "kms:*", Resource: "*", Condition: {StringEquals: {"aws:SourceVpc": v}, Bool: {"aws:SecureTransport": "true"}}}"#;
    let (text, json) =
        answered(&across(if_vpc, OPEN, ""), &decrypt().replace("otherKeys: absent", "otherKeys: unknown"));
    assert!(text.starts_with(&format!("conditional: kms:Decrypt on {KEY} is allowed if and only if\n")), "{text}");
    assert!(
        text.contains("  if       aws:sourcevpc StringEquals [\"v\"]\n  and      aws:securetransport Bool"),
        "{text}"
    );
    assert!(entry(&text, "unknown")[1].ends_with("aws:securetransport Bool [\"true\"]"), "{text}");
    assert_eq!(json["verdict"], "conditional");
    assert_eq!(json["openKeys"], json!(["aws:securetransport", "aws:sourcevpc"]));
    assert_eq!(json["error"], Value::Null);
}

#[test]
fn a_key_state_is_apart_from_the_verdict() {
    let mut world = across(ALLOWS_KEY, OPEN, "");
    world.set_key_state(&KEY.parse().unwrap(), Some(authz::world::KeyState::Disabled)).unwrap();
    let (text, json) = answered(&world, &decrypt());
    assert!(text.starts_with("allowed: "), "{text}");
    assert_eq!(entry(&text, "key")[0], "key      Disabled: the call fails all the same, with DisabledException");
    assert_eq!(json["keyState"], json!({"state": "Disabled", "error": "DisabledException"}));
}

#[test]
fn the_smallest_fix_is_the_statement_to_add_and_who_must_add_it() {
    let elsewhere =
        r#"{Sid: Key, Effect: Allow, Action: "kms:Decrypt", Resource: "arn:aws:kms:us-west-2:111122223333:key/*"}"#;
    let (text, json) = answered(&across(elsewhere, OPEN, ""), &decrypt());
    let help = entry(&text, "help");
    assert_eq!(help[0], "help     smallest fix, decided again: allowed");
    assert!(help[1].starts_with("1. in account 111122223333 (cluster): "), "{text}");
    assert!(help.iter().any(|line| line.contains(&format!("\"{KEY}\""))), "{text}");
    let change = &json["fixes"]["fixes"][0]["changes"][0];
    assert_eq!(change["who"]["account"], "111122223333");
    let shell = change["commands"][0]["shell"].as_str().unwrap();
    assert!(shell.starts_with("aws iam put-role-policy --role-name controller "), "{shell}");
    assert_eq!(json["fixes"]["fixes"][0]["verified"], "allowed");
}

#[test]
fn a_fix_that_takes_both_sides_says_so() {
    let closed = r#"{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "kms:*", "Resource": "*"}"#;
    let elsewhere = r#"{Effect: Allow, Action: "kms:Encrypt", Resource: "*"}"#;
    // No grant can give this, which would be enough by itself.
    let list = decrypt().replace("kms:Decrypt", "kms:ListGrants");
    let (text, json) = answered(&across(elsewhere, closed, ""), &list);
    let help = entry(&text, "help");
    assert_eq!(help[0], "help     smallest fix, on both sides, decided again: allowed", "{text}");
    assert_eq!(json["fixes"]["needsBothSides"], true);
    let of = |account: &str| help.iter().any(|line| line.contains(&format!("in account {account} (")));
    assert!(of("111122223333") && of("444455556666"), "{text}");
}

#[test]
fn half_of_a_fix_says_what_is_left_to_the_other_side() {
    let list = decrypt().replace("kms:Decrypt", "kms:ListGrants");
    let (text, json) = answered(&a_world(&format!("keys: {{'{KEY}': {{}}}}")), &list);
    assert_eq!(json["verdict"], "denied", "{text}");
    let help = entry(&text, "help");
    let begins = "help     half of a fix, decided again: allowed if ";
    assert!(
        help[0].starts_with(begins) && help[0].contains("the caller's own policies allow kms:ListGrants"),
        "{text}"
    );
    let others = json["fixes"]["halves"].as_array().unwrap().len() - 1;
    assert!(others > 0 && text.contains(&format!("{others} other hal")), "{text}");
    assert!(help[1].starts_with("1. in account 444455556666: add a statement to the key policy"), "{text}");
    assert!(text.contains("the policies of account 111122223333 are not known"), "{text}");
    let half = &json["fixes"]["halves"][0];
    assert_eq!((&json["fixes"]["fixes"], &half["verified"]), (&json!([]), &json!("conditional")));
    assert!(half["allowedIff"].as_str().unwrap().contains("the caller's own policies allow"), "{half}");
}

#[test]
fn nothing_from_a_file_steers_a_terminal() {
    let sid =
        r#"{"Sid": "\u001b[2J\u0007evil", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}"#;
    let (text, _) = answered(&across(ALLOWS_KEY, sid, ""), &decrypt());
    assert!(text.contains("evil"), "{text}");
    assert!(!text.chars().any(|character| character.is_control() && character != '\n'), "{text:?}");
}

#[test]
fn colours_are_the_themes() {
    let world = across(ALLOWS_KEY, OPEN, "");
    let request = a_request(&world, &decrypt());
    let assumptions = Assumptions::default();
    let explanation = world.explain(&request, &assumptions);
    let answer = Answer {
        world: &world,
        request: &request,
        assumptions: &assumptions,
        explanation: &explanation,
        near: &[],
        fixes: None,
    };
    let coloured = answer.text(Theme::COLOUR, Detail::Rules);
    assert!(coloured.starts_with("\u{1b}[1m\u{1b}[32mallowed:\u{1b}[0m"), "{coloured:?}");
    assert!(!answer.text(Theme::PLAIN, Detail::Rules).contains('\u{1b}'));
}

#[test]
fn every_rule_can_be_told_with_its_source() {
    let world = across(ALLOWS_KEY, OPEN, "");
    let request = a_request(&world, &decrypt());
    let assumptions = Assumptions::default();
    let explanation = world.explain(&request, &assumptions);
    let answer = Answer {
        world: &world,
        request: &request,
        assumptions: &assumptions,
        explanation: &explanation,
        near: &[],
        fixes: None,
    };
    let text = answer.text(Theme::PLAIN, Detail::Rules);
    for rule in &explanation.rules {
        assert!(text.contains(&format!("{}: {}", rule.id, rule.says)), "{}\n{text}", rule.id);
    }
    assert!(text.contains("IAM User Guide, "), "{text}");
}

#[test]
fn the_other_directions_are_lists() {
    let world = across(ALLOWS_KEY, OPEN, "");
    let circumstances = Circumstances { context: Context::new(Others::Absent), ..Circumstances::default() };
    let action = "kms:Decrypt".parse().unwrap();
    let resource = Resource { arn: KEY.into(), owner: None, tags: Default::default() };
    let found = world.who_can(&action, &resource, &circumstances, &Assumptions::default());
    let who = WhoMay { world: &world, action: &action, resource: KEY, found: &found };
    let text = who.text(Theme::PLAIN);
    assert!(text.starts_with(&format!("who can: kms:Decrypt on {KEY}: ")), "{text}");
    assert!(text.contains(&format!("  may      {ROLE}\n")), "{text}");
    assert!(text.contains("key policy in 444455556666 (keys): w.yaml:9: keys."), "{text}");
    let principals: Vec<_> =
        who.json()["may"].as_array().unwrap().iter().map(|access| access["principal"].clone()).collect();
    assert!(principals.contains(&ROLE.into()), "{principals:?}");

    let principal = a_request(&world, &decrypt()).principal;
    let found = world.what_can(&principal, &[action.into()], &circumstances, &Assumptions::default());
    let what = MayDo { principal: &principal, found: &found };
    assert!(
        what.text(Theme::PLAIN).contains(&format!("  may      kms:Decrypt on {KEY}\n")),
        "{}",
        what.text(Theme::PLAIN)
    );
    let json = what.json();
    assert_eq!(json["principal"], ROLE);
    let may = json["may"].as_array().unwrap();
    assert!(may.iter().any(|one| one["resource"] == KEY && one["verdict"] == "allowed"), "{json}");
}

#[test]
fn what_a_rule_answers_without_any_policy_is_told_with_the_rule() {
    let world = across(ALLOWS_KEY, OPEN, "");
    let text = text(&world, &format!("principal: {ROLE}\naction: sts:GetCallerIdentity"));
    assert!(text.starts_with("allowed: sts:GetCallerIdentity on *\n"), "{text}");
    assert!(entry(&text, "because")[0].ends_with("(sts-get-caller-identity)"), "{text}");
}

#[test]
fn a_grant_that_nearly_fits_is_told_with_what_it_lacks() {
    let closed = OPEN.replace("111122223333", "999999999999");
    let grant = format!("{{grantee: {ROLE}, operations: [RetireGrant], id: g-1}}");
    let request = decrypt().replace("kms:Decrypt", "kms:RetireGrant") + "\ngrantId: other";
    let other = "{grantee: arn:aws:iam::111122223333:role/other, operations: [Decrypt], id: other}";
    let (text, json) = answered(&across(ALLOWS_KEY, &closed, &format!("{grant}, {other}")), &request);
    assert_eq!(json["denial"]["gate"], "grants", "{text}");
    assert_eq!(json["gates"][0]["outcome"], "missing");
    let missing = entry(&text, "MISSING");
    assert!(missing[0].contains("grants in 444455556666 (keys): "), "{text}");
    assert_eq!(missing[1], "nearest: grant other to arn:aws:iam::111122223333:role/other", "{text}");
    assert!(missing[2].starts_with("it is another grantee's: it has arn:aws:iam::111122223333:role/other, "), "{text}");
}

#[test]
fn what_rests_on_an_assumption_says_so() {
    let closed = OPEN.replace("111122223333", "999999999999");
    let grant = format!("{{grantee: {ROLE}, operations: [Decrypt]}}");
    let no_kms = r#"{Effect: Allow, Action: "s3:*", Resource: "*"}"#;
    let (text, json) = answered(&across(no_kms, &closed, &grant), &decrypt());
    assert_eq!(json["verdict"], "allowed", "{text}");
    assert_eq!(json["restsOn"], json!(["kms-grant-foreign-enough"]));
    assert!(entry(&text, "assumed")[0].starts_with("assumed  kms-grant-foreign-enough: "), "{text}");
    let (text, json) = answered(&across(ALLOWS_KEY, OPEN, &grant), &decrypt());
    assert_eq!(json["restsOn"], json!([]), "{text}");
    assert!(!text.contains("\n  assumed"), "{text}");
}

#[test]
fn what_leads_around_a_limit_is_told_as_that() {
    let bounded = |limit: &str| {
        a_world(&format!(
            r#"
managedPolicies: {{'{limit}': {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "s3:*", Resource: "*"}}]}}}}
roles: {{'{ROLE}': {{policies: {{all: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "*", Resource: "*"}}]}}}}, boundary: '{limit}'}}}}
accounts: {{"444455556666": {{}}}}
keys: {{'{KEY}': {{policy: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Principal: {{AWS: "111122223333"}}, Action: "kms:*", Resource: "*"}}]}}}}}}
"#
        ))
    };
    let (text, json) = answered(&bounded("arn:aws:iam::111122223333:policy/limit"), &decrypt());
    assert_eq!(json["fixes"]["fixes"][0]["goesAround"], json!([]), "{text}");
    assert!(text.contains("would open or change more, or lead around what limits the caller\n"), "{text}");
    // AWS's own policies cannot be changed.
    let (text, json) = answered(&bounded("arn:aws:iam::aws:policy/PowerUserAccess"), &decrypt());
    assert_eq!(json["fixes"]["fixes"][0]["goesAround"], json!(["boundary"]), "{text}");
    let told = "it leads around the permissions boundary, by which the request would not be let through";
    assert!(entry(&text, "help").contains(&told), "{text}");
}

/// The names of all fields, but not those within what a policy or an encryption context is.
fn fields(value: &Value, named: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                named.insert(name.clone());
                if !matches!(name.as_str(), "document" | "statement" | "encryptionContext") {
                    fields(value, named);
                }
            }
        }
        Value::Array(many) => many.iter().for_each(|one| fields(one, named)),
        _ => {}
    }
}

#[test]
fn the_page_tells_each_field_of_the_json_and_no_other() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/explain.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("## JSON").unwrap();
    let words = |text: &str| -> BTreeSet<String> {
        let quoted = text.split('`').skip(1).step_by(2).flat_map(|path| path.split('.'));
        quoted.map(|word| word.trim_end_matches("[]").to_owned()).collect()
    };

    let elsewhere = r#"{Sid: Key, Effect: Allow, Action: "kms:Encrypt", Resource: "*", Condition: {StringEquals: {"aws:RequestedRegion": us-east-1}}}"#;
    let grant = format!(
        "{{name: g, grantee: '{ROLE}', operations: [Encrypt], constraints: {{encryptionContextEquals: {{a: b}}}}}}"
    );
    let world = across(elsewhere, OPEN, &grant);
    let closed = r#"{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "kms:*", "Resource": "*"}"#;
    let within = "principal: arn:aws:iam::111122223333:role/controller\naction: kms:ListGrants\nresource: ".to_owned();
    let mut named = BTreeSet::new();
    for answer in [
        answered(&world, &decrypt()).1,
        answered(&world, &decrypt().replace("kms:Decrypt", "kms:Encrypt").replace("otherKeys: absent", "")).1,
        answered(&across(elsewhere, closed, &grant), &format!("{within}{KEY}")).1,
        answered(&across(ALLOWS_KEY, OPEN, ""), &decrypt()).1,
        answered(&a_world(&format!("keys: {{'{KEY}': {{}}}}")), &decrypt().replace("kms:Decrypt", "kms:ListGrants")).1,
    ] {
        fields(&answer, &mut named);
    }
    let circumstances = Circumstances { context: Context::new(Others::Absent), ..Circumstances::default() };
    let action = "kms:Encrypt".parse().unwrap();
    let resource = Resource { arn: KEY.into(), owner: None, tags: Default::default() };
    let found = world.who_can(&action, &resource, &circumstances, &Assumptions::default());
    fields(&WhoMay { world: &world, action: &action, resource: KEY, found: &found }.json(), &mut named);
    let principal = a_request(&world, &decrypt()).principal;
    let found = world.what_can(&principal, &[action.into()], &circumstances, &Assumptions::default());
    fields(&MayDo { principal: &principal, found: &found }.json(), &mut named);

    let on_the_page = words(section);
    let untold: Vec<_> = named.difference(&on_the_page).collect();
    assert!(untold.is_empty(), "explain.md does not tell {untold:?}");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let of_rows: BTreeSet<String> = rows.flat_map(|row| words(row.split('|').nth(1).unwrap())).collect();
    let stale: Vec<_> = of_rows.difference(&named).collect();
    assert!(of_rows.len() > 10 && stale.is_empty(), "explain.md tells of {stale:?}, which no answer has");
}
