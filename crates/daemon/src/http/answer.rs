//! One request, one answer: no body is read, nothing is awaited.

use std::{fmt::Write as _, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;

use super::Health;
use crate::{metrics::Registry, shutdown::Shutdown};

/// The paths that are answered. Two may be the same: the first in the order of the fields wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    /// 200 unless only a restart would help.
    pub livez: String,
    /// 200 while it can serve and is not being stopped; `?verbose` lists each check.
    pub readyz: String,
    /// As `readyz`, but goes on being answered with 200 while the process drains.
    pub healthz: String,
    /// OpenMetrics text.
    pub metrics: String,
}

impl Default for Routes {
    fn default() -> Self {
        Self {
            livez: "/livez".to_owned(),
            readyz: "/readyz".to_owned(),
            healthz: "/healthz".to_owned(),
            metrics: "/metrics".to_owned(),
        }
    }
}

pub(super) struct Answers {
    pub(super) routes: Routes,
    pub(super) checks: Vec<Arc<dyn Health>>,
    pub(super) registry: Registry,
    pub(super) shutdown: Shutdown,
}

type Answer = Response<Full<Bytes>>;

impl Answers {
    pub(super) fn answer<B>(&self, request: &Request<B>) -> Answer {
        let path = request.uri().path();
        if !self.knows(path) {
            return plain(StatusCode::NOT_FOUND, "404 not found\n".to_owned());
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "405 method not allowed\n".to_owned());
            refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        let verbose = request.uri().query().is_some_and(asks_for_verbose);
        if path == self.routes.livez {
            self.verdict(verbose, Vec::new(), |check| check.live())
        } else if path == self.routes.readyz {
            let stopping = self.shutdown.is_requested().then(|| ("shutdown", Err("stopping".to_owned())));
            self.verdict(verbose, Vec::from_iter(stopping), |check| check.ready())
        } else if path == self.routes.healthz {
            self.verdict(verbose, Vec::new(), |check| check.ready())
        } else {
            self.metrics()
        }
    }

    fn knows(&self, path: &str) -> bool {
        let Routes { livez, readyz, healthz, metrics } = &self.routes;
        [livez, readyz, healthz, metrics].into_iter().any(|known| known == path)
    }

    /// `ok`, or, when something fails or `verbose` is asked for, a line a check, in the apiserver's own form.
    fn verdict<'a>(
        &'a self,
        verbose: bool,
        mut results: Vec<(&'a str, Result<(), String>)>,
        ask: impl Fn(&dyn Health) -> Result<(), String>,
    ) -> Answer {
        results.extend(self.checks.iter().map(|check| (check.name(), ask(check.as_ref()))));
        let failed = results.iter().any(|(_, result)| result.is_err());
        let status = if failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        if !failed && !verbose {
            return plain(status, "ok\n".to_owned());
        }
        let mut text = String::new();
        for (name, result) in &results {
            // Writing to a String cannot fail.
            let _ = match result {
                Ok(()) => writeln!(text, "[+]{name} ok"),
                Err(reason) => writeln!(text, "[-]{name} failed: {reason}"),
            };
        }
        text.push_str(if failed { "check failed\n" } else { "check passed\n" });
        plain(status, text)
    }

    fn metrics(&self) -> Answer {
        match self.registry.encode() {
            Ok(text) => with_type(StatusCode::OK, text, Registry::CONTENT_TYPE),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("cannot write the metrics: {error}\n")),
        }
    }
}

fn asks_for_verbose(query: &str) -> bool {
    query.split('&').any(|part| part == "verbose" || part.starts_with("verbose="))
}

fn plain(status: StatusCode, text: String) -> Answer {
    with_type(status, text, "text/plain; charset=utf-8")
}

fn with_type(status: StatusCode, text: String, media_type: &'static str) -> Answer {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
