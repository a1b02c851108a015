//! The clients of five releases of kube-apiserver, unmodified, against a served socket: each with its own `:authority`,
//! its own gRPC library and its own demands on `version`.

use crate::{
    apiserver_client::{Client, RELEASES},
    served::Served,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_release_seals_and_opens_through_v2() {
    let served = Served::start();
    for release in RELEASES {
        let done = Client::of(release).api("v2").calls(40).parallel(4).run(&served.endpoint).await;
        done.assert_flawless(40, release);
        // 1.26 takes nothing but `v2alpha1`, 1.27 and 1.28 nothing but `v2beta1`.
        assert_eq!(done.version, if release == "v0.26" { "v2alpha1" } else { "v2beta1" }, "{release}");
        assert_eq!(done.healthz, "ok", "{release}");
        assert!(!done.status_key_id.is_empty(), "{release}");
        assert_eq!(done.encrypt_key_id, done.status_key_id, "{release}");
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_release_seals_and_opens_through_v1beta1() {
    let served = Served::start();
    for release in RELEASES {
        Client::of(release)
            .api("v1beta1")
            .calls(40)
            .parallel(4)
            .run(&served.endpoint)
            .await
            .assert_flawless(40, release);
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v1beta1_seals_the_four_octets_of_the_health_probe() {
    let served = Served::start();
    let done = Client::of("latest").api("v1beta1").calls(1).size(4).run(&served.endpoint).await;
    done.assert_flawless(1, "latest");
    served.stop().await;
}

/// HPACK state that went wrong would mix up fields sooner or later: literals recur when the dynamic table evicts them.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_calls_on_one_connection_give_back_what_was_sealed() {
    let served = Served::start();
    for release in ["v0.26", "v0.30", "latest"] {
        for api in ["v1beta1", "v2"] {
            let done = Client::of(release).api(api).calls(1500).parallel(8).run(&served.endpoint).await;
            done.assert_flawless(1500, &format!("{release} {api}"));
        }
    }
    served.stop().await;
}
