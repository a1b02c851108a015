//! Several sources of associations as one.

use std::{future::pending, sync::Arc};

use eks_auth::Associations;
use futures_util::{FutureExt as _, future::select_all};
use tokio::sync::watch;

type Feed = watch::Receiver<Option<Arc<Associations>>>;

/// All that the sources have, as soon as each has told something; and a future that keeps it so for as long as it is polled.
/// Of two associations with the same patterns that of the source which is named first counts.
pub(crate) fn merged(mut feeds: Vec<Feed>) -> (Feed, impl Future<Output = ()> + Send) {
    let (publish, receiver) = watch::channel(None);
    let following = async move {
        loop {
            let all: Option<Vec<_>> = feeds.iter_mut().map(|feed| feed.borrow_and_update().clone()).collect();
            if let Some(all) = all {
                let each = all.iter().flat_map(|one| one.iter()).map(|association| (**association).clone());
                publish.send_replace(Some(Arc::new(Associations::all_but_refused(each).0)));
            }
            select_all(feeds.iter_mut().map(|feed| told(feed).boxed())).await;
        }
    };
    (receiver, following)
}

/// A source that has ended tells nothing any more.
async fn told(feed: &mut Feed) {
    if feed.changed().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use eks_auth::{Association, NamePattern};

    use super::*;

    fn some(service_account: &str, role: &str) -> Option<Arc<Associations>> {
        let association = Association::new(
            format!("a-{role}"),
            NamePattern::exact("shop"),
            service_account.parse().unwrap(),
            format!("arn:aws:iam::111122223333:role/{role}").parse().unwrap(),
        );
        Some(Arc::new(Associations::new([association]).unwrap()))
    }

    #[tokio::test]
    async fn the_source_that_is_named_first_counts_and_nothing_before_each_has_told() {
        let (first, one) = watch::channel(None);
        let (second, other) = watch::channel(some("api", "second"));
        let (mut merged, following) = merged(vec![one, other]);
        let following = tokio::spawn(following);
        tokio::task::yield_now().await;
        assert!(merged.borrow().is_none());

        let mut role = async |service_account: &str| {
            merged.changed().await.unwrap();
            let all = merged.borrow_and_update().clone().unwrap();
            all.find("shop", service_account).unwrap().id.clone()
        };
        first.send_replace(some("api", "first"));
        assert_eq!(role("api").await, "a-first");
        first.send_replace(some("other", "first"));
        assert_eq!(role("api").await, "a-second");
        // Narrower than what the first has.
        first.send_replace(some("*", "first"));
        assert_eq!(role("api").await, "a-second");
        second.send_replace(some("web", "second"));
        assert_eq!(role("api").await, "a-first");
        following.abort();
    }
}
