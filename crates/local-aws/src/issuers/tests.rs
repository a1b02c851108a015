//! What is fetched, how often, and what comes of documents that are not as they should be.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Semaphore;

use super::{fetch::Document, *};

#[path = "../../../oidc/tests/oidc/issuer.rs"]
mod issuer;
use issuer::{SigningKey, jwks};

const ISSUER: &str = "https://issuer.example/id/1";
const KEYS: &str = "https://keys.example/jwks";

/// Answers what it was told to; what follows the last answer is never answered.
#[derive(Debug, Default)]
struct Net {
    answers: Mutex<HashMap<String, VecDeque<String>>>,
    asked: Mutex<Vec<String>>,
    /// Answers wait for a permit each, where there is one.
    gate: Option<Semaphore>,
    open: AtomicUsize,
}

impl Net {
    fn told(self, url: &str, answers: impl IntoIterator<Item = String>) -> Self {
        self.answers.lock().unwrap().insert(url.to_owned(), answers.into_iter().collect());
        self
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Fetch for Net {
    fn get<'a>(&'a self, url: &'a str, _: &'a [String]) -> Document<'a> {
        self.asked.lock().unwrap().push(url.to_owned());
        Box::pin(async move {
            if let Some(gate) = &self.gate {
                assert_eq!(self.open.fetch_add(1, Ordering::SeqCst), 0, "two fetch at once");
                gate.acquire().await.unwrap().forget();
                self.open.fetch_sub(1, Ordering::SeqCst);
            }
            let answer = self.answers.lock().unwrap().get_mut(url).and_then(VecDeque::pop_front);
            match answer {
                Some(answer) => Ok(answer.into_bytes()),
                None => std::future::pending().await,
            }
        })
    }
}

fn configuration(jwks_uri: &str) -> String {
    serde_json::json!({"issuer": ISSUER, "jwks_uri": jwks_uri}).to_string()
}

fn token(key: &SigningKey) -> String {
    key.token(&serde_json::json!({"iss": ISSUER, "sub": "me", "aud": "you", "iat": 1, "exp": 2}))
}

fn issuers(net: Net) -> (Issuers, Arc<Net>) {
    let net = Arc::new(net);
    (Issuers::with(BTreeMap::new(), Arc::clone(&net) as Arc<dyn Fetch>), net)
}

async fn verify(issuers: &Issuers, text: &str) -> Result<Claims, Refused> {
    issuers.verify(&Token::parse(text).unwrap(), &[]).await
}

fn why(refused: Result<Claims, Refused>) -> String {
    match refused.unwrap_err() {
        Refused::NoKeys(why) => why.to_string(),
        Refused::Signature => "signature".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_found_by_the_configuration_and_kept_for_a_while() {
    let key = SigningKey::new("one", "ES256");
    let twice = |text: String| [text.clone(), text];
    let net = Net::default().told(&Discovery::url(ISSUER), twice(configuration(KEYS)));
    let (issuers, net) = issuers(net.told(KEYS, twice(jwks([&key]).to_string())));
    for _ in 0..3 {
        assert_eq!(verify(&issuers, &token(&key)).await.unwrap().subject, "me");
    }
    assert_eq!(net.asked(), [Discovery::url(ISSUER), KEYS.to_owned()]);
    tokio::time::advance(KEPT).await;
    verify(&issuers, &token(&key)).await.unwrap();
    assert_eq!(net.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_taken_up_and_made_up_ones_do_not_make_it_fetch_and_fetch() {
    let (old, new) = (SigningKey::new("old", "ES256"), SigningKey::new("new", "ES256"));
    let sets = [jwks([&old]).to_string(), jwks([&old, &new]).to_string()];
    let net = Net::default().told(&Discovery::url(ISSUER), [configuration(KEYS), configuration(KEYS)]);
    let (issuers, net) = issuers(net.told(KEYS, sets));
    verify(&issuers, &token(&old)).await.unwrap();
    for _ in 0..20 {
        assert_eq!(why(verify(&issuers, &token(&new)).await), "the token's key is not among its keys");
    }
    assert_eq!(net.asked().len(), 2);
    tokio::time::advance(AGAIN).await;
    verify(&issuers, &token(&new)).await.unwrap();
    assert_eq!(net.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_fetches_for_all_who_wait() {
    let key = SigningKey::new("one", "ES256");
    let net = Net { gate: Some(Semaphore::new(0)), ..Net::default() };
    let net = net.told(&Discovery::url(ISSUER), [configuration(KEYS)]).told(KEYS, [jwks([&key]).to_string()]);
    let (issuers, net) = issuers(net);
    let issuers = Arc::new(issuers);
    let text: Arc<str> = token(&key).into();
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (issuers, text) = (Arc::clone(&issuers), Arc::clone(&text));
            tokio::spawn(async move { verify(&issuers, &text).await.is_ok() })
        })
        .collect();
    net.gate.as_ref().unwrap().add_permits(2);
    for one in waiting {
        assert!(one.await.unwrap());
    }
    assert_eq!(net.asked().len(), 2);
}

/// The clock is paused: the five seconds pass when nobody has anything else to do.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_does_not_answer_is_given_up_once_for_all_who_wait() {
    let key = SigningKey::new("one", "ES256");
    let (issuers, net) = issuers(Net::default());
    let issuers = Arc::new(issuers);
    let text: Arc<str> = token(&key).into();
    let begun = Instant::now();
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (issuers, text) = (Arc::clone(&issuers), Arc::clone(&text));
            tokio::spawn(async move { why(verify(&issuers, &text).await) })
        })
        .collect();
    for one in waiting {
        assert_eq!(one.await.unwrap(), "it did not answer within 5 seconds");
    }
    assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
    assert_eq!(net.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn documents_that_are_not_as_they_should_be_verify_nothing() {
    let key = SigningKey::new("one", "ES256");
    let text = token(&key);
    let keys = jwks([&key]).to_string();
    let other = configuration(KEYS).replace(ISSUER, "https://other.example");
    let many = serde_json::json!({"keys": vec![key.jwk(); 10_000]}).to_string();
    for (found, keys, expected) in [
        (configuration("http://keys.example/jwks"), &keys, "it names a URL that is not https://"),
        (configuration("file:///etc/passwd"), &keys, "it names a URL that is not https://"),
        (other, &keys, "its configuration: it is of another issuer than the one that was asked"),
        ("<html>".to_owned(), &keys, "its configuration: it is no JSON object with the texts `issuer` and `jwks_uri`"),
        (configuration(KEYS), &many, "its keys: it has more than 100 keys of one kind"),
        (configuration(KEYS), &"[]".to_owned(), "its keys: it is no JWK Set: it is no JSON object with a list `keys`"),
    ] {
        let net = Net::default().told(&Discovery::url(ISSUER), [found]).told(KEYS, [keys.clone()]);
        assert_eq!(why(verify(&issuers(net).0, &text).await), expected);
    }
}

#[tokio::test]
async fn accounts_that_know_the_server_by_other_certificates_fetch_for_themselves() {
    let key = SigningKey::new("one", "ES256");
    let net = Net::default().told(&Discovery::url(ISSUER), [configuration(KEYS), configuration(KEYS)]);
    let (issuers, net) = issuers(net.told(KEYS, [jwks([&key]).to_string(), jwks([&key]).to_string()]));
    let text = token(&key);
    let parsed = Token::parse(&text).unwrap();
    for thumbprint in ["a", "b", "a", "b"] {
        issuers.verify(&parsed, &[thumbprint.to_owned()]).await.unwrap();
    }
    assert_eq!(net.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn of_many_issuers_not_all_are_remembered() {
    let (issuers, _) = issuers(Net::default());
    for number in 0..3 * MOST_KEPT {
        issuers.slot(&format!("https://issuer.example/{number}"), &[]);
    }
    assert!(issuers.kept.lock().unwrap().len() <= MOST_KEPT);
}

#[test]
fn where_keys_are_is_a_file_or_a_url_that_nobody_can_change_on_the_way() {
    let read = |text: &str| text.parse::<IssuerKeys>();
    let file = read("https://a.example/id=keys/jwks.json").unwrap();
    assert_eq!((&*file.issuer, file.source), ("https://a.example/id", KeySource::File("keys/jwks.json".into())));
    for url in
        ["https://b.example/k?a=b", "http://127.0.0.1:8001/openid/v1/jwks", "http://[::1]/k", "http://localhost/k"]
    {
        assert_eq!(read(&format!("https://a.example={url}")).unwrap().source, KeySource::Url(url.to_owned()));
    }
    for (text, help) in [
        ("https://a.example", "ISSUER=FILE"),
        ("=jwks.json", "ISSUER=FILE"),
        ("http://a.example=jwks.json", "is no https:// URL"),
        ("https://a.example=http://b.example/k", "without TLS"),
        ("https://a.example=http://127.0.0.1.example/k", "without TLS"),
        ("https://a.example=http://user@b.example/k", "without TLS"),
    ] {
        let refused = read(text).unwrap_err().to_string();
        assert!(refused.contains(help), "{text}: {refused}");
    }
}
