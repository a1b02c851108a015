//! The broker as the source of credentials: EKS Auth's operation, with a token of the agent's own in place of a signature.
//!
//! Making one does no I/O but reading whom it trusts, and cannot fail because the broker is away.

mod changes;
mod client;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::{
    sync::{Mutex, RwLock, watch},
    time::sleep,
};
use zeroize::Zeroizing;

pub use self::client::TrustError;
use self::{
    changes::Told,
    client::{Client, Received},
};
use super::{
    answered::{Answered, away, incomplete},
    credentials::{Credentials, Keys},
    source::{CredentialSource, Issued, SourceError, TakenBack},
};
use crate::{REVISION, bearer::BearerToken};

/// For one answer: the broker may be asking STS twice, for a role and for its target role.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// What got no answer is asked once more, by another connection and perhaps of another replica.
const PAUSE: Duration = Duration::from_millis(100);

/// Who is throttled asks again after up to so long: the pods of a node that begins ask all at once. An SDK in a pod gives up after
/// some seconds, and joins the call when it asks again.
const AFTER_THROTTLING: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// Which broker, for which cluster.
#[derive(Clone, Debug)]
pub struct BrokerSettings {
    /// `https://HOST[:PORT]`
    pub endpoint: String,
    /// Who vouches for it (PEM), in place of those whom the system trusts.
    pub ca: Option<PathBuf>,
    /// The file with the agent's own token, which is read for each call.
    pub token: PathBuf,
    /// The cluster's name.
    pub cluster: String,
}

/// The broker.
#[derive(Debug)]
pub struct Broker {
    settings: BrokerSettings,
    client: RwLock<Arc<Client>>,
    /// The state of the associations that was told last.
    state: watch::Sender<Option<String>>,
    /// One call at a time waits to hear of the next.
    waiting: Mutex<()>,
}

/// The answer, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    subject: Subject,
    pod_identity_association: Association,
    assumed_role_user: User,
    credentials: Secrets,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    namespace: String,
    service_account: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    association_id: String,
}

#[derive(Deserialize)]
struct User {
    arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secrets {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: f64,
}

#[derive(Deserialize)]
struct Message {
    message: Option<String>,
}

impl Broker {
    /// Takes the settings up.
    ///
    /// # Errors
    /// [`TrustError`], where who vouches for the broker cannot be read.
    pub fn new(settings: BrokerSettings) -> Result<Self, TrustError> {
        let client = RwLock::new(Arc::new(Client::new(settings.ca.as_deref())?));
        Ok(Self { settings, client, state: watch::Sender::new(None), waiting: Mutex::default() })
    }

    /// Who it is, as errors tell it.
    fn name(&self) -> String {
        format!("the broker at {}", self.settings.endpoint)
    }

    /// Asks the broker for something of the cluster's. An error tells why there is no answer.
    async fn ask(&self, method: Method, path: &str, body: Vec<u8>, within: Duration) -> Result<Received, String> {
        let BrokerSettings { endpoint, token, cluster, .. } = &self.settings;
        let own = tokio::fs::read_to_string(token).await.map(Zeroizing::new);
        let own = own.map_err(|error| format!("cannot read the agent's own token `{}`: {error}", token.display()))?;
        let url = format!("{}/clusters/{cluster}/{path}", endpoint.trim_end_matches('/'));
        let client = Arc::clone(&*self.client.read().await);
        let asked = client.ask(method.clone(), &url, own.trim(), body.clone(), within).await;
        match asked {
            Ok(received) => return Ok(received),
            Err(failed) if !failed.may_be_tried_again => return Err(failed.reason),
            Err(_) => {}
        }
        sleep(PAUSE).await;
        client.ask(method, &url, own.trim(), body, within).await.map_err(|failed| failed.reason)
    }
}

#[async_trait]
impl CredentialSource for Broker {
    async fn issue(&self, token: &BearerToken) -> Result<Issued, SourceError> {
        // A token has no character that JSON escapes: it was parsed.
        let body = format!("{{\"token\":\"{}\"}}", token.expose()).into_bytes();
        let mut pauses = AFTER_THROTTLING.iter();
        let Received { status, headers, body } = loop {
            let asked = self.ask(Method::POST, "assume-role-for-pod-identity", body.clone(), ATTEMPT_TIMEOUT).await;
            let received = asked.map_err(|reason| away(&self.name(), &reason))?;
            match pauses.next().filter(|_| received.status == StatusCode::TOO_MANY_REQUESTS) {
                Some(pause) => sleep(at_random(*pause)).await,
                None => break received,
            }
        };
        if status != StatusCode::OK {
            return Err(refused(status, &headers, &body, &self.name()));
        }
        let mut issued = issued(&body).ok_or_else(|| incomplete(&self.name()))?;
        let by_state = headers.get(REVISION).and_then(|state| state.to_str().ok());
        // Of two replicas one hears of a change first. What the other gives meanwhile is not told of again.
        issued.may_be_kept = match (by_state, &*self.state.borrow()) {
            (Some(by), Some(known)) => by == known,
            _ => true,
        };
        Ok(issued)
    }

    async fn taken_back(&self) -> TakenBack {
        let _alone = self.waiting.lock().await;
        loop {
            let known = self.state.borrow().clone();
            let path = known.as_ref().map_or("changes".to_owned(), |known| format!("changes?since={known}"));
            let asked = self.ask(Method::GET, &path, Vec::new(), changes::WITHIN).await;
            match asked.and_then(|Received { status, body, .. }| Told::read(status, &body)) {
                Ok(told) => {
                    // What was given before the first answer may be of a state that nobody told of.
                    let taken_back = if known.is_none() { Some(TakenBack::All) } else { told.taken_back() };
                    // No await between the two: who drops this call has heard of what is not asked for again.
                    self.state.send_replace(Some(told.revision));
                    if let Some(taken_back) = taken_back {
                        return taken_back;
                    }
                    sleep(changes::APART).await;
                }
                Err(reason) => {
                    tracing::debug!(reason, "{} does not tell what changed", self.name());
                    sleep(changes::AFTER_FAILURE).await;
                }
            }
        }
    }

    async fn reload(&self) {
        match Client::new(self.settings.ca.as_deref()) {
            Ok(client) => *self.client.write().await = Arc::new(client),
            Err(error) => tracing::error!(%error, "those who vouched for the broker go on to do so"),
        }
    }
}

/// Between half of it and all.
fn at_random(pause: Duration) -> Duration {
    let mut drawn = [0; 4];
    // Without randomness nothing is spread, which is no reason to stop.
    let _ = getrandom::fill(&mut drawn);
    pause.div_f64(1.0 + f64::from(u32::from_le_bytes(drawn)) / f64::from(u32::MAX))
}

fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8], by: &str) -> SourceError {
    if status.as_u16() < 400 {
        return incomplete(by);
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let message = serde_json::from_slice::<Message>(body).ok().and_then(|told| told.message).unwrap_or_default();
    Answered {
        status,
        // Source: Smithy, "AWS restJson1 protocol" > "Operation error serialization" (a suffix behind a colon is none of it).
        code: header("x-amzn-errortype").and_then(|code| code.split(':').next()),
        message: &message,
        request_id: header("x-amzn-requestid").unwrap_or_default(),
        by,
    }
    .error()
}

fn issued(body: &[u8]) -> Option<Issued> {
    let Answer { subject, pod_identity_association, assumed_role_user, credentials } =
        serde_json::from_slice(body).ok()?;
    let Secrets { access_key_id, secret_access_key, session_token, expiration } = credentials;
    let (secret_access_key, session_token) = (Zeroizing::new(secret_access_key), Zeroizing::new(session_token));
    // arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION
    let account = assumed_role_user.arn.split(':').nth(4).filter(|account| !account.is_empty())?;
    if access_key_id.is_empty() || secret_access_key.is_empty() || session_token.is_empty() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "what is out of range is no time, and refused as that")]
    let expires = Timestamp::from_second(expiration as i64).ok()?;
    let keys = Keys {
        access_key_id: &access_key_id,
        secret_access_key: &secret_access_key,
        session_token: &session_token,
        account,
        expires,
    };
    Some(Issued {
        credentials: Credentials::new(&keys)?,
        subject: format!("system:serviceaccount:{}:{}", subject.namespace, subject.service_account),
        by: pod_identity_association.association_id,
        may_be_kept: true,
    })
}
