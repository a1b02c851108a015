//! The KMS plugin: ours, the floor and, when its path is given, aws-encryption-provider, over the embedded AWS.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use aws_sdk_kms::primitives::Blob;
use control_plane::Process;
use kms_plugin::proto::v2::{DecryptRequest, EncryptRequest, StatusRequest};
use test_support::{EmbeddedAws, Fault, FaultProxy, KmsClient, connect};
use tokio::net::UnixStream;

use super::{
    CLAVIGER,
    load::{Outcome, closed_loop},
    proc,
};

const FLOOR: &str = "floor";
const IN_FLIGHT: usize = 32;

/// Each way through the proxy: a call is this late twice.
const DELAY: Duration = Duration::from_millis(2);

/// One server under measurement.
struct Subject {
    name: &'static str,
    process: Process,
    socket: PathBuf,
    start: Duration,
    idle: f64,
}

pub(crate) async fn run(peer: Option<&Path>) {
    let folder = tempfile::tempdir().unwrap();
    let aws = EmbeddedAws::start(Path::new(CLAVIGER), folder.path()).await;
    let network = FaultProxy::start(aws.address()).await;
    let key = aws.create_key().await;
    let own = std::env::current_exe().unwrap();

    let mut subjects = Vec::new();
    for (name, program) in [(FLOOR, Some(own.as_path())), ("claviger", Some(Path::new(CLAVIGER))), ("peer", peer)] {
        let Some(program) = program else { continue };
        let socket = folder.path().join(format!("{name}.sock"));
        let command = command(name, program, &socket, &key, network.address());
        subjects.push(start(name, command, socket, folder.path()).await);
    }

    println!("\nKMS plugin (microseconds; cpu is the server's, a call)");
    println!("{:<36}{:>10}{:>10}{:>10}{:>12}{:>10}", "", "", "p50", "p99", "calls/s", "cpu");
    for subject in &subjects {
        row("Status", subject.name, &status(subject).await);
    }
    // The network stands between plugin and KMS at all times: what it costs is in `KMS alone` too.
    for (label, fault) in [("KMS as it is", Fault::None), ("KMS slow", Fault::Slow(DELAY))] {
        network.set(fault);
        let alone = kms_alone(&aws, &key, network.address()).await;
        row(&format!("Decrypt, {label}"), "KMS alone", &alone);
        let mut floor = 0.0;
        for subject in &subjects {
            let outcome = decrypt(subject, 1).await;
            row(&format!("Decrypt, {label}"), subject.name, &outcome);
            if subject.name == FLOOR {
                floor = outcome.p50();
            } else {
                println!("{:>46}{:>10.0} over floor and KMS", "", outcome.p50() - floor - alone.p50());
            }
        }
        for subject in &subjects {
            row(&format!("Encrypt, {label}"), subject.name, &encrypt(subject).await);
        }
    }
    network.set(Fault::None);
    for subject in &subjects {
        row(&format!("Decrypt, {IN_FLIGHT} in flight, distinct"), subject.name, &decrypt(subject, IN_FLIGHT).await);
    }

    println!("\n{:<36}{:>14}{:>14}{:>14}", "", "start, ms", "RSS idle, MiB", "after, MiB");
    for Subject { name, process, start, idle, .. } in &subjects {
        println!("{name:<36}{:>14.1}{idle:>14.1}{:>14.1}", start.as_secs_f64() * 1e3, proc::rss(process.pid()));
    }
}

fn row(what: &str, who: &str, outcome: &Outcome) {
    let (p50, p99, rate, cpu) = (outcome.p50(), outcome.p99(), outcome.per_second(), outcome.cpu());
    println!("{what:<36}{who:>10}{p50:>10.0}{p99:>10.0}{rate:>12.0}{cpu:>10.0}");
}

fn command(name: &str, program: &Path, socket: &Path, key: &str, kms: SocketAddr) -> Command {
    let mut command = Command::new(program);
    if name == FLOOR {
        command.arg("--serve-floor").arg(socket);
        return command;
    }
    if name == "claviger" {
        command.args(["kms-plugin", "--health-listen=127.0.0.1:0"]);
    } else {
        command.arg("--health-port=127.0.0.1:0");
    }
    // The peer's own flags: ours takes them too.
    command.arg(format!("--listen={}", socket.display())).arg(format!("--key={key}"));
    command.arg(format!("--kms-endpoint=http://{kms}")).arg(format!("--region={}", test_support::REGION));
    command.envs(EmbeddedAws::environment(kms));
    command
}

/// Starts it and waits for the first Status that is well.
async fn start(name: &'static str, command: Command, socket: PathBuf, folder: &Path) -> Subject {
    let started = Instant::now();
    let process = Process::spawn(command, &folder.join(format!("{name}.log"))).unwrap();
    loop {
        if UnixStream::connect(&socket).await.is_ok() && connect(&socket).status(StatusRequest {}).await.is_ok() {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{name} does not start: {}", process.log_tail());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let start = started.elapsed();
    let idle = proc::rss(process.pid());
    Subject { name, process, socket, start, idle }
}

async fn status(subject: &Subject) -> Outcome {
    let callers = vec![connect(&subject.socket)];
    closed_loop(subject.process.pid(), callers, |mut client: KmsClient| async move {
        client.status(StatusRequest {}).await.unwrap();
        client
    })
    .await
}

async fn encrypt(subject: &Subject) -> Outcome {
    let callers = vec![connect(&subject.socket)];
    closed_loop(subject.process.pid(), callers, |mut client: KmsClient| async move {
        client.encrypt(EncryptRequest { plaintext: vec![7; 32], uid: "bench".to_owned() }).await.unwrap();
        client
    })
    .await
}

/// Each caller opens a ciphertext of its own: identical Decrypts would be made one. All share a connection, as an
/// apiserver's do.
async fn decrypt(subject: &Subject, in_flight: usize) -> Outcome {
    let mut client = connect(&subject.socket);
    let mut callers = Vec::new();
    for number in 0..in_flight {
        let plaintext = [number as u8; 32].to_vec();
        let request = EncryptRequest { plaintext, uid: "bench".to_owned() };
        let sealed = client.encrypt(request).await.unwrap().into_inner();
        let request = DecryptRequest {
            ciphertext: sealed.ciphertext,
            uid: "bench".to_owned(),
            key_id: sealed.key_id,
            annotations: sealed.annotations,
        };
        callers.push((client.clone(), request));
    }
    let call = |(mut client, request): (KmsClient, DecryptRequest)| async move {
        client.decrypt(request.clone()).await.unwrap();
        (client, request)
    };
    closed_loop(subject.process.pid(), callers, call).await
}

/// The official SDK through the same network.
async fn kms_alone(aws: &EmbeddedAws, key: &str, network: SocketAddr) -> Outcome {
    let sealed = Blob::new(aws.encrypt(key, &[7; 32]).await);
    let config = aws.kms().config().to_builder().endpoint_url(format!("http://{network}")).build();
    let callers = vec![(aws_sdk_kms::Client::from_conf(config), key.to_owned(), sealed)];
    closed_loop(aws.pid(), callers, |(client, key, sealed)| async move {
        client.decrypt().key_id(&key).ciphertext_blob(sealed.clone()).send().await.unwrap();
        (client, key, sealed)
    })
    .await
}
