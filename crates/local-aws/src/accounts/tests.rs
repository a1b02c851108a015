use super::*;

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn authorizer() -> Arc<Authorizer> {
    Arc::new(Authorizer::new(Default::default()))
}

async fn accounts(store: &Store) -> Accounts {
    let fixed = ["test:secret:444455556666".parse().unwrap()];
    Accounts::open(store.clone(), Partition::Commercial, [account("111122223333")], fixed, authorizer()).await.unwrap()
}

fn role_session(expires: Timestamp) -> Session {
    let identity = SessionIdentity::Role {
        arn: "arn:aws:iam::111122223333:role/path/Reader".parse().unwrap(),
        id: "AROAX".into(),
        session_name: "me".into(),
    };
    Session::new(account("111122223333"), identity, NOW, expires)
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const LATER: Timestamp = Timestamp::MAX;

#[tokio::test]
async fn a_root_credential_is_the_same_whenever_it_is_asked_for_and_signs_for_its_account() {
    let accounts = accounts(&Store::memory()).await;
    let credential = accounts.root_credential(account("111122223333"));
    assert_eq!(credential, accounts.root_credential(account("111122223333")));
    assert_eq!(credential.secret_access_key.len(), 40);

    let identity = accounts.identify(&credential.access_key_id, None, Partition::Commercial, NOW).unwrap();
    assert_eq!(identity.secret, credential.secret_access_key);
    assert_eq!(identity.caller.arn, "arn:aws:iam::111122223333:root");
    assert_eq!(identity.caller.user_id, "111122223333");
    assert!(matches!(identity.caller.principal, Principal::Root(_)));
}

#[tokio::test]
async fn two_installations_share_no_credential() {
    let (one, two) = (accounts(&Store::memory()).await, accounts(&Store::memory()).await);
    let account = account("111122223333");
    let (one, two) = (one.root_credential(account), two.root_credential(account));
    assert_ne!(one.access_key_id, two.access_key_id);
    assert_ne!(one.secret_access_key, two.secret_access_key);
}

#[tokio::test]
async fn credentials_sessions_and_names_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let (credential, session) = {
        let store = Store::open(&path, crate::store::MasterKey::Beside).unwrap();
        let accounts = accounts(&store).await;
        let credential = accounts.root_credential(account("999999999999"));
        let session = accounts.begin(&role_session(LATER)).unwrap();
        store.durable(store.write(Batch::new())).await.unwrap();
        (credential, session)
    };
    let store = Store::open(&path, crate::store::MasterKey::Beside).unwrap();
    let accounts = Accounts::open(store, Partition::Commercial, [], [], authorizer()).await.unwrap();
    assert!(
        [account("444455556666"), account("999999999999")].iter().all(|account| accounts.named().contains(account))
    );
    assert_eq!(accounts.root_credential(account("999999999999")), credential);
    let token = SecretBytes::new(session.token.into_bytes());
    let identity = accounts.identify(&session.access_key_id, Some(&token), Partition::Commercial, NOW).unwrap();
    assert_eq!(identity.secret, session.secret_access_key);
    assert_eq!(identity.caller.arn, "arn:aws:sts::111122223333:assumed-role/Reader/me");
    assert_eq!(identity.caller.user_id, "AROAX:me");
}

#[tokio::test]
async fn a_session_ends_when_it_says() {
    let accounts = accounts(&Store::memory()).await;
    let expires = Timestamp::from_second(1000).unwrap();
    let session = accounts.begin(&role_session(expires)).unwrap();
    let token = SecretBytes::new(session.token.into_bytes());
    let at = |second| {
        let now = Timestamp::from_second(second).unwrap();
        accounts.identify(&session.access_key_id, Some(&token), Partition::Commercial, now)
    };
    assert!(at(999).is_ok());
    assert_eq!(at(1000).unwrap_err(), Unidentified::Expired);
}

#[tokio::test]
async fn an_unknown_key_or_a_token_that_is_not_the_keys_stands_for_nobody() {
    let accounts = accounts(&Store::memory()).await;
    let other = self::accounts(&Store::memory()).await;
    let session = accounts.begin(&role_session(LATER)).unwrap();
    let twin = accounts.begin(&role_session(LATER)).unwrap();
    let foreign = other.begin(&role_session(LATER)).unwrap();
    let root = accounts.root_credential(account("111122223333"));
    let mut altered = session.token.clone().into_bytes();
    altered[40] ^= 1;

    let token = |text: &str| Some(SecretBytes::new(text.as_bytes().to_vec()));
    for (key, token) in [
        ("nobody", None),
        ("AKIAIOSFODNN7EXAMPLE", None),
        (session.access_key_id.as_str(), None),
        (session.access_key_id.as_str(), token(&twin.token)),
        (session.access_key_id.as_str(), Some(SecretBytes::new(altered))),
        (session.access_key_id.as_str(), token("")),
        (foreign.access_key_id.as_str(), token(&foreign.token)),
        (root.access_key_id.as_str(), token(&session.token)),
        ("test", token(&session.token)),
    ] {
        let refused = accounts.identify(key, token.as_ref(), Partition::Commercial, NOW).unwrap_err();
        assert_eq!(refused, Unidentified::Unknown, "{key}");
    }
}

#[tokio::test]
async fn a_fixed_credential_is_the_root_user_of_its_account() {
    let accounts = accounts(&Store::memory()).await;
    let identity = accounts.identify("test", None, Partition::Commercial, NOW).unwrap();
    assert_eq!(identity.secret.expose(), b"secret");
    assert_eq!(identity.caller.arn, "arn:aws:iam::444455556666:root");
    assert_eq!(accounts.account_of("test"), Some(account("444455556666")));
}

#[tokio::test]
async fn no_credential_is_worth_anything_in_another_partition() {
    let fixed = ["test:secret:444455556666".parse().unwrap()];
    let accounts = Accounts::open(Store::memory(), Partition::China, [], fixed, authorizer()).await.unwrap();
    let root = accounts.root_credential(account("111122223333"));
    let session = accounts.begin(&Session::new(account("111122223333"), SessionIdentity::Root, NOW, LATER)).unwrap();
    let token = SecretBytes::new(session.token.into_bytes());
    for (key, token, arn) in [
        ("test", None, "arn:aws-cn:iam::444455556666:root"),
        (root.access_key_id.as_str(), None, "arn:aws-cn:iam::111122223333:root"),
        (session.access_key_id.as_str(), Some(&token), "arn:aws-cn:iam::111122223333:root"),
    ] {
        let identity = accounts.identify(key, token, Partition::China, NOW).unwrap();
        assert_eq!(identity.caller.arn, arn);
        for elsewhere in [Partition::Commercial, Partition::UsGov] {
            assert_eq!(accounts.identify(key, token, elsewhere, NOW).unwrap_err(), Unidentified::Unknown, "{key}");
        }
    }
}

#[test]
fn a_role_has_one_id_and_its_sessions_arn_leaves_the_path_out() {
    let role: Arn = "arn:aws:iam::111122223333:role/a/b/Reader".parse().unwrap();
    let id = unique_id("AROA", &role);
    assert!(id.starts_with("AROA") && id.len() == 21, "{id}");
    assert_eq!(id, unique_id("AROA", &role));
    assert_eq!(assumed_role_arn(&role, "me"), "arn:aws:sts::111122223333:assumed-role/Reader/me");
}
