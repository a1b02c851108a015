//! Several sources of associations as one.

use std::{future::pending, sync::Arc};

use eks_auth::{Association, Associations};
use futures_util::{FutureExt as _, future::select_all};
use tokio::sync::watch;

type Feed = watch::Receiver<Option<Arc<Associations>>>;

/// All that the sources have, as soon as each has told something; and a future that keeps it so for as long as it is polled,
/// and tells `told` how many there are. Of two associations with the same patterns that of the source which is named first
/// counts. What service accounts have `annotated` themselves counts where nothing else is of them: nobody takes a pod
/// out of what its administrator has made by an annotation.
pub(crate) fn merged(
    mut feeds: Vec<Feed>,
    mut annotated: Vec<Feed>,
    told: impl Fn(usize) + Send,
) -> (Feed, impl Future<Output = ()> + Send) {
    let (publish, receiver) = watch::channel(None);
    let following = async move {
        loop {
            let all = |feeds: &mut Vec<Feed>| -> Option<Vec<_>> {
                feeds.iter_mut().map(|feed| feed.borrow_and_update().clone()).collect()
            };
            if let (Some(made), Some(named)) = (all(&mut feeds), all(&mut annotated)) {
                let all = counting(&made, &named);
                told(all.len());
                publish.send_replace(Some(Arc::new(all)));
            }
            let changes: Vec<_> = feeds.iter_mut().chain(&mut annotated).map(|feed| changed(feed).boxed()).collect();
            if changes.is_empty() {
                pending::<()>().await;
            }
            select_all(changes).await;
        }
    };
    (receiver, following)
}

fn counting(made: &[Arc<Associations>], named: &[Arc<Associations>]) -> Associations {
    let each = |all: &[Arc<Associations>]| -> Vec<Association> {
        all.iter().flat_map(|one| one.iter()).map(|association| (**association).clone()).collect()
    };
    let made = Associations::all_but_refused(each(made)).0;
    let mut named = each(named);
    // They are of one service account each.
    named.retain(|one| made.find(one.namespace.as_str(), one.service_account.as_str()).is_none());
    Associations::all_but_refused(made.iter().map(|association| (**association).clone()).chain(named)).0
}

/// A source that has ended tells nothing any more.
async fn changed(feed: &mut Feed) {
    if feed.changed().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use eks_auth::NamePattern;

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
        let (mut merged, following) = merged(vec![one, other], Vec::new(), |_| {});
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
    #[tokio::test]
    async fn an_annotation_counts_where_nothing_else_is_of_the_service_account() {
        let (made, one) = watch::channel(some("a*", "made"));
        let (_annotated, named) = watch::channel(Some(Arc::new(
            Associations::new(
                ["api", "web"].map(|account| (*some(account, "own").unwrap().iter().next().unwrap()).as_ref().clone()),
            )
            .unwrap(),
        )));
        let (mut merged, following) = merged(vec![one], vec![named], |_| {});
        let following = tokio::spawn(following);
        let mut roles = async || {
            merged.changed().await.unwrap();
            let all = merged.borrow_and_update().clone().unwrap();
            ["api", "web"].map(|account| all.find("shop", account).unwrap().id.clone())
        };
        assert_eq!(roles().await, ["a-made", "a-own"]);
        made.send_replace(some("other", "made"));
        assert_eq!(roles().await, ["a-own", "a-own"]);
        following.abort();
    }
}
