//! Exports and imports beside calls: each export is of one instant, and no call is lost or half in it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use local_aws::Running;
use serde_json::{Value, json};

use crate::{
    export,
    filled::{call, called},
    import,
    wire::start,
};

/// Makes keys with aliases and grants, and takes some away, until it is told to stop.
async fn write(aws: Arc<Running>, writer: usize, stop: Arc<AtomicBool>) -> usize {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        let made = called(&aws, "CreateKey", json!({})).await;
        assert_eq!(made.status, 200, "{made:?}");
        let made: Value = serde_json::from_str(&made.body).unwrap();
        let key = made["KeyMetadata"]["KeyId"].clone();
        let alias = format!("alias/{writer}/{turn}");
        // Between two calls another state may be imported: then the key is not there.
        called(&aws, "CreateAlias", json!({"AliasName": alias, "TargetKeyId": key})).await;
        let root = "arn:aws:iam::111122223333:root";
        let grant = json!({"KeyId": key, "GranteePrincipal": root, "Operations": ["Decrypt"]});
        let granted = called(&aws, "CreateGrant", grant).await;
        assert!(granted.status < 500, "{granted:?}");
        if turn % 2 == 0 {
            called(&aws, "DeleteAlias", json!({"AliasName": alias})).await;
        }
        turn += 1;
    }
    turn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_export_is_whole_and_no_call_fails_while_states_come_and_go() {
    let aws = Arc::new(start().await);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4).map(|n| tokio::spawn(write(Arc::clone(&aws), n, Arc::clone(&stop)))).collect();
    let other = start().await;
    let empty = export(&aws).await;
    for round in 0..8 {
        let state = export(&aws).await;
        // It is refused where anything in it names what is not there.
        import(&other, &state).await;
        assert_eq!(export(&other).await, state);
        if round % 3 == 2 {
            import(&aws, &empty).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.unwrap() > 0);
    }
    let last = export(&aws).await;
    import(&other, &last).await;
    call(&other, "ListKeys", json!({})).await;
    other.shutdown().await;
}
