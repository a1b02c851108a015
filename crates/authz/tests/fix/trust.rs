//! Trust policies: whom a role lets assume it.

use authz::fix::{Edit, How, Obstacle};

use crate::{CLUSTER, KEYS, a_world, account_of, all_told, best, fixes, how, statement, told};

const ROLE: &str = "arn:aws:iam::444455556666:role/target";
const APP: &str = "arn:aws:iam::111122223333:role/app";

fn assumes(principal: &str, rest: &str) -> String {
    format!("principal: {principal}\naction: sts:AssumeRole\nresource: {ROLE}\n{rest}")
}

fn trusting(trust: &str, app: &str) -> authz::world::World {
    a_world(&format!("roles:\n  {APP}: {{id: AROANEW, {app}}}\n  {ROLE}: {{{trust}}}\n"))
}

#[test]
fn across_accounts_the_role_is_trusted_and_may() {
    let fixes = fixes(&trusting("", ""), &assumes(APP, ""));
    assert!(fixes.needs_both_sides(), "{:?}", all_told(&fixes));
    let [trust, own] = best(&fixes).changes.as_slice() else { panic!("two halves: {:?}", all_told(&fixes)) };
    assert_eq!((account_of(trust), account_of(own)), (KEYS, CLUSTER));
    assert!(statement(trust).contains(&format!(r#""AWS": "{APP}""#)) && !statement(trust).contains("Resource"));
    assert!(statement(own).contains(&format!(r#""Resource": "{ROLE}""#)));
}

#[test]
fn a_service_is_trusted_as_a_service() {
    let fixes = fixes(&trusting("", ""), &assumes("pods.eks.amazonaws.com", ""));
    assert_eq!(fixes.fixes.iter().map(|fix| fix.changes.len()).max(), Some(1), "{:?}", all_told(&fixes));
    assert!(statement(&best(&fixes).changes[0]).contains(r#""Service": "pods.eks.amazonaws.com""#));
    let widened = fixes.fixes.iter().find(|fix| how(&fix.changes[0]) == Some(How::StatementWidened));
    let widened = statement(&widened.unwrap_or_else(|| panic!("{:?}", all_told(&fixes))).changes[0]);
    assert!(
        widened.contains(r#""Service": "pods.eks.amazonaws.com", "AWS""#)
            || widened.contains(r#""Service": "pods.eks.amazonaws.com", "#),
        "{widened}"
    );
}

#[test]
fn a_recreated_role_is_trusted_again_once_the_policy_is_saved_again() {
    let trust = format!(
        "trust: {{Version: '2012-10-17', Statement: [{{Effect: Allow, Principal: {{AWS: '{APP}'}}, Action: 'sts:AssumeRole'}}]}}, savedIds: {{'{APP}': AROAOLD}}"
    );
    let own =
        "policies: {p: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Resource: '*'}]}}";
    let world = trusting(&trust, own);
    let fixes = fixes(&world, &assumes(APP, ""));
    let fix = best(&fixes);
    assert_eq!(how(&fix.changes[0]), Some(How::SavedAgain), "{:?}", all_told(&fixes));
    let Edit::Policy(edit) = &fix.changes[0].edit else { panic!("a policy is saved") };
    assert_eq!(Some(&edit.after), edit.before.as_ref(), "the text stays");
}

#[test]
fn an_external_id_that_is_not_passed_is_to_be_passed() {
    let trust = "trust: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {AWS: '111122223333'}, Action: 'sts:AssumeRole', Condition: {StringEquals: {'sts:ExternalId': secret}}}]}";
    let own =
        "policies: {p: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Resource: '*'}]}}";
    let fixes = fixes(&trusting(trust, own), &assumes(APP, ""));
    assert_eq!(told(best(&fixes)), "make the call such that sts:externalid is secret");
    assert_eq!(account_of(&best(&fixes).changes[0]), "caller");
    assert_eq!(best(&fixes).opens.count, 0);
}

/// Rule: `slr-policies-fixed`.
#[test]
fn the_trust_of_a_service_linked_role_is_its_services() {
    let slr = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    let world = a_world(&format!("roles: {{'{APP}': {{}}, '{slr}': {{}}}}"));
    let fixes = fixes(&world, &format!("principal: {APP}\naction: sts:AssumeRole\nresource: {slr}"));
    assert!(fixes.fixes.is_empty(), "{:?}", all_told(&fixes));
    assert!(matches!(fixes.obstacles.as_slice(), [Obstacle::ServiceLinkedRole(_)]), "{:?}", fixes.obstacles);
}

#[test]
fn what_no_policy_decides_no_policy_changes() {
    let fixes = fixes(&trusting("", ""), &assumes("arn:aws:iam::111122223333:root", ""));
    assert!(fixes.fixes.is_empty());
    assert!(matches!(fixes.obstacles.as_slice(), [Obstacle::Rule(_)]), "{:?}", fixes.obstacles);
}
