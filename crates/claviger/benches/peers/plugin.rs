//! The KMS plugin: ours, the floor and, when its path is given, aws-encryption-provider, over the embedded AWS.

mod calls;
mod subject;

use std::{path::Path, time::Duration};

use test_support::{Counts, EmbeddedAws, Network};

use self::{
    calls::KmsAlone,
    subject::{Subject, Who},
};
use crate::{
    CLAVIGER,
    load::{Outcome, Pace},
    proc,
    report::{heading, reached, row},
};

const IN_FLIGHT: usize = 32;

/// Identical calls at once.
const BURST: usize = 64;

/// How late the answers of a slow KMS are, before tokio's timer rounds it up by a millisecond: about what AWS's own
/// takes within a region.
const SLOW: Duration = Duration::from_millis(4);

pub(crate) async fn run(peer: Option<&Path>, pace: Pace) {
    let folder = tempfile::tempdir().unwrap();
    let aws = EmbeddedAws::start(Path::new(CLAVIGER), folder.path()).await;
    let key = aws.create_key().await;
    // It stands between plugin and KMS at all times: what it costs is in `KMS alone` too.
    let network = Network::plain(aws.address()).await;
    let plugins: Vec<Who<'_>> = [Who::Ours].into_iter().chain(peer.map(Who::Peer)).collect();

    let mut subjects = Vec::new();
    for who in [Who::Floor].iter().chain(&plugins) {
        subjects.push(Subject::start(*who, &key, &network, folder.path()).await);
    }

    heading("KMS plugin");
    status(&subjects, pace).await;
    for (label, delay) in [("KMS as it is", Duration::ZERO), ("KMS 5 ms", SLOW)] {
        network.set_delay(delay);
        let alone = calls::kms_alone(&aws, &key, &network, pace).await;
        decrypt(&subjects, label, delay, &alone, &network, pace).await;
        encrypt(&subjects, label, delay, &alone, pace).await;
    }
    network.set_delay(Duration::ZERO);
    in_flight(&subjects, "", &network, "2.5x", pace).await;
    {
        let tls = Network::tls(aws.address(), folder.path()).await;
        let mut subjects = Vec::new();
        for who in &plugins {
            subjects.push(Subject::start(*who, &key, &tls, &folder.path().join("tls")).await);
        }
        in_flight(&subjects, ", TLS to KMS", &tls, "8x", pace).await;
    }

    println!("\n{BURST} at once, KMS 5 ms: calls to KMS");
    network.set_delay(SLOW);
    for subject in subjects.iter().filter(|subject| subject.who != Who::Floor) {
        let counts = calls::identical_decrypts(subject, BURST, &network).await;
        upstream("identical Decrypts", subject, counts);
        reached("", "all were well", aim(subject, "1 Decrypt"));
    }
    for who in plugins {
        first_statuses(who, &key, &network, &folder.path().join("first")).await;
    }
    footprint(&subjects);
}

/// The aim is ours alone.
fn aim<'a>(subject: &Subject<'_>, aim: &'a str) -> Option<&'a str> {
    (subject.who == Who::Ours).then_some(aim)
}

async fn status(subjects: &[Subject<'_>], pace: Pace) {
    let mut floor = 0.0;
    for subject in subjects {
        let outcome = calls::status(subject, pace).await;
        row("Status", subject.who.name(), &outcome);
        match subject.who {
            Who::Floor => floor = outcome.p50(),
            _ => reached("", &format!("{:.2}x the floor", outcome.p50() / floor), aim(subject, "1x")),
        }
    }
}

async fn decrypt(
    subjects: &[Subject<'_>],
    label: &str,
    delay: Duration,
    alone: &KmsAlone,
    network: &Network,
    pace: Pace,
) {
    let what = format!("Decrypt, {label}");
    row(&what, "KMS alone", &alone.decrypt);
    let mut over = Overhead::new(alone.decrypt.p50(), alone.decrypt.p50(), "floor and KMS");
    for subject in subjects {
        let (outcome, _) = calls::decrypt(subject, 1, network, pace).await;
        row(&what, subject.who.name(), &outcome);
        over.take(subject, &outcome, Some(if delay.is_zero() { "a third of the peer's" } else { "150 us" }));
    }
    over.compare();
}

/// Ours proves each Encrypt by a Decrypt, so it makes two calls where the peer makes one.
async fn encrypt(subjects: &[Subject<'_>], label: &str, delay: Duration, alone: &KmsAlone, pace: Pace) {
    let what = format!("Encrypt, {label}");
    row(&what, "KMS alone", &alone.encrypt);
    let once = alone.encrypt.p50();
    let mut over = Overhead::new(once + alone.decrypt.p50(), once, "floor and KMS (ours: twice)");
    for subject in subjects {
        let outcome = calls::encrypt(subject, pace).await;
        row(&what, subject.who.name(), &outcome);
        over.take(subject, &outcome, (!delay.is_zero()).then_some("150 us"));
    }
    over.compare();
}

/// What a plugin adds to what the transport and the key service take anyway. In microseconds.
struct Overhead {
    kms_of_ours: f64,
    kms_of_peer: f64,
    over: &'static str,
    floor: f64,
    ours: f64,
    peer: Option<f64>,
}

impl Overhead {
    fn new(kms_of_ours: f64, kms_of_peer: f64, over: &'static str) -> Self {
        Self { kms_of_ours, kms_of_peer, over, floor: 0.0, ours: 0.0, peer: None }
    }

    fn take(&mut self, subject: &Subject<'_>, outcome: &Outcome, wanted: Option<&str>) {
        let over = match subject.who {
            Who::Floor => {
                self.floor = outcome.p50();
                return;
            }
            Who::Ours => {
                self.ours = outcome.p50() - self.floor - self.kms_of_ours;
                self.ours
            }
            Who::Peer(_) => {
                let over = outcome.p50() - self.floor - self.kms_of_peer;
                self.peer = Some(over);
                over
            }
        };
        reached("", &format!("{over:.0} us over {}", self.over), wanted.and_then(|wanted| aim(subject, wanted)));
    }

    fn compare(&self) {
        if let Some(peer) = self.peer {
            reached("", &format!("ours is {:.2} of the peer's", self.ours / peer), None);
        }
    }
}

async fn in_flight(subjects: &[Subject<'_>], tls: &str, network: &Network, faster: &str, pace: Pace) {
    let mut rates = (0.0, None);
    for subject in subjects {
        let (outcome, counts) = calls::decrypt(subject, IN_FLIGHT, network, pace).await;
        row(&format!("Decrypt, {IN_FLIGHT} distinct in flight{tls}"), subject.who.name(), &outcome);
        match subject.who {
            Who::Floor => continue,
            Who::Ours => rates.0 = outcome.per_second(),
            Who::Peer(_) => rates.1 = Some(outcome.per_second()),
        }
        reached("", &format!("{:.0} us of CPU a call", outcome.cpu()), aim(subject, "80 us without TLS"));
        reached("", &connections(counts), aim(subject, "none"));
    }
    if let (ours, Some(peer)) = rates {
        reached("", &format!("ours is {:.1}x the peer", ours / peer), Some(faster));
    }
}

fn connections(counts: Counts) -> String {
    let share = counts.connections as f64 * 100.0 / counts.calls() as f64;
    format!("{} new connections for {} calls to KMS: {share:.1} %", counts.connections, counts.calls())
}

/// A plugin that has just started is asked by many at once: an Encrypt and a Decrypt tell them all.
async fn first_statuses(who: Who<'_>, key: &str, network: &Network, folder: &Path) {
    let before = network.counts();
    let subject = Subject::listening(who, key, network, folder).await;
    let well = calls::statuses(&subject, BURST).await;
    upstream("first calls of Status", &subject, network.counts() - before);
    reached("", &format!("{well} of {BURST} were well"), aim(&subject, "1 Encrypt, 1 Decrypt"));
}

fn upstream(what: &str, subject: &Subject<'_>, Counts { encrypts, decrypts, .. }: Counts) {
    println!("{what:<40}{:>12}  {encrypts} Encrypts, {decrypts} Decrypts", subject.who.name());
}

fn footprint(subjects: &[Subject<'_>]) {
    println!("\n{:<40}{:>12}{:>12}{:>16}{:>12}", "", "", "start, ms", "RSS idle, MiB", "after, MiB");
    for subject in subjects {
        let (name, start, idle) = (subject.who.name(), subject.start.as_secs_f64() * 1e3, subject.idle);
        println!("{:<40}{name:>12}{start:>12.1}{idle:>16.1}{:>12.1}", "", proc::rss(subject.pid()));
    }
    println!("{:<40}{:>12}{:>12}{:>16}{:>12}", "", "aim", 15, 12, 18);
}
