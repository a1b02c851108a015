//! Objects as the apiserver tells them, for who reads them whole.

use http::Request;
use serde_json::Value;

use crate::{
    Connection,
    call::{CallError, call},
};

impl Connection {
    /// What the apiserver tells at a path: an object, or a list of them. `None`: there is no such thing. The path is taken as
    /// it is: whoever puts names into it has looked at them.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn get(&self, path: &str) -> Result<Option<Value>, CallError> {
        const WHAT: &str = "read from the apiserver";
        let request = Request::get(path).body(Vec::new());
        let request = request.map_err(|error| CallError::NoAnswer { what: WHAT, reason: error.to_string() })?;
        match call(WHAT, self.client().request::<Value>(request)).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
