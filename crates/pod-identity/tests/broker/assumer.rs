//! An STS in this process.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use eks_auth::Assumption;
use jiff::{SignedDuration, Timestamp};
use pod_identity::broker::{AssumeError, AssumeErrorKind, Identity, RoleAssumer, Session, SessionKeys};

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// The access key's id, where a session asks.
    pub(crate) by: Option<String>,
    pub(crate) role: String,
    pub(crate) name: String,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) external_id: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) hours: f64,
}

/// What it does with a call.
pub(crate) enum Does {
    Fail(AssumeErrorKind),
    /// A session of another role.
    OfAnother,
    /// One that is over.
    Over,
    /// One whose tags and policies take so much.
    Packed(u32),
}

/// It.
#[derive(Default)]
pub(crate) struct Assumer {
    pub(crate) identity: Mutex<Option<String>>,
    asked: Mutex<Vec<Asked>>,
    /// What it does with the next calls; a session after that.
    does: Mutex<VecDeque<Does>>,
    /// Whether it takes a while, each time another.
    dawdles: AtomicBool,
}

impl Assumer {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn dawdle(&self) {
        self.dawdles.store(true, Ordering::Relaxed);
    }

    pub(crate) fn next(&self, does: impl IntoIterator<Item = Does>) {
        self.does.lock().unwrap().extend(does);
    }

    /// What was asked for since it was looked at.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[async_trait]
impl RoleAssumer for Assumer {
    async fn assume(
        &self,
        by: Option<&SessionKeys>,
        wanted: &Assumption<'_>,
        lasts: SignedDuration,
    ) -> Result<Session, AssumeError> {
        let role = wanted.role.resource().strip_prefix("role/").unwrap();
        self.asked.lock().unwrap().push(Asked {
            by: by.map(|keys| keys.access_key_id.clone()),
            role: role.to_owned(),
            name: wanted.session_name.clone(),
            tags: wanted.tags.iter().map(|tag| (tag.key.to_owned(), tag.value.clone())).collect(),
            external_id: wanted.external_id.map(str::to_owned),
            policy: wanted.policy.map(str::to_owned),
            hours: lasts.as_secs_f64() / 3600.0,
        });
        if self.dawdles.load(Ordering::Relaxed) {
            // By the session's name, which is another one each time.
            let micros = wanted.session_name.bytes().map(u64::from).sum::<u64>() % 7 * 300;
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
        let does = self.does.lock().unwrap().pop_front();
        let (mut of, mut lasts, mut packed) = (role.rsplit('/').next().unwrap().to_owned(), lasts, None);
        match does {
            Some(Does::Fail(kind)) => return Err(AssumeError { kind, message: format!("STS says {}", kind.as_str()) }),
            Some(Does::OfAnother) => of = "another".to_owned(),
            Some(Does::Over) => lasts = SignedDuration::from_secs(-1),
            Some(Does::Packed(percent)) => packed = Some(percent),
            None => {}
        }
        let account = wanted.role.account();
        Ok(Session {
            keys: SessionKeys {
                access_key_id: format!("ASIA-{role}"),
                secret_access_key: format!("secret-of-{role}").into(),
                session_token: format!("session-of-{}", wanted.session_name).into(),
            },
            arn: format!("arn:aws:sts::{account}:assumed-role/{of}/{}", wanted.session_name),
            id: format!("AROAEXAMPLE:{}", wanted.session_name),
            expires: Timestamp::now() + lasts,
            packed,
        })
    }

    fn identity(&self) -> Option<Identity> {
        self.identity.lock().unwrap().clone().map(|arn| Identity { arn })
    }
}

impl std::fmt::Debug for Assumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Assumer")
    }
}
