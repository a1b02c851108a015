//! The client of one service.

use std::{fmt, sync::Arc};

use aws_wire::model::{ServiceId, ServiceModel, service};
use serde_json::Value;

use crate::{
    aws::Shared,
    call::Call,
    endpoint::Endpoint,
    error::{CallError, Cause},
    pages::Pages,
};

/// Calls the operations of one service.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub(crate) model: &'static ServiceModel,
    pub(crate) endpoint: Endpoint,
}

impl Client {
    pub(crate) fn new(shared: Arc<Shared>, id: ServiceId, endpoint: Endpoint) -> Self {
        Self { shared, model: service(id), endpoint }
    }

    /// Who is asked.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint.url
    }

    /// The region that the settings name.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.endpoint.region
    }

    /// Calls an operation, again where that may help; `null` is an input without members. A token that makes a request which is sent twice be done once is made
    /// up where the input has none.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, CallError> {
        match self.model.operation(operation) {
            Some(known) => Call { client: self, operation: known }.run(input).await,
            None => Err(self.failed(operation, 0, Cause::UnknownOperation)),
        }
    }

    /// Calls an operation that answers page by page.
    #[must_use]
    pub fn pages<'c>(&'c self, operation: &'c str, input: Value) -> Pages<'c> {
        Pages::new(self, operation, input)
    }

    /// All that stands under `member` on all pages.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn items(&self, operation: &str, input: Value, member: &str) -> Result<Vec<Value>, CallError> {
        let mut pages = self.pages(operation, input);
        let mut all = Vec::new();
        while let Some(mut page) = pages.next().await? {
            if let Some(Value::Array(items)) = page.get_mut(member).map(Value::take) {
                all.extend(items);
            }
        }
        Ok(all)
    }

    pub(crate) fn failed(&self, operation: &str, attempts: u32, cause: Cause) -> CallError {
        CallError {
            service: self.model.metadata().service_id.clone(),
            operation: operation.to_owned(),
            endpoint: self.endpoint.url.clone(),
            attempts,
            cause,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = &self.model.metadata().service_id;
        f.debug_struct("Client").field("service", service).field("endpoint", &self.endpoint.url).finish_non_exhaustive()
    }
}
