//! The world of seed 000, and how it is changed.

use std::{cell::RefCell, collections::BTreeSet};

use authz::{
    file::{NoFiles, case::Expected, request, world},
    launch::{Forecast, Launch, Outcome},
    rules::{Assumptions, Rule},
    text::SourceText,
    world::{Grant, World},
};

use crate::fixture::{AUTO_SCALING, CLUSTER, CONTROLLER, FOREIGN, MANAGED, NODE, OWN, SPOT, key};

/// Who administers the cluster's account.
pub(crate) const ADMIN: &str = "arn:aws:iam::111122223333:role/Admin";
/// Who administers the keys' account.
pub(crate) const KEY_ADMIN: &str = "arn:aws:iam::444455556666:role/KeyAdmin";

/// The eight operations of Auto Scaling's guide, which the seed's `create-grant` lists (line 25).
pub(crate) const EIGHT: &str = "Encrypt, Decrypt, ReEncryptFrom, ReEncryptTo, GenerateDataKey, \
                                GenerateDataKeyWithoutPlaintext, DescribeKey, CreateGrant";

/// The six actions that the seed gives the controller (lines 11 to 16), on the foreign key.
pub(crate) const SIX: &str = "{Effect: Allow, Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', \
                              'kms:GenerateDataKey*', 'kms:DescribeKey', 'kms:CreateGrant'], \
                              Resource: 'arn:aws:kms:us-west-2:444455556666:key/1a2b3c4d-5e6f-1a2b-3c4d-5e6f1a2b3c4d'}";

/// The seed's one statement (lines 31 to 36).
pub(crate) const CREATE_GRANT: &str = "{Sid: AllowCreationOfGrantForTheKMSKeyinExternalAccount444455556666, \
                                       Effect: Allow, Action: 'kms:CreateGrant', Resource: \
                                       'arn:aws:kms:us-west-2:444455556666:key/1a2b3c4d-5e6f-1a2b-3c4d-5e6f1a2b3c4d'}";

/// Everything of KMS.
pub(crate) const ALL: &str = "{Effect: Allow, Action: 'kms:*', Resource: '*'}";

/// A key policy's statement for the cluster's account, as Auto Scaling's guide writes it.
pub(crate) const FOR_CLUSTER: &str = "{Effect: Allow, Principal: {AWS: 'arn:aws:iam::111122223333:root'}, Action: \
                                      ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', \
                                      'kms:DescribeKey', 'kms:CreateGrant'], Resource: '*'}";

/// What differs from a world in which nothing has been done about the foreign key. Each text is a list of statements, or
/// of a key's further entries.
#[derive(Clone, Default)]
pub(crate) struct Setup {
    /// Of the foreign key's policy, besides that for its own account.
    pub(crate) key_policy: String,
    /// Further entries of the foreign key: `state: Disabled`.
    pub(crate) key: String,
    /// What the controller's role may.
    pub(crate) controller: String,
    /// What the node's role may.
    pub(crate) node: String,
    /// What the administrator of the cluster's account may.
    pub(crate) admin: String,
    /// Grants on the foreign key.
    pub(crate) grants: Vec<String>,
    /// Further entries of the world.
    pub(crate) more: String,
}

impl Setup {
    pub(crate) fn world(&self) -> World {
        let role = |arn: &str, statements: &str| match statements {
            "" => format!("  {arn}: {{}}\n"),
            _ => format!("  {arn}: {{policies: {{p: {{Version: 2012-10-17, Statement: [{statements}]}}}}}}\n"),
        };
        let roles = [(CONTROLLER, &self.controller), (NODE, &self.node), (ADMIN, &self.admin)];
        let roles: String = roles.iter().map(|(arn, statements)| role(arn, statements)).collect();
        // What the own keys need has been done long ago: this is about the foreign one.
        let yaml = format!(
            r#"
accounts: {{"{CLUSTER}": {{}}}}
roles:
{roles}{key_admin}  {AUTO_SCALING}: {{id: AROAAUTOSCALING}}
  {SPOT}: {{}}
keys:
  {FOREIGN}:
    policy:
      Version: 2012-10-17
      Statement:
        - {{Effect: Allow, Principal: {{AWS: 'arn:aws:iam::444455556666:root'}}, Action: 'kms:*', Resource: '*'}}
{statements}
    {key}
    grants: [{grants}]
  {OWN}:
    policy:
      Version: 2012-10-17
      Statement:
        - {{Effect: Allow, Principal: {{AWS: ['{CONTROLLER}', '{AUTO_SCALING}', '{SPOT}']}}, Action: 'kms:*', Resource: '*'}}
  {MANAGED}:
    manager: Aws
    aliases: [alias/aws/ebs]
    policy:
      Version: 2012-10-17
      Statement:
        - Effect: Allow
          Principal: {{AWS: '*'}}
          Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:CreateGrant',
                   'kms:DescribeKey']
          Resource: '*'
          Condition:
            StringEquals: {{'kms:CallerAccount': '{CLUSTER}', 'kms:ViaService': ec2.us-west-2.amazonaws.com}}
{more}
"#,
            key_admin = role(KEY_ADMIN, ALL),
            statements = match self.key_policy.as_str() {
                "" => String::new(),
                statement => format!("        - {statement}"),
            },
            key = self.key,
            grants = self.grants.join(", "),
            more = self.more,
        );
        let read = world::read(&SourceText::new("world", yaml.clone()), &NoFiles);
        read.unwrap_or_else(|wrong| panic!("{wrong}\n{yaml}"))
    }

    pub(crate) fn forecast(&self, launch: &Launch) -> Forecast {
        forecast(launch, &self.world(), &Assumptions::default())
    }

    pub(crate) fn works(&self, launch: &Launch) -> bool {
        works(launch, &self.world())
    }
}

/// A grant on the foreign key for this role.
pub(crate) fn grant_to(role: &str, operations: &str) -> String {
    format!("{{grantee: '{role}', operations: [{operations}]}}")
}

pub(crate) fn works(launch: &Launch, world: &World) -> bool {
    works_if(launch, world, &Assumptions::default())
}

thread_local! {
    /// The rules that what was decided on this thread told.
    static TOLD: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// The rules that a test's explanations and forecasts tell.
pub(crate) fn told_by(test: fn()) -> BTreeSet<&'static str> {
    TOLD.take();
    test();
    TOLD.take()
}

fn tell(rules: &[&'static Rule]) {
    TOLD.with_borrow_mut(|told| told.extend(rules.iter().map(|rule| rule.id)));
}

pub(crate) fn forecast(launch: &Launch, world: &World, assumptions: &Assumptions) -> Forecast {
    let forecast = launch.forecast(world, assumptions).unwrap();
    tell(&forecast.rules());
    forecast
}

pub(crate) fn works_if(launch: &Launch, world: &World, assumptions: &Assumptions) -> bool {
    match forecast(launch, world, assumptions).outcome() {
        Outcome::Works => true,
        Outcome::Fails => false,
        Outcome::WorksIff(residual) => panic!("nothing is unknown here: {residual}"),
    }
}

/// The call that fails, as `CALL as CALLER`; nothing if none does.
pub(crate) fn failing(forecast: &Forecast) -> String {
    let Some(failing) = forecast.failing() else { return String::new() };
    let call = failing.step.call.action().trim_start_matches("kms:");
    let authz::principal::Principal::Session(session) = &failing.step.request.principal else { panic!("a role calls") };
    format!("{call} as {}", session.role.resource().rsplit('/').next().unwrap())
}

/// `aws kms create-grant`, by hand, on the foreign key: makes the grant if the caller may, and tells the verdict as cases
/// of the corpus write it.
pub(crate) fn create_grant(world: &mut World, by: &str, grantee: &str) -> String {
    let text = format!(
        "principal: {by}\naction: kms:CreateGrant\nresource: {FOREIGN}\notherKeys: absent\nnewGrant: {{grantee: \
         '{grantee}', operations: [{EIGHT}]}}"
    );
    let asked = request::read(&SourceText::new("request", text), world, &NoFiles).unwrap();
    let explanation = world.explain(&asked, &Assumptions::default());
    tell(&explanation.rules);
    let verdict = Expected::of(&explanation.verdict).to_string();
    if verdict == "allowed" {
        let new = asked.kms.new_grant.clone().unwrap();
        let grant = Grant {
            id: format!("by {by}").into(),
            token: None,
            propagated: Some(true),
            name: None,
            grantee: new.grantee,
            grantee_unique_id: None,
            retiring: new.retiring,
            issuing_account: asked.principal.account(),
            operations: new.operations,
            constraints: new.constraints,
        };
        world.put_grant(&key(FOREIGN), grant).unwrap();
    }
    verdict
}
