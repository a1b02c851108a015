//! Who must apply a change.

use aws_model::{AccountId, Arn};

use crate::{
    context::{Context, Others},
    decision::Verdict,
    principal::{Principal, RoleSession},
    request::{Action, KmsDetail, NewGrant, Request, Resource},
    rules::Assumptions,
    world::{GrantPrincipal, World},
};

use super::{Edit, NewKeyGrant, PolicyPlace, WhoApplies};

/// So many principals of an account are asked whether they are able to.
const ASKED: usize = 300;

impl World {
    /// Who must apply an edit: the account that it takes, the permission, and who has it.
    pub(super) fn who_applies(&self, edit: &Edit, assumptions: &Assumptions) -> WhoApplies {
        match edit {
            Edit::Request(_) => WhoApplies::Caller,
            Edit::Policy(edit) => match self.administers(&edit.place) {
                Some((account, needs, on)) => {
                    let able = needs.map(|needs| self.able(account, needs, &on, None, assumptions));
                    WhoApplies::Administrator { account, needs, on, able: able.unwrap_or_default() }
                }
                None => WhoApplies::Caller,
            },
            Edit::Grant(new) => self.who_grants(new, assumptions),
        }
    }

    /// Source: IAM, KMS and Organizations API References, the operations of these names; Service Authorization
    /// Reference for their resources.
    fn administers(&self, place: &PolicyPlace) -> Option<(AccountId, Option<&'static str>, Box<str>)> {
        let of_arn = |arn: &Arn, needs| Some((arn.account().parse().ok()?, Some(needs), arn.as_str().into()));
        match place {
            PolicyPlace::Inline { identity, .. } => {
                let needs = match identity.resource().split('/').next() {
                    Some("user") => "iam:PutUserPolicy",
                    Some("group") => "iam:PutGroupPolicy",
                    _ => "iam:PutRolePolicy",
                };
                of_arn(identity, needs)
            }
            PolicyPlace::Managed(arn) => of_arn(arn, "iam:CreatePolicyVersion"),
            PolicyPlace::Trust(role) => of_arn(role, "iam:UpdateAssumeRolePolicy"),
            PolicyPlace::Key(key) => Some((key.account(), Some("kms:PutKeyPolicy"), key.as_str().into())),
            PolicyPlace::Resource { owner, arn } => Some((*owner, put_policy(arn), arn.clone())),
            PolicyPlace::Organization { .. } => {
                Some((self.organization()?.management_account, Some("organizations:UpdatePolicy"), "*".into()))
            }
        }
    }

    /// AWS advises to make a grant for a service-linked role from the account that has it; that takes somebody there who
    /// may. The key's own account always can.
    ///
    /// Source: Amazon EC2 Auto Scaling User Guide, "Required AWS KMS key policy for use with encrypted volumes".
    fn who_grants(&self, new: &NewKeyGrant, assumptions: &Assumptions) -> WhoApplies {
        let needs = "kms:CreateGrant";
        let owner = new.key.account();
        let able = |account| self.able(account, needs, new.key.as_str(), Some(new), assumptions);
        let foreign = account_of(&new.grant.grantee).filter(|account| *account != owner);
        let of_grantee = foreign.map(|account| (account, able(account))).filter(|(_, able)| !able.is_empty());
        let (account, able) = of_grantee.unwrap_or_else(|| (owner, able(owner)));
        WhoApplies::Administrator { account, needs: Some(needs), on: new.key.as_str().into(), able }
    }

    /// Users and roles of an account that have a permission, by name.
    fn able(
        &self,
        account: AccountId,
        needs: &str,
        on: &str,
        grant: Option<&NewKeyGrant>,
        assumptions: &Assumptions,
    ) -> Vec<Principal> {
        let (Ok(action), Some(known)) = (needs.parse::<Action>(), self.account(account)) else { return Vec::new() };
        let roles = known.roles().filter(|role| !role.is_service_linked());
        let mut arns: Vec<_> = roles.map(|role| &role.identity.arn).collect();
        arns.extend(known.users().map(|user| &user.identity.arn));
        arns.sort_unstable_by_key(|arn| arn.as_str());
        let mut request = Request {
            principal: Principal::Root(account),
            through: Vec::new(),
            action,
            resource: Resource { arn: on.into(), owner: Some(account), tags: Default::default() },
            region: None,
            kms: KmsDetail { new_grant: grant.map(as_asked), ..KmsDetail::default() },
            context: Context::new(Others::Unknown),
        };
        let mut able = Vec::new();
        for arn in arns.into_iter().take(ASKED) {
            request.principal = if arn.resource().starts_with("role/") {
                Principal::Session(Box::new(RoleSession::of(arn.clone(), None)))
            } else {
                Principal::User(arn.clone())
            };
            if self.decide(&request, assumptions) == Verdict::Allowed {
                able.push(request.principal.clone());
                if able.len() == WhoApplies::ABLE_SHOWN {
                    break;
                }
            }
        }
        able
    }
}

fn account_of(grantee: &GrantPrincipal) -> Option<AccountId> {
    match grantee {
        GrantPrincipal::Account(account) => Some(*account),
        GrantPrincipal::Service(_) => None,
        GrantPrincipal::User(arn)
        | GrantPrincipal::Role(arn)
        | GrantPrincipal::RoleSession(arn)
        | GrantPrincipal::FederatedUser(arn) => arn.account().parse().ok(),
    }
}

fn as_asked(new: &NewKeyGrant) -> NewGrant {
    let grant = &new.grant;
    NewGrant {
        grantee: grant.grantee.clone(),
        retiring: grant.retiring.clone(),
        operations: grant.operations,
        constraints: grant.constraints.clone(),
    }
}

/// The permission to set the policy of a resource that is neither a role nor a key.
fn put_policy(arn: &str) -> Option<&'static str> {
    Some(match arn.split(':').nth(2).unwrap_or_default() {
        "s3" => "s3:PutBucketPolicy",
        "sqs" => "sqs:SetQueueAttributes",
        "sns" => "sns:SetTopicAttributes",
        "secretsmanager" => "secretsmanager:PutResourcePolicy",
        "ecr" => "ecr:SetRepositoryPolicy",
        "lambda" => "lambda:AddPermission",
        "elasticfilesystem" => "elasticfilesystem:PutFileSystemPolicy",
        _ => return None,
    })
}
