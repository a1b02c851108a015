//! The connections of AWS's SDKs.

use aws_smithy_http_client::{
    Builder as HttpBuilder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

const IDLE_CONNECTIONS: usize = 64;

/// Kept open, and by way of the proxy that the environment names, as the peer does. TLS roots are read with the first
/// connection.
pub(crate) fn connections(endpoint: Option<&str>) -> SharedHttpClient {
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        return HttpBuilder::new().pool_max_idle_per_host(IDLE_CONNECTIONS).build_http();
    }
    HttpBuilder::new().build_with_connector_fn(|settings, _| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build()
    })
}
