//! What changes while the broker runs: keys, associations, the certificate.

use http::StatusCode;

use crate::{
    issuer::{SigningKey, jwks},
    rig::{ASSOCIATIONS, Rig, pod_claims},
};

#[tokio::test]
async fn a_new_signing_key_is_found_and_the_former_goes() {
    let rig = Rig::start().await;
    let newer = SigningKey::new("two", "RS256");
    let token = newer.token(&pod_claims("shop", "api", Some("one")));
    assert_eq!(rig.ask(&token).await.error, "InvalidTokenException");
    let keys = rig.folder.path().join("jwks.json");
    std::fs::write(&keys, jwks([&rig.key, &newer]).to_string()).unwrap();
    rig.desk.reload().await;
    assert_eq!(rig.ask(&token).await.status, StatusCode::OK);
    // While keys cannot be had, what is known decides, and of another nobody can say that it is wrong.
    std::fs::write(&keys, "<html>").unwrap();
    rig.desk.reload().await;
    assert_eq!(rig.ask(&token).await.status, StatusCode::OK);
    let newest = SigningKey::new("three", "ES256").token(&pod_claims("shop", "api", Some("one")));
    let unknown = rig.ask(&newest).await;
    assert_eq!((unknown.status.as_u16(), &*unknown.error), (503, "ServiceUnavailableException"));
    std::fs::write(&keys, jwks([&newer]).to_string()).unwrap();
    rig.desk.reload().await;
    assert_eq!(rig.ask(&token).await.error, "UnrecognizedClientException", "the agent's key is gone");
}

#[tokio::test]
async fn a_deleted_association_gives_nothing_and_a_broken_file_leaves_the_former_in_force() {
    let rig = Rig::start().await;
    let pod = rig.pod("api");
    assert_eq!(rig.ask(&pod).await.status, StatusCode::OK);
    rig.associate("apiVersion: claviger.dev/v1alpha1\nkind: PodIdentityAssociation\nspec: { namespace: shop }\n");
    assert_eq!(rig.ask(&pod).await.status, StatusCode::OK);
    assert!(rig.scrape().contains("claviger_broker_associations_read_total{outcome=\"failed\"} 1"));
    rig.associate("");
    let gone = rig.ask(&pod).await;
    assert_eq!((gone.status.as_u16(), &*gone.error), (404, "ResourceNotFoundException"));
    let message = "No Pod Identity association found for service account api in namespace shop.";
    assert_eq!(gone.body["message"], message);
    assert!(rig.scrape().contains("claviger_broker_associations{cluster=\"demo\"} 0"));
    rig.associate(ASSOCIATIONS);
    assert_eq!(rig.ask(&pod).await.status, StatusCode::OK);
}

/// An agent tells by it whether the replica that gave them knew what another has told.
#[tokio::test]
async fn credentials_come_with_the_state_of_the_associations_that_changes_tell() {
    let rig = Rig::start().await;
    let told = async || {
        let agent = format!("Bearer {}", rig.agent("one"));
        let told = rig.send(http::Method::GET, "/clusters/demo/changes", &agent, String::new()).await;
        told.body["revision"].as_str().unwrap().to_owned()
    };
    let first = told().await;
    assert_eq!(rig.ask(&rig.pod("api")).await.revision, first);
    rig.associate(&ASSOCIATIONS.replace("role/api", "role/other"));
    let second = rig.ask(&rig.pod("api")).await.revision;
    assert_ne!(second, first);
    assert_eq!(told().await, second);
}
