//! A closed loop: so many callers, each with its next call as soon as the last one is answered.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use super::proc;

/// In how many parts a load is divided that is measured in turns.
const TURNS: u32 = 4;

/// What was measured.
pub(crate) struct Outcome {
    latencies: Vec<Duration>,
    time: Duration,
    cpu: Duration,
}

impl Outcome {
    /// In microseconds.
    pub(crate) fn p50(&self) -> f64 {
        self.quantile(0.5)
    }

    /// In microseconds.
    pub(crate) fn p99(&self) -> f64 {
        self.quantile(0.99)
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.time.as_secs_f64()
    }

    /// The server's CPU time for each call, in microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.latencies.len() as f64
    }

    /// What was measured in two spans of time.
    fn and(mut self, other: Self) -> Self {
        self.latencies.extend(other.latencies);
        self.latencies.sort_unstable();
        Self { latencies: self.latencies, time: self.time + other.time, cpu: self.cpu + other.cpu }
    }

    fn quantile(&self, quantile: f64) -> f64 {
        let index = ((self.latencies.len() - 1) as f64 * quantile) as usize;
        self.latencies[index].as_secs_f64() * 1e6
    }
}

/// How long each load lasts.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    warm_up: Duration,
    measured: Duration,
}

impl Pace {
    /// A quarter as long beforehand, which is not measured.
    pub(crate) fn new(measured: Duration) -> Self {
        Self { warm_up: measured / 4, measured }
    }

    /// Measures each of `subjects` in turn, and again, in place of each at one go: what else the machine does falls on all of
    /// them.
    pub(crate) async fn in_turns<S>(self, subjects: &[S], measure: impl AsyncFn(&S, Self) -> Outcome) -> Vec<Outcome> {
        let pace = Self { warm_up: self.warm_up / TURNS, measured: self.measured / TURNS };
        let mut outcomes: Vec<Option<Outcome>> = subjects.iter().map(|_| None).collect();
        for _ in 0..TURNS {
            for (subject, outcome) in subjects.iter().zip(&mut outcomes) {
                let measured = measure(subject, pace).await;
                *outcome = Some(match outcome.take() {
                    Some(before) => before.and(measured),
                    None => measured,
                });
            }
        }
        outcomes.into_iter().map(Option::unwrap).collect()
    }

    pub(crate) fn measured(self) -> Duration {
        self.measured
    }

    /// Runs `callers`, each of which makes one call when asked to and is then handed back, against the process
    /// `server`.
    pub(crate) async fn closed_loop<C, F>(
        self,
        server: u32,
        callers: Vec<C>,
        call: impl Fn(C) -> F + Copy + Send + 'static,
    ) -> Outcome
    where
        C: Send + 'static,
        F: Future<Output = C> + Send,
    {
        let callers = self.warm_up(callers, call).await;
        self.measure(server, callers, call).await
    }

    /// The first half of [`Self::closed_loop`], for one who counts something over the second.
    pub(crate) async fn warm_up<C, F>(self, callers: Vec<C>, call: impl Fn(C) -> F + Copy + Send + 'static) -> Vec<C>
    where
        C: Send + 'static,
        F: Future<Output = C> + Send,
    {
        run(callers, self.warm_up, call).await.into_iter().map(|(caller, _)| caller).collect()
    }

    /// The second half.
    pub(crate) async fn measure<C, F>(
        self,
        server: u32,
        callers: Vec<C>,
        call: impl Fn(C) -> F + Copy + Send + 'static,
    ) -> Outcome
    where
        C: Send + 'static,
        F: Future<Output = C> + Send,
    {
        let before = proc::cpu(server);
        let measured = run(callers, self.measured, call).await;
        let cpu = proc::cpu(server) - before;
        let mut latencies: Vec<Duration> = measured.into_iter().flat_map(|(_, latencies)| latencies).collect();
        latencies.sort_unstable();
        Outcome { latencies, time: self.measured, cpu }
    }
}

async fn run<C, F>(
    callers: Vec<C>,
    time: Duration,
    call: impl Fn(C) -> F + Copy + Send + 'static,
) -> Vec<(C, Vec<Duration>)>
where
    C: Send + 'static,
    F: Future<Output = C> + Send,
{
    let end = Instant::now() + time;
    let tasks: Vec<_> = callers
        .into_iter()
        .map(|mut caller| {
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while Instant::now() < end {
                    let started = Instant::now();
                    caller = call(caller).await;
                    latencies.push(started.elapsed());
                }
                (caller, latencies)
            })
        })
        .collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}
