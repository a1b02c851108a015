//! An embedded AWS that runs, asked by its own routes: see `local_aws::admin`.

mod channel;

use std::{fmt, io, net::IpAddr, str::FromStr, time::Duration};

#[cfg(feature = "explain")]
use authz::text::SourceText;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;

#[cfg(feature = "explain")]
use crate::failure::{Failure, Problem};

/// As long as anybody waits for an answer; an import waits half as long for the calls that are on the way.
const DEADLINE: Duration = Duration::from_secs(60);

/// No world file and no state is longer.
const MOST_BYTES: usize = 256 << 20;

/// What to do about one that tells what is not understood.
pub(crate) const SAME_VERSION: &str =
    "it is none, or one of another version: start it with the same `claviger` as this";

/// Where an embedded AWS of this machine answers. What tells its facts answers nobody else, under no other name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointUrl {
    /// A loopback address, or `localhost`.
    host: String,
    port: u16,
    /// Whether it speaks TLS.
    is_secure: bool,
}

/// No endpoint of an embedded AWS.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidEndpoint {
    #[error("`{0}` is no endpoint: it looks like `http://127.0.0.1:4566`")]
    NoUrl(String),
    #[error("`{0}` is no embedded AWS of this machine: that is at a loopback address or at `localhost`")]
    Elsewhere(String),
}

/// What is asked for.
#[derive(Clone)]
pub(crate) enum Asked {
    /// The facts of the authorization model.
    #[cfg(feature = "explain")]
    World,
    /// The whole state.
    #[cfg(feature = "local-aws")]
    Export {
        /// With its secrets.
        secrets: bool,
    },
    /// That another state is put in its place.
    #[cfg(feature = "local-aws")]
    Import(String),
}

/// Why an embedded AWS did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untold {
    #[error("nothing answers at `{url}`: {reason}")]
    Unreachable { url: String, reason: io::Error },
    #[error("`{url}` is not known to be whom it says: {reason}")]
    Untrusted { url: String, reason: String },
    #[error("`{url}` did not answer within {} s", DEADLINE.as_secs())]
    TooSlow { url: String },
    #[error("the answer of `{url}` broke off: {reason}")]
    BrokenOff { url: String, reason: hyper::Error },
    #[error("the answer of `{url}` is longer than any that an embedded AWS gives")]
    TooLong { url: String },
    #[error("what answers at `{url}` is no embedded AWS of Claviger: it answered `{asked}` with {status}")]
    SomebodyElse { url: String, status: StatusCode, asked: String },
    #[error("the embedded AWS at `{url}` does not {what}: {}", refusal.error)]
    Refused { url: String, status: StatusCode, what: &'static str, refusal: Refusal },
}

/// A refusal of the embedded AWS's own routes; of a text, with the place in it.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) error: String,
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    #[serde(default)]
    pub(crate) field: String,
}

/// Without the state, which has key material.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what())
    }
}

impl Asked {
    fn route(&self) -> &'static str {
        match self {
            #[cfg(feature = "explain")]
            Self::World => "/_claviger/world",
            #[cfg(feature = "local-aws")]
            Self::Export { .. } => "/_claviger/export",
            #[cfg(feature = "local-aws")]
            Self::Import(_) => "/_claviger/import",
        }
    }

    fn what(&self) -> &'static str {
        match self {
            #[cfg(feature = "explain")]
            Self::World => "tell its facts",
            #[cfg(feature = "local-aws")]
            Self::Export { .. } => "export its state",
            #[cfg(feature = "local-aws")]
            Self::Import(_) => "import the state",
        }
    }

    fn method_and_body(self) -> (Method, String) {
        match self {
            #[cfg(feature = "explain")]
            Self::World => (Method::GET, String::new()),
            #[cfg(feature = "local-aws")]
            Self::Export { secrets } => (Method::POST, format!("{{\"secrets\": {secrets}}}")),
            #[cfg(feature = "local-aws")]
            Self::Import(state) => (Method::POST, state),
        }
    }
}

impl EndpointUrl {
    /// The world file that the embedded AWS tells, named as the URL that it came from.
    #[cfg(feature = "explain")]
    pub(crate) fn world_file(&self) -> Result<SourceText, Failure> {
        let text = self.ask(Asked::World).map_err(|untold| {
            let help = untold.help(
                "give the endpoint that `claviger local-aws` prints; over anything else, give what the aws CLI prints \
                 with `--aws-output ABOUT=FILE`",
            );
            Failure::new(untold).help(help)
        })?;
        Ok(SourceText::new(format!("{self}{}", Asked::World.route()), text))
    }

    /// What it answers.
    pub(crate) fn ask(&self, asked: Asked) -> Result<String, Untold> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|reason| Untold::Unreachable { url: self.to_string(), reason })?;
        runtime.block_on(async {
            let fetched = tokio::time::timeout(DEADLINE, self.fetch(asked)).await;
            fetched.unwrap_or_else(|_| Err(Untold::TooSlow { url: self.to_string() }))
        })
    }

    async fn fetch(&self, asked: Asked) -> Result<String, Untold> {
        let url = self.to_string();
        let broken_off = |reason| Untold::BrokenOff { url: url.clone(), reason };
        let stream = channel::open(self).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken_off)?;
        tokio::spawn(connection);
        let (route, what) = (asked.route(), asked.what());
        let (method, body) = asked.method_and_body();
        let named = format!("{method} {route}");
        let mut request = Request::new(Full::<Bytes>::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_static(route);
        request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        if let Ok(host) = header::HeaderValue::from_str(&format!("{}:{}", self.host, self.port)) {
            request.headers_mut().insert(header::HOST, host);
        }
        let answer = sender.send_request(request).await.map_err(broken_off)?;
        self.read(answer, named, what).await
    }

    async fn read(&self, answer: Response<Incoming>, asked: String, what: &'static str) -> Result<String, Untold> {
        let (url, status) = (self.to_string(), answer.status());
        let is_json = answer.headers().get(header::CONTENT_TYPE).is_some_and(|of| of == "application/json");
        let body = match Limited::new(answer.into_body(), MOST_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                return Err(match error.downcast::<hyper::Error>() {
                    Ok(reason) => Untold::BrokenOff { url, reason: *reason },
                    Err(_) => Untold::TooLong { url },
                });
            }
        };
        if !is_json {
            return Err(Untold::SomebodyElse { url, status, asked });
        }
        if status == StatusCode::OK {
            return String::from_utf8(body.into()).map_err(|_| Untold::SomebodyElse { url, status, asked });
        }
        match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) => Err(Untold::Refused { url, status, what, refusal }),
            Err(_) => Err(Untold::SomebodyElse { url, status, asked }),
        }
    }
}

impl Untold {
    /// What to do about it; `elsewhere` where something else answers.
    pub(crate) fn help(&self, elsewhere: &'static str) -> &'static str {
        match self {
            Self::Unreachable { .. } | Self::TooSlow { .. } | Self::BrokenOff { .. } => {
                "start one with `claviger local-aws`, and give the endpoint that it prints"
            }
            Self::Untrusted { .. } => "set AWS_CA_BUNDLE to what `claviger local-aws --tls` prints as such",
            Self::SomebodyElse { .. } | Self::TooLong { .. } => elsewhere,
            Self::Refused { status: StatusCode::NOT_FOUND, .. } => SAME_VERSION,
            Self::Refused { status: StatusCode::FORBIDDEN, .. } => {
                "ask on the machine, and in the network namespace, that it runs in"
            }
            Self::Refused { .. } => "its log tells more",
        }
    }
}

impl FromStr for EndpointUrl {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no_url = || InvalidEndpoint::NoUrl(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| no_url())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(no_url()) };
        let host = authority.host();
        let is_local = host == "localhost"
            || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback());
        if !matches!(scheme, "http" | "https") || !is_local {
            return Err(InvalidEndpoint::Elsewhere(text.to_owned()));
        }
        if uri.path_and_query().is_some_and(|path| path != "/") || authority.as_str().contains('@') {
            return Err(no_url());
        }
        let is_secure = scheme == "https";
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        Ok(Self { host: host.to_owned(), port, is_secure })
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

#[cfg(feature = "explain")]
impl InvalidEndpoint {
    /// Told of the flag or variable that it stands in.
    pub(crate) fn told(&self, of: &str) -> Failure {
        let help = match self {
            Self::NoUrl(_) => "give the endpoint that `claviger local-aws` prints",
            Self::Elsewhere(_) => {
                "give the endpoint that `claviger local-aws` prints; over real AWS, give what the aws CLI prints with \
                 `--aws-output ABOUT=FILE`"
            }
        };
        Failure::usage(vec![Problem::new(format_args!("{of}: {self}")).help(help)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "local-aws")]
    #[test]
    fn what_is_asked_is_told_without_the_state_that_goes_with_it() {
        assert_eq!(format!("{:?}", Asked::Import("c2VjcmV0".to_owned())), "import the state");
    }

    #[test]
    fn only_endpoints_of_this_machine_are_taken() {
        for (text, url) in [
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
            ("http://localhost:4566/", "http://localhost:4566"),
            ("http://[::1]:4566", "http://[::1]:4566"),
            ("http://127.8.0.1", "http://127.8.0.1:80"),
            ("https://localhost:4566", "https://localhost:4566"),
            ("https://127.0.0.1", "https://127.0.0.1:443"),
        ] {
            assert_eq!(text.parse::<EndpointUrl>().map(|url| url.to_string()), Ok(url.to_owned()), "{text}");
        }
        for text in [
            "https://kms.us-west-2.amazonaws.com",
            "http://kms.us-west-2.amazonaws.com",
            "gopher://127.0.0.1:4566",
            "http://localhost.evil.example:4566",
            "http://0.0.0.0:4566",
            "http://192.0.2.1:4566",
        ] {
            assert_eq!(text.parse::<EndpointUrl>(), Err(InvalidEndpoint::Elsewhere(text.to_owned())));
        }
        for text in ["", "localhost", "127.0.0.1:4566", "http://127.0.0.1:4566/kms", "http://a@localhost:4566"] {
            assert_eq!(text.parse::<EndpointUrl>(), Err(InvalidEndpoint::NoUrl(text.to_owned())));
        }
    }
}
