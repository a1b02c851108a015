//! Answers in pages. Which members name the next one follows from their names in the operation's shapes.
//!
//! Source: botocore's `paginators-1.json` of the embedded services, which use no other names.

use std::collections::BTreeSet;

use aws_wire::model::{Kind, ShapeRef};
use serde_json::{Map, Value};

use crate::{
    Client,
    error::{CallError, Cause},
};

/// What names the next page: in the input, and in the output.
const TOKENS: [(&str, &str); 4] =
    [("nextToken", "nextToken"), ("NextToken", "NextToken"), ("Marker", "NextMarker"), ("Marker", "Marker")];

/// No list of AWS has as many pages.
const MOST: usize = 10_000;

/// The pages of an answer that are still to come.
#[derive(Debug)]
pub struct Pages<'c> {
    client: &'c Client,
    operation: &'c str,
    input: Value,
    state: State,
}

#[derive(Debug)]
enum State {
    Begin,
    /// The tokens of the pages before.
    Within(BTreeSet<String>),
    End,
}

impl<'c> Pages<'c> {
    pub(crate) fn new(client: &'c Client, operation: &'c str, input: Value) -> Self {
        let input = if input.is_null() { Value::Object(Map::new()) } else { input };
        Self { client, operation, input, state: State::Begin }
    }

    /// The next page; `None` behind the last.
    ///
    /// # Errors
    /// [`CallError`]; there are no pages behind it.
    pub async fn next(&mut self) -> Result<Option<Value>, CallError> {
        let mut seen = match std::mem::replace(&mut self.state, State::End) {
            State::Begin => BTreeSet::new(),
            State::Within(seen) => seen,
            State::End => return Ok(None),
        };
        let (into, from) = self.tokens().ok_or_else(|| self.failed(Cause::NoPages))?;
        let page = self.client.call(self.operation, self.input.clone()).await?;
        if let Some(next) = page.get(from).and_then(Value::as_str).filter(|next| !next.is_empty()) {
            if !seen.insert(next.to_owned()) || seen.len() >= MOST {
                return Err(self.failed(Cause::Endless));
            }
            if let Value::Object(input) = &mut self.input {
                input.insert(into.to_owned(), next.into());
            }
            self.state = State::Within(seen);
        }
        Ok(Some(page))
    }

    fn tokens(&self) -> Option<(&'static str, &'static str)> {
        let model = self.client.model;
        let operation = model.operation(self.operation)?;
        let has = |shape: Option<ShapeRef>, name: &str| match shape.map(|shape| &model.shape(shape).kind) {
            Some(Kind::Structure(structure)) => structure.members.iter().any(|member| member.name == name),
            _ => false,
        };
        TOKENS.into_iter().find(|(into, from)| has(operation.input(), into) && has(operation.output(), from))
    }

    fn failed(&self, cause: Cause) -> CallError {
        self.client.failed(self.operation, 0, cause)
    }
}
