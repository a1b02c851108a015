//! A server that answers the same to everybody: what HTTP itself costs with the library that the agent uses.

use std::net::SocketAddr;

use http_body_util::Full;
use hyper::{Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub(crate) async fn serve(address: SocketAddr, body: String) {
    let listener = TcpListener::bind(address).await.unwrap();
    let body = Bytes::from(body);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let body = body.clone();
        let service = service_fn(move |_| {
            let mut answer = Response::new(Full::new(body.clone()));
            answer.headers_mut().insert("content-type", "application/json".parse().unwrap());
            std::future::ready(Ok::<_, std::convert::Infallible>(answer))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
