//! One change: data that can be applied to a copy of the world, and told to people.

use std::sync::Arc;

use aws_model::{AccountId, Arn, KeyArn};

use crate::{
    context::{ContextKey, Told},
    policy::Policy,
    principal::Principal,
    request::Request,
    text::Span,
    world::{AttachedPolicy, ChangeError, Grant, PolicyOrigin, World},
};

/// One change of a fix.
#[derive(Clone, Debug)]
pub struct Change {
    /// What is changed.
    pub edit: Edit,
    /// Who must apply it.
    pub who: WhoApplies,
}

/// What is changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A policy.
    Policy(PolicyEdit),
    /// A grant is made.
    Grant(Box<NewKeyGrant>),
    /// The request itself is made otherwise.
    Request(RequestEdit),
}

/// A policy with one statement more, or one of its statements changed.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyEdit {
    /// Where the policy is.
    pub place: PolicyPlace,
    /// What was done to it.
    pub how: How,
    /// The policy as it was; `None` for one that was not there.
    pub before: Option<Arc<Policy>>,
    /// The whole policy as it should be, the author's own layout kept.
    pub after: Arc<Policy>,
    /// The statement that was added or changed, in the text of `after`; `None` where one was taken away, and where the
    /// text stays as it is.
    pub statement: Option<Span>,
}

/// Where a policy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyPlace {
    /// Written into a user, role or group.
    Inline {
        /// Its ARN.
        identity: Arn,
        /// The policy's name.
        name: Box<str>,
    },
    /// A managed policy of a customer, for everybody who carries it, also as a boundary.
    Managed(Arn),
    /// The trust policy of a role.
    Trust(Arn),
    /// The policy of a key.
    Key(KeyArn),
    /// The policy of another resource.
    Resource {
        /// Whose it is.
        owner: AccountId,
        /// Its ARN.
        arn: Box<str>,
    },
    /// A service or resource control policy. It is one policy wherever it is attached.
    Organization {
        /// By which it is known.
        origin: PolicyOrigin,
        /// The levels that it is attached to.
        levels: Vec<Box<str>>,
    },
}

/// What was done to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// A policy was made that has this one statement.
    PolicyMade,
    /// A statement that allows was added.
    StatementAdded,
    /// A statement that allows was widened: by an action, a resource, a principal, a condition's value.
    StatementWidened,
    /// A statement that denies was narrowed.
    DenyNarrowed,
    /// A statement that denies was taken away.
    DenyRemoved,
    /// Nothing in the text: it is saved again, so that its names mean whom they mean now.
    SavedAgain,
}

/// A grant that is to be made. It cannot be changed afterwards, only retired or revoked and made anew.
///
/// It is everywhere within five minutes; whoever passes the token that `CreateGrant` answers with may use it at once.
///
/// Source: AWS KMS Developer Guide, "Grants in AWS KMS" > "Eventual consistency" and "Grant token".
#[derive(Clone, Debug, PartialEq)]
pub struct NewKeyGrant {
    /// The key that it is on.
    pub key: KeyArn,
    /// The grant. Its id and token are KMS's to give; these are placeholders.
    pub grant: Grant,
}

/// What the caller does otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestEdit {
    /// Passes a pair of the encryption context.
    EncryptionContext {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// Passes the token of a grant that has not spread through KMS yet.
    GrantToken {
        /// The grant's id.
        grant: Box<str>,
        /// Its token.
        token: Box<str>,
    },
    /// Begins its session with this tag.
    SessionTag {
        /// The tag's key.
        key: String,
        /// Its value.
        value: String,
    },
    /// Begins its session with this policy in place of another.
    SessionPolicy {
        /// The place of the policy among the session's policies.
        index: usize,
        /// What was done to it.
        how: How,
        /// The whole policy as it should be.
        after: Arc<Policy>,
        /// The statement that was added or changed.
        statement: Option<Span>,
    },
    /// Makes the call such that a context key has this value.
    Context {
        /// The key.
        key: ContextKey,
        /// The value.
        value: String,
    },
}

/// Who must apply a change.
#[derive(Clone, Debug)]
pub enum WhoApplies {
    /// Somebody of an account who has a permission.
    Administrator {
        /// The account whose credentials it takes.
        account: AccountId,
        /// The permission: an IAM action. `None` where the resource is of a service whose action for it is not known
        /// here.
        needs: Option<&'static str>,
        /// On what.
        on: Box<str>,
        /// Users and roles of that account that have it, as far as the world knows; at most
        /// [`WhoApplies::ABLE_SHOWN`], by name. The root user, who mostly has it too, is not told.
        able: Vec<Principal>,
    },
    /// Whoever makes the request.
    Caller,
}

impl WhoApplies {
    /// So many who are able to are listed.
    pub const ABLE_SHOWN: usize = 5;

    /// The account whose credentials it takes; the caller's own is not told.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Administrator { account, .. } => Some(*account),
            Self::Caller => None,
        }
    }
}

impl PolicyEdit {
    /// The statement that was added or changed, as it stands in the new text.
    #[must_use]
    pub fn statement_text(&self) -> Option<&str> {
        self.statement.map(|span| self.after.source().slice(span))
    }
}

impl Change {
    /// Makes it so: in the world, or for what the caller does otherwise in the request.
    ///
    /// # Errors
    /// When the world does not have what is to be changed.
    pub fn apply(&self, world: &mut World, request: &mut Request) -> Result<(), ChangeError> {
        self.edit.apply(world, request)
    }
}

impl Edit {
    pub(super) fn apply(&self, world: &mut World, request: &mut Request) -> Result<(), ChangeError> {
        match self {
            Self::Policy(edit) => edit.apply(world),
            Self::Grant(new) => world.put_grant(&new.key, new.grant.clone()),
            Self::Request(edit) => {
                edit.apply(request);
                Ok(())
            }
        }
    }
}

impl PolicyEdit {
    fn apply(&self, world: &mut World) -> Result<(), ChangeError> {
        let policy = Arc::clone(&self.after);
        match &self.place {
            PolicyPlace::Inline { identity, name } => world.put_inline_policy(identity, name, policy),
            PolicyPlace::Managed(arn) => world.put_managed_policy(arn, policy),
            PolicyPlace::Trust(role) => world.set_trust(role, policy),
            PolicyPlace::Key(key) => world.set_key_policy(key, policy),
            PolicyPlace::Resource { owner, arn } => {
                let mut resource =
                    world.account(*owner).and_then(|account| account.resource(arn)).cloned().unwrap_or_default();
                resource.policy = Some(world.saved(policy));
                world.put_resource(*owner, arn, resource);
                Ok(())
            }
            PolicyPlace::Organization { origin, levels } => levels.iter().try_for_each(|level| {
                let attached = AttachedPolicy { origin: origin.clone(), policy: Arc::clone(&policy) };
                world.attach_organization_policy(level, attached)
            }),
        }
    }
}

impl RequestEdit {
    fn apply(&self, request: &mut Request) {
        match self {
            Self::EncryptionContext { key, value } => {
                let known = request.kms.encryption_context.pairs().filter(|(known, _)| known != key);
                let pairs = known.chain([(key.as_str(), value.as_str())]);
                request.kms.encryption_context = aws_model::EncryptionContext::new(pairs);
            }
            Self::SessionTag { key, value } => match &mut request.principal {
                Principal::Session(session) => {
                    session.tags.insert(key.clone(), value.clone());
                }
                Principal::FederatedUser(federated) => {
                    federated.tags.insert(key.clone(), value.clone());
                }
                _ => {}
            },
            Self::SessionPolicy { index, after, .. } => {
                let policies = match &mut request.principal {
                    Principal::Session(session) => &mut session.policies,
                    Principal::FederatedUser(federated) => &mut federated.policies,
                    _ => return,
                };
                match policies.get_mut(*index) {
                    Some(policy) => *policy = Arc::clone(after),
                    None => policies.push(Arc::clone(after)),
                }
            }
            Self::GrantToken { token, .. } => request.kms.grant_tokens.push(token.clone()),
            Self::Context { key, value } => request.context.tell(key.as_str(), Told::Values(vec![value.clone()])),
        }
    }
}
