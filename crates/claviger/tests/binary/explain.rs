//! `claviger explain`: on the corpus it says what the library says, and people get what they need.

use std::{collections::BTreeSet, fs, io, path::Path, thread};

use authz::{
    decision::{Explanation, Verdict},
    file::case::{self, Case, Cases, Expected},
    rules::Assumptions,
    text::SourceText,
};
use serde_json::Value;

use crate::support::{run, told};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/cross-account-volume-key");
const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const CONTROLLER: &str = "arn:aws:iam::111122223333:role/KarpenterController";

pub(crate) fn corpus() -> Cases {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/authorization");
    let read = |path: &str| -> io::Result<String> { fs::read_to_string(root.join(path)) };
    let mut names: Vec<_> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".yaml"));
    names.sort();
    names.into_iter().fold(Cases::default(), |mut all, name| {
        let cases = case::read(&SourceText::new(name.as_str(), read(&name).unwrap()), &read).unwrap();
        all.requests.extend(cases.requests);
        all.policies.extend(cases.policies);
        all.launches.extend(cases.launches);
        all
    })
}

/// What the command says of a question: its exit code and its JSON.
pub(crate) fn asked(directory: &Path, world_file: &str, request_file: &str, off: &[String]) -> (i32, Value) {
    let (world, request) = (directory.join("world.json"), directory.join("request.json"));
    fs::write(&world, world_file).unwrap();
    fs::write(&request, request_file).unwrap();
    let off: Vec<_> = off.iter().flat_map(|id| ["--assume".to_owned(), format!("{id}=off")]).collect();
    let mut arguments = vec!["explain", "-o", "json", "--no-fix", "--unpublished-action"];
    arguments.extend(["--world", world.to_str().unwrap()]);
    arguments.extend(["--request", request.to_str().unwrap()]);
    arguments.extend(off.iter().map(String::as_str));
    let output = run(&arguments);
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
    (output.status.code().unwrap(), answer)
}

/// Where the command does not say what the library says.
pub(crate) fn differences(answer: &Value, exit: i32, library: &Explanation) -> Vec<String> {
    let (verdict, expected_exit) = match &library.verdict {
        Verdict::Allowed => ("allowed", 0),
        Verdict::Denied(_) => ("denied", 2),
        Verdict::AllowedIff(_) => ("conditional", 2),
    };
    let mut differences = Vec::new();
    let mut compare = |at: &str, expected: Value| {
        let said = answer.pointer(at).unwrap_or(&Value::Null);
        if *said != expected {
            differences.push(format!("{at}: said {said}, expected {expected}"));
        }
    };
    compare("/verdict", verdict.into());
    match &library.verdict {
        Verdict::Allowed => {}
        Verdict::Denied(denial) => {
            compare("/denial/effect", denial.effect.as_str().into());
            compare("/denial/gate", denial.gate.as_str().into());
            compare("/denial/account", denial.account.map(|id| id.to_string()).into());
        }
        Verdict::AllowedIff(residual) => compare("/allowedIff", residual.to_string().into()),
    }
    let state = library.key_state.as_ref().and_then(|verdict| verdict.error);
    compare("/keyState/error", state.into());
    compare("/error/message", library.error.as_ref().map(|error| error.message.as_str()).into());
    if exit != expected_exit {
        differences.push(format!("exit code: {exit}, expected {expected_exit}"));
    }
    let rules = answer.pointer("/rules").and_then(Value::as_array).into_iter().flatten();
    let rules: BTreeSet<_> = rules.filter_map(|rule| rule.get("id")?.as_str()).collect();
    let expected: BTreeSet<_> = library.rules.iter().map(|rule| rule.id).collect();
    if rules != expected {
        differences.push(format!("rules: {:?}", rules.symmetric_difference(&expected).collect::<Vec<_>>()));
    }
    differences
}

/// Everything in which the command and the library differ on a case or on its mutant, or either and the case.
fn wrong(case: &Case, directory: &Path) -> Vec<String> {
    let assumptions = case.about.off.iter().fold(Assumptions::default(), |all, id| all.with(id, false).unwrap());
    let mutant = case.mutant.iter().map(|mutant| (mutant, &Expected::Allowed));
    let mut wrong = Vec::new();
    for (question, expect) in std::iter::once((&case.question, &case.expect)).chain(mutant) {
        let (exit, answer) = asked(directory, &question.world_file, &question.request_file, &case.about.off);
        let library = question.world.explain(&question.request, &assumptions);
        wrong.extend(differences(&answer, exit, &library));
        if !expect.is_met_by(&library.verdict) {
            wrong.push(format!("expected to be {expect}"));
        }
    }
    wrong
}

#[test]
fn on_every_case_of_the_corpus_and_its_mutant_it_says_what_the_library_says() {
    let cases = corpus().requests;
    let all_wrong = |cases: &[Case]| {
        let directory = tempfile::tempdir().unwrap();
        let of =
            |case: &Case| (case.about.source.name().to_owned(), case.about.name.clone(), wrong(case, directory.path()));
        let wrong = cases.iter().map(of).filter(|(_, _, wrong)| !wrong.is_empty());
        wrong.map(|(file, name, wrong)| format!("{file}: {name}\n  {}", wrong.join("\n  "))).collect::<Vec<_>>()
    };
    let at_once = thread::available_parallelism().unwrap().get();
    let failed = thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(at_once));
        let asking: Vec<_> = parts.map(|part| scope.spawn(|| all_wrong(part))).collect();
        asking.into_iter().flat_map(|asking| asking.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

fn example(file: &str) -> String {
    format!("{EXAMPLE}/{file}")
}

#[test]
fn the_example_is_denied_for_the_controllers_policy_and_allowed_once_that_names_the_foreign_key() {
    let output = run(&["explain", "--world", &example("world.yaml"), "--request", &example("request.yaml")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!output.stdout.contains(&0x1b), "no colour where there is no terminal");
    // Which rules had a say is the corpus's to hold.
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("  rules ")).collect();
    insta::assert_snapshot!("explain_example", lines.join("\n"));

    let output = run(&["explain", "--world", &example("world-fixed.yaml"), "--request", &example("request.yaml")]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("allowed: kms:CreateGrant on "));
}

#[test]
fn what_nobody_told_is_a_condition_and_can_be_told() {
    let directory = tempfile::tempdir().unwrap();
    let world = directory.path().join("w.yaml");
    let statement = r#"{Effect: Allow, Action: "dynamodb:GetItem", Resource: "*", Condition: {StringEquals: {"aws:SourceVpc": vpc-1}}}"#;
    let user = "arn:aws:iam::111122223333:user/ann";
    fs::write(&world, format!("users: {{{user}: {{policies: {{p: {{Statement: [{statement}]}}}}}}}}")).unwrap();
    let ask = |more: &[&str]| {
        let question =
            ["explain", "--world", world.to_str().unwrap(), "--principal", user, "--action", "dynamodb:GetItem"];
        run(&[&question[..], &["--resource", "arn:aws:dynamodb:us-west-2:111122223333:table/t", "-o", "json"], more]
            .concat())
    };
    let told_of = |more: &[&str]| -> Value { serde_json::from_slice(&ask(more).stdout).unwrap() };
    let open = told_of(&[]);
    assert_eq!(open["verdict"], "conditional");
    assert_eq!(open["allowedIff"], r#"aws:sourcevpc StringEquals ["vpc-1"]"#);
    assert_eq!(open["openKeys"], serde_json::json!(["aws:sourcevpc"]));
    for (flags, verdict) in [
        (["--context", "aws:SourceVpc=unknown"], "conditional"),
        (["--context", "aws:SourceVpc=vpc-1"], "allowed"),
        (["--context", "aws:SourceVpc=vpc-2"], "denied"),
        (["--context", "aws:SourceVpc=absent"], "denied"),
        (["--other-keys", "absent"], "denied"),
    ] {
        assert_eq!(told_of(&flags)["verdict"], verdict, "{flags:?}");
        assert_eq!(ask(&flags).status.code(), Some(if verdict == "allowed" { 0 } else { 2 }), "{flags:?}");
    }
}

#[test]
fn a_misspelt_context_key_is_noticed() {
    let key = KEY.replace("444455556666", "111122223333");
    let directory = tempfile::tempdir().unwrap();
    let world = directory.path().join("w.yaml");
    let condition = r#"{StringEquals: {"kms:CallerAccount": "111122223333", "aws:SourceVpc": vpc-1}}"#;
    let statement =
        format!(r#"{{Effect: Allow, Principal: "*", Action: "kms:*", Resource: "*", Condition: {condition}}}"#);
    fs::write(
        &world,
        format!("roles: {{{CONTROLLER}: {{}}}}\nkeys: {{{key}: {{policy: {{Statement: [{statement}]}}}}}}"),
    )
    .unwrap();
    let asks = ["explain", "--world", world.to_str().unwrap(), "--principal", CONTROLLER, "--action", "kms:Decrypt"];
    let note = "note: no policy asks about the context key `aws:sorcevpc`; did you mean `aws:sourcevpc`?\n";
    let stderr = |context: &str| {
        let output = run(&[&asks[..], &["--resource", &key, "--context", context]].concat());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(stderr("aws:SorceVpc=vpc-1"), note);
    assert_eq!(stderr("aws:SourceVpc=vpc-1"), "");
    assert_eq!(stderr("aws:MultiFactorAuthPresent=true"), "");
}

#[test]
fn the_other_directions_are_listed() {
    let world = example("world.yaml");
    let listed = |arguments: &[&str]| -> Vec<(String, String)> {
        let output = run(&[&["explain", "-o", "json", "--world", &world], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |one: &Value, fields: [&str; 2]| {
            fields.into_iter().find_map(|field| one[field].as_str()).unwrap_or_default().to_owned()
        };
        let may = answer["may"].as_array().unwrap().iter();
        may.map(|one| (text(one, ["action", "principal"]), text(one, ["verdict", ""]))).collect()
    };
    let allowed = |name: &str| (name.to_owned(), "allowed".to_owned());
    let through_ec2 = ["--who-can", "kms:Decrypt", KEY, "--via", "ec2.amazonaws.com", "--other-keys", "absent"];
    let who = listed(&through_ec2);
    assert!(who.contains(&allowed("arn:aws:iam::111122223333:role/KarpenterNode")), "{who:?}");
    assert!(!who.iter().any(|(principal, _)| principal == CONTROLLER), "{who:?}");

    let what = listed(&["--what-can", CONTROLLER, "--service", "ec2", "--other-keys", "absent"]);
    assert!(what.contains(&allowed("ec2:CreateFleet")), "{what:?}");
    assert!(!what.iter().any(|(action, _)| action == "ec2:TerminateInstances"), "{what:?}");
}

#[test]
fn it_reads_what_the_aws_cli_prints() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let policy = fs::read_to_string(example("karpenter-controller.json")).unwrap();
    let details = serde_json::json!({
        "UserDetailList": [], "GroupDetailList": [], "Policies": [],
        "RoleDetailList": [{
            "Path": "/", "RoleName": "KarpenterController", "RoleId": "AROAEXAMPLEEXAMPLE001", "Arn": CONTROLLER,
            "CreateDate": "2026-01-01T00:00:00+00:00", "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
                               "Action": ["sts:AssumeRole", "sts:TagSession"]}],
            },
            "InstanceProfileList": [], "AttachedManagedPolicies": [], "Tags": [],
            "RolePolicyList": [{"PolicyName": "volumes",
                                "PolicyDocument": serde_json::from_str::<Value>(&policy).unwrap()}],
        }],
    });
    let key_policy = fs::read_to_string(example("key-policy.json")).unwrap();
    let described = serde_json::json!({"KeyMetadata": {
        "AWSAccountId": "444455556666", "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "Arn": KEY, "Enabled": false,
        "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Disabled", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": false,
    }});
    let outputs = [
        format!("444455556666={}", file("described.json", &described.to_string())),
        format!("{KEY}={}", file("key-policy.json", &key_policy)),
        format!("{KEY}={}", file("grants.json", r#"{"Grants": []}"#)),
        format!("111122223333={}", file("details.json", &details.to_string())),
    ];
    let mut arguments = vec!["explain", "-o", "json", "--via", "ec2.amazonaws.com", "--action", "kms:CreateGrant"];
    arguments.extend(["--principal", CONTROLLER, "--resource", KEY, "--other-keys", "absent"]);
    arguments.extend(outputs.iter().flat_map(|output| ["--aws-output", output]));
    let output = run(&arguments);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
    assert_eq!(answer["denial"]["gate"], "identity", "{answer}");
    assert_eq!(answer["keyState"]["error"], "DisabledException");
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_the_nearest_right_thing() {
    let directory = tempfile::tempdir().unwrap();
    let world = directory.path().join("world.yaml");
    let text = fs::read_to_string(example("world.yaml")).unwrap();
    fs::write(&world, text).unwrap();
    let misspelt = directory.path().join("misspelt.yaml");
    fs::write(&misspelt, "accounts: {}\nrols:\n  a: {}\n").unwrap();
    let statement = format!(r#"{{"Effect":"Deny","Action":"*","Resource":"*","Sid":"{}"}}"#, "x".repeat(2_000));
    let large = format!("{{\"Version\":\"2012-10-17\",\n\"Statement\":{statement}}}");
    let policy = directory.path().join("large.json");
    fs::write(&policy, &large).unwrap();
    let oversized = directory.path().join("oversized.yaml");
    fs::write(&oversized, "users: {'arn:aws:iam::111122223333:user/ann': {policies: {p: 'file:large.json'}}}").unwrap();
    let example_world = example("world.yaml");
    let asks = ["--principal", CONTROLLER, "--action", "kms:CreateGrant", "--resource", KEY];
    let with = |more: &[&'static str]| [&["explain", "--world", &example_world], more].concat();
    for (name, exit, arguments) in [
        ("explain_nothing", 3, vec!["explain"]),
        ("explain_no_question", 3, with(&[])),
        ("explain_misspelt_action", 3, with(&["--principal", CONTROLLER, "--action", "kms:Decypt"])),
        ("explain_no_resource", 3, with(&["--principal", CONTROLLER, "--action", "kms:Decrypt"])),
        ("explain_bad_flags", 3, with(&["--context", "a", "--session-tag", "=b"])),
        ("explain_bad_switch", 3, [&with(&asks)[..], &["--assume", "kms-grant-scp"]].concat()),
        ("explain_bad_assumption", 3, [&with(&asks)[..], &["--assume", "kms-grant-spc=off"]].concat()),
        ("explain_no_switch", 3, [&with(&asks)[..], &["--assume", "kms-grant-gone=off"]].concat()),
        ("explain_other_switch", 3, [&with(&asks)[..], &["--assume", "kms-lockout-identity=off"]].concat()),
        ("explain_bad_principal", 3, with(&["--principal", "arn:aws:iam::1:role/x", "--action", "kms:ListKeys"])),
        ("explain_bad_output", 3, [&["explain", "--aws-output", "12=x.json"], &asks[..]].concat()),
        ("explain_no_policy_file", 1, [&["explain", "--world", world.to_str().unwrap()], &asks[..]].concat()),
        ("explain_bad_field", 1, [&["explain", "--world", misspelt.to_str().unwrap()], &asks[..]].concat()),
        ("explain_oversized_policy", 1, [&["explain", "--world", oversized.to_str().unwrap()], &asks[..]].concat()),
        (
            "explain_oversized_session_policy",
            1,
            [&with(&asks)[..], &["--session-policy", policy.to_str().unwrap()]].concat(),
        ),
        ("explain_no_world", 1, [&["explain", "--world", "/nonexistent/world.yaml"], &asks[..]].concat()),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(exit), "{name}: {}", told(&output));
        let text = told(&output).replace(directory.path().to_str().unwrap(), "/DIRECTORY");
        insta::assert_snapshot!(name, text);
    }
}
