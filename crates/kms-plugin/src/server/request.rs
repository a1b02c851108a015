//! One request: a place among those in flight, a time, and the peer it comes from.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use daemon::unix_socket::Peer;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{sync::Semaphore, time::timeout};
use tonic::{Status, body::Body, service::Routes};
use tower::Service as _;

/// The places for requests, shared by all connections.
#[derive(Clone)]
pub(super) struct Places {
    in_flight: Arc<Semaphore>,
    /// For those in flight and those that wait to be: what waits is kept, too, and most of it is headers.
    known: Arc<Semaphore>,
}

impl Places {
    pub(super) fn new(in_flight: usize, waiting: usize) -> Self {
        let known = Arc::new(Semaphore::new(in_flight.saturating_add(waiting)));
        Self { in_flight: Arc::new(Semaphore::new(in_flight)), known }
    }
}

/// The requests of one connection.
pub(super) struct Requests {
    pub(super) routes: Routes,
    pub(super) peer: Peer,
    pub(super) places: Places,
    pub(super) time: Duration,
    pub(super) activity: Activity,
}

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer);
        let Ok(known) = Arc::clone(&self.places.known).try_acquire_owned() else {
            tracing::debug!(peer = %self.peer, "refused a request: too many wait already");
            return Box::pin(ready(Ok(Status::resource_exhausted("too many requests wait already").into_http())));
        };
        let (mut routes, in_flight, time) = (self.routes.clone(), Arc::clone(&self.places.in_flight), self.time);
        let active = self.activity.begin();
        Box::pin(async move {
            let (_active, _known) = (active, known);
            let answer = async {
                // Its body stays within the connection's window until then. Never closed, so always a place.
                let _place = in_flight.acquire().await;
                routes.call(request).await
            };
            match timeout(time, answer).await {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(never)) => match never {},
                Err(_) => {
                    let message = format!("the request was not done within {} s", time.as_secs_f64());
                    Ok(Status::deadline_exceeded(message).into_http())
                }
            }
        })
    }
}

/// Whether a connection is of use.
#[derive(Clone, Default)]
pub(super) struct Activity(Arc<State>);

#[derive(Default)]
struct State {
    now: AtomicUsize,
    since: AtomicBool,
}

impl Activity {
    fn begin(&self) -> Active {
        self.0.now.fetch_add(1, Ordering::Relaxed);
        self.0.since.store(true, Ordering::Relaxed);
        Active(self.clone())
    }

    /// Whether there is a request now, or was one since this was asked before.
    pub(super) fn since_last_asked(&self) -> bool {
        let since = self.0.since.swap(false, Ordering::Relaxed);
        since || self.now()
    }

    /// Whether there is a request now.
    pub(super) fn now(&self) -> bool {
        self.0.now.load(Ordering::Relaxed) > 0
    }
}

/// A request that is being served.
struct Active(Activity);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}
