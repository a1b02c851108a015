//! The calls that are made.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{net::TcpSocket, task::JoinSet, time::interval};

use super::{
    eks_auth::{Answers, EksAuth},
    subject::{CREDENTIALS, Subject, request},
    tokens::Issuer,
};
use crate::{
    asking::{Answered, Asking, CONNECTIONS},
    connection::Connection,
    load::{Outcome, Pace},
};

/// Requests with one new token.
pub(super) const AT_ONCE: usize = 200;
/// Pods that ask now and then beside a greedy one.
const QUIET_PODS: u8 = 10;
const QUIETLY: Duration = Duration::from_millis(100);

/// What a greedy pod and quiet ones are given.
pub(super) struct Share {
    pub(super) greedy: PerSecond,
    pub(super) quiet: usize,
    pub(super) quiet_granted: usize,
}

/// Requests that were granted.
pub(super) struct PerSecond(f64);

impl PerSecond {
    pub(super) fn per_second(&self) -> f64 {
        self.0
    }
}

/// What bursts cost, and how long who asked waited.
#[derive(Default)]
pub(super) struct Bursts {
    pub(super) calls: usize,
    pub(super) at_once: usize,
    /// Calls for the same tokens right afterwards.
    pub(super) more: usize,
    /// For those no time is told.
    pub(super) held_back: usize,
    /// In order.
    waited: Vec<Duration>,
}

impl Bursts {
    /// In milliseconds.
    pub(super) fn p50(&self) -> f64 {
        self.waited.get(self.waited.len() / 2).map_or(f64::NAN, |waited| waited.as_secs_f64() * 1e3)
    }

    /// In milliseconds.
    pub(super) fn slowest(&self) -> f64 {
        self.waited.last().map_or(f64::NAN, |waited| waited.as_secs_f64() * 1e3)
    }
}

/// Of tokens in use, how many had to be asked about again.
pub(super) struct Kept {
    pub(super) hot: usize,
    pub(super) missed: usize,
}

/// Asks with these tokens, one after the other, over so many connections.
pub(super) async fn load(subject: &Subject<'_>, tokens: &[String], connections: usize, pace: Pace) -> Outcome {
    let (requests, answered) = (requests(tokens), Arc::new(Answered::default()));
    let mut callers = Vec::new();
    for number in 0..connections {
        let connection = Connection::open(subject.server.address, Arc::clone(&requests[0])).await.unwrap();
        callers.push(Asking::new(connection, number, &requests, CREDENTIALS, &answered));
    }
    let outcome = pace.closed_loop(subject.server.pid(), callers, Asking::call).await;
    if answered.held_back() > 0 {
        let (held_back, all) = (answered.held_back(), answered.all());
        println!("{:>52}  {held_back} of {all} were held back: no figure of an answer", subject.who.name());
    }
    outcome
}

/// Every pod calls from an address of its own. One asks without a pause over all connections.
pub(super) async fn share(subject: &Subject<'_>, issuer: &mut Issuer, pace: Pace) -> Share {
    let pod = |number: u8| IpAddr::from(Ipv4Addr::new(127, 0, 1, number));
    let requests = requests(&issuer.tokens(1));
    let greedy = Arc::new(Answered::default());
    let mut callers = Vec::new();
    for number in 0..CONNECTIONS {
        let connection = connect_from(pod(1), subject, &requests[0]).await;
        callers.push(Asking::new(connection, number, &requests, CREDENTIALS, &greedy));
    }
    let mut quiet = JoinSet::new();
    // The first one is what the greedy pod has used up at first.
    let callers = pace.warm_up(callers, Asking::call).await;
    for (number, token) in (2..).zip(issuer.tokens(QUIET_PODS.into())) {
        let request: Arc<[u8]> = request(&token).into();
        let mut connection = connect_from(pod(number), subject, &request).await;
        let rounds = (pace.measured().as_secs_f64() / QUIETLY.as_secs_f64()) as usize;
        quiet.spawn(async move {
            let (mut due, mut granted) = (interval(QUIETLY), 0);
            for _ in 0..rounds {
                due.tick().await;
                granted += usize::from(connection.call().await.unwrap().status() == 200);
            }
            (rounds, granted)
        });
    }
    let before = greedy.granted();
    pace.measure(subject.server.pid(), callers, Asking::call).await;
    let greedy = PerSecond((greedy.granted() - before) as f64 / pace.measured().as_secs_f64());
    let quiet = quiet.join_all().await;
    let (quiet, quiet_granted) = quiet.into_iter().fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
    Share { greedy, quiet, quiet_granted }
}

/// Has credentials of every token kept.
pub(super) async fn fill(subject: &Subject<'_>, tokens: &[String]) {
    let mut connection = Connection::open(subject.server.address, Vec::new()).await.unwrap();
    for token in tokens {
        connection = ask(connection, token).await;
    }
}

/// Many ask at the same time with a token that is new; and again with the next token.
pub(super) async fn bursts(subject: &Subject<'_>, tokens: &[String], eks_auth: &EksAuth, answers: Answers) -> Bursts {
    let mut bursts = Bursts::default();
    for token in tokens {
        burst(subject, token, eks_auth, answers, &mut bursts).await;
    }
    bursts.waited.sort_unstable();
    bursts
}

async fn burst(subject: &Subject<'_>, token: &str, eks_auth: &EksAuth, answers: Answers, bursts: &mut Bursts) {
    let request: Arc<[u8]> = request(token).into();
    let mut connections = Vec::new();
    for _ in 0..AT_ONCE {
        connections.push(Connection::open(subject.server.address, Arc::clone(&request)).await.unwrap());
    }
    // The peer holds back what comes right after a load.
    tokio::time::sleep(Duration::from_secs(1)).await;
    eks_auth.now(answers);
    let asked = connections.into_iter().map(|mut connection| async move {
        let started = Instant::now();
        let status = connection.call().await.unwrap().status();
        let wanted = if matches!(answers, Answers::Lending(_)) { 200 } else { 404 };
        assert!([wanted, 429].contains(&status), "{status}");
        (status == wanted).then(|| started.elapsed())
    });
    let answered = asked.collect::<JoinSet<_>>().join_all().await;
    bursts.held_back += answered.iter().filter(|waited| waited.is_none()).count();
    bursts.waited.extend(answered.into_iter().flatten());
    let calls = eks_auth.calls();
    let mut connection = Connection::open(subject.server.address, request).await.unwrap();
    connection.call().await.unwrap();
    bursts.calls += calls.all;
    bursts.at_once = bursts.at_once.max(calls.at_once);
    bursts.more += eks_auth.calls().all - calls.all;
}

/// All of `tokens` are kept; the first ones are asked for, then one more, then the first ones again.
pub(super) async fn one_more(
    subject: &Subject<'_>,
    tokens: &[String],
    another: &str,
    hot: usize,
    eks_auth: &EksAuth,
) -> Kept {
    fill(subject, tokens).await;
    fill(subject, &tokens[..hot]).await;
    fill(subject, &[another.to_owned()]).await;
    eks_auth.now(Answers::Lending(Duration::ZERO));
    fill(subject, &tokens[..hot]).await;
    Kept { hot, missed: eks_auth.calls().all }
}

/// Asks until it is granted.
async fn ask(connection: Connection, token: &str) -> Connection {
    let mut connection = connection.asking(request(token));
    while connection.call().await.unwrap().status() == 429 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    connection
}

async fn connect_from(pod: IpAddr, subject: &Subject<'_>, request: &Arc<[u8]>) -> Connection {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((pod, 0).into()).unwrap();
    let stream = socket.connect(subject.server.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    Connection::over(subject.server.address, stream, Arc::clone(request))
}

fn requests(tokens: &[String]) -> Arc<[Arc<[u8]>]> {
    tokens.iter().map(|token| request(token).into()).collect()
}
