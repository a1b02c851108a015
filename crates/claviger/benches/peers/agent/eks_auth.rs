//! A stub of EKS Auth, which counts who asks: it lends, or refuses, after a while.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

/// What it answers, and after how long.
#[derive(Clone, Copy)]
pub(super) enum Answers {
    Lending(Duration),
    Refusing(Duration),
}

pub(super) struct EksAuth {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    answers: Mutex<Answers>,
    calls: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

/// What it was asked.
pub(super) struct Calls {
    pub(super) all: usize,
    /// At the same time.
    pub(super) at_once: usize,
}

impl EksAuth {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            answers: Mutex::new(Answers::Lending(Duration::ZERO)),
            calls: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        });
        let served = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let shared = Arc::clone(&served);
                let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, shared }
    }

    /// From now on; what was counted so far is forgotten.
    pub(super) fn now(&self, answers: Answers) {
        *self.shared.answers.lock().unwrap() = answers;
        self.shared.calls.store(0, Ordering::SeqCst);
        self.shared.most_open.store(0, Ordering::SeqCst);
    }

    pub(super) fn calls(&self) -> Calls {
        let (all, at_once) = (&self.shared.calls, &self.shared.most_open);
        Calls { all: all.load(Ordering::SeqCst), at_once: at_once.load(Ordering::SeqCst) }
    }
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Full<Bytes>>, Infallible> {
    // A connection whose request does not come to its end is the caller's affair.
    let _ = request.into_body().collect().await;
    shared.calls.fetch_add(1, Ordering::SeqCst);
    shared.most_open.fetch_max(shared.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    let answers = *shared.answers.lock().unwrap();
    let (Answers::Lending(after) | Answers::Refusing(after)) = answers;
    if !after.is_zero() {
        tokio::time::sleep(after).await;
    }
    shared.open.fetch_sub(1, Ordering::SeqCst);
    let answer = Response::builder().header("content-type", "application/json");
    let answer = answer.header("x-amzn-requestid", "bench");
    Ok(match answers {
        Answers::Lending(_) => answer.body(Full::from(lent())),
        Answers::Refusing(_) => {
            let refusal = json!({ "message": "No association found" }).to_string();
            answer.status(404).header("x-amzn-errortype", "ResourceNotFoundException").body(Full::from(refusal))
        }
    }
    .unwrap())
}

/// As long as AWS's own.
pub(super) fn session_token() -> String {
    "IQoJb3JpZ2luX2VjE".repeat(64)
}

fn lent() -> String {
    json!({
        "subject": { "namespace": "shop", "serviceAccount": "api" },
        "audience": "pods.eks.amazonaws.com",
        "podIdentityAssociation": {
            "associationArn": "arn:aws:eks:us-west-2:111122223333:podidentityassociation/demo/a-abcdefghijklmnop1",
            "associationId": "a-abcdefghijklmnop1",
        },
        "assumedRoleUser": {
            "arn": "arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api", "assumeRoleId": "AROAEXAMPLE:eks-demo-api",
        },
        "credentials": {
            "sessionToken": session_token(),
            "secretAccessKey": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12", "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "expiration": jiff::Timestamp::now().as_second() + 6 * 3600,
        },
    })
    .to_string()
}
