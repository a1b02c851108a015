//! What somebody who wrote an action wrong may have meant.

use super::{Action, PREFIXES, service};

/// The action whose name is nearest to `name`, if any is near; a service that is not in the catalog is taken for the
/// one that is written most alike. For an action that is published it is that one.
#[must_use]
pub fn nearest_action(name: &str) -> Option<&'static Action> {
    let (prefix, name) = name.split_once(':')?;
    let nearest_service = || nearest(prefix, PREFIXES.iter().map(|known| (*known, *known))).and_then(service);
    let service = service(prefix).or_else(nearest_service)?;
    nearest(name, service.actions().iter().map(|action| (action.name(), action)))
}

/// The thing whose name begins with `text` and is not twice as long (`ReEncrypt` is the API's name for `ReEncryptFrom` and
/// `ReEncryptTo`), else the one that takes the fewest slips of the pen to become `text`: at most one in three characters.
fn nearest<'a, T>(text: &str, things: impl Iterator<Item = (&'a str, T)>) -> Option<T> {
    let text = text.to_ascii_lowercase();
    let most = text.chars().count() / 3;
    things
        .filter_map(|(name, thing)| {
            let name = name.to_ascii_lowercase();
            let slips = strsim::osa_distance(&text, &name);
            let is_begun = name.starts_with(&text) && slips < text.chars().count();
            (is_begun || slips <= most).then_some((slips > 0 && !is_begun, slips, thing))
        })
        .min_by_key(|(is_slip, slips, _)| (*is_slip, *slips))
        .map(|(_, _, thing)| thing)
}
