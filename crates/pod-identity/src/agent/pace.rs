//! How often one pod may ask, so that it cannot keep the others of its node waiting.
//!
//! A pod is known by the address that it calls from, which it cannot choose. Pods on the node's own network all call from
//! the agent's address: those are told apart by their tokens.

use std::net::IpAddr;

use crate::{bearer::TokenKey, connections::Connection, pace::Pace};

/// The pace of every pod.
#[derive(Debug)]
pub struct PodPace(Pace<Pod>);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Pod {
    At(IpAddr),
    With(TokenKey),
}

impl PodPace {
    /// So many requests a second, and half as many at once; 0 is no limit.
    #[must_use]
    pub fn per_second(requests: u32) -> Self {
        Self(Pace::per_second(requests))
    }

    /// Whether the pod of this request may be answered now.
    pub(super) fn admits(&self, connection: Connection, key: TokenKey) -> bool {
        let (peer, local) = (connection.peer.ip().to_canonical(), connection.local.ip().to_canonical());
        self.0.admits(if peer == local { Pod::With(key) } else { Pod::At(peer) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::pace::REMEMBERED;

    fn from(peer: &str) -> Connection {
        Connection { peer: format!("{peer}:1").parse().unwrap(), local: "169.254.170.23:80".parse().unwrap() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pod_that_asks_too_often_is_held_back_and_no_other() {
        let (pace, key) = (PodPace::per_second(10), TokenKey::of("a"));
        let greedy = (0..100).filter(|_| pace.admits(from("10.0.0.1"), key)).count();
        assert_eq!(greedy, 5);
        assert!(pace.admits(from("10.0.0.2"), key));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((0..100).filter(|_| pace.admits(from("10.0.0.1"), key)).count(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn pods_on_the_nodes_network_are_told_apart_by_their_tokens() {
        let pace = PodPace::per_second(10);
        let host = || from("169.254.170.23");
        assert_eq!((0..100).filter(|_| pace.admits(host(), TokenKey::of("a"))).count(), 5);
        assert!(pace.admits(host(), TokenKey::of("b")));
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_is_none_and_memory_is_bounded() {
        let pace = PodPace::per_second(0);
        assert!((0..10_000).all(|_| pace.admits(from("10.0.0.1"), TokenKey::of("a"))));
        let pace = PodPace::per_second(1);
        for number in 0..20_000 {
            assert!(pace.admits(from("169.254.170.23"), TokenKey::of(&number.to_string())));
        }
        assert!(pace.0.len() <= REMEMBERED);
    }
}
