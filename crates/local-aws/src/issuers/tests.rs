//! What is fetched, how often, and what comes of documents that are not as they should be.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};

use super::{
    fetch::Document,
    kept::{AGAIN, KEPT, KEPT_AT_WORST, MOST_KEPT},
    *,
};

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
    /// Told of each question.
    questions: Notify,
    /// How far the questions were to go.
    reached: Mutex<Vec<Reach>>,
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
    fn get<'a>(&'a self, url: &'a str, _: &'a [String], reach: Reach) -> Document<'a> {
        self.asked.lock().unwrap().push(url.to_owned());
        self.reached.lock().unwrap().push(reach);
        self.questions.notify_one();
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

/// Answers with the configuration, and with each of these sets of keys in turn.
fn net<'k>(sets: impl IntoIterator<Item = Vec<&'k SigningKey>>) -> Net {
    let sets: Vec<String> = sets.into_iter().map(|keys| jwks(keys).to_string()).collect();
    Net::default().told(&Discovery::url(ISSUER), vec![configuration(KEYS); sets.len()]).told(KEYS, sets)
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
    let (issuers, net) = issuers(net([vec![&key], vec![&key]]));
    for _ in 0..3 {
        assert_eq!(verify(&issuers, &token(&key)).await.unwrap().subject, "me");
    }
    assert_eq!(net.asked(), [Discovery::url(ISSUER), KEYS.to_owned()]);
    tokio::time::advance(KEPT).await;
    verify(&issuers, &token(&key)).await.unwrap();
    assert_eq!(net.asked().len(), 2);
    // Whoever answers as the issuer is not to have this machine asked.
    assert_eq!(*net.reached.lock().unwrap(), [Reach::Public; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_taken_up_and_made_up_ones_do_not_make_it_fetch_and_fetch() {
    let (old, new) = (SigningKey::new("old", "ES256"), SigningKey::new("new", "ES256"));
    let (issuers, net) = issuers(net([vec![&old], vec![&old, &new]]));
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
async fn a_key_that_took_the_place_of_another_under_its_id_is_taken_up() {
    let (old, new) = (SigningKey::new("one", "ES256"), SigningKey::new("one", "ES256"));
    let (issuers, net) = issuers(net([vec![&old], vec![&new]]));
    verify(&issuers, &token(&old)).await.unwrap();
    for _ in 0..20 {
        assert_eq!(why(verify(&issuers, &token(&new)).await), "signature");
    }
    assert_eq!(net.asked().len(), 2);
    tokio::time::advance(AGAIN).await;
    verify(&issuers, &token(&new)).await.unwrap();
    assert_eq!(why(verify(&issuers, &token(&old)).await), "signature");
    assert_eq!(net.asked().len(), 2);
}

/// The second fetch is never answered.
#[tokio::test(start_paused = true)]
async fn whom_the_keys_at_hand_do_for_waits_for_no_fetch() {
    let (old, new) = (SigningKey::new("old", "ES256"), SigningKey::new("new", "ES256"));
    let (issuers, net) = issuers(net([vec![&old]]));
    let (issuers, of_new) = (Arc::new(issuers), token(&new));
    verify(&issuers, &token(&old)).await.unwrap();
    net.questions.notified().await;
    tokio::time::advance(AGAIN).await;
    let waits = Arc::clone(&issuers);
    let waits = tokio::spawn(async move { why(verify(&waits, &of_new).await) });
    net.questions.notified().await;
    let begun = Instant::now();
    verify(&issuers, &token(&old)).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(waits.await.unwrap(), "the token's key is not among its keys");
    assert_eq!(begun.elapsed(), PATIENCE);
    // What brought nothing took nothing away.
    verify(&issuers, &token(&old)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_an_issuer_that_is_away_are_taken_for_an_hour() {
    let key = SigningKey::new("one", "ES256");
    let (issuers, net) = issuers(net([vec![&key]]));
    verify(&issuers, &token(&key)).await.unwrap();
    tokio::time::advance(KEPT).await;
    verify(&issuers, &token(&key)).await.unwrap();
    assert_eq!(net.asked().len(), 3);
    tokio::time::advance(KEPT_AT_WORST - KEPT).await;
    assert_eq!(why(verify(&issuers, &token(&key)).await), "it did not answer within 5 seconds");
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_does_not_make_an_issuer_be_asked_again() {
    let key = SigningKey::new("one", "ES256");
    let (issuers, net) = issuers(Net { gate: Some(Semaphore::new(0)), ..net([vec![&key]]) });
    let (issuers, text) = (Arc::new(issuers), token(&key));
    for _ in 0..20 {
        let (issuers, text) = (Arc::clone(&issuers), text.clone());
        let gone = tokio::spawn(async move { verify(&issuers, &text).await });
        tokio::task::yield_now().await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
    }
    net.gate.as_ref().unwrap().add_permits(2);
    verify(&issuers, &text).await.unwrap();
    assert_eq!(net.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_fetches_for_all_who_wait() {
    let key = SigningKey::new("one", "ES256");
    let (issuers, net) = issuers(Net { gate: Some(Semaphore::new(0)), ..net([vec![&key]]) });
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
    assert_eq!(begun.elapsed(), PATIENCE);
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
    let (issuers, net) = issuers(net([vec![&key], vec![&key]]));
    let text = token(&key);
    let parsed = Token::parse(&text).unwrap();
    for thumbprint in ["a", "b", "a", "b"] {
        issuers.verify(&parsed, &[thumbprint.to_owned()]).await.unwrap();
    }
    assert_eq!(net.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn of_many_issuers_those_that_were_asked_lately_are_remembered() {
    let key = SigningKey::new("one", "ES256");
    let (issuers, net) = issuers(net([vec![&key]]));
    verify(&issuers, &token(&key)).await.unwrap();
    for number in 0..3 * MOST_KEPT {
        let issuer = format!("https://issuer.example/{number}");
        issuers.kept.slot(&Asked { issuer, thumbprints: Vec::new() });
        tokio::time::advance(Duration::from_millis(1)).await;
        verify(&issuers, &token(&key)).await.unwrap();
    }
    assert_eq!((issuers.kept.len(), net.asked().len()), (MOST_KEPT, 2));
}

/// A pipe has no end as long as somebody has it open for writing, and nobody may have.
#[tokio::test]
async fn a_file_of_keys_is_a_file_and_not_endless() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    std::fs::write(path("large"), vec![b' '; LARGEST + 1]).unwrap();
    std::fs::write(path("none"), "{}").unwrap();
    let key = SigningKey::new("one", "ES256");
    std::fs::write(path("good"), jwks([&key]).to_string()).unwrap();
    let told = |file: PathBuf| BTreeMap::from([(ISSUER.to_owned(), KeySource::File(file))]);
    let no_file = "it is no file: a pipe, a device or a directory cannot be read for each token";
    for (file, why_not, at_start) in [
        (path("pipe"), no_file, true),
        (folder.path().to_owned(), no_file, true),
        ("/dev/zero".into(), no_file, true),
        (path("large"), "it is larger than 256 KiB", true),
        (path("none"), "its keys: it is no JWK Set: it is no JSON object with a list `keys`", false),
        (path("absent"), "cannot read the file with its keys: No such file or directory (os error 2)", false),
    ] {
        let issuers = Issuers::new(told(file.clone()));
        assert_eq!(why(verify(&issuers, &token(&key)).await), why_not, "{file:?}");
        let checked = check(&told(file.clone())).await.map_err(|unfit| unfit.to_string());
        let told = format!("the keys of the issuer {ISSUER} cannot be had from `{}`: {why_not}", file.display());
        assert_eq!(checked, if at_start { Err(told) } else { Ok(()) });
    }
    check(&told(path("good"))).await.unwrap();
    verify(&Issuers::new(told(path("good"))), &token(&key)).await.unwrap();
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
    // Some issuers end so, and their tokens say so.
    assert_eq!(read("https://a.example/=jwks.json").unwrap().issuer, "https://a.example/");
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
