//! One request: its body is read, its answer is found, its connection is kept or not.

use std::net::SocketAddr;

use http::{HeaderValue, Request, header};
use hyper::body::Incoming;
use uuid::Uuid;

use super::body::BodyReader;
use crate::{
    admin::Admin,
    options::Limits,
    router::{Response, Router, Unanswered},
};

/// What answers requests, whatever connection they come on.
pub(crate) struct Endpoint {
    router: Router,
    admin: Option<Admin>,
    bodies: BodyReader,
}

impl Endpoint {
    pub(crate) fn new(router: Router, admin: Option<Admin>, limits: &Limits) -> Self {
        Self { router, admin, bodies: BodyReader::new(limits) }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// On request only: then its connection is closed, or its stream is reset.
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Result<Response, Unanswered> {
        let (head, body) = request.into_parts();
        let mut id = Uuid::encode_buffer();
        let request_id = &*Uuid::new_v4().hyphenated().encode_lower(&mut id);
        Ok(match self.bodies.read(body).await {
            Ok(body) => match &self.admin {
                Some(admin) if Admin::is_meant(&head) => admin.answer(&head, &body.bytes, peer, request_id).await,
                _ => self.router.answer(&head, &body.bytes, peer.ip(), request_id).await?,
            },
            Err(unread) => {
                let mut refusal = Router::refuse(&head, &unread.into(), request_id);
                // What is left of the body will not be read, so nothing behind it can be.
                if head.version < http::Version::HTTP_2 {
                    refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                refusal
            }
        })
    }
}
