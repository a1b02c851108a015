//! Documents of issuers from the network, of bounded size.

use std::{
    fmt::Debug,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::{LARGEST, reach::Reach, trust};

/// How long one of a server's addresses may take, so that another gets its turn.
const PATIENCE_WITH_ADDRESS: Duration = Duration::from_secs(2);

/// The largest head of an answer.
const LARGEST_HEAD: usize = 64 << 10;

pub(super) type Document<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// Gets a document from a URL. `thumbprints` are certificates that are trusted beside the public authorities'.
pub(super) trait Fetch: Debug + Send + Sync {
    fn get<'a>(&'a self, url: &'a str, thumbprints: &'a [String], reach: Reach) -> Document<'a>;
}

/// Why a document could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("it names a URL that is not https://")]
    Scheme,
    #[error("it names a URL without a host that could be reached")]
    Host,
    #[error(
        "it is at {0}, which is no address of the public Internet; where such keys are, whoever starts the embedded AWS \
         tells it: --oidc-keys ISSUER=URL"
    )]
    NotPublic(IpAddr),
    #[error("{0}")]
    NoAnswer(String),
    #[error("it answered {0}; only 200 is taken, and no redirect is followed")]
    Status(StatusCode),
    #[error("it is larger than {} KiB", LARGEST >> 10)]
    Large,
    #[error("it is no file: a pipe, a device or a directory cannot be read for each token")]
    NoFile,
    #[error("cannot read the file with its keys: {0}")]
    File(#[from] io::Error),
}

/// The network, by HTTP/1.1.
#[derive(Debug)]
pub(super) struct Network;

impl Fetch for Network {
    fn get<'a>(&'a self, url: &'a str, thumbprints: &'a [String], reach: Reach) -> Document<'a> {
        Box::pin(get(url, thumbprints, reach))
    }
}

async fn get(url: &str, thumbprints: &[String], reach: Reach) -> Result<Vec<u8>, FetchError> {
    let url: Uri = url.parse().map_err(|_| FetchError::Host)?;
    let (is_secure, usual) = match url.scheme_str() {
        Some("https") => (true, 443),
        Some("http") => (false, 80),
        _ => return Err(FetchError::Scheme),
    };
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let stream = connected(host, url.port_u16().unwrap_or(usual), reach).await?;
    if !is_secure {
        return ask(stream, &url).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| FetchError::Host)?;
    let config = trust::config(thumbprints).map_err(|error| no_answer(&error))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| no_answer(&error))?;
    ask(stream, &url).await
}

/// A connection to the first of a host's addresses that takes one. What was looked at is what is connected to: a name that
/// means another address a moment later leads nowhere else.
async fn connected(host: &str, port: u16, reach: Reach) -> Result<TcpStream, FetchError> {
    let addresses: Vec<SocketAddr> =
        tokio::net::lookup_host((host, port)).await.map_err(|error| no_answer(&error))?.collect();
    let mut why = addresses.first().map_or(FetchError::Host, |address| FetchError::NotPublic(address.ip()));
    for address in addresses.into_iter().filter(|address| reach.has(address.ip())) {
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("{address} took no connection"));
        match timeout(PATIENCE_WITH_ADDRESS, TcpStream::connect(address)).await.unwrap_or_else(|_| Err(late())) {
            Ok(stream) => return Ok(stream),
            Err(error) => why = no_answer(&error),
        }
    }
    Err(why)
}

/// Asks for the URL on a connection of its server's, which goes with the answer.
async fn ask(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, url: &Uri) -> Result<Vec<u8>, FetchError> {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = url.authority().map_or("", |authority| authority.as_str());
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let request = Request::get(path).header(header::HOST, host).header(header::ACCEPT, "application/json");
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| no_answer(&error))?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(LARGEST_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|error| no_answer(&error))?;
    let _driven = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await.map_err(|error| no_answer(&error))?;
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status()));
    }
    let body = Limited::new(answer.into_body(), LARGEST).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() { FetchError::Large } else { no_answer(&*error) }
    })?;
    Ok(body.to_bytes().to_vec())
}

fn no_answer(error: &dyn std::error::Error) -> FetchError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    FetchError::NoAnswer(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cloud machines answer who they are, and more, at such an address; services that trust their own machine, at others.
    #[tokio::test]
    async fn what_a_stranger_names_is_not_asked_on_this_machine_or_its_network() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let url = format!("https://{host}:{port}/keys");
            // Nobody answers there.
            let asked = timeout(Duration::from_secs(20), get(&url, &[], Reach::Public)).await;
            let refused = asked.expect("it is refused at once").unwrap_err();
            assert!(
                matches!(refused, FetchError::NotPublic(address) if address.to_canonical().is_loopback()),
                "{refused}"
            );
        }
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);

        for (url, why) in [
            ("https://169.254.169.254/keys", "it is at 169.254.169.254, which is no address of the public Internet"),
            ("https:///keys", "it names a URL without a host"),
            ("gopher://keys.example/", "it names a URL that is not https://"),
        ] {
            let refused = get(url, &[], Reach::Public).await.unwrap_err().to_string();
            assert!(refused.starts_with(why), "{url}: {refused}");
        }
    }
}
