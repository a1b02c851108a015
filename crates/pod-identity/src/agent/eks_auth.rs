//! EKS Auth as the source of credentials, through the official SDK.
//!
//! Making one does no I/O and cannot fail because AWS is away: region and credentials are looked for with the first call.

mod said;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_eksauth::{
    Client, config::Builder, operation::assume_role_for_pod_identity::AssumeRoleForPodIdentityOutput,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;
use tokio::sync::RwLock;

use super::{
    answered::incomplete,
    credentials::{Credentials, Keys},
    source::{CredentialSource, Issued, SourceError},
};
use crate::{
    bearer::BearerToken,
    sdk::{self, Patience},
};

/// Source: eks-pod-identity-agent, `internal/cloud/eksauth/service.go`.
///
/// All attempts together: SDKs in pods try for some seconds, and a call goes on while they try again.
const PATIENCE: Patience =
    Patience { connect: Duration::from_millis(500), attempt: Duration::from_secs(1), call: Duration::from_secs(4) };

/// Which EKS Auth, for which cluster.
#[derive(Clone, Default)]
pub struct EksAuthSettings {
    /// The cluster's name.
    pub cluster: String,
    /// The region, where the environment, a profile or the instance need not say.
    pub region: Option<String>,
    /// In place of AWS's own endpoint.
    pub endpoint: Option<String>,
    /// Where credentials and region come from, in place of the environment, profiles and the instance. Its timeouts, if it has
    /// any, are used.
    pub sdk: Option<SdkConfig>,
}

/// EKS Auth.
pub struct EksAuth {
    settings: EksAuthSettings,
    http: SharedHttpClient,
    client: RwLock<Option<Arc<Client>>>,
}

impl EksAuth {
    /// Takes the settings up.
    #[must_use]
    pub fn new(settings: EksAuthSettings) -> Self {
        let http = sdk::connections(settings.endpoint.as_deref());
        Self { settings, http, client: RwLock::default() }
    }

    /// Who it is, as errors tell it.
    fn name(&self) -> String {
        match &self.settings.endpoint {
            Some(endpoint) => format!("EKS Auth at {endpoint}"),
            None => "EKS Auth".to_owned(),
        }
    }

    async fn client(&self) -> Option<Arc<Client>> {
        if let Some(client) = self.client.read().await.as_ref() {
            return Some(Arc::clone(client));
        }
        let mut place = self.client.write().await;
        if place.is_none() {
            *place = self.make().await;
        }
        place.clone()
    }

    /// `None`: nobody knows the region.
    async fn make(&self) -> Option<Arc<Client>> {
        let EksAuthSettings { region, endpoint, sdk, .. } = &self.settings;
        let config = sdk::config(sdk.as_ref(), region.as_deref(), &self.http, &PATIENCE).await?;
        let mut config = Builder::from(&config);
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Some(Arc::new(Client::from_conf(config.build())))
    }
}

#[async_trait]
impl CredentialSource for EksAuth {
    async fn issue(&self, token: &BearerToken) -> Result<Issued, SourceError> {
        let client = self.client().await.ok_or_else(said::no_region)?;
        let call = client.assume_role_for_pod_identity().cluster_name(&self.settings.cluster).token(token.expose());
        let answer = call.send().await.map_err(|error| said::error(&error, &self.name()))?;
        issued(answer).ok_or_else(|| incomplete(&self.name()))
    }

    async fn reload(&self) {
        if let Some(client) = self.make().await {
            *self.client.write().await = Some(client);
        }
    }
}

fn issued(answer: AssumeRoleForPodIdentityOutput) -> Option<Issued> {
    let (credentials, user) = (answer.credentials()?, answer.assumed_role_user()?);
    let (subject, association) = (answer.subject()?, answer.pod_identity_association()?);
    // arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION
    let account = user.arn().split(':').nth(4).filter(|account| !account.is_empty())?;
    let texts = [credentials.access_key_id(), credentials.secret_access_key(), credentials.session_token()];
    if texts.iter().any(|text| text.is_empty()) {
        return None;
    }
    let expires = credentials.expiration();
    let expires = Timestamp::new(expires.secs(), i32::try_from(expires.subsec_nanos()).ok()?).ok()?;
    let keys = Keys {
        access_key_id: credentials.access_key_id(),
        secret_access_key: credentials.secret_access_key(),
        session_token: credentials.session_token(),
        account,
        expires,
    };
    Some(Issued {
        credentials: Credentials::new(&keys)?,
        subject: format!("system:serviceaccount:{}:{}", subject.namespace(), subject.service_account()),
        by: association.association_id().to_owned(),
        may_be_kept: true,
    })
}

/// Without the client, which can show what it signs with.
impl fmt::Debug for EksAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EksAuthSettings { cluster, region, endpoint, .. } = &self.settings;
        let mut shown = f.debug_struct("EksAuth");
        shown.field("cluster", cluster).field("region", region).field("endpoint", endpoint).finish_non_exhaustive()
    }
}
