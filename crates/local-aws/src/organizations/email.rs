//! Email addresses: which are good, and whose they are.
//!
//! An account keeps the address that it was made with, also when it leaves. Every other account has a usual one.

use aws_model::AccountId;

use super::state::Realm;

/// Whether an address is one that an account can have; its length is the model's to see to.
///
/// Source: AWS Organizations API Reference, "CreateAccount", `Email` ("The rules for a valid email address").
pub(super) fn is_valid(address: &str) -> bool {
    const NOT_LOCAL: &str = "\"'()<>[]:;,\\|%&";
    let mut parts = address.split('@');
    let (Some(local), Some(domain), None) = (parts.next(), parts.next(), parts.next()) else { return false };
    let is_edge = |character| matches!(character, '-' | '.');
    let is_local = |character: char| character.is_ascii_graphic() && !NOT_LOCAL.contains(character);
    let is_of_domain = |character: char| character.is_ascii_alphanumeric() || is_edge(character);
    !local.is_empty()
        && !local.starts_with('.')
        && local.chars().all(is_local)
        && domain.contains('.')
        && domain.chars().all(is_of_domain)
        && !domain.starts_with(is_edge)
        && !domain.ends_with(is_edge)
}

/// The address of an account, in the organization or not.
pub(super) fn of_account(realm: &Realm, account: AccountId) -> String {
    if let Ok(member) = realm.account(account.as_str()) {
        return member.email.clone();
    }
    made(realm).find(|(id, _)| *id == account).map_or_else(|| usual(account), |(_, email)| email.to_owned())
}

/// The account that has an address.
pub(super) fn holder(realm: &Realm, address: &str) -> Option<AccountId> {
    let members = realm.accounts.values().map(|member| (member.id, &*member.email));
    let known = members.chain(made(realm)).find(|(_, email)| email.eq_ignore_ascii_case(address));
    known.map(|(account, _)| account).or_else(|| {
        let named = address.strip_prefix("root-")?.strip_suffix("@example.com")?.parse().ok()?;
        of_account(realm, named).eq_ignore_ascii_case(address).then_some(named)
    })
}

/// The address of an account that was not made with one.
pub(super) fn usual(account: AccountId) -> String {
    format!("root-{account}@example.com")
}

/// The accounts that the organization made, whether they are still in it or not.
fn made(realm: &Realm) -> impl Iterator<Item = (AccountId, &str)> {
    realm.creations.values().filter_map(|creation| Some((creation.outcome.clone().ok()?, creation.email.as_deref()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_the_rules() {
        for good in ["a@b.cd", "first.last+tag=1@sub-domain.example.com", "x..@1.2", "a/b!#$*?^`{}~_@example.com"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "a@bc",
            "@b.cd",
            ".a@b.cd",
            "a@.b.cd",
            "a@b.cd.",
            "a@-b.cd",
            "a@b.cd-",
            "a@b@c.de",
            "a b@c.de",
            "a\u{fc}@b.cd",
            "a@b_c.de",
            "a,b@c.de",
            "a:b@c.de",
            "a\"b@c.de",
            "a<b@c.de",
            "a%b@c.de",
            "a&b@c.de",
            "a@b.c\u{fc}",
            "abc.de",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
