//! What the pod shows: whose credentials it got, what they let it do, and what they do not.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use aws_client::Client;
use aws_sdk_kms::config::Credentials;
use aws_wire::model::ServiceId;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{Aws, NAME, NAMESPACE, Tokens, sdk};
use crate::{commands::up::told::label, failure::Failure};

/// The longest answer of an agent that is read, in octets.
const LONGEST: usize = 64 * 1024;
const MAY: &str = "kms:DescribeKey";
const MAY_NOT: &str = "kms:Decrypt";

/// All of it. Of the credentials only what AWS's own logs tell.
#[derive(Serialize)]
pub(in super::super) struct Evidence {
    broker: String,
    agent: String,
    pod: String,
    signed_by: &'static str,
    /// What SDKs in the pod read: their variables are set to these two by the webhook.
    credentials_uri: String,
    token_file: PathBuf,
    role: String,
    access_key_id: String,
    expiration: String,
    /// Whose the credentials are, as STS says.
    caller: String,
    may: &'static str,
    may_not: &'static str,
    /// The code with which that is refused.
    refused_with: String,
}

/// The agent's answer. Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

impl Evidence {
    /// What sets an SDK's credentials.
    pub(in super::super) fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", self.credentials_uri.clone()),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", self.token_file.display().to_string()),
        ]
    }
}

pub(super) async fn gather(
    aws: &Aws<'_>,
    tokens: &Tokens,
    [broker, agent]: [SocketAddr; 2],
    token_file: &Path,
) -> Result<Evidence, Failure> {
    let Answer { access_key_id, secret_access_key, token, expiration } = ask(agent, &tokens.of_pod).await?;
    let credentials = Credentials::new(&access_key_id, secret_access_key, Some(token), None, "the agent");
    let of_pod = aws_client::Aws::new(&sdk::config(aws.endpoint, aws.region, &credentials));
    let identity = of_pod.client(ServiceId::Sts)?.call("GetCallerIdentity", Value::Null).await?;
    let kms = of_pod.client(ServiceId::Kms)?;
    kms.call("DescribeKey", json!({ "KeyId": aws.account.key_arn })).await?;
    Ok(Evidence {
        broker: format!("http://{broker}"),
        agent: format!("http://{agent}"),
        pod: format!("{NAMESPACE}/{NAME}"),
        signed_by: tokens.signed_by,
        credentials_uri: format!("http://{agent}/v1/credentials"),
        token_file: token_file.to_owned(),
        role: aws.account.role_arn.clone(),
        access_key_id,
        expiration,
        caller: identity.get("Arn").and_then(Value::as_str).unwrap_or_default().to_owned(),
        may: MAY,
        may_not: MAY_NOT,
        refused_with: refused(&kms, &aws.account.key_arn).await?,
    })
}

/// As an SDK in a pod asks.
async fn ask(agent: SocketAddr, token: &str) -> Result<Answer, Failure> {
    let stream = TcpStream::connect(agent).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/v1/credentials").header(header::HOST, agent.to_string());
    let request = request.header(header::AUTHORIZATION, token).body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LONGEST)
        .collect()
        .await
        .map_err(|error| Failure::new(format_args!("cannot read what the agent answers the pod: {error}")))?;
    connection.abort();
    let body = body.to_bytes();
    if status != StatusCode::OK {
        let said = String::from_utf8_lossy(&body);
        return Err(Failure::new(format_args!("the agent gives the pod no credentials ({status}): {}", said.trim())));
    }
    Ok(serde_json::from_slice(&body)?)
}

/// The code with which the pod's role is kept from opening what the cluster's key seals.
async fn refused(kms: &Client, key: &str) -> Result<String, Failure> {
    // What is no ciphertext is refused later than who may open none.
    let sealed = json!({ "KeyId": key, "CiphertextBlob": "AAAA" });
    match kms.call("Decrypt", sealed).await {
        Err(error) if error.is("AccessDeniedException") => Ok("AccessDeniedException".to_owned()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(Failure::finding("the pod may open what the cluster's key seals, and should not")),
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label(f, "Pod Identity")?;
        writeln!(f, "broker {}, agent {}", self.broker, self.agent)?;
        label(f, "Pod")?;
        writeln!(f, "{}, its token signed by {}", self.pod, self.signed_by)?;
        for (name, value) in [
            ("  role", self.role.clone()),
            ("  credentials", format!("{}, until {}", self.access_key_id, self.expiration)),
            ("  is", self.caller.clone()),
            ("  may", format!("{}: the session's tag kubernetes-namespace lets it", self.may)),
        ] {
            label(f, name)?;
            writeln!(f, "{value}")?;
        }
        label(f, "  may not")?;
        write!(f, "{}: {}", self.may_not, self.refused_with)
    }
}
