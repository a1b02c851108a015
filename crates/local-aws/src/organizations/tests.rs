//! What would take too long over the wire, and what takes two accounts at one moment.

use std::sync::Arc;

use aws_model::{AccountId, Partition};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Call, Organizations, Standing, State, organization, policies, quotas, units};
use crate::{
    CallContext, Caller, Quotas, ServiceError, accounts::Accounts, authorization::Authorizer, iam, iam::Iam,
    store::Store,
};

const MANAGEMENT: &str = "111122223333";
const OTHER: &str = "444455556666";

struct World {
    organizations: Organizations,
    now: Timestamp,
}

impl World {
    async fn of_accounts(most: usize) -> Self {
        let authorizer = Arc::new(Authorizer::new(authz::world::World::new()));
        let (store, start, quotas) =
            (Store::memory(), Timestamp::UNIX_EPOCH, Quotas { accounts: most, ..Quotas::default() });
        let told_to = || Arc::clone(&authorizer);
        let state = State::load(store.clone(), Partition::Commercial, start, told_to(), quotas).unwrap();
        let identities = iam::State::load(store, Partition::Commercial, start, told_to(), quotas).unwrap();
        let named = [MANAGEMENT, OTHER].map(|account| account.parse().unwrap());
        let accounts = Accounts::open(Store::memory(), Partition::Commercial, named, [], told_to()).await.unwrap();
        let accounts = Arc::new(accounts);
        let iam = Iam::new(identities, Arc::clone(&accounts));
        Self { organizations: Organizations::new(state, accounts, iam), now: start }
    }

    /// With an organization, whose root's id is returned, too.
    async fn with_organization(most: usize) -> (Self, String) {
        let world = Self::of_accounts(most).await;
        world.done("CreateOrganization", json!({}));
        let root = text(&world.done("ListRoots", json!({})), "/Roots/0/Id");
        (world, root)
    }

    fn call(&self, account: &str, operation: &str, input: Value) -> Result<Value, ServiceError> {
        let caller = Caller::root(account.parse::<AccountId>().unwrap(), "AKIAROOT");
        self.organizations.call(&self.context(&caller), operation, input)
    }

    fn context<'c>(&self, caller: &'c Caller) -> CallContext<'c> {
        static REGION: std::sync::LazyLock<aws_model::Region> =
            std::sync::LazyLock::new(|| "us-east-1".parse().unwrap());
        CallContext {
            caller,
            region: &REGION,
            now: self.now,
            request_id: "r",
            invoked_by: None,
            peer: None,
            notes: None,
        }
    }

    fn done(&self, operation: &str, input: Value) -> Value {
        self.call(MANAGEMENT, operation, input).unwrap()
    }

    /// The code of a refusal and its reason.
    fn refused(&self, operation: &str, input: Value) -> (String, String) {
        let refused = self.call(MANAGEMENT, operation, input).unwrap_err();
        let reason = refused.fields().get("Reason").and_then(Value::as_str).unwrap_or_default();
        (refused.code().to_owned(), reason.to_owned())
    }

    /// Asks for an account: why there is none.
    fn create_account(&self, email: &str) -> Result<String, String> {
        let asked = self.done("CreateAccount", json!({ "Email": email, "AccountName": "made" }));
        let id = text(&asked, "/CreateAccountStatus/Id");
        let status = self.done("DescribeCreateAccountStatus", json!({ "CreateAccountRequestId": id }));
        let status = &status["CreateAccountStatus"];
        status["AccountId"].as_str().map(str::to_owned).ok_or_else(|| text(status, "/FailureReason"))
    }

    fn invite(&self, account: &str) -> String {
        let invited =
            self.done("InviteAccountToOrganization", json!({ "Target": { "Id": account, "Type": "ACCOUNT" } }));
        text(&invited, "/Handshake/Id")
    }
}

fn text(value: &Value, path: &str) -> String {
    value.pointer(path).and_then(Value::as_str).unwrap().to_owned()
}

fn violated(reason: &str) -> (String, String) {
    ("ConstraintViolationException".to_owned(), reason.to_owned())
}

fn invite(account: usize) -> Value {
    json!({ "Target": { "Id": format!("{account:012}"), "Type": "ACCOUNT" } })
}

#[tokio::test]
async fn an_organization_has_so_many_units_policies_and_services() {
    let (world, root) = World::with_organization(10).await;
    let unit = |parent: &str, name: &str| json!({ "ParentId": parent, "Name": name });
    let mut parent = root.clone();
    for level in 1..=quotas::DEPTH {
        let made = world.done("CreateOrganizationalUnit", unit(&parent, &level.to_string()));
        parent = text(&made, "/OrganizationalUnit/Id");
    }
    let deeper = world.refused("CreateOrganizationalUnit", unit(&parent, "deeper"));
    assert_eq!(deeper, violated("OU_DEPTH_LIMIT_EXCEEDED"));
    for number in quotas::DEPTH..quotas::UNITS {
        world.done("CreateOrganizationalUnit", unit(&root, &format!("n{number}")));
    }
    assert_eq!(world.refused("CreateOrganizationalUnit", unit(&root, "more")), violated("OU_NUMBER_LIMIT_EXCEEDED"));

    let content = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"kms:Encrypt","Resource":"*"}]}"#;
    let policy =
        |name: &str| json!({ "Content": content, "Description": "", "Name": name, "Type": "RESOURCE_CONTROL_POLICY" });
    world.done("EnablePolicyType", json!({ "RootId": root, "PolicyType": "RESOURCE_CONTROL_POLICY" }));
    for number in 0..1000 {
        let made = world.done("CreatePolicy", policy(&number.to_string()));
        let on_root = json!({ "PolicyId": text(&made, "/Policy/PolicySummary/Id"), "TargetId": root });
        match number {
            // AWS's own is on it already.
            0..4 => drop(world.done("AttachPolicy", on_root)),
            4 => {
                let refused = world.refused("AttachPolicy", on_root);
                assert_eq!(refused, violated("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"));
            }
            _ => {}
        }
    }
    assert_eq!(world.refused("CreatePolicy", policy("more")), violated("POLICY_NUMBER_LIMIT_EXCEEDED"));

    let service = |number: usize| json!({ "ServicePrincipal": format!("s{number}.amazonaws.com") });
    for number in 0..quotas::SERVICES {
        world.done("EnableAWSServiceAccess", service(number));
    }
    assert_eq!(world.refused("EnableAWSServiceAccess", service(quotas::SERVICES)), violated(""));
    world.done("EnableAWSServiceAccess", service(0));
}

#[tokio::test]
async fn accounts_that_were_made_and_those_that_are_invited_count() {
    let (world, _) = World::with_organization(4).await;
    let made = world.create_account("one@example.com").unwrap();
    let open = world.invite(OTHER);
    world.create_account("two@example.com").unwrap();
    let create = json!({ "Email": "three@example.com", "AccountName": "made" });
    assert_eq!(world.refused("CreateAccount", create.clone()), violated("ACCOUNT_NUMBER_LIMIT_EXCEEDED"));
    let (code, reason) = world.refused("InviteAccountToOrganization", invite(7));
    assert_eq!((&*code, &*reason), ("HandshakeConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED"));
    // An account that leaves is still there; an invitation that is over is no account.
    world.done("RemoveAccountFromOrganization", json!({ "AccountId": made }));
    assert_eq!(world.refused("CreateAccount", create), violated("ACCOUNT_NUMBER_LIMIT_EXCEEDED"));
    world.done("CancelHandshake", json!({ "HandshakeId": open }));
    world.create_account("three@example.com").unwrap();
}

#[tokio::test]
async fn so_many_invitations_are_made_in_a_day_and_told_for_a_month() {
    let (mut world, _) = World::with_organization(5).await;
    for _ in 0..quotas::INVITATIONS_A_DAY {
        let id = world.invite(OTHER);
        world.done("CancelHandshake", json!({ "HandshakeId": id }));
    }
    let (code, reason) = world.refused("InviteAccountToOrganization", invite(7));
    assert_eq!((&*code, &*reason), ("HandshakeConstraintViolationException", "HANDSHAKE_RATE_LIMIT_EXCEEDED"));
    let told = |world: &World| {
        let told = world.done("ListHandshakesForOrganization", json!({ "MaxResults": 20 }));
        told["Handshakes"].as_array().unwrap().len()
    };
    world.now += SignedDuration::from_hours(24);
    let expires = world.invite(OTHER);
    assert_eq!(told(&world), 20);
    world.now += SignedDuration::from_hours(29 * 24);
    assert_eq!(told(&world), 1, "those that were cancelled a month ago are gone, and one expired a fortnight ago");
    world.now += SignedDuration::from_hours(16 * 24);
    assert_eq!(told(&world), 0, "{expires}");
}

#[tokio::test]
async fn addresses_are_good_and_of_one_account() {
    let (world, _) = World::with_organization(10).await;
    let made = world.create_account("One@example.com").unwrap();
    let refused = |email: &str| world.create_account(email).unwrap_err();
    assert_eq!(refused("one@EXAMPLE.com"), "EMAIL_ALREADY_EXISTS");
    assert_eq!(refused("a,b@example.com"), "INVALID_EMAIL");
    // That of an account that is not in the organization, and of one that has left it.
    assert_eq!(refused(&format!("root-{OTHER}@example.com")), "EMAIL_ALREADY_EXISTS");
    world.done("RemoveAccountFromOrganization", json!({ "AccountId": made }));
    assert_eq!(refused("one@example.com"), "EMAIL_ALREADY_EXISTS");
    // By which it is invited, and which it still has when it is back.
    let by = |email: &str| json!({ "Target": { "Id": email, "Type": "EMAIL" } });
    let invited = world.done("InviteAccountToOrganization", by("one@example.com"));
    let id = text(&invited, "/Handshake/Id");
    world.call(&made, "AcceptHandshake", json!({ "HandshakeId": id })).unwrap();
    let back = world.done("DescribeAccount", json!({ "AccountId": made }));
    assert_eq!(back["Account"]["Email"], "One@example.com");
    // Nobody has the usual address of an account that has one of its own.
    world.create_account(&format!("root-{made}@example.com")).unwrap();
    let (code, reason) = world.refused("InviteAccountToOrganization", by("a@b@example.com"));
    assert_eq!((&*code, &*reason), ("InvalidInputException", "INVALID_EMAIL_ADDRESS_TARGET"));
    // Requests that fail are not kept without end.
    for _ in 0..quotas::FAILED_CREATIONS + 5 {
        assert_eq!(refused("one@example.com"), "EMAIL_ALREADY_EXISTS");
    }
    let failed = world.organizations.state.read();
    assert_eq!(failed.creations.values().filter(|asked| asked.outcome.is_err()).count(), quotas::FAILED_CREATIONS);
}

/// Between the decision and the change another account's organization can have taken the place of the caller's.
#[tokio::test]
async fn an_account_changes_its_own_organization_and_no_other() {
    let (world, root) = World::with_organization(10).await;
    let caller = Caller::root(MANAGEMENT.parse().unwrap(), "AKIAROOT");
    let context = world.context(&caller);
    let Organizations { state, accounts, iam } = &world.organizations;
    let call = |operation| Call { ctx: &context, state, accounts, iam, standing: Standing::of(operation) };
    let (create, list, unit) = (call("CreatePolicy"), call("ListPolicies"), call("CreateOrganizationalUnit"));
    // All three have been decided. Then:
    world.done("DeleteOrganization", json!({}));
    world.call(OTHER, "CreateOrganization", json!({})).unwrap();
    let content = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    let scp = "SERVICE_CONTROL_POLICY";
    let policy = json!({ "Content": content, "Description": "", "Name": "mine", "Type": scp });
    for refused in [
        policies::create(&create, policy),
        policies::list(&list, json!({ "Filter": scp })),
        units::create(&unit, json!({ "ParentId": root, "Name": "mine" })),
    ] {
        assert_eq!(refused.unwrap_err().code(), "AWSOrganizationsNotInUseException");
    }
    // What every account may call is no other's to be refused.
    assert_eq!(
        organization::create(&call("CreateOrganization"), json!({})).unwrap_err().code(),
        "ConstraintViolationException"
    );
    let listed = world.call(OTHER, "ListPolicies", json!({ "Filter": scp })).unwrap();
    assert_eq!(listed["Policies"].as_array().unwrap().len(), 1, "AWS's own alone: {listed}");
}
