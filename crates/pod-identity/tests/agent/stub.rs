//! A stub of EKS Auth that does what a test tells it.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::stream;
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Bytes, Frame},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore, task::AbortHandle};

/// What it does with a call.
#[derive(Clone, Debug)]
pub(crate) enum Answers {
    /// Credentials for whom the token is of, which last so many seconds.
    Lending(i64),
    /// An error of EKS Auth's.
    Refusing(u16, &'static str, &'static str),
    /// Credentials for another service account.
    OfAnother,
    /// An answer of this body.
    Lying(&'static str),
    /// Nothing, for long.
    Stalling,
    /// The connection is closed.
    HangingUp,
    /// An answer that does not end.
    Endless,
    /// As [`Lending`](Self::Lending) for an hour, with this header `Date`.
    Dated(&'static str),
}

/// It.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

struct Shared {
    answers: Mutex<Answers>,
    calls: Mutex<HashMap<String, usize>>,
    /// A call takes one before it is answered.
    turns: Semaphore,
    /// What was taken of answers that do not end, in bytes.
    poured: AtomicUsize,
}

impl Stub {
    pub(crate) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let turns = Semaphore::new(Semaphore::MAX_PERMITS);
        let (answers, calls, poured) = (Mutex::new(answers), Mutex::default(), AtomicUsize::default());
        let shared = Arc::new(Shared { answers, calls, turns, poured });
        let served = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = Arc::clone(&served);
                let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, shared, accepting: accepting.abort_handle() }
    }

    pub(crate) fn now(&self, answers: Answers) {
        *self.shared.answers.lock().unwrap() = answers;
    }

    /// Keeps calls waiting until [`go_on`](Self::go_on).
    pub(crate) fn hold(&self) {
        self.shared.turns.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn go_on(&self) {
        self.shared.turns.add_permits(1_000_000);
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> usize {
        self.shared.calls.lock().unwrap().values().sum()
    }

    /// What was taken of answers that do not end, in bytes.
    pub(crate) fn poured(&self) -> usize {
        self.shared.poured.load(Ordering::SeqCst)
    }

    /// The calls so far by their tokens.
    pub(crate) fn calls_by_token(&self) -> HashMap<String, usize> {
        self.shared.calls.lock().unwrap().clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn answer(
    request: http::Request<hyper::body::Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, std::io::Error> {
    let path = request.uri().path().to_owned();
    let signed = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let token = body["token"].as_str().unwrap().to_owned();
    assert_eq!(path, "/clusters/demo/assume-role-for-pod-identity");
    assert!(signed.is_some_and(|signed| signed.contains("/us-west-2/eks-auth/aws4_request")));
    *shared.calls.lock().unwrap().entry(token.clone()).or_default() += 1;
    shared.turns.acquire().await.unwrap().forget();
    let answers = shared.answers.lock().unwrap().clone();
    let (status, code, body) = match &answers {
        Answers::Lending(seconds) => (200, None, credentials(&token, *seconds).to_string()),
        Answers::Dated(_) => (200, None, credentials(&token, 3600).to_string()),
        Answers::OfAnother => {
            let mut other = credentials(&token, 3600);
            other["subject"]["serviceAccount"] = "somebody-else".into();
            (200, None, other.to_string())
        }
        Answers::Refusing(status, code, message) => (*status, Some(*code), json!({ "message": message }).to_string()),
        Answers::Lying(body) => (200, None, (*body).to_owned()),
        Answers::Endless => (200, None, String::new()),
        Answers::Stalling => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            (200, None, String::new())
        }
        Answers::HangingUp => return Err(std::io::Error::other("hangs up")),
    };
    let body = match &answers {
        Answers::Endless => endless(Arc::clone(&shared)),
        _ => Full::from(body).boxed_unsync(),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    let headers = answer.headers_mut();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("x-amzn-requestid", "stub-request".parse().unwrap());
    if let Answers::Dated(date) = answers {
        headers.insert("date", date.parse().unwrap());
    }
    if let Some(code) = code {
        headers.insert("x-amzn-errortype", code.parse().unwrap());
    }
    Ok(answer)
}

fn endless(shared: Arc<Shared>) -> UnsyncBoxBody<Bytes, Infallible> {
    const PART: &[u8] = &[b' '; 16 << 10];
    let parts = stream::repeat_with(move || {
        shared.poured.fetch_add(PART.len(), Ordering::SeqCst);
        Ok(Frame::data(Bytes::from_static(PART)))
    });
    StreamBody::new(parts).boxed_unsync()
}

/// Credentials that name whom they are for.
fn credentials(token: &str, seconds: i64) -> Value {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let name = claims["kubernetes.io"]["serviceaccount"]["name"].as_str().unwrap();
    json!({
        "subject": { "namespace": "shop", "serviceAccount": name },
        "audience": "pods.eks.amazonaws.com",
        "podIdentityAssociation": {
            "associationArn": "arn:aws:eks:us-west-2:111122223333:podidentityassociation/demo/a-1", "associationId": "a-1",
        },
        "assumedRoleUser": {
            "arn": format!("arn:aws:sts::111122223333:assumed-role/pods/{name}"), "assumeRoleId": "AROAEXAMPLE:x",
        },
        "credentials": {
            "sessionToken": format!("session-of-{name}"),
            "secretAccessKey": format!("secret-of-{name}"),
            "accessKeyId": format!("ASIA{name}"),
            "expiration": jiff::Timestamp::now().as_second() + seconds,
        },
    })
}
