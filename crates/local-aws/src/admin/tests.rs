use http::Request;

use super::*;

const LOCAL: &str = "127.0.0.1:50000";

async fn admin() -> Admin {
    let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
    let authorizer = Arc::new(crate::authorization::Authorizer::new(Default::default()));
    let trail = Arc::new(crate::trail::Trail::new(clock.clone(), 0));
    let told = Arc::clone(&authorizer);
    let faults = Arc::new(Faults::new(clock.clone(), Default::default()).unwrap());
    let store = Store::memory();
    let kms = Kms::open_under(store.clone(), clock.clone(), Default::default(), told, Arc::clone(&trail)).unwrap();
    let due = Due::new(clock.clone(), Arc::clone(&faults), kms.clone(), Arc::clone(&authorizer));
    let partition = aws_model::Partition::Commercial;
    let accounts = Accounts::open(Store::memory(), partition, [], [], Arc::clone(&authorizer)).await.unwrap();
    let accounts = Arc::new(accounts);
    let clusters = crate::eks::State::load(Store::memory(), Arc::clone(&authorizer)).unwrap();
    let (by, own) = (|| Arc::clone(&authorizer), || Arc::clone(&accounts));
    let identities =
        crate::iam::State::load(Store::memory(), partition, clock.now(), by(), Default::default()).unwrap();
    let iam = crate::iam::Iam::new(identities, own());
    let ec2 = crate::ec2::State::load(Store::memory(), Box::new(|_, _, _| Default::default())).unwrap();
    let ec2 = crate::ec2::Ec2::new(ec2, by(), own(), iam.clone(), kms.clone(), Arc::clone(&trail));
    let groups = crate::autoscaling::State::load(Store::memory(), by()).unwrap();
    let groups = crate::autoscaling::AutoScaling::new(groups, ec2.clone(), iam.clone(), own(), Arc::clone(&trail));
    let nodes = crate::eks::Nodes::new(ec2, groups, iam, own(), Arc::clone(&trail));
    let eks = Eks::new(clusters, kms.clone(), trail, crate::Options::default().addons, nodes);
    Admin { clock, accounts, authorizer, kms, eks, faults, due, store, imds: None }
}

async fn ask(admin: &Admin, request: Request<&'static str>, peer: &str) -> (u16, Value) {
    let (head, body) = request.into_parts();
    let answered = match Route::of(&head, peer.parse().unwrap()) {
        Ok(route) => admin.act(route, body.as_bytes()).await,
        Err(refused) => Err(refused),
    };
    match answered {
        Ok(text) => (200, serde_json::from_str(&text).unwrap()),
        Err(refused) => (refused.status().as_u16(), serde_json::from_str(&refused.to_json()).unwrap()),
    }
}

fn post(route: &str, body: &'static str) -> Request<&'static str> {
    Request::post(format!("/_claviger/{route}"))
        .header("host", "localhost:4566")
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn the_clock_moves_as_the_body_says() {
    let admin = admin().await;
    for (body, now) in [
        (r#"{"advance": "P30D"}"#, "2026-01-31T00:00:00Z"),
        (r#"{"advance": "-P1DT1S"}"#, "2026-01-29T23:59:59Z"),
        (r#"{"advance": "PT90M"}"#, "2026-01-30T01:29:59Z"),
        (r#"{"freeze": "2027-06-01T12:00:00+02:00"}"#, "2027-06-01T10:00:00Z"),
    ] {
        assert_eq!(ask(&admin, post("clock", body), LOCAL).await, (200, json!({ "now": now })), "{body}");
    }
    let (status, _) = ask(&admin, post("clock", r#"{"real": true}"#), LOCAL).await;
    assert_eq!(status, 200);
    assert!(admin.clock.now().duration_since(jiff::Timestamp::now()).abs() < jiff::SignedDuration::from_secs(60));
}

#[tokio::test]
async fn what_is_no_move_changes_nothing_and_says_what_is_taken() {
    let admin = admin().await;
    for body in [
        "",
        "{}",
        r#"{"advance": "P1M"}"#,
        r#"{"advance": 5}"#,
        r#"{"real": false}"#,
        r#"{"set": "noon"}"#,
        r#"{"advance": "P80000D"}"#,
        r#"{"freeze": "9999-01-01T00:00:00Z"}"#,
        r#"{"set": "1800-01-01T00:00:00Z"}"#,
    ] {
        let (status, answer) = ask(&admin, post("clock", body), LOCAL).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["error"].as_str().unwrap().contains("clock"), "{answer}");
    }
    assert_eq!(admin.clock.now().to_string(), "2026-01-01T00:00:00Z");
}

#[tokio::test]
async fn an_account_is_made_by_naming_it() {
    let admin = admin().await;
    let made = ask(&admin, post("accounts", r#"{"account": "111122223333"}"#), LOCAL).await;
    assert_eq!(made, (200, json!({ "account": "111122223333" })));
    let health = Request::get("/_claviger/health").header("host", "[::1]:4566").body("").unwrap();
    let (status, health) = ask(&admin, health, "[::1]:50000").await;
    assert_eq!((status, &health["status"], &health["accounts"]), (200, &json!("ok"), &json!(["111122223333"])));
}

#[tokio::test]
async fn only_this_machine_under_its_own_names_and_with_json_is_answered() {
    let admin = admin().await;
    let advance = || post("clock", r#"{"advance": "P30D"}"#);
    assert_eq!(ask(&admin, advance(), "192.0.2.1:50000").await.0, 403);

    let mut rebound = advance();
    rebound.headers_mut().insert("host", "evil.example:4566".parse().unwrap());
    assert_eq!(ask(&admin, rebound, LOCAL).await.0, 403);

    let mut form = advance();
    form.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(ask(&admin, form, LOCAL).await.0, 415);

    assert_eq!(ask(&admin, post("nothing", "{}"), LOCAL).await.0, 404);
    assert_eq!(admin.clock.now().to_string(), "2026-01-01T00:00:00Z");
}
