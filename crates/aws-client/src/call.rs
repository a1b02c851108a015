//! A call, with its attempts.

use std::time::Duration;

use aws_smithy_runtime_api::http::Headers;
use aws_wire::{
    model::{Kind, Operation},
    protocol::{self, WireError},
};
use serde_json::{Map, Value};
use tokio::time::{sleep, timeout};
use tracing::debug;

use crate::{
    Client,
    error::{CallError, Cause, Refusal},
    exchange::{Answer, Outgoing},
    retry,
};

/// What services call a request in their answers; the last is S3's and old services'.
const REQUEST_ID: [&str; 2] = ["x-amzn-requestid", "x-amz-request-id"];

pub(crate) struct Call<'c> {
    pub(crate) client: &'c Client,
    pub(crate) operation: &'c Operation,
}

impl Call<'_> {
    pub(crate) async fn run(&self, mut input: Value) -> Result<Value, CallError> {
        if input.is_null() {
            input = Value::Object(Map::new());
        }
        self.fill(&mut input);
        let mut attempts = 0;
        let tried = self.attempts(&input, &mut attempts);
        let outcome = match self.client.shared.operation {
            Some(limit) => timeout(limit, tried).await.unwrap_or(Err(Cause::TimedOut(limit))),
            None => tried.await,
        };
        outcome.map_err(|cause| self.client.failed(self.operation.name(), attempts, cause))
    }

    async fn attempts(&self, input: &Value, attempts: &mut u32) -> Result<Value, Cause> {
        let Client { shared, model, endpoint } = self.client;
        let request = protocol::encode_request(model, self.operation, input)?;
        let outgoing = Outgoing { endpoint, request: &request, signing_name: &model.metadata().signing_name };
        loop {
            *attempts += 1;
            let (mut asked, name) = (None, self.operation.name());
            let credentials = if self.operation.is_unsigned() { None } else { Some(shared.credentials.get().await?) };
            let sent = timeout(shared.attempt, outgoing.send(shared, credentials.as_ref())).await;
            let cause = match sent.unwrap_or(Err(Cause::TimedOut(shared.attempt))) {
                Ok(answer) => match self.read(&answer) {
                    Ok(output) => return Ok(output),
                    Err(cause) => {
                        asked = wait_asked(&answer.headers);
                        cause
                    }
                },
                Err(cause) => cause,
            };
            if *attempts >= shared.retries.attempts || !retry::may_help(&cause) {
                return Err(cause);
            }
            let wait = shared.retries.wait(*attempts, asked);
            debug!(operation = name, %endpoint, attempt = *attempts, ?wait, why = %cause, "trying again");
            sleep(wait).await;
        }
    }

    fn read(&self, answer: &Answer) -> Result<Value, Cause> {
        let (model, operation) = (self.client.model, self.operation);
        let Answer { status, headers, body } = answer;
        if (200..300).contains(status) {
            let output = protocol::decode_response(model, operation, body);
            return output.map_err(|why| Cause::Garbled { status: *status, why });
        }
        let kind = headers.get("x-amzn-errortype");
        let WireError { code, message, http_status, fields } = protocol::decode_error(model, *status, kind, body);
        Err(Cause::Refused(Box::new(Refusal {
            code: code.into_owned(),
            message,
            status: http_status,
            request_id: REQUEST_ID.iter().find_map(|name| headers.get(name)).map(str::to_owned),
            fields,
        })))
    }

    /// Makes up the token that makes a request which is sent twice be done once.
    fn fill(&self, input: &mut Value) {
        let shape = self.operation.input().map(|shape| &self.client.model.shape(shape).kind);
        let (Some(Kind::Structure(structure)), Value::Object(given)) = (shape, input) else { return };
        for member in structure.members.iter().filter(|member| member.is_idempotency_token) {
            given.entry(&member.name).or_insert_with(|| uuid::Uuid::new_v4().to_string().into());
        }
    }
}

/// How long a service asks to wait, in milliseconds.
///
/// Source: the SDK for Rust, `x-amz-retry-after`; nothing else documents it.
fn wait_asked(headers: &Headers) -> Option<Duration> {
    headers.get("x-amz-retry-after")?.parse().ok().map(Duration::from_millis)
}
