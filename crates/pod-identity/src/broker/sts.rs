//! STS, through the official SDK.
//!
//! Making one does no I/O and cannot fail because AWS is away: region and credentials are looked for with the first call.

mod said;

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock as StdRwLock},
    time::Duration,
};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sts::{
    Client,
    config::{Builder, Credentials, SharedCredentialsProvider},
    operation::assume_role::AssumeRoleOutput,
    types::Tag,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use eks_auth::Assumption;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::RwLock;
use zeroize::Zeroizing;

use super::{
    assumer::{AssumeError, Identity, RoleAssumer},
    session::{Session, SessionKeys},
};
use crate::sdk::{self, Patience};

/// Who waits for two calls, one for a target role, does so for some seconds.
const PATIENCE: Patience =
    Patience { connect: Duration::from_secs(1), attempt: Duration::from_secs(3), call: Duration::from_secs(6) };

/// Which STS.
#[derive(Clone, Default)]
pub struct StsSettings {
    /// The region, where the environment, a profile or the instance need not say.
    pub region: Option<String>,
    /// In place of AWS's own endpoint.
    pub endpoint: Option<String>,
    /// Where credentials and region come from, in place of the environment, profiles and the instance. Its timeouts, if it has
    /// any, are used.
    pub sdk: Option<SdkConfig>,
}

/// STS.
pub struct Sts {
    settings: StsSettings,
    http: SharedHttpClient,
    client: RwLock<Option<Arc<Client>>>,
    identity: StdRwLock<Option<Identity>>,
}

impl Sts {
    /// Takes the settings up.
    #[must_use]
    pub fn new(settings: StsSettings) -> Self {
        let http = sdk::connections(settings.endpoint.as_deref());
        Self { settings, http, client: RwLock::default(), identity: StdRwLock::default() }
    }

    /// Who it is, as errors tell it.
    fn name(&self) -> String {
        match &self.settings.endpoint {
            Some(endpoint) => format!("STS at {endpoint}"),
            None => "STS".to_owned(),
        }
    }

    async fn client(&self) -> Option<Arc<Client>> {
        if let Some(client) = self.client.read().await.as_ref() {
            return Some(Arc::clone(client));
        }
        let mut place = self.client.write().await;
        if place.is_none() {
            let client = self.make().await?;
            self.identify(&client).await;
            *place = Some(client);
        }
        place.clone()
    }

    /// `None`: nobody knows the region.
    async fn make(&self) -> Option<Arc<Client>> {
        let StsSettings { region, endpoint, sdk, .. } = &self.settings;
        let config = sdk::config(sdk.as_ref(), region.as_deref(), &self.http, &PATIENCE).await?;
        let mut config = Builder::from(&config);
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Some(Arc::new(Client::from_conf(config.build())))
    }

    /// Asks who the broker is. Where nobody says, the duration of sessions is found by asking for it.
    async fn identify(&self, client: &Client) {
        match client.get_caller_identity().send().await {
            Ok(answer) => {
                let Some(arn) = answer.arn.filter(|arn| !arn.is_empty()) else { return };
                let identity = Identity { arn };
                let mut known = self.identity.write().unwrap_or_else(PoisonError::into_inner);
                if known.as_ref() != Some(&identity) {
                    tracing::info!(
                        arn = identity.arn,
                        chains = identity.is_role(),
                        "roles are assumed as this identity"
                    );
                }
                *known = Some(identity);
            }
            Err(error) => {
                let reason = said::error(&error, &self.name()).message;
                tracing::warn!(reason, "it is not known yet as whom roles are assumed");
            }
        }
    }
}

#[async_trait]
impl RoleAssumer for Sts {
    async fn assume(
        &self,
        by: Option<&SessionKeys>,
        wanted: &Assumption<'_>,
        lasts: SignedDuration,
    ) -> Result<Session, AssumeError> {
        let client = self.client().await.ok_or_else(said::no_region)?;
        let tags = wanted.tags.iter().map(|tag| Tag::builder().key(tag.key).value(&tag.value).build());
        let tags: Result<Vec<_>, _> = tags.collect();
        let keys: Vec<String> = wanted.tags.iter().map(|tag| tag.key.to_owned()).collect();
        let call = client
            .assume_role()
            .role_arn(wanted.role.as_str())
            .role_session_name(&wanted.session_name)
            .duration_seconds(i32::try_from(lasts.as_secs()).unwrap_or(i32::MAX))
            .set_external_id(wanted.external_id.map(str::to_owned))
            .set_policy(wanted.policy.map(str::to_owned))
            .set_tags(tags.ok().filter(|tags| !tags.is_empty()))
            .set_transitive_tag_keys(Some(keys).filter(|keys| !keys.is_empty()));
        let answered = match by {
            None => call.send().await,
            Some(keys) => {
                let provider = SharedCredentialsProvider::new(as_sdk(keys));
                call.customize().config_override(Builder::default().credentials_provider(provider)).send().await
            }
        };
        let answer = answered.map_err(|error| said::error(&error, &self.name()))?;
        session(answer).ok_or_else(|| said::incomplete(&self.name()))
    }

    fn identity(&self) -> Option<Identity> {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn reload(&self) {
        if let Some(client) = self.make().await {
            self.identify(&client).await;
            *self.client.write().await = Some(client);
        }
    }
}

fn as_sdk(keys: &SessionKeys) -> Credentials {
    let SessionKeys { access_key_id, secret_access_key, session_token } = keys;
    let token = Some(session_token.to_string());
    Credentials::new(access_key_id, secret_access_key.as_str(), token, None, "the role's session")
}

fn session(answer: AssumeRoleOutput) -> Option<Session> {
    #[expect(deprecated, reason = "it is the former name of the first, and there are endpoints that know no other")]
    let packed = answer.session_token_utilization.or(answer.packed_policy_size);
    let (credentials, user) = (answer.credentials?, answer.assumed_role_user?);
    let texts = [&credentials.access_key_id, &credentials.secret_access_key, &credentials.session_token];
    if texts.into_iter().any(String::is_empty) {
        return None;
    }
    let expires = credentials.expiration;
    Some(Session {
        expires: Timestamp::new(expires.secs(), i32::try_from(expires.subsec_nanos()).ok()?).ok()?,
        keys: SessionKeys {
            access_key_id: credentials.access_key_id,
            secret_access_key: Zeroizing::new(credentials.secret_access_key),
            session_token: Zeroizing::new(credentials.session_token),
        },
        arn: user.arn,
        id: user.assumed_role_id,
        packed: packed.and_then(|percent| u32::try_from(percent).ok()),
    })
}

/// Without the client, which can show what it signs with.
impl fmt::Debug for Sts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StsSettings { region, endpoint, .. } = &self.settings;
        f.debug_struct("Sts").field("region", region).field("endpoint", endpoint).finish_non_exhaustive()
    }
}
