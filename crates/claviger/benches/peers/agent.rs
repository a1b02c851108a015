//! The Pod Identity agent: ours, two servers that answer the same to everybody and, when its path is given,
//! eks-pod-identity-agent, before a stub of EKS Auth that counts.

mod calls;
mod eks_auth;
mod subject;
mod tokens;

use std::{path::Path, time::Duration};

use self::{
    calls::{Bursts, Kept, Share},
    eks_auth::{Answers, EksAuth},
    subject::{Limit, Starter, Subject, Who},
    tokens::Issuer,
};
use crate::{
    asking::CONNECTIONS,
    load::{Outcome, Pace},
    nginx,
    proc::Memory,
    report::{heading, reached, row},
    server::Server,
};

/// As many credentials as are kept, by default of both.
const KEPT: usize = 2000;
/// Tokens that are used in turns.
const SOME: usize = 500;
/// How often many ask with a new token.
const BURSTS: usize = 5;
/// How late an answer of EKS Auth's is.
const SLOW: Duration = Duration::from_millis(50);

pub(crate) async fn run(peer: Option<&Path>, pace: Pace) {
    let folder = tempfile::tempdir().unwrap();
    let eks_auth = EksAuth::start().await;
    let mut issuer = Issuer::new();
    let agents: Vec<Who<'_>> = [Who::Ours].into_iter().chain(peer.map(Who::Peer)).collect();
    let starter = Starter::new(&eks_auth, folder.path(), issuer.token());

    heading("Pod Identity agent");
    for who in &agents {
        let subject = starter.start(*who, Limit::AsShipped).await;
        as_shipped(&subject, &mut issuer, pace).await;
    }

    let floors: &[Who<'_>] = if nginx::is_installed() { &[Who::Floor, Who::Nginx] } else { &[Who::Floor] };
    let mut subjects = Vec::new();
    for who in floors.iter().chain(&agents) {
        subjects.push(starter.start(*who, Limit::Lifted).await);
    }
    if !nginx::is_installed() {
        reached("nginx", "is not installed, so its rows are missing", None);
    }
    let mut filled = vec![None; subjects.len()];
    let tokens = issuer.tokens(KEPT);
    for (subject, filled) in subjects.iter().zip(&mut filled).filter(|(subject, _)| subject.who.is_agent()) {
        calls::fill(subject, &tokens).await;
        *filled = Some(subject.server.memory());
    }

    let one = many(&subjects, "one token", &tokens[..1], pace).await;
    let some = many(&subjects, &format!("{SOME} tokens"), &tokens[..SOME], pace).await;
    for ((subject, one), some) in
        subjects.iter().zip(&one).zip(&some).filter(|((subject, ..), _)| subject.who.is_agent())
    {
        let ratio = some.per_second() / one.per_second();
        reached(subject.who.name(), &format!("{SOME} tokens are {ratio:.2}x one"), aim(subject, "1.00x"));
    }
    alone(&subjects, &tokens[..1], pace).await;

    println!("\n{} at once with one new token, EKS Auth {} ms away; {BURSTS} times", calls::AT_ONCE, SLOW.as_millis());
    for (what, answers, wanted) in [
        ("it lends", Answers::Lending(SLOW), "1 call each time, p50 52 ms"),
        ("it refuses", Answers::Refusing(SLOW), "1 call each time, everyone told at once, remembered"),
    ] {
        for subject in subjects.iter().filter(|subject| subject.who.is_agent()) {
            let tokens = issuer.tokens(BURSTS);
            let bursts = calls::bursts(subject, &tokens, &eks_auth, answers).await;
            burst_row(what, subject, &bursts, aim(subject, wanted));
        }
    }
    eks_auth.now(Answers::Lending(Duration::ZERO));

    println!("\n{KEPT} tokens cached, the first {SOME} of them asked for again, then one more token");
    for subject in subjects.iter().filter(|subject| subject.who.is_agent()) {
        let Kept { hot, missed } = calls::one_more(subject, &tokens, &issuer.token(), SOME, &eks_auth).await;
        reached(subject.who.name(), &format!("{missed} of {hot} hot tokens missed"), aim(subject, "0"));
    }
    footprint(&subjects, &filled, &starter).await;
}

/// The aim is ours alone.
fn aim<'a>(subject: &Subject<'_>, aim: &'a str) -> Option<&'a str> {
    (subject.who == Who::Ours).then_some(aim)
}

/// One pod asks as fast as it can, others now and then.
async fn as_shipped(subject: &Subject<'_>, issuer: &mut Issuer, pace: Pace) {
    let Share { greedy, quiet, quiet_granted } = calls::share(subject, issuer, pace).await;
    let (rate, who) = (greedy.per_second(), subject.who.name());
    println!("{:<40}{who:>12}  a pod that does not stop gets {rate:.0} a second", "as shipped");
    let told = format!("quiet pods get {quiet_granted} of {quiet}");
    reached("", &told, aim(subject, "all: a limit per pod"));
}

/// All connections at once.
async fn many(subjects: &[Subject<'_>], what: &str, tokens: &[String], pace: Pace) -> Vec<Outcome> {
    let measure = async |subject: &Subject<'_>, pace| calls::load(subject, tokens, CONNECTIONS, pace).await;
    let outcomes = pace.in_turns(subjects, measure).await;
    let what = format!("{what}, {CONNECTIONS} connections");
    for (subject, outcome) in subjects.iter().zip(&outcomes) {
        row(&what, subject.who.name(), outcome);
    }
    for (who, wanted) in [("floor", None), ("nginx", Some("0.8x")), ("peer", Some("2.5x"))] {
        if let Some(ratio) = ratio(subjects, &outcomes, who, Outcome::per_second) {
            reached("", &format!("ours is {ratio:.2}x {who}"), wanted);
        }
    }
    let cpu = ours(subjects, &outcomes).cpu();
    reached("", &format!("{cpu:.1} us of CPU a request"), Some("15 us"));
    outcomes
}

/// One connection.
async fn alone(subjects: &[Subject<'_>], tokens: &[String], pace: Pace) {
    let measure = async |subject: &Subject<'_>, pace| calls::load(subject, tokens, 1, pace).await;
    let outcomes = pace.in_turns(subjects, measure).await;
    for (subject, outcome) in subjects.iter().zip(&outcomes) {
        row("one token, 1 connection", subject.who.name(), outcome);
    }
    for who in ["floor", "nginx", "peer"] {
        if let Some(ratio) = ratio(subjects, &outcomes, who, Outcome::p50) {
            reached("", &format!("p50: ours is {ratio:.2}x {who}"), None);
        }
    }
    let ours = ours(subjects, &outcomes);
    reached("", &format!("p50 {:.0} us, p99 {:.0} us", ours.p50(), ours.p99()), Some("p50 30 us, p99 80 us"));
}

fn ours<'o>(subjects: &[Subject<'_>], outcomes: &'o [Outcome]) -> &'o Outcome {
    let ours = subjects.iter().position(|subject| subject.who == Who::Ours).unwrap();
    &outcomes[ours]
}

/// What is ours, of what is `who`'s.
fn ratio(subjects: &[Subject<'_>], outcomes: &[Outcome], who: &str, of: impl Fn(&Outcome) -> f64) -> Option<f64> {
    let at = |name: &str| subjects.iter().position(|subject| subject.who.name() == name);
    Some(of(&outcomes[at(Who::Ours.name())?]) / of(&outcomes[at(who)?]))
}

fn burst_row(what: &str, subject: &Subject<'_>, bursts: &Bursts, aim: Option<&str>) {
    let (calls, at_once, p50, slowest) = (bursts.calls, bursts.at_once, bursts.p50(), bursts.slowest());
    let told = format!("{calls} calls, {at_once} at the same time; p50 {p50:.0} ms, the slowest {slowest:.0} ms");
    println!("{what:<40}{:>12}  {told}", subject.who.name());
    reached("", &format!("{} held back; asked once more: {} calls", bursts.held_back, bursts.more), aim);
}

/// Resident memory, and in parentheses what of it is no page of a file.
async fn footprint(subjects: &[Subject<'_>], filled: &[Option<Memory>], starter: &Starter<'_>) {
    println!("\n{:<40}{:>12}{:>11}{:>14}{:>14}{:>14}", "RSS in MiB", "", "start, ms", "idle", "2,000", "after load");
    for (subject, filled) in subjects.iter().zip(filled) {
        let start = Server::starts(async || starter.start(subject.who, Limit::Lifted).await.server).await.answering();
        let filled = filled.map(|memory| memory.to_string()).unwrap_or_default();
        let (name, idle, after) = (subject.who.name(), subject.server.idle, subject.server.memory());
        println!("{:<40}{name:>12}{start:>11.1}{idle:>14}{filled:>14}{after:>14}", "");
    }
    println!("{:<40}{:>12}{:>11}{:>14}{:>14}{:>14}", "", "aim", 11, 6, 10, 14);
}
