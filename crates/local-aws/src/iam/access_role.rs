//! The first role of an account that an organization made.

use aws_model::AccountId;
use serde_json::json;

use super::{Iam, Role, attached_policies, call::Call, inline_policies, roles};
use crate::{CallContext, Caller, ServiceError};

const ADMINISTRATOR: &str = "AdministratorAccess";
const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

impl Iam {
    /// Makes the role by which an organization's management account may do everything in an account. As any role that is
    /// made it closes the account to those that nobody made.
    ///
    /// Source: AWS Organizations User Guide, "Creating a member account in an organization" (the role has the managed
    /// policy `AdministratorAccess`). Where the embedded AWS does not have that policy, the role carries its text.
    pub(crate) fn make_access_role(
        &self,
        ctx: &CallContext<'_>,
        account: AccountId,
        name: &str,
        management: AccountId,
    ) -> Result<(), ServiceError> {
        let partition = ctx.region.partition();
        let caller = Caller::root(account, ctx.caller.access_key_id.as_str());
        let ctx = CallContext { caller: &caller, notes: None, ..*ctx };
        let call = Call { ctx: &ctx, state: &self.state, accounts: &self.accounts, users: &|_, _| Vec::new() };
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:{partition}:iam::{management}:root") },
                "Action": "sts:AssumeRole",
            }],
        });
        let role = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() });
        roles::create_role(&call, role)?;
        let managed = json!({
            "RoleName": name,
            "PolicyArn": format!("arn:{partition}:iam::aws:policy/{ADMINISTRATOR}"),
        });
        let inline = json!({ "RoleName": name, "PolicyName": ADMINISTRATOR, "PolicyDocument": EVERYTHING });
        attached_policies::attach(&call, Role, managed).or_else(|_| inline_policies::put(&call, Role, inline))?;
        Ok(())
    }
}
