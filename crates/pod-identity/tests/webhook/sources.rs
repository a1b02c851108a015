//! Who has an association: the peer's file, globs, and service accounts that come late.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use eks_auth::{Association, Associations};
use http::StatusCode;
use pod_identity::webhook::{Identities, ServiceAccount, ServiceAccounts, Sources};
use serde_json::json;
use tokio::sync::watch;

use crate::{
    applied::{pod, variables},
    rig::{after, desk, review, send},
};

/// Service accounts that a watch would keep.
struct Kept(watch::Receiver<HashMap<String, Arc<ServiceAccount>>>);

#[async_trait]
impl ServiceAccounts for Kept {
    fn known(&self, namespace: &str, name: &str) -> Option<Arc<ServiceAccount>> {
        self.0.borrow().get(&format!("{namespace}/{name}")).cloned()
    }

    async fn arrives(&self, namespace: &str, name: &str) -> Arc<ServiceAccount> {
        let key = format!("{namespace}/{name}");
        let mut kept = self.0.clone();
        let found = kept.wait_for(|kept| kept.contains_key(&key)).await.unwrap();
        Arc::clone(&found[&key])
    }

    async fn changed(&self) {
        let _ = self.0.clone().changed().await;
    }

    fn are_complete(&self) -> bool {
        true
    }
}

fn with_role() -> Arc<ServiceAccount> {
    let role = ("eks.amazonaws.com/role-arn", "arn:aws:iam::111122223333:role/s3-reader");
    Arc::new(ServiceAccount::of([role], "eks.amazonaws.com"))
}

#[test]
fn the_peers_file_is_read() {
    let file = br#"{"identities": [{"namespace": "shop", "serviceAccount": "api", "added": "later"}, {"namespace": "a", "serviceAccount": "b"}]}"#;
    let identities = Identities::parse(file).unwrap();
    assert_eq!(identities.len(), 2);
    assert!(identities.contains("shop", "api"));
    assert!(!identities.contains("shop", "b"));
    for nothing in ["", " \n", "{}", r#"{"identities": null}"#, r#"{"identities": []}"#] {
        assert!(Identities::parse(nothing.as_bytes()).unwrap().is_empty(), "{nothing:?}");
    }
    for wrong in ["{", "[1]", r#"{"identities": [{"namespace": "shop"}]}"#, r#"{"identities": {}}"#] {
        let error = Identities::parse(wrong.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(r#"{"identities": [{"namespace": "#), "{error}");
    }
}

#[tokio::test]
async fn an_association_by_a_pattern_counts() {
    let association = Association::new(
        "a-1".to_owned(),
        "sh*".parse().unwrap(),
        "*".parse().unwrap(),
        "arn:aws:iam::111122223333:role/r".parse().unwrap(),
    );
    let all = Arc::new(Associations::new([association]).unwrap());
    let (publish, associations) = watch::channel(None);
    let desk = desk(Sources { associations: vec![associations], ..Sources::default() });
    // Until they are known, nobody is let through without.
    let (status, body) = send(&desk, &review(&pod())).await;
    assert_eq!((status, &*body), (StatusCode::INTERNAL_SERVER_ERROR, &b"the associations are not known yet"[..]));
    publish.send_replace(Some(all));
    assert_eq!(after(&desk, &pod()).await["spec"]["containers"][0]["env"], variables());
    publish.send_replace(Some(Arc::default()));
    assert_eq!(after(&desk, &pod()).await, pod());
}

/// The pod of a Deployment that is applied together with its service account comes before the watch has told of that.
#[tokio::test(start_paused = true)]
async fn a_service_account_that_is_not_known_yet_is_waited_for() {
    let (publish, kept) = watch::channel(HashMap::new());
    let accounts: Arc<dyn ServiceAccounts> = Arc::new(Kept(kept));
    let patience = Duration::from_millis(100);
    let desk = Arc::new(desk(Sources { service_accounts: Some(accounts), patience, ..Sources::default() }));
    let asked = tokio::spawn({
        let desk = Arc::clone(&desk);
        async move { after(&desk, &pod()).await }
    });
    tokio::time::sleep(patience / 2).await;
    publish.send_replace(HashMap::from([("shop/api".to_owned(), with_role())]));
    assert_eq!(asked.await.unwrap()["spec"]["volumes"][0]["name"], "aws-iam-token");

    let mut other = pod();
    other["spec"]["serviceAccountName"] = json!("nobody");
    let began = tokio::time::Instant::now();
    assert_eq!(after(&desk, &other).await, other, "in the end the pod is let through");
    assert_eq!(began.elapsed(), patience);
}
