//! What the engine itself costs, with the local keyring as the key service: no network, no gRPC.
//!
//! `cargo bench -p kms-plugin --bench engine`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up ends")]

use std::sync::Arc;

use aws_model::SecretBytes;
use daemon::unix_socket::Peer;
use divan::Bencher;
use key_service::keyring::{self, Keyring};
use kms_plugin::{
    audit::AuditLog,
    caller::{Api, CallerInfo},
    engine::{DecryptRequest, Engine, EngineSettings, Gate},
    metrics::Metrics,
};
use prometheus_client::registry::Registry;
use tokio::{runtime::Runtime, task::JoinSet};

fn main() {
    divan::main();
}

struct Rig {
    runtime: Runtime,
    engine: Arc<Engine>,
    caller: CallerInfo,
    sealed: Vec<DecryptRequest>,
    _directory: tempfile::TempDir,
}

impl Rig {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keyring.json");
        keyring::create(&path).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let caller = CallerInfo { uid: "c".repeat(36), api: Api::V2, peer: Peer { pid: Some(1), uid: 0, gid: 0 } };
        let (engine, sealed) = runtime.block_on(async {
            let metrics = Metrics::register(&mut Registry::default());
            let (key, gate) = (Arc::new(Keyring::open(&path).unwrap()), Gate::new(64, None));
            let engine = Engine::start(key, gate, EngineSettings::default(), &metrics, AuditLog::disabled());
            let mut sealed = Vec::new();
            for _ in 0..32 {
                let ciphertext = engine.encrypt(seed(), &caller).await.unwrap().ciphertext;
                sealed.push(DecryptRequest { ciphertext, key_id: Some("k".repeat(120)) });
            }
            (engine, sealed)
        });
        Self { runtime, engine, caller, sealed, _directory: directory }
    }
}

fn seed() -> SecretBytes {
    SecretBytes::new(vec![7; 32])
}

#[divan::bench]
fn status(bencher: Bencher<'_, '_>) {
    let rig = Rig::start();
    bencher.bench(|| rig.runtime.block_on(rig.engine.status(Api::V2)).unwrap());
}

#[divan::bench]
fn encrypt(bencher: Bencher<'_, '_>) {
    let rig = Rig::start();
    bencher.bench(|| rig.runtime.block_on(rig.engine.encrypt(seed(), &rig.caller)).unwrap());
}

#[divan::bench]
fn decrypt(bencher: Bencher<'_, '_>) {
    let rig = Rig::start();
    let request = rig.sealed.first().unwrap();
    bencher.bench(|| rig.runtime.block_on(rig.engine.decrypt(request.clone(), &rig.caller)).unwrap());
}

/// 32 distinct ones in flight; the time is that of all of them.
#[divan::bench]
fn decrypt_32_at_once(bencher: Bencher<'_, '_>) {
    let rig = Rig::start();
    bencher.bench(|| {
        rig.runtime.block_on(async {
            let mut calls = JoinSet::new();
            for request in rig.sealed.iter().cloned() {
                let (engine, caller) = (Arc::clone(&rig.engine), rig.caller.clone());
                calls.spawn(async move { engine.decrypt(request, &caller).await.unwrap() });
            }
            calls.join_all().await
        })
    });
}
