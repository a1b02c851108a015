//! Documents of issuers, from the network and from files, of bounded size.

use std::{fmt::Debug, future::Future, io, path::Path, pin::Pin};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::io::AsyncReadExt as _;

use super::trust;

/// The largest document: two hundred keys take some 90 KB.
const LARGEST: usize = 256 << 10;

pub(super) type Document<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// Gets a document from a URL. `thumbprints` are certificates that are trusted beside the public authorities'.
pub(super) trait Fetch: Debug + Send + Sync {
    fn get<'a>(&'a self, url: &'a str, thumbprints: &'a [String]) -> Document<'a>;
}

/// Why a document could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("it names a URL that is not https://")]
    Scheme,
    #[error("{0}")]
    NoAnswer(String),
    #[error("it answered {0}; only 200 is taken, and no redirect is followed")]
    Status(StatusCode),
    #[error("it answered more than {} KiB", LARGEST >> 10)]
    Large,
    #[error("cannot read the file with its keys: {0}")]
    File(#[from] io::Error),
}

/// The network, by HTTP/1.1.
#[derive(Debug)]
pub(super) struct Network;

impl Fetch for Network {
    fn get<'a>(&'a self, url: &'a str, thumbprints: &'a [String]) -> Document<'a> {
        Box::pin(get(url, thumbprints))
    }
}

async fn get(url: &str, thumbprints: &[String]) -> Result<Vec<u8>, FetchError> {
    let no_answer = |why: &dyn std::error::Error| FetchError::NoAnswer(with_causes(why));
    let config = trust::config(thumbprints).map_err(|error| no_answer(&error))?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    // One request each: the client goes with its connection.
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let request = Request::get(url).header(header::ACCEPT, "application/json").body(Empty::new());
    let answer =
        client.request(request.map_err(|error| no_answer(&error))?).await.map_err(|error| no_answer(&error))?;
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status()));
    }
    let body = Limited::new(answer.into_body(), LARGEST).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() { FetchError::Large } else { no_answer(&*error) }
    })?;
    Ok(body.to_bytes().to_vec())
}

/// A file's content.
pub(super) async fn file(path: &Path) -> Result<Vec<u8>, FetchError> {
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    let mut content = Vec::new();
    tokio::fs::File::open(path).await?.take(most.saturating_add(1)).read_to_end(&mut content).await?;
    if content.len() > LARGEST { Err(FetchError::Large) } else { Ok(content) }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
