//! Calls of IAM and STS, with what they answer.

use std::path::Path;

use local_aws::{Options, Running, State, store::MasterKey};

use crate::wire::{self, Answer, Request, Signer, start_with};

pub(crate) const ACCOUNT: &str = wire::ACCOUNT;

/// A text in a form's value.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// An IAM request: the operation and its parameters.
pub(crate) fn request(operation: &str, parameters: &[(&str, &str)]) -> Request {
    let parameters: String = parameters.iter().map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
    Request {
        method: "POST",
        query: String::new(),
        headers: vec![("content-type".into(), "application/x-www-form-urlencoded; charset=utf-8".into())],
        body: format!("Action={operation}&Version=2010-05-08{parameters}").into(),
    }
}

/// A call of the account's root user.
pub(crate) async fn iam(aws: &Running, operation: &str, parameters: &[(&str, &str)]) -> Answer {
    as_signer(aws, &wire::root(aws, "iam"), operation, parameters).await
}

pub(crate) async fn as_signer(aws: &Running, signer: &Signer, operation: &str, parameters: &[(&str, &str)]) -> Answer {
    request(operation, parameters).signed(aws, signer).send(aws).await
}

/// The same, which must succeed.
pub(crate) async fn done(aws: &Running, operation: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = iam(aws, operation, parameters).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    answer
}

/// Begins a session of a role of the account, as its root user.
pub(crate) async fn assume(aws: &Running, role: &str) -> Answer {
    let arn = encoded(&format!("arn:aws:iam::{ACCOUNT}:role/{role}"));
    let request = wire::sts(&format!("Action=AssumeRole&RoleSessionName=me&RoleArn={arn}"));
    request.signed(aws, &wire::root(aws, "sts")).send(aws).await
}

/// Who is behind a credential.
pub(crate) async fn identity(aws: &Running, signer: &Signer) -> Answer {
    wire::sts("Action=GetCallerIdentity").signed(aws, signer).send(aws).await
}

/// A trust policy for the account.
pub(crate) fn trust() -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    )
}

/// A policy that allows this.
pub(crate) fn allow(action: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#)
}

/// An embedded AWS with its state in a file.
pub(crate) async fn start_at(path: &Path, options: Options) -> Running {
    start_with(Options { state: State::File { path: path.to_owned(), master_key: MasterKey::Beside }, ..options }).await
}
