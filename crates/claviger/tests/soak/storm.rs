//! The course of a run.

use std::{sync::Arc, time::Duration};

use aws_sdk_kms::config::Credentials;
use aws_smithy_http_client::Builder;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    client::Client,
    memory::{self, Memory},
    random::Random,
    run::{Run, Stage},
    say,
    server::{self, Server, Setting},
    traffic::{Counts, Sdk, Tally, Wire},
    trail,
};

const CLIENTS: u64 = 8;
/// More than keys wait to be deleted.
const DAYS: u64 = 8;
/// How many times longer than asked for it may take until memory stays what it is.
const MOST_LONGER: u32 = 4;
/// Of clients' choices there are as many parties as clients; this one chooses when what happens to all.
const DRIVER: u64 = CLIENTS;

/// Faults whose answers are server errors, and what else comes with them. A share is of each service's calls.
const WITH_SERVER_ERRORS: [&str; 6] = [
    "* name=slow latency=1ms..20ms share=0.05",
    "* name=throttled throttle=0/s share=0.02",
    "* name=failing error=InternalFailure share=0.02",
    "* name=unavailable error=ServiceUnavailable share=0.01",
    "* name=lost-as-error lost=error share=0.02",
    "* name=lost lost=closed share=0.02",
];
/// Those without: whatever server error comes now is one that nobody asked for.
const WITHOUT_SERVER_ERRORS: [&str; 4] = [
    "* name=slow latency=1ms..20ms share=0.05",
    "* name=throttled throttle=0/s share=0.02",
    "* name=lost lost=closed share=0.05",
    "* name=gone gone=closed share=0.02",
];
const SERVER_ERRORS: [&str; 3] = ["failing", "unavailable", "lost-as-error"];

/// Who kills, starts, fails and counts.
struct Driver {
    setting: Setting,
    run: Arc<Run>,
    stage: watch::Sender<Stage>,
    all: Arc<Counts>,
    /// One of the clients' credentials.
    somebody: Sdk,
    random: Random,
    /// The server errors that were asked for.
    injected: u64,
    began: Instant,
}

/// Runs for about so long, half of it with kills.
pub(crate) async fn soak(lasts: Duration, seed: u64) {
    say(&format!("soak of {} s: CLAVIGER_SOAK_SEED={seed}", lasts.as_secs()));
    let folder = tempfile::tempdir().unwrap();
    let accounts: Vec<String> = (1..=CLIENTS).map(|number| format!("{:012}", 111_122_220_000 + number)).collect();
    let credentials = accounts.iter().enumerate().map(|(at, account)| format!("SOAK{at}:secret-{at}:{account}"));
    let (address, credentials) = (server::address(), credentials.collect());
    let setting = Setting { folder: folder.path().to_owned(), address, credentials };
    let (run, stage, all) = (Arc::new(Run::new()), watch::Sender::new(Stage::default()), Arc::new(Counts::default()));

    let (endpoint, http) = (format!("http://{address}"), Builder::new().build_http());
    let wire = || Wire { endpoint: endpoint.clone(), http: http.clone(), own: Arc::default(), all: Arc::clone(&all) };
    let credential = |at| Credentials::new(format!("SOAK{at}"), format!("secret-{at}"), None, None, "soak");
    let mut driver = Driver {
        setting,
        run: Arc::clone(&run),
        stage: stage.clone(),
        all: Arc::clone(&all),
        somebody: wire().sdk(&credential(0)),
        random: Random::new(seed, DRIVER),
        injected: 0,
        began: Instant::now(),
    };
    // Nobody acts before there is somebody to ask.
    let server = driver.start(true).await;

    let mut clients = JoinSet::new();
    for (at, account) in accounts.into_iter().enumerate() {
        let client = Client::new(account, &credential(at), wire(), Random::new(seed, at as u64));
        clients.spawn(client.work(Arc::clone(&run), stage.subscribe()));
    }
    let mut driven = std::pin::pin!(driver.drive(server, lasts));
    loop {
        tokio::select! {
            () = &mut driven => return,
            ended = clients.join_next(), if !clients.is_empty() => {
                if let Some(Err(panicked)) = ended {
                    std::panic::resume_unwind(panicked.into_panic())
                }
            }
        }
    }
}

impl Driver {
    async fn drive(mut self, mut server: Server, lasts: Duration) {
        let mut kills = 0;
        loop {
            // The last process is the one whose trail is counted.
            let is_last = self.began.elapsed() >= lasts / 2;
            server = self.storm(server, is_last).await;
            kills += 1;
            if is_last {
                break;
            }
        }
        let memory = self.calm(server, lasts).await;
        let Tally { sent, server_errors, unanswered } = self.all.tally();
        say(&format!(
            "{kills} kills and stops, {sent} attempts, {server_errors} server errors as asked for, \
             {unanswered} without an answer, {memory}"
        ));
    }

    /// Starts it; each client then compares its ledger before it goes on.
    async fn start(&mut self, has_trail: bool) -> Server {
        let days = self.stage.borrow().days;
        let seed = self.random.below(u64::MAX);
        let server = self.setting.start(days, seed, &WITH_SERVER_ERRORS, has_trail).await;
        let (starts, sent) = (self.stage.borrow().starts + 1, self.all.tally().sent);
        say(&format!("{:5.1} s: start {starts}, {sent} attempts", self.began.elapsed().as_secs_f64()));
        self.stage.send_modify(|stage| stage.starts += 1);
        server
    }

    /// Waits until all have.
    async fn compared(&self) {
        self.run.until_compared(CLIENTS * self.stage.borrow().starts).await;
    }

    /// Lets the clients work, then ends the process under them and starts another.
    async fn storm(&mut self, server: Server, has_trail: bool) -> Server {
        self.compared().await;
        sleep(Duration::from_millis(self.random.between(500, 2500))).await;
        self.pause(&server).await;
        sleep(Duration::from_millis(self.random.below(400))).await;
        let has_trail = has_trail || self.random.one_in(2);
        self.again(server, has_trail).await
    }

    /// Ends it, mostly by a kill, and starts it again.
    async fn again(&mut self, server: Server, has_trail: bool) -> Server {
        self.stage.send_modify(|stage| stage.ends += 1);
        match self.random.one_in(4) {
            true => server.stop().await,
            false => server.kill().await,
        }
        assert_eq!(self.all.tally().server_errors, self.injected, "server errors that nobody asked for");
        self.start(has_trail).await
    }

    /// While all clients stand, counts what came of the faults, lets keys be deleted that wait for it, and leaves faults
    /// alone that are no server errors.
    async fn pause(&mut self, server: &Server) {
        let run = Arc::clone(&self.run);
        let stands = run.stands().await;
        self.count(server).await;
        self.pass(server).await;
        server.put_faults(self.random.below(u64::MAX), &WITHOUT_SERVER_ERRORS).await;
        drop(stands);
    }

    /// The server errors that came are those that were asked for.
    async fn count(&mut self, server: &Server) {
        let faults = server.faults().await;
        let fired = |names: &[&str]| -> u64 {
            faults.iter().filter(|fault| names.contains(&&*fault.name)).map(|fault| fault.fired).sum()
        };
        self.injected += fired(&SERVER_ERRORS);
        assert_eq!(self.all.tally().server_errors, self.injected, "server errors that nobody asked for: {faults:?}");
    }

    /// Lets time pass. Gives the time it is then.
    async fn pass(&self, server: &Server) -> String {
        let now = server.advance(DAYS).await;
        self.stage.send_modify(|stage| stage.days += DAYS);
        now
    }

    /// Lets the clients work until the end and watches memory; then ends the process in good order, counts what it answered
    /// and what its trail holds, and lets every client compare its ledger for the last time. Tells of memory.
    async fn calm(&mut self, server: Server, lasts: Duration) -> String {
        self.compared().await;
        let run = Arc::clone(&self.run);
        let mut stands = run.stands().await;
        self.count(&server).await;
        // From here on nothing is sent that the process, its faults and its trail do not count.
        server.put_faults(self.random.below(u64::MAX), &WITH_SERVER_ERRORS).await;
        let (begun, since) = (self.all.tally(), self.pass(&server).await);
        memory::fill_trail(&self.somebody).await;
        let (began, mut memory) = (Instant::now(), Memory::default());
        let is_over = |memory: &Memory, elapsed| {
            memory.is_enough() && elapsed >= lasts && (memory.is_flat() || elapsed >= MOST_LONGER * lasts)
        };
        while !is_over(&memory, self.began.elapsed()) {
            drop(stands);
            memory.watch(&server).await;
            stands = run.stands().await;
            self.pass(&server).await;
        }
        let lasted = began.elapsed();
        self.count(&server).await;
        let sent = self.all.tally().since(begun);
        let faults = server.faults().await;
        let lost = faults.iter().find(|fault| fault.name == "lost").unwrap();
        assert_eq!(sent.unanswered, lost.fired, "calls without an answer that nobody asked for: {faults:?}");
        server.stop().await;
        trail::holds(&self.setting.trail(), &since, sent.sent, lasted);

        let server = self.start(false).await;
        self.stage.send_modify(|stage| stage.is_over = true);
        drop(stands);
        self.compared().await;
        server.stop().await;
        memory.verdict()
    }
}
