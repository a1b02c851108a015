//! How often a second something can be asked for, or made, of a server in this process.

use std::{net::SocketAddr, time::Instant};

use super::{connection::Connection, load::Pace};

/// How many connections call at once.
pub(crate) const CONNECTIONS: usize = 16;

/// A server, and how long it is asked.
#[derive(Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) address: SocketAddr,
    pub(crate) pace: Pace,
}

impl Rates {
    /// The same request again and again, whose answer must hold `marker`.
    pub(crate) async fn load(self, request: Vec<u8>, marker: &'static str) -> f64 {
        let mut callers = Vec::new();
        for _ in 0..CONNECTIONS {
            callers.push(Connection::open(self.address, request.clone()).await.unwrap());
        }
        let call = move |connection: Connection| connection.expect(marker);
        self.pace.closed_loop(std::process::id(), callers, call).await.per_second()
    }

    /// Makes things of these numbers.
    pub(crate) async fn make(self, from: usize, to: usize, request: impl Fn(usize) -> Vec<u8>) -> f64 {
        let mut makers = Vec::new();
        for maker in 0..CONNECTIONS {
            let requests: Vec<Vec<u8>> = (from + maker..to).step_by(CONNECTIONS).map(&request).collect();
            makers.push((Connection::open(self.address, Vec::new()).await.unwrap(), requests));
        }
        let started = Instant::now();
        let making: Vec<_> = makers
            .into_iter()
            .map(|(mut connection, requests)| {
                tokio::spawn(async move {
                    for request in requests {
                        // Of a role, a key, a grant, an instance.
                        connection = connection.asking(request).expect("Id").await;
                    }
                })
            })
            .collect();
        for each in making {
            each.await.unwrap();
        }
        (to - from) as f64 / started.elapsed().as_secs_f64()
    }
}
