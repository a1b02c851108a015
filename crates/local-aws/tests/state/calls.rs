//! States that come and go beside calls that take long, and beside clients that do not wait.

use std::{sync::Arc, time::Duration};

use local_aws::{Credential, IssuerKeys, Options, Running};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpListener, net::TcpStream, time::timeout};

use crate::{
    ask, export,
    filled::{call, fill},
    import,
    issuer::SigningKey,
    support::{done, encoded, start_at},
    wire::{ACCOUNT, Request, kms, of, root, start, start_with, sts},
};

/// Long enough that a test which waits for it has failed.
const NEVER: Duration = Duration::from_secs(20);
const ISSUER: &str = "https://oidc.example.com/held";

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = timeout(NEVER, async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Begins a call that waits for the keys of its token's issuer.
async fn begin_call(aws: &Arc<Running>) -> tokio::task::JoinHandle<u16> {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({"iss": ISSUER, "sub": "me", "aud": ["sts.amazonaws.com"], "iat": now, "exp": now + 600});
    let token = SigningKey::new("one", "ES256").token(&claims);
    let role = encoded(&format!("arn:aws:iam::{ACCOUNT}:role/Reader"));
    let asked = format!("RoleSessionName=me&RoleArn={role}&WebIdentityToken={}", encoded(&token));
    let request = sts(&format!("Action=AssumeRoleWithWebIdentity&{asked}"));
    let aws = Arc::clone(aws);
    tokio::spawn(async move { request.send(&aws).await.status })
}

#[tokio::test]
async fn an_import_comes_to_its_end_though_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let keys = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let told = format!("{ISSUER}=http://{}/keys", keys.local_addr().unwrap());
    let IssuerKeys { issuer, source } = told.parse().unwrap();
    let aws = Arc::new(start_at(&path, Options { issuers: [(issuer, source)].into(), ..Options::default() }).await);
    done(&aws, "CreateOpenIDConnectProvider", &[("Url", ISSUER), ("ClientIDList.member.1", "sts.amazonaws.com")]).await;
    let other = start().await;
    fill(&other).await;
    let state = export(&other).await;
    other.shutdown().await;

    let called = begin_call(&aws).await;
    let (held, _) = keys.accept().await.unwrap();
    let mut client = TcpStream::connect(aws.local_addr()).await.unwrap();
    let headers = vec![("content-type".into(), "application/json".into())];
    let request = Request { method: "POST", query: String::new(), headers, body: state.clone().into() };
    client.write_all(&request.bytes_to(&aws, "/_claviger/import")).await.unwrap();
    // The import waits for the call that is on the way, and another is refused because of it.
    until("the import has begun", async || ask(&aws, "POST", "import", "{}").await.status == 503).await;
    drop(client);
    drop((held, keys));
    assert_eq!(called.await.unwrap(), 400);
    until("the state is in place", async || export(&aws).await == state).await;

    let aws = Arc::into_inner(aws).unwrap();
    aws.shutdown().await;
    let again = start_at(&path, Options::default()).await;
    assert_eq!(export(&again).await, state, "and in the file");
    again.shutdown().await;
}

#[tokio::test]
async fn a_call_that_waits_on_request_keeps_no_state_waiting() {
    for line in ["kms:Encrypt latency=50s", "kms:Encrypt gone=silent"] {
        let aws = Arc::new(start().await);
        let key = call(&aws, "CreateKey", json!({})).await["KeyMetadata"]["KeyId"].clone();
        aws.put_faults(line.parse().unwrap()).unwrap();
        let delayed = kms("Encrypt", &json!({"KeyId": key, "Plaintext": "eA=="}).to_string());
        let delayed = delayed.signed(&aws, &root(&aws, "kms"));
        let waiting = tokio::spawn({
            let aws = Arc::clone(&aws);
            async move { delayed.send(&aws).await.status }
        });
        until("the fault came over the call", async || aws.faults().iter().any(|fault| fault.fired == 1)).await;
        let taken = timeout(NEVER, async {
            let state = export(&aws).await;
            import(&aws, &state).await;
            call(&aws, "ListKeys", json!({})).await;
        });
        taken.await.unwrap_or_else(|_| panic!("{line}: everybody waits for the call"));
        assert!(!waiting.is_finished());
        waiting.abort();
    }
}

#[tokio::test]
async fn a_call_that_waited_is_decided_on_what_is_there_then() {
    // One that is the same before and after.
    let credential: Credential = "AKIDEXAMPLE:secret:111122223333".parse().unwrap();
    let aws = start_with(Options { credentials: vec![credential.clone()], ..Options::default() }).await;
    let other = start().await;
    let filled = fill(&other).await;
    let state = export(&other).await;
    // The key is not there when the call comes.
    aws.put_faults("kms:DescribeKey latency=4s times=1".parse().unwrap()).unwrap();
    let described = async {
        let request = kms("DescribeKey", &json!({"KeyId": filled.key}).to_string());
        request.signed(&aws, &of(&credential, "kms")).send(&aws).await
    };
    let imported = async {
        until("the fault came over the call", async || aws.faults().iter().any(|fault| fault.fired == 1)).await;
        import(&aws, &state).await
    };
    let (described, _) = tokio::join!(described, imported);
    // Where the import took longer than the call waited, the call was on the way and went before it.
    let is_there = aws.faults().iter().all(|fault| fault.calls == 1) && described.status == 200;
    assert!(is_there || described.json_error().1 == "NotFoundException", "{described:?}");
    aws.shutdown().await;
    other.shutdown().await;
}

/// Every value and all bytes of what a text may take, and one more.
#[tokio::test]
async fn what_a_text_takes_is_bounded_in_bytes_depth_and_values() {
    let aws = start_with(Options::default()).await;
    let before = export(&aws).await;
    let mut client = TcpStream::connect(aws.local_addr()).await.unwrap();
    let announced = local_aws::state::MOST_BYTES + 1;
    let head = format!(
        "POST /_claviger/import HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {announced}\r\n\r\n",
        aws.local_addr()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let refused = timeout(NEVER, crate::wire::read_answer(&mut client)).await.unwrap().unwrap();
    assert_eq!((refused.status, refused.headers["content-type"].as_str()), (413, "application/json"));
    assert!(refused.body.contains("larger than"), "{}", refused.body);

    for (text, why) in [
        (format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "nested too deep"),
        (format!("[{}0]", "0,".repeat(local_aws::state::MOST_VALUES)), "one value too many"),
    ] {
        let refused = ask(&aws, "POST", "import", &text).await;
        assert!(refused.status == 400 && refused.body.contains(why), "{}", refused.body);
    }
    assert_eq!(export(&aws).await, before);
    aws.shutdown().await;
}
