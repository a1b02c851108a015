//! Each failure that the embedded AWS can really have, and the faults of a network, in their classes.

use std::time::Duration;

use aws_model::SecretBytes;
use key_service::{
    ErrorClass, KeyService, KeyServiceError,
    aws::{AwsKms, AwsKmsSettings},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Instant,
};

use crate::support::{Aws, OTHER_ACCOUNT, open, seal, seed};

/// Both calls fail alike.
async fn both_fail(key: &AwsKms, sealed: &[u8], class: ErrorClass) -> KeyServiceError {
    let opening = open(key, sealed).await.unwrap_err();
    assert_eq!(opening.class, class, "{opening}");
    let sealing = seal(key).await.unwrap_err();
    assert_eq!(sealing.class, class, "{sealing}");
    sealing
}

#[tokio::test]
async fn a_key_that_is_disabled_then_pending_deletion_then_enabled_again() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let key = aws.adapter(&arn);
    let sealed = seal(&key).await.unwrap();
    aws.admin.disable_key().key_id(&arn).send().await.unwrap();
    let error = both_fail(&key, &sealed, ErrorClass::Disabled).await;
    assert_eq!(error.code.as_deref(), Some("DisabledException"));
    assert!(error.to_string().contains(&arn) && error.to_string().contains("help: enable the key"), "{error}");

    aws.admin.schedule_key_deletion().key_id(&arn).pending_window_in_days(7).send().await.unwrap();
    let error = both_fail(&key, &sealed, ErrorClass::PendingDeletion).await;
    assert_eq!(error.code.as_deref(), Some("KMSInvalidStateException"));

    aws.admin.cancel_key_deletion().key_id(&arn).send().await.unwrap();
    aws.admin.enable_key().key_id(&arn).send().await.unwrap();
    assert_eq!(open(&key, &sealed).await.unwrap().plaintext, seed());
}

#[tokio::test]
async fn a_key_or_alias_that_is_not_there() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let sealed = seal(&aws.adapter(&arn)).await.unwrap();
    let gone = aws.adapter("1234abcd-12ab-34cd-56ef-1234567890ab");
    assert_eq!(seal(&gone).await.unwrap_err().class, ErrorClass::NotFound);
    assert!(open(&gone, &sealed).await.is_err());
    let error = seal(&aws.adapter("alias/nowhere")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound, "{error}");
}

#[tokio::test]
async fn a_caller_of_another_account() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let sealed = seal(&aws.adapter(&arn)).await.unwrap();
    let stranger = AwsKms::connect(aws.settings_of(&arn, OTHER_ACCOUNT)).unwrap();
    both_fail(&stranger, &sealed, ErrorClass::Denied).await;
}

#[tokio::test]
async fn credentials_that_are_wrong() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let mut settings = aws.settings(&arn);
    let credentials = settings.credentials.as_mut().unwrap();
    credentials.secret_access_key = SecretBytes::new(b"not the secret".to_vec());
    let error = seal(&AwsKms::connect(settings.clone()).unwrap()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Denied, "{error}");
    assert!(!error.to_string().contains("not the secret"));
    settings.credentials.as_mut().unwrap().access_key_id = "AKIAIOSFODNN7EXAMPLE".to_owned();
    let error = seal(&AwsKms::connect(settings).unwrap()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Denied, "{error}");
}

#[tokio::test]
async fn a_ciphertext_that_was_altered_anywhere() {
    let aws = Aws::start().await;
    let key = aws.adapter(&aws.key().await);
    let sealed = seal(&key).await.unwrap();
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        let error = open(&key, &altered).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::CorruptCiphertext, "byte {at}: {error}");
    }
    for cut in [0, 1, sealed.len() / 2, sealed.len() - 1] {
        assert!(open(&key, &sealed[..cut]).await.is_err());
    }
}

fn at(endpoint: String) -> AwsKms {
    let key = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let credentials = key_service::aws::FixedCredentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: SecretBytes::new(b"secret".to_vec()),
    };
    let (endpoint, credentials) = (Some(endpoint), Some(credentials));
    AwsKms::connect(AwsKmsSettings { endpoint, credentials, ..AwsKmsSettings::new(key.parse().unwrap()) }).unwrap()
}

/// Answers everything that connects with this status and body: what no embedded AWS says.
pub(crate) async fn answering(status: &'static str, body: impl Into<String>) -> AwsKms {
    let body = body.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 8192];
            let _ = stream.read(&mut request).await;
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            // Whoever gave up is not there to read it.
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    at(endpoint)
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let key = at(format!("http://{}", listener.local_addr().unwrap()));
    drop(listener);
    let error = seal(&key).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Absent, "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let error = seal(&at("http://kms.invalid".to_owned())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Absent, "{error}");
}

#[tokio::test]
async fn whoever_listens_keeps_silent() {
    let aws = Aws::start().await;
    let key = aws.adapter(&aws.key().await);
    aws.running.put_faults("* gone=silent".parse().unwrap()).unwrap();
    let started = Instant::now();
    let error = key.seal(&seed(), Instant::now() + Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Slow, "{error}");
    let took = started.elapsed();
    // The SDK by itself gives up after three attempts of 1.2 s.
    assert!((300..2000).contains(&took.as_millis()), "the deadline holds whatever the SDK would retry: {took:?}");
}

#[tokio::test]
async fn the_service_throttles_for_longer_than_the_sdk_retries() {
    let aws = Aws::start().await;
    let key = aws.adapter(&aws.key().await);
    aws.running.put_faults("kms:* throttle=0/s".parse().unwrap()).unwrap();
    let started = Instant::now();
    let error = seal(&key).await.unwrap_err();
    assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Throttled, Some("ThrottlingException")), "{error}");
    assert!(started.elapsed() < Duration::from_millis(2700));
}

#[tokio::test]
async fn a_few_throttles_and_a_lost_answer_are_tried_again_within_the_deadline() {
    let aws = Aws::start().await;
    let key = aws.adapter(&aws.key().await);
    for fault in
        ["kms:Encrypt throttle=0/s times=2", "kms:Encrypt lost=closed times=1", "kms:Encrypt lost=error times=1"]
    {
        aws.running.put_faults(fault.parse().unwrap()).unwrap();
        let sealed = seal(&key).await.unwrap_or_else(|error| panic!("{fault}: {error}"));
        assert_eq!(open(&key, &sealed).await.unwrap().plaintext, seed());
        let came = &aws.running.faults()[0];
        assert_eq!(came.calls, came.fired + 1, "{fault}");
    }
}

#[tokio::test]
async fn something_else_answers() {
    let key = answering("502 Bad Gateway", "<html></html>").await;
    let error = seal(&key).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Internal, "{error}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_quoted() {
    // What a Decrypt answers, cut short: it holds the plaintext.
    let key = answering("200 OK", r#"{"KeyId":"k","Plaintext":"dGhlIHBsYWludGV4dA==""#).await;
    let error = open(&key, b"ciphertext").await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Internal, "{error}");
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("dGhlIHBs") && !text.contains("the plaintext"), "{text}");
    }
}
