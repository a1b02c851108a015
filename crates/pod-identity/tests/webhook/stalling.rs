//! Who sends reviews that do not come to an end.

use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{future::join_all, stream};
use http::{Request, StatusCode};
use http_body_util::StreamBody;
use hyper::body::Frame;
use tokio::time::Instant;

use crate::{
    applied::pod,
    rig::{desk, request, review, shop},
};

type Nothing = stream::Pending<Result<Frame<Bytes>, Infallible>>;

/// A review of which no octet comes, and which says nothing of its length.
fn stalled() -> Request<StreamBody<Nothing>> {
    let request = Request::post("/mutate?timeout=30s").header("content-type", "application/json");
    request.body(StreamBody::new(stream::pending())).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_stalls_with_many_reviews_keeps_no_apiserver_waiting() {
    let desk = Arc::new(desk(shop()));
    let [pod_address, apiserver]: [IpAddr; 2] = ["10.0.0.7".parse().unwrap(), "10.0.0.1".parse().unwrap()];
    let stalling = {
        let desk = Arc::clone(&desk);
        tokio::spawn(async move { join_all((0..64).map(|_| desk.answer(stalled(), pod_address))).await })
    };
    tokio::task::yield_now().await;

    let began = Instant::now();
    let answer = desk.answer(request(review(&pod()).to_string().into_bytes()), apiserver).await;
    assert_eq!((answer.status(), began.elapsed()), (StatusCode::OK, Duration::ZERO));

    // And its own room comes back: those that began are cut off, the others when nobody waits for them any more.
    let refused = stalling.await.unwrap();
    assert!(refused.iter().all(|answer| answer.status() == StatusCode::INTERNAL_SERVER_ERROR));
    assert!(began.elapsed() <= Duration::from_secs(31), "{:?}", began.elapsed());
    let again = desk.answer(request(review(&pod()).to_string().into_bytes()), pod_address).await;
    assert_eq!(again.status(), StatusCode::OK);
}
