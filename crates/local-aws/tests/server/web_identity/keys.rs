//! Where an issuer's keys come from, and what while they come.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use local_aws::{Clock, IssuerKeys, KeySource, Options};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};

use super::{
    ASSUME, ISSUER, Place, denied, encoded,
    issuer::{SigningKey, jwks},
    of_subject, provider_of,
};

/// Who decides is asked once the token is known, however long its issuer took.
#[tokio::test]
async fn a_change_that_spreads_while_the_issuer_is_asked_decides() {
    const TAKES: Duration = Duration::from_secs(60);
    let (asked, answers) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let key = SigningKey::new("one", "ES256");
    let document = jwks([&key]).to_string();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{document}", document.len());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, wait) = (Arc::clone(&asked), Arc::clone(&answers));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        tell.notify_one();
        wait.notified().await;
        stream.write_all(answer.as_bytes()).await.unwrap();
    });

    let clock: Clock = "frozen".parse().unwrap();
    let options = Options { clock: clock.clone(), propagation: TAKES, ..Options::default() };
    let place = Place::at(KeySource::Url(format!("http://{address}/jwks")), key, options).await;
    place.role("Api", json!(ASSUME), of_subject()).await;
    let pass = || clock.advance(TAKES.try_into().unwrap()).unwrap();
    pass();
    let nobody = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": { "Federated": provider_of(ISSUER) }, "Action": ASSUME,
    }] });
    let change = format!("Action=UpdateAssumeRolePolicy&RoleName=Api&PolicyDocument={}", encoded(&nobody.to_string()));
    assert_eq!(place.iam(&change).await.status, 200);
    let token = place.key.token(&place.claims());
    let (begun, ()) = tokio::join!(place.assume("Api", &token, ""), async {
        asked.notified().await;
        pass();
        answers.notify_one();
    });
    assert_eq!(begun.query_error(), denied());
    place.aws.shutdown().await;
}

/// Issuers change their keys without asking.
#[tokio::test]
async fn a_file_with_other_keys_is_taken_up_at_once() {
    let place = Place::new().await;
    place.role("Api", json!(ASSUME), of_subject()).await;
    let next = SigningKey::new("two", "ES256");
    let token = next.token(&place.claims());
    assert_eq!(place.assume("Api", &token, "").await.query_error().1, "InvalidIdentityToken");
    std::fs::write(place.keys.path().join("jwks.json"), jwks([&next]).to_string()).unwrap();
    assert_eq!(place.assume("Api", &token, "").await.status, 200);
    assert_eq!(place.refused(&place.claims()).await.1, "InvalidIdentityToken");
    place.aws.shutdown().await;
}

/// A server that answers every request with the same bytes, and then again and again where it is to go on.
async fn serve(answer: String, goes_on: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                while stream.write_all(answer.as_bytes()).await.is_ok() && goes_on {}
            });
        }
    });
    address
}

#[tokio::test]
async fn keys_of_this_machine_are_fetched_and_whatever_is_no_such_document_verifies_nothing() {
    let nothing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    for case in ["good", "redirect", "endless", "absent", "nonsense"] {
        let key = SigningKey::new("one", "ES256");
        let document = jwks([&key]).to_string();
        let good = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{document}", document.len());
        let answer = match case {
            "good" => good,
            "redirect" => {
                let target = serve(good, false).await;
                format!("HTTP/1.1 302 Found\r\nlocation: http://{target}/jwks\r\ncontent-length: 0\r\n\r\n")
            }
            "endless" => format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(4096)),
            "absent" => nothing.to_owned(),
            _ => "nonsense\r\n\r\n".to_owned(),
        };
        let address = serve(answer, case == "endless").await;
        let keys: IssuerKeys = format!("{ISSUER}=http://{address}/jwks").parse().unwrap();
        let place = Place::at(keys.source, key, Options::default()).await;
        place.role("Api", json!(ASSUME), of_subject()).await;
        let answered = place.assume("Api", &place.key.token(&place.claims()), "").await;
        if case == "good" {
            assert_eq!(answered.status, 200, "{answered:?}");
        } else {
            assert!(answered.query_error().2.starts_with("Couldn't retrieve verification key"), "{case}: {answered:?}");
        }
        place.aws.shutdown().await;
    }
}

/// Where no authority vouches for the issuer's server, the thumbprints of the account's provider do.
#[tokio::test]
async fn a_server_is_known_by_the_providers_thumbprint() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let print = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
    let print: String = print.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let private = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], private).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));

    let key = SigningKey::new("one", "ES256");
    let document = jwks([&key]).to_string();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{document}", document.len());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    let keys: IssuerKeys = format!("{ISSUER}=https://{address}/jwks").parse().unwrap();
    let place = Place::at(keys.source, key, Options::default()).await;
    place.role("Api", json!(ASSUME), of_subject()).await;
    let token = place.key.token(&place.claims());
    assert_eq!(place.assume("Api", &token, "").await.query_error().1, "InvalidIdentityToken");
    let named = format!(
        "Action=UpdateOpenIDConnectProviderThumbprint&OpenIDConnectProviderArn={}&ThumbprintList.member.1={print}",
        encoded(&provider_of(ISSUER))
    );
    assert_eq!(place.iam(&named).await.status, 200);
    let begun = place.assume("Api", &token, "").await;
    assert_eq!(begun.status, 200, "{begun:?}");
    place.aws.shutdown().await;
}
