//! Accounts and their credentials.
//!
//! Naming an account makes it, and its root user has a credential from then on. Little about them is kept: the names,
//! and one secret, the seed.
//!
//! ```text
//!   seed --+--> the root user's access key id and secret, of every account
//!          +--> the secret of every session's access key
//!          +--> the key under which session tokens are sealed
//! ```
//!
//! So a session takes no room, here or on disk, and survives a restart.

mod access_key;
mod credential;
mod last_use;
mod seed;
mod session;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use authz::principal::{Principal, RoleSession};
use aws_lc_rs::digest;
use aws_model::{AccountId, Arn, Partition, SecretBytes};
use jiff::Timestamp;

pub(crate) use self::access_key::{KeyKind, base32, parse as parse_access_key};
pub use self::credential::{Credential, Holder, InvalidCredential};
pub(crate) use self::last_use::LastUse;
pub(crate) use self::session::{Session, SessionContext, SessionIdentity, SessionTag};
use self::{last_use::LastUses, seed::Seed};
use crate::{
    authorization::Authorizer,
    caller::Caller,
    sealing::{MATERIAL_LEN, SealError, random_bytes},
    store::{Batch, OpenError, Store, Table, Ticket, WriteFailed},
};

/// One row, the seed.
pub(crate) const SEED: Table = Table::sealed("account.seed");
pub(crate) const SEED_ROW: &str = "seed";
/// A row for each account that was named; the key says all.
const NAMED: Table = Table::plain("account.named");
/// What is kept of the accounts.
pub(crate) const TABLES: &[Table] = &[SEED, NAMED];

/// Everything that is known about who may sign.
#[derive(Debug)]
pub(crate) struct Accounts {
    /// Their credentials are worth nothing in any other.
    partition: Partition,
    seed: Seed,
    fixed: HashMap<String, Credential>,
    /// The users whose generated access keys were handed out, by their ids.
    users: RwLock<HashMap<String, Arn>>,
    last_uses: LastUses,
    /// With the write that keeps each.
    named: RwLock<BTreeMap<AccountId, Ticket>>,
    store: Store,
    authorizer: Arc<Authorizer>,
}

/// The accounts could not be read from the store, or made there.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The state file cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The state file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteFailed),
    /// What is in the state file is no list of accounts.
    #[error("cannot read the accounts in the state file: {0}; restore the file from a copy")]
    Account(#[from] aws_model::InvalidAccountId),
    /// A credential is for somebody whom the world does not have.
    #[error(
        "the credential `{access_key_id}` is for `{holder}`, whom the world file does not tell; declare it there, or write \
             `identities: partial` at its account"
    )]
    NoSuchHolder {
        /// Which credential.
        access_key_id: String,
        /// For whom.
        holder: String,
    },
    /// No randomness for a seed.
    #[error("cannot make the accounts' credentials: the operating system's random generator or the cipher failed")]
    Sealing,
}

/// The identity that an access key stands for, and the secret that must have signed. Until the signature is verified
/// this is a claim and nothing more.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) caller: Caller,
    pub(crate) secret: SecretBytes,
    /// The session, when the key is temporary.
    pub(crate) session: Option<Session>,
}

/// Why an access key stands for nobody.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unidentified {
    /// No such key in this partition, or the token is absent, altered or another key's.
    #[error("the access key or its session token is not known here")]
    Unknown,
    /// The session is over.
    #[error("the session is over")]
    Expired,
}

/// A session as its caller gets it.
#[derive(Debug)]
pub(crate) struct SessionCredential {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretBytes,
    pub(crate) token: String,
    pub(crate) expires: Timestamp,
}

impl Accounts {
    /// The accounts of the store, those `named` now and those of the `fixed` credentials.
    pub(crate) async fn open(
        store: Store,
        partition: Partition,
        named: impl IntoIterator<Item = AccountId>,
        fixed: impl IntoIterator<Item = Credential>,
        authorizer: Arc<Authorizer>,
    ) -> Result<Self, AccountsError> {
        let (seed, seed_kept) = match store.rows(SEED)?.pop() {
            Some(row) => (row.bytes, Ticket::default()),
            None => {
                let seed = random_bytes(MATERIAL_LEN).map_err(|_: SealError| AccountsError::Sealing)?;
                let mut batch = Batch::new();
                batch.put(SEED, SEED_ROW, seed.clone());
                (seed, store.write(batch))
            }
        };
        let kept = store.rows(NAMED)?.into_iter().map(|row| Ok((row.key.parse()?, Ticket::default())));
        let kept = kept.collect::<Result<_, aws_model::InvalidAccountId>>()?;
        let fixed: HashMap<String, Credential> =
            fixed.into_iter().map(|credential| (credential.access_key_id.clone(), credential)).collect();
        let kept: BTreeMap<AccountId, Ticket> = kept;
        kept.keys().for_each(|account| authorizer.name(*account));
        let (seed, kept) = (Seed::new(&seed), RwLock::new(kept));
        let users = RwLock::default();
        let last_uses = LastUses::default();
        let accounts = Self { partition, seed, fixed, users, last_uses, named: kept, store, authorizer };
        accounts.check_holders()?;
        let of_fixed: Vec<_> = accounts.fixed.values().map(|credential| credential.account).collect();
        let tickets = named.into_iter().chain(of_fixed).map(|account| accounts.name(account));
        let last = tickets.fold(seed_kept, Ticket::max);
        // Nobody hears of a credential that a crash could still take back.
        accounts.store.durable(last).await?;
        Ok(accounts)
    }

    /// Refuses credentials of users and roles that cannot be: in an account whose users and roles are told, those that
    /// are not.
    fn check_holders(&self) -> Result<(), AccountsError> {
        for credential in self.fixed.values() {
            if self.authorizer.is_open(credential.account) {
                // IAM may close the account before its holder calls.
                if let Ok(identity) = self.fixed(credential) {
                    self.authorizer.admit(&identity.caller.principal);
                }
                continue;
            }
            let holder = match &credential.holder {
                Holder::Root => continue,
                Holder::User(arn) => Some(arn.clone()),
                Holder::Session(arn) => self.role_of_session(credential.account, arn).map(|(role, _)| role),
            };
            let Some(holder) = holder else { continue };
            if self.authorizer.world().identity(&holder).is_none() {
                let access_key_id = credential.access_key_id.clone();
                return Err(AccountsError::NoSuchHolder { access_key_id, holder: holder.to_string() });
            }
        }
        Ok(())
    }

    /// Makes an account, if it is not there, and waits until it would survive a kill.
    pub(crate) async fn keep(&self, account: AccountId) -> Result<(), WriteFailed> {
        let ticket = self.name(account);
        self.store.durable(ticket).await
    }

    /// Makes an account, if it is not there. Who need not tell anybody that it is kept may leave the ticket: an account
    /// that a crash forgets is there again when it is next named, with the same credential.
    pub(crate) fn name(&self, account: AccountId) -> Ticket {
        self.authorizer.name(account);
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        *named.entry(account).or_insert_with(|| {
            let mut batch = Batch::new();
            batch.put(NAMED, account.as_str(), SecretBytes::new(Vec::new()));
            self.store.write(batch)
        })
    }

    /// The partition that they are in.
    pub(crate) fn partition(&self) -> Partition {
        self.partition
    }

    /// The accounts that are there, in order.
    pub(crate) fn named(&self) -> Vec<AccountId> {
        self.named.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// The root credential of an account, which is made if it is not there.
    pub(crate) fn root_credential(&self, account: AccountId) -> Credential {
        self.name(account);
        let access_key_id = self.seed.root_access_key_id(account);
        let secret_access_key = self.seed.secret_access_key(&access_key_id);
        Credential { access_key_id, secret_access_key, account, holder: Holder::Root }
    }

    /// The long-term credential of a user, the same every time, though until it was asked for nobody can sign with it.
    pub(crate) fn user_credential(&self, account: AccountId, user: &Arn) -> (String, SecretBytes) {
        let id = self.seed.user_access_key_id(account, user);
        self.users.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), user.clone());
        let secret = self.seed.secret_access_key(&id);
        (id, secret)
    }

    /// A new access key id of an account and its secret. Nobody can sign with it until a user holds it.
    pub(crate) fn new_user_key(&self, account: AccountId) -> Result<(String, SecretBytes), SealError> {
        let id = access_key::compose(KeyKind::LongTerm, account, random_number()?);
        let secret = self.seed.secret_access_key(&id);
        Ok((id, secret))
    }

    /// The password of a service-specific credential.
    pub(crate) fn service_password(&self, credential_id: &str, resets: u32) -> SecretBytes {
        self.seed.service_password(credential_id, resets)
    }

    /// The seed of an MFA device.
    pub(crate) fn mfa_seed(&self, device_id: &str) -> SecretBytes {
        self.seed.mfa_seed(device_id)
    }

    /// What tells a password from others.
    pub(crate) fn password_proof(&self, salt: &str, password: &SecretBytes) -> String {
        self.seed.password_proof(salt, password)
    }

    /// From now on a user signs with this access key.
    pub(crate) fn hold(&self, access_key_id: &str, user: &Arn) {
        self.users.write().unwrap_or_else(PoisonError::into_inner).insert(access_key_id.to_owned(), user.clone());
    }

    /// From now on nobody signs with this access key.
    pub(crate) fn release(&self, access_key_id: &str) {
        self.users.write().unwrap_or_else(PoisonError::into_inner).remove(access_key_id);
    }

    /// Notes that somebody called: whose access key or role may be asked when it was used.
    pub(crate) fn used(&self, caller: &Caller, used: LastUse) {
        match &caller.principal {
            Principal::User(_) => self.last_uses.note(&caller.access_key_id, used),
            Principal::Session(_) => {
                self.last_uses.note(caller.user_id.split(':').next().unwrap_or_default(), used);
            }
            _ => {}
        }
    }

    /// When an access key (by its id) or a role (by its unique id) was used last.
    pub(crate) fn last_use(&self, id: &str) -> Option<LastUse> {
        self.last_uses.of(id)
    }

    /// An access key or a role that is gone.
    pub(crate) fn forget_use(&self, id: &str) {
        self.last_uses.forget(id);
    }

    /// The account that an access key belongs to, whatever state the key is in.
    pub(crate) fn account_of(&self, access_key_id: &str) -> Option<AccountId> {
        let fixed = self.fixed.get(access_key_id).map(|credential| credential.account);
        fixed.or_else(|| access_key::parse(access_key_id).map(|(_, account)| account))
    }

    /// Who an access key, with the session token that came with it, claims to be in a region of `partition`.
    pub(crate) fn identify(
        &self,
        access_key_id: &str,
        token: Option<&SecretBytes>,
        partition: Partition,
        now: Timestamp,
    ) -> Result<Identity, Unidentified> {
        if partition != self.partition {
            return Err(Unidentified::Unknown);
        }
        match (token, self.fixed.get(access_key_id)) {
            (None, Some(credential)) => self.fixed(credential),
            (Some(_), Some(_)) => Err(Unidentified::Unknown),
            (None, None) => self.generated(access_key_id),
            (Some(token), None) => self.session(access_key_id, token, now),
        }
    }

    fn generated(&self, access_key_id: &str) -> Result<Identity, Unidentified> {
        let Some((KeyKind::LongTerm, account)) = access_key::parse(access_key_id) else {
            return Err(Unidentified::Unknown);
        };
        let user = self.users.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned();
        if let Some(arn) = user {
            let secret_access_key = self.seed.secret_access_key(access_key_id);
            let access_key_id = access_key_id.to_owned();
            return self.fixed(&Credential { access_key_id, secret_access_key, account, holder: Holder::User(arn) });
        }
        if self.seed.root_access_key_id(account) != access_key_id {
            return Err(Unidentified::Unknown);
        }
        let secret = self.seed.secret_access_key(access_key_id);
        Ok(Identity { caller: root(account, access_key_id, self.partition), secret, session: None })
    }

    fn fixed(&self, credential: &Credential) -> Result<Identity, Unidentified> {
        let Credential { access_key_id, secret_access_key, account, holder } = credential;
        let whole = root(*account, access_key_id, self.partition);
        let caller = match holder {
            Holder::Root => whole,
            Holder::User(arn) => Caller {
                arn: arn.to_string(),
                user_id: self.unique_id(arn, "AIDA"),
                principal: Principal::User(arn.clone()),
                ..whole
            },
            Holder::Session(arn) => {
                let (role, name) = self.role_of_session(*account, arn).ok_or(Unidentified::Unknown)?;
                Caller {
                    arn: arn.to_string(),
                    user_id: format!("{}:{name}", self.unique_id(&role, "AROA")),
                    principal: Principal::Session(Box::new(RoleSession::of(role, Some(name)))),
                    ..whole
                }
            }
        };
        Ok(Identity { caller, secret: secret_access_key.clone(), session: None })
    }

    /// The role of a session, with the path that the session's ARN leaves out, and the session's name.
    fn role_of_session(&self, account: AccountId, session: &Arn) -> Option<(Arn, String)> {
        let (role, name) = session.resource().strip_prefix("assumed-role/")?.split_once('/')?;
        let world = self.authorizer.world();
        let known = world.account(account).and_then(|account| account.role_named(role));
        let role = match known {
            Some(role) => role.identity.arn.clone(),
            None => format!("arn:{}:iam::{account}:role/{role}", session.partition()).parse().ok()?,
        };
        Some((role, name.to_owned()))
    }

    /// The unique id of a user or role: the one that the world knows, else one that is always the same.
    pub(crate) fn unique_id(&self, arn: &Arn, prefix: &str) -> String {
        let world = self.authorizer.world();
        world.identity(arn).map_or_else(|| unique_id(prefix, arn), |identity| identity.unique_id.to_string())
    }

    fn session(&self, access_key_id: &str, token: &SecretBytes, now: Timestamp) -> Result<Identity, Unidentified> {
        let content = self.seed.open_token(access_key_id, token).ok_or(Unidentified::Unknown)?;
        let session: Session = serde_json::from_slice(content.expose()).map_err(|_| Unidentified::Unknown)?;
        if session.has_expired(now) {
            return Err(Unidentified::Expired);
        }
        if !self.is_still_there(&session) {
            return Err(Unidentified::Unknown);
        }
        let secret = self.seed.secret_access_key(access_key_id);
        let whole = root(session.account, access_key_id, self.partition);
        let (arn, user_id) = match &session.identity {
            SessionIdentity::Root => (whole.arn, whole.user_id),
            SessionIdentity::User { arn, id } => (arn.to_string(), id.clone()),
            SessionIdentity::Role { arn, id, session_name } => {
                (assumed_role_arn(arn, session_name), format!("{id}:{session_name}"))
            }
            SessionIdentity::Federated { name, .. } => {
                (federated_user_arn(self.partition, session.account, name), format!("{}:{name}", session.account))
            }
        };
        let caller = Caller {
            arn,
            user_id,
            principal: session.principal().ok_or(Unidentified::Unknown)?,
            session_policy_arns: session.context.policy_arns.clone(),
            issued: Some(session.issued()),
            web_identity: session.context.web_identity.clone(),
            instance: session.context.instance.clone(),
            token: None,
            ..whole
        };
        Ok(Identity { caller, secret, session: Some(session) })
    }

    /// Whether whose session it is, is the one that began it: not deleted, nor made again under the same name.
    ///
    /// Source: IAM User Guide, "IAM identifiers" > "Unique identifiers".
    fn is_still_there(&self, session: &Session) -> bool {
        let (arn, id) = match &session.identity {
            SessionIdentity::User { arn, id } | SessionIdentity::Role { arn, id, .. } => (arn, id),
            SessionIdentity::Federated { parent: Some((arn, id)), .. } => (arn, id),
            SessionIdentity::Root | SessionIdentity::Federated { parent: None, .. } => return true,
        };
        let world = self.authorizer.world();
        match world.identity(arn) {
            Some(identity) => *identity.unique_id == **id,
            None => world.account(session.account).is_none_or(|account| account.identities_are_partial),
        }
    }

    /// A text that only [`open_message`](Self::open_message) reads, and only for the same account.
    pub(crate) fn seal_message(&self, account: AccountId, content: &[u8]) -> Result<String, SealError> {
        self.seed.seal_message(account, content)
    }

    /// What a text of [`seal_message`](Self::seal_message) holds, or nothing when it is none, or another account's.
    pub(crate) fn open_message(&self, account: AccountId, text: &str) -> Option<SecretBytes> {
        self.seed.open_message(account, text)
    }

    /// Begins a session: a fresh access key, its secret and its token.
    pub(crate) fn begin(&self, session: &Session) -> Result<SessionCredential, SealError> {
        let access_key_id = access_key::compose(KeyKind::Session, session.account, random_number()?);
        // A session has string keys only, so it always has a JSON form.
        let content = serde_json::to_vec(session).map_err(|_| SealError)?;
        Ok(SessionCredential {
            secret_access_key: self.seed.secret_access_key(&access_key_id),
            token: self.seed.seal_token(&access_key_id, &content)?,
            access_key_id,
            expires: session.expires(),
        })
    }
}

fn random_number() -> Result<u64, SealError> {
    Ok(random_bytes(8)?.expose().iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

/// A unique id that nothing has had before.
pub(crate) fn new_unique_id(prefix: &str) -> Result<String, SealError> {
    let bits = random_bytes(16)?.expose().iter().fold(0, |bits: u128, byte| (bits << 8) | u128::from(*byte));
    Ok(format!("{prefix}{}", access_key::base32(bits, 17)))
}

/// The unique id of a user or role that was given none: the same for the same ARN.
pub(crate) fn unique_id(prefix: &str, arn: &Arn) -> String {
    let digest = digest::digest(&digest::SHA256, arn.as_str().as_bytes());
    let bits = digest.as_ref().iter().take(16).fold(0, |bits: u128, byte| (bits << 8) | u128::from(*byte));
    format!("{prefix}{}", access_key::base32(bits, 17))
}

/// The ARN of a session of a role: the role's name without its path.
///
/// Source: IAM User Guide, "IAM identifiers", section "IAM ARNs".
pub(crate) fn assumed_role_arn(role: &Arn, session_name: &str) -> String {
    let name = role.resource().rsplit('/').next().unwrap_or_default();
    format!("arn:{}:sts::{}:assumed-role/{name}/{session_name}", role.partition(), role.account())
}

/// The ARN of a federated user.
///
/// Source: IAM User Guide, "IAM identifiers", section "IAM ARNs".
pub(crate) fn federated_user_arn(partition: Partition, account: AccountId, name: &str) -> String {
    format!("arn:{partition}:sts::{account}:federated-user/{name}")
}

fn root(account: AccountId, access_key_id: &str, partition: Partition) -> Caller {
    Caller { arn: format!("arn:{partition}:iam::{account}:root"), ..Caller::root(account, access_key_id) }
}

#[cfg(test)]
mod tests;
