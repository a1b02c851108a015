//! How often one pod may ask, so that it cannot keep the others of its node waiting.
//!
//! A pod is known by the address that it calls from, which it cannot choose. Pods on the node's own network all call from
//! the agent's address: those are told apart by their tokens, of which one that means ill has as many as it likes. So what costs
//! others something, a call of the source for a token that was not seen before, is paced for all of them together.

use std::net::IpAddr;

use crate::{bearer::TokenKey, connections::Connection, pace::Pace};

/// Tokens of one pod that the source is asked about in a second, and at once. A pod has one for hours, and may be begun anew
/// with the same address.
const NEW_TOKENS: (u32, u32) = (5, 20);
/// The same of all pods of the node's network: as many as may be begun at once when a node is.
const NEW_TOKENS_OF_HOST: (u32, u32) = (20, 100);

/// The pace of every pod.
#[derive(Debug)]
pub struct PodPace {
    requests: Pace<Pod>,
    new_tokens: Pace<IpAddr>,
    new_tokens_of_host: Pace<()>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Pod {
    At(IpAddr),
    With(TokenKey),
}

impl PodPace {
    /// So many requests a second, and half as many at once; 0 is no limit, and none for tokens that are new either.
    #[must_use]
    pub fn per_second(requests: u32) -> Self {
        let new = |(a_second, at_once)| if requests == 0 { (0, 0) } else { (a_second, at_once) };
        let (pods, host) = (new(NEW_TOKENS), new(NEW_TOKENS_OF_HOST));
        Self {
            requests: Pace::per_second(requests),
            new_tokens: Pace::with_burst(pods.0, pods.1),
            new_tokens_of_host: Pace::with_burst(host.0, host.1),
        }
    }

    /// Whether the pod of this request may be answered now.
    pub(super) fn admits(&self, connection: Connection, key: TokenKey) -> bool {
        self.requests.admits(address(connection).map_or(Pod::With(key), Pod::At))
    }

    /// Whether the source may be asked now about a token that this pod shows and that was not asked about before.
    pub(super) fn admits_new(&self, connection: Connection) -> bool {
        match address(connection) {
            Some(pod) => self.new_tokens.admits(pod),
            None => self.new_tokens_of_host.admits(()),
        }
    }
}

/// A pod's own; `None`: it has the node's.
fn address(connection: Connection) -> Option<IpAddr> {
    let (peer, local) = (connection.peer.ip().to_canonical(), connection.local.ip().to_canonical());
    (peer != local).then_some(peer)
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
    async fn who_has_many_tokens_is_held_back_however_many() {
        let pace = PodPace::per_second(200);
        let new = |peer: &str| (0..1000).filter(|_| pace.admits_new(from(peer))).count();
        assert_eq!((new("10.0.0.1"), new("10.0.0.2")), (20, 20));
        assert_eq!(new("169.254.170.23"), 100, "of the node's network all together");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((new("10.0.0.1"), new("169.254.170.23")), (5, 20));
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_is_none_and_memory_is_bounded() {
        let pace = PodPace::per_second(0);
        assert!((0..10_000).all(|_| pace.admits(from("10.0.0.1"), TokenKey::of("a"))));
        assert!((0..10_000).all(|_| pace.admits_new(from("10.0.0.1")) && pace.admits_new(from("169.254.170.23"))));
        let pace = PodPace::per_second(1);
        for number in 0..20_000 {
            assert!(pace.admits(from("169.254.170.23"), TokenKey::of(&number.to_string())));
        }
        assert!(pace.requests.len() <= REMEMBERED);
    }
}
