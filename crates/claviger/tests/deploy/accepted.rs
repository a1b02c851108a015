//! Real apiservers take what is rendered.

use std::collections::BTreeSet;

use test_support::{NEWEST_KUBERNETES, OLDEST_KUBERNETES};

use crate::{deployed, helm::render, plane::Plane, sets::sets};

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_apiserver_takes_every_set_of_values() {
    is_taken_by(NEWEST_KUBERNETES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_apiserver_takes_every_set_of_values() {
    is_taken_by(OLDEST_KUBERNETES).await;
}

async fn is_taken_by(version: &str) {
    let plane = Plane::start(version).await;
    plane.apply(&deployed("crds"));
    plane.serves("claviger.dev/v1alpha1/podidentityassociations").await;
    for (name, values) in sets() {
        let rendered = render(&values).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let mut seen = BTreeSet::new();
        for document in &rendered {
            let namespace = document.object["metadata"]["namespace"].as_str();
            assert!(seen.insert((document.kind(), namespace, document.name())), "{name}: {} twice", document.name());
        }
        plane.apply_all(&rendered);
    }
    plane.running.stop().await;
}
