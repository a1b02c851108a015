//! A foreign key: the controller's case, where both sides are needed, and the service-linked role's, where only a grant
//! helps.

use authz::{
    decision::Verdict,
    fix::{Edit, Fix, Fixes, How, Obstacle, WhoApplies},
    world::{GrantOperation, World},
};

use crate::{
    AUTO_SCALING, CLUSTER, CONTROLLER, KEY, KEYS, a_world, account_of, all_told, best, fixes, how, statement, told,
};

const ADMINISTERS: &str =
    "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: ['kms:*', 'iam:*'], Resource: '*'}]}";

/// A cluster's account and the key's, each with somebody who may administer it.
fn world(controller: &str, key: &str) -> World {
    a_world(&format!(
        r#"
roles:
  {CONTROLLER}: {{{controller}}}
  {AUTO_SCALING}: {{}}
  arn:aws:iam::{CLUSTER}:role/NodeRole: {{}}
  arn:aws:iam::{CLUSTER}:role/Admin: {{policies: {{all: {ADMINISTERS}}}}}
  arn:aws:iam::{KEYS}:role/KeyAdmin: {{policies: {{all: {ADMINISTERS}}}}}
keys:
  {KEY}: {{{key}}}
"#
    ))
}

const MAY_DECRYPT: &str = "policies: {kms: {Version: '2012-10-17', Statement: [\
     {Effect: Allow, Action: 'kms:Decrypt', Resource: 'arn:aws:kms:us-west-2:444455556666:key/*'}]}}";

const LETS_CLUSTER_DECRYPT: &str = "policy: {Version: '2012-10-17', Statement: [\
     {Sid: Own, Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'kms:*', Resource: '*'},\
     {Sid: Cluster, Effect: Allow, Principal: {AWS: 'arn:aws:iam::111122223333:root'}, Action: 'kms:Decrypt', Resource: '*'}]}";

const LETS_CLUSTER_GRANT: &str = "policy: {Version: '2012-10-17', Statement: [\
     {Sid: Own, Effect: Allow, Principal: {AWS: '444455556666'}, Action: 'kms:*', Resource: '*'},\
     {Sid: Cluster, Effect: Allow, Principal: {AWS: 'arn:aws:iam::111122223333:root'}, Action: 'kms:CreateGrant', Resource: '*'}]}";

fn decrypts(principal: &str) -> String {
    format!(
        "principal: {principal}\nsession: {{name: s}}\nvia: [ec2.amazonaws.com]\naction: kms:Decrypt\nresource: {KEY}"
    )
}

fn able(fixes: &Fixes, change: usize) -> Vec<String> {
    let WhoApplies::Administrator { able, .. } = &best(fixes).changes[change].who else {
        panic!("somebody applies it")
    };
    able.iter().map(ToString::to_string).collect()
}

#[test]
fn where_the_key_policy_lets_the_account_the_controller_needs_one_statement() {
    let world = world("", LETS_CLUSTER_DECRYPT);
    let fixes = fixes(&world, &decrypts(CONTROLLER));
    let fix = best(&fixes);
    assert_eq!(told(fix), format!("make the inline policy `kms-decrypt` of {CONTROLLER}"));
    assert_eq!(
        statement(&fix.changes[0]),
        format!(
            r#"{{ "Sid": "AllowDecrypt", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "{KEY}", "Condition": {{ "StringEquals": {{ "kms:ViaService": "ec2.us-west-2.amazonaws.com" }} }} }}"#
        )
    );
    assert_eq!(account_of(&fix.changes[0]), CLUSTER);
    assert_eq!(able(&fixes, 0), [format!("arn:aws:iam::{CLUSTER}:role/Admin")]);
    assert_eq!(fix.opens.count, 0, "{:?}", fix.opens.gains);
    assert!(fix.opens.asked > 5, "everybody else was asked about");
    assert!(!fixes.needs_both_sides());
}

#[test]
fn where_neither_side_allows_both_halves_are_one_fix() {
    let world = world("", "");
    let fixes = fixes(&world, &decrypts(CONTROLLER));
    let halves =
        fixes.fixes.iter().find(|fix| fix.changes.len() == 2).unwrap_or_else(|| panic!("{:?}", all_told(&fixes)));
    assert_eq!(halves.changes.iter().map(account_of).collect::<Vec<_>>(), [KEYS, CLUSTER]);
    let [of_key, of_role] = halves.changes.as_slice() else { panic!("two halves") };
    assert!(
        statement(of_key).contains(&format!(r#""Principal": {{ "AWS": "{CONTROLLER}" }}"#)),
        "{}",
        statement(of_key)
    );
    assert!(statement(of_role).contains(&format!(r#""Resource": "{KEY}""#)));
    // What the key's policy grants the whole account is wider than what it grants the role.
    let delegates = fixes.fixes.iter().filter(|fix| {
        fix.changes.iter().any(|change| how(change) == Some(How::StatementAdded) && statement(change).contains(":root"))
    });
    assert!(delegates.into_iter().all(|fix| fix.rank > halves.rank && fix.opens.count > 0));
    // A grant does on one side what policies do on two.
    assert_eq!(told(best(&fixes)), format!("grant {CONTROLLER} Decrypt on {KEY}"));
    assert!(!fixes.needs_both_sides());
}

#[test]
fn what_no_grant_can_permit_has_no_fix_on_one_side_alone() {
    let world = world("", "");
    let lists = format!("principal: {CONTROLLER}\naction: kms:ListGrants\nresource: {KEY}");
    let fixes = fixes(&world, &lists);
    assert!(fixes.needs_both_sides(), "{:?}", all_told(&fixes));
    assert_eq!(best(&fixes).changes.iter().map(account_of).collect::<Vec<_>>(), [KEYS, CLUSTER]);
}

#[test]
fn where_the_role_may_the_key_policy_is_what_lacks() {
    let world = world(MAY_DECRYPT, LETS_CLUSTER_GRANT);
    let fixes = fixes(&world, &decrypts(CONTROLLER));
    let widened = fixes.fixes.iter().find(|fix| {
        how(&fix.changes[0]) == Some(How::StatementWidened) && statement(&fix.changes[0]).contains("Cluster")
    });
    let widened = widened.unwrap_or_else(|| panic!("{:?}", all_told(&fixes)));
    assert!(
        statement(&widened.changes[0]).contains(r#""kms:CreateGrant","kms:Decrypt"]"#)
            || statement(&widened.changes[0]).contains(r#"["kms:CreateGrant", "kms:Decrypt"]"#),
        "{}",
        statement(&widened.changes[0])
    );
    assert_eq!(account_of(&widened.changes[0]), KEYS);
    let added = best(&fixes);
    assert!(statement(&added.changes[0]).contains(CONTROLLER), "{}", told(added));
    assert!(added.rank < widened.rank, "the account gains more than the role");
}

#[test]
fn for_a_foreign_service_linked_role_a_grant_is_the_only_fix() {
    let world = world("", LETS_CLUSTER_DECRYPT);
    let fixes = fixes(&world, &decrypts(AUTO_SCALING));
    assert!(!fixes.fixes.is_empty());
    for fix in &fixes.fixes {
        assert!(matches!(fix.changes.as_slice(), [only] if matches!(only.edit, Edit::Grant(_))), "{}", told(fix));
    }
    let obstacles = &fixes.obstacles;
    assert!(obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::NamingIsInert(_))), "{obstacles:?}");
    assert!(obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::ServiceLinkedRole(_))), "{obstacles:?}");
    let documented = fixes.fixes.iter().any(|fix| {
        matches!(&fix.changes[0].edit, Edit::Grant(new) if new.grant.operations.iter().count() == 8
            && new.grant.operations.contains(GrantOperation::CreateGrant))
    });
    assert!(documented, "AWS's own set of operations is among them: {:?}", all_told(&fixes));
    assert_eq!(account_of(&best(&fixes).changes[0]), KEYS, "nobody in the cluster's account may make the grant");
}

#[test]
fn the_grant_is_made_from_the_groups_account_where_somebody_there_may() {
    let world = world("", LETS_CLUSTER_GRANT);
    let fixes = fixes(&world, &decrypts(AUTO_SCALING));
    assert_eq!(account_of(&best(&fixes).changes[0]), CLUSTER);
    assert_eq!(able(&fixes, 0), [format!("arn:aws:iam::{CLUSTER}:role/Admin")]);
}

#[test]
fn a_service_linked_role_of_the_keys_own_account_is_named_in_the_key_policy() {
    let own = AUTO_SCALING.replace(CLUSTER, KEYS);
    let world = a_world(&format!("roles: {{'{own}': {{}}}}\nkeys: {{'{KEY}': {{}}}}"));
    let fixes = fixes(&world, &decrypts(&own));
    assert!(told(best(&fixes)).starts_with("add a statement to the key policy"), "{:?}", all_told(&fixes));
}

#[test]
fn what_works_on_own_keys_only_has_no_fix() {
    let world = world(MAY_DECRYPT, LETS_CLUSTER_DECRYPT);
    let fixes = fixes(&world, &format!("principal: {CONTROLLER}\naction: kms:ScheduleKeyDeletion\nresource: {KEY}"));
    assert!(fixes.fixes.is_empty(), "{:?}", all_told(&fixes));
    assert!(matches!(fixes.obstacles.as_slice(), [Obstacle::NotAcrossAccounts(_)]), "{:?}", fixes.obstacles);
}

#[test]
fn what_is_not_known_is_told_instead_of_guessed() {
    let nobody = a_world(&format!("keys: {{'{KEY}': {{}}}}"));
    let unknown_caller = fixes(&nobody, &decrypts(CONTROLLER));
    assert!(unknown_caller.obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::UnknownAccount(_))));
    let no_key = a_world(&format!("roles: {{'{CONTROLLER}': {{}}}}"));
    let unknown_key = fixes(&no_key, &decrypts(CONTROLLER));
    assert!(unknown_key.fixes.is_empty(), "{:?}", all_told(&unknown_key));
    assert!(
        unknown_key.obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::UnknownResource(_))),
        "{:?} {:?}",
        unknown_key.before,
        unknown_key.obstacles
    );
    let gone = fixes(&world("", ""), &decrypts(&format!("arn:aws:iam::{CLUSTER}:role/Gone")));
    assert!(gone.fixes.is_empty(), "{:?}", all_told(&gone));
    assert!(gone.obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::NoSuchIdentity(_))));
}

/// The key's side can be told though nobody knows the caller's, and what is left to that one is told with it.
#[test]
fn where_the_callers_account_is_not_known_the_keys_half_is_named() {
    let world = a_world(&format!("keys: {{'{KEY}': {{}}}}"));
    let fixes =
        fixes(&world, &format!("principal: {CONTROLLER}\naction: kms:ListGrants\nresource: {KEY}\notherKeys: absent"));
    assert!(matches!(fixes.before, Verdict::Denied(_)) && fixes.fixes.is_empty(), "{:?}", all_told(&fixes));
    let half = fixes.halves.first().unwrap_or_else(|| panic!("{:?}", fixes.obstacles));
    let [change] = half.changes.as_slice() else { panic!("{half:?}") };
    assert_eq!(account_of(change), KEYS);
    assert!(
        statement(change).contains(&format!(r#""Principal": {{ "AWS": "{CONTROLLER}" }}"#)),
        "{}",
        statement(change)
    );
    let of_account = |half: &&Fix| statement(&half.changes[0]).contains(&format!("arn:aws:iam::{CLUSTER}:root"));
    assert!(fixes.halves.iter().find(of_account).is_some_and(|wider| wider.rank > half.rank), "{:?}", fixes.halves);
    assert!(fixes.halves.iter().all(|half| half.changes.len() == 1), "{:?}", fixes.halves);
    let Verdict::AllowedIff(left) = &half.verified else { panic!("{:?}", half.verified) };
    assert!(left.to_string().contains("the caller's own policies allow kms:ListGrants"), "{left}");
    assert!(fixes.obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::UnknownAccount(_))));
}

/// The same the other way round: the role's statement, where nobody knows the key.
#[test]
fn where_the_key_is_not_known_the_callers_half_is_named() {
    let fixes = fixes(
        &a_world(&format!("roles: {{'{CONTROLLER}': {{}}}}")),
        &format!("principal: {CONTROLLER}\naction: kms:ListGrants\nresource: {KEY}\notherKeys: absent"),
    );
    let half = fixes.halves.first().unwrap_or_else(|| panic!("{:?} {:?}", fixes.before, fixes.obstacles));
    assert_eq!(account_of(&half.changes[0]), CLUSTER);
    assert!(statement(&half.changes[0]).contains(KEY));
    let Verdict::AllowedIff(left) = &half.verified else { panic!("{:?}", half.verified) };
    assert!(left.to_string().contains(KEY), "{left}");
}

#[test]
fn what_is_allowed_needs_no_fix() {
    let fixes = fixes(&world(MAY_DECRYPT, LETS_CLUSTER_DECRYPT), &decrypts(CONTROLLER));
    assert!(fixes.fixes.is_empty() && fixes.obstacles.is_empty() && !fixes.is_cut);
}
