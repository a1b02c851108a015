use tokio::time::Instant;

use super::*;

fn associations(all: &[(&str, &str)]) -> Option<Arc<Associations>> {
    let all = all.iter().map(|(service_account, role)| {
        Association::new(
            format!("a-{service_account}"),
            "shop".parse().unwrap(),
            service_account.parse().unwrap(),
            format!("arn:aws:iam::111122223333:role/{role}").parse().unwrap(),
        )
    });
    Some(Arc::new(Associations::new(all).unwrap()))
}

fn told(told: Option<Told>) -> (String, Option<Vec<String>>) {
    let Told { revision, all, service_accounts } = told.unwrap();
    let names = service_accounts.into_iter().map(|patterns| patterns.service_account).collect();
    (revision, (!all).then_some(names))
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_told_what_changed_and_only_that() {
    let (sender, feed) = watch::channel(None);
    let changes = Arc::new(Changes::follow(feed));
    let first = tokio::spawn({
        let changes = Arc::clone(&changes);
        async move { changes.since(None).await }
    });
    tokio::task::yield_now().await;
    sender.send_replace(associations(&[("a", "one"), ("b", "one")]));
    let (first, nothing) = told(first.await.unwrap());
    assert_eq!(nothing, Some(vec![]));

    let started = Instant::now();
    assert_eq!(told(changes.since(Some(&first)).await), (first.clone(), Some(vec![])));
    assert_eq!(started.elapsed(), HELD);

    // Another order is no change.
    let waiting = tokio::spawn({
        let (changes, first) = (Arc::clone(&changes), first.clone());
        async move { changes.since(Some(&first)).await }
    });
    tokio::task::yield_now().await;
    sender.send_replace(associations(&[("b", "one"), ("a", "one")]));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    sender.send_replace(associations(&[("b", "two"), ("c", "one"), ("a", "one")]));
    let (second, changed) = told(waiting.await.unwrap());
    assert_eq!(changed, Some(vec!["b".to_owned(), "c".to_owned()]));
    assert_ne!(first, second);
    sender.send_replace(associations(&[("a", "one"), ("b", "one")]));
    assert_eq!(told(changes.since(Some(&second)).await), (first, Some(vec!["b".to_owned(), "c".to_owned()])));
}

/// Another replica heard of a state sooner, or this one was made anew.
#[tokio::test(start_paused = true)]
async fn a_state_that_is_not_known_is_waited_for_and_then_all_may_be_different() {
    let (sender, feed) = watch::channel(associations(&[("a", "one")]));
    let changes = Arc::new(Changes::follow(feed));
    let newer = name(&associations(&[("a", "two")]).unwrap());
    let waiting = |since: String| {
        let changes = Arc::clone(&changes);
        tokio::spawn(async move { changes.since(Some(&since)).await })
    };
    let catches_up = waiting(newer.clone());
    tokio::time::sleep(Duration::from_secs(1)).await;
    sender.send_replace(associations(&[("a", "two")]));
    assert_eq!(told(catches_up.await.unwrap()), (newer.clone(), Some(vec![])));
    let started = Instant::now();
    assert_eq!(told(waiting("unheard of".to_owned()).await.unwrap()), (newer, None));
    assert_eq!(started.elapsed(), CATCHING_UP);
}
