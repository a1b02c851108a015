//! Signing keys: derived, and remembered.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use aws_lc_rs::hmac;
use aws_model::SecretBytes;
use zeroize::Zeroizing;

use super::{TERMINATOR, canonical::hex, scope::CredentialScope};

/// The key that signs for one day, region and service. Wiped when dropped, by AWS-LC.
#[derive(Clone)]
pub(super) struct SigningKey(hmac::Key);

impl SigningKey {
    /// Derives the key: IAM User Guide, "Create a signed AWS API request", step 4.
    pub(super) fn derive(secret: &SecretBytes, date: &str, region: &str, service: &str) -> Self {
        let mut first = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret.expose());
        let start = hmac::Key::new(hmac::HMAC_SHA256, &first);
        let links = [date, region, service, TERMINATOR];
        Self(links.iter().fold(start, |key, link| {
            let mut tag = Zeroizing::new([0_u8; 32]);
            tag.copy_from_slice(hmac::sign(&key, link.as_bytes()).as_ref());
            hmac::Key::new(hmac::HMAC_SHA256, &*tag)
        }))
    }

    /// The signature in lower-case hexadecimal.
    pub(super) fn sign(&self, string_to_sign: &str) -> String {
        hex(hmac::sign(&self.0, string_to_sign.as_bytes()).as_ref())
    }
}

/// The keys used lately. Deriving one costs four HMACs; a service verifies with the same few all day.
pub(super) static RECENT: LazyLock<SigningKeys> = LazyLock::new(|| SigningKeys::new(1024));

/// A bounded store of signing keys: two generations, of which the older is dropped when the younger is full.
///
/// Only keys that have verified a request get in, so who holds no secret cannot push others' keys out.
pub(super) struct SigningKeys {
    /// Names are MACs under this key: no secret, and nothing that could be searched for one, is kept.
    naming_key: hmac::Key,
    generations: Mutex<Generations>,
    capacity: usize,
}

#[derive(Default)]
struct Generations {
    young: HashMap<KeyName, Arc<SigningKey>>,
    old: HashMap<KeyName, Arc<SigningKey>>,
}

/// Stands for a secret and a scope.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KeyName([u8; 32]);

impl SigningKeys {
    /// A store of at most `capacity` keys.
    pub(super) fn new(capacity: usize) -> Self {
        let mut naming_key = Zeroizing::new([0; 32]);
        // Without randomness the names are still MACs, under a key of zeros: they are never shown. The operating
        // system is asked itself, since the first use of aws-lc's generator takes 30 ms.
        let _ = getrandom::fill(naming_key.as_mut_slice());
        let naming_key = hmac::Key::new(hmac::HMAC_SHA256, naming_key.as_slice());
        Self { naming_key, generations: Mutex::default(), capacity }
    }

    /// The key for this secret and scope, remembered or derived, and the name to [`remember`](Self::remember) it by.
    pub(super) fn find_or_derive(&self, secret: &SecretBytes, scope: &CredentialScope) -> (KeyName, Arc<SigningKey>) {
        let name = self.name(secret, scope);
        let known = {
            let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
            generations.find(name, self.capacity / 2)
        };
        let derive = || Arc::new(SigningKey::derive(secret, &scope.date, &scope.region, &scope.service));
        (name, known.unwrap_or_else(derive))
    }

    /// Keeps a key that has proved itself.
    pub(super) fn remember(&self, name: KeyName, key: Arc<SigningKey>) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.insert(name, key, self.capacity / 2);
    }

    fn name(&self, secret: &SecretBytes, scope: &CredentialScope) -> KeyName {
        let mut mac = hmac::Context::with_key(&self.naming_key);
        let scope = [&scope.date, &scope.region, &scope.service].map(|part| part.as_bytes());
        for part in scope.into_iter().chain([secret.expose()]) {
            // Each part behind its length, so that no two lists of parts read the same.
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        let mut name = [0; 32];
        name.copy_from_slice(mac.sign().as_ref());
        KeyName(name)
    }
}

impl Generations {
    fn find(&mut self, name: KeyName, half: usize) -> Option<Arc<SigningKey>> {
        if let Some(key) = self.young.get(&name) {
            return Some(Arc::clone(key));
        }
        let key = self.old.remove(&name)?;
        self.insert(name, Arc::clone(&key), half);
        Some(key)
    }

    fn insert(&mut self, name: KeyName, key: Arc<SigningKey>, half: usize) {
        if self.young.len() >= half && !self.young.contains_key(&name) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(name, key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(region: &str) -> CredentialScope {
        scope_of("20150830", region, "iam")
    }

    fn scope_of(date: &str, region: &str, service: &str) -> CredentialScope {
        CredentialScope::parse(&format!("AKIDEXAMPLE/{date}/{region}/{service}/aws4_request")).unwrap()
    }

    fn secret(text: &str) -> SecretBytes {
        SecretBytes::new(text.as_bytes().to_vec())
    }

    fn kept(keys: &SigningKeys, secret: &SecretBytes, scope: &CredentialScope) -> bool {
        let name = keys.name(secret, scope);
        let generations = keys.generations.lock().unwrap();
        generations.young.contains_key(&name) || generations.old.contains_key(&name)
    }

    fn use_key(keys: &SigningKeys, secret: &SecretBytes, scope: &CredentialScope) {
        let (name, key) = keys.find_or_derive(secret, scope);
        keys.remember(name, key);
    }

    /// AWS General Reference, "Examples of the complete version 4 signing process".
    #[test]
    fn the_published_example_key_signs_the_published_string() {
        let secret = secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let key = SigningKey::derive(&secret, "20150830", "us-east-1", "iam");
        let string_to_sign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
                              f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        assert_eq!(key.sign(string_to_sign), "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
    }

    #[test]
    fn the_store_stays_within_its_bound_and_keeps_what_is_in_use() {
        let (keys, secret, hot) = (SigningKeys::new(8), secret("s"), scope("hot"));
        for n in 0..100 {
            use_key(&keys, &secret, &scope(&format!("r-{n}")));
            use_key(&keys, &secret, &hot);
            let generations = keys.generations.lock().unwrap();
            assert!(generations.young.len() + generations.old.len() <= 8);
        }
        assert!(kept(&keys, &secret, &hot));
        assert!(!kept(&keys, &secret, &scope("r-0")));
    }

    #[test]
    fn another_secret_under_the_same_scope_is_another_key() {
        let (keys, scope) = (SigningKeys::new(8), scope("us-east-1"));
        use_key(&keys, &secret("first"), &scope);
        assert!(kept(&keys, &secret("first"), &scope));
        assert!(!kept(&keys, &secret("second"), &scope));
    }

    #[test]
    fn another_day_region_or_service_is_another_key() {
        let (keys, secret) = (SigningKeys::new(8), secret("s"));
        use_key(&keys, &secret, &scope_of("20150830", "us-east-1", "kms"));
        for (date, region, service) in [
            ("20150831", "us-east-1", "kms"),
            ("20150830", "us-east-2", "kms"),
            ("20150830", "us-east-1", "sts"),
            ("20150830", "us-east-1k", "ms"),
        ] {
            assert!(!kept(&keys, &secret, &scope_of(date, region, service)), "{date} {region} {service}");
        }
        assert!(kept(&keys, &secret, &scope_of("20150830", "us-east-1", "kms")));
    }

    #[test]
    fn a_key_that_was_only_asked_for_is_not_kept() {
        let (keys, secret, scope) = (SigningKeys::new(8), secret("s"), scope("us-east-1"));
        let _ = keys.find_or_derive(&secret, &scope);
        assert!(!kept(&keys, &secret, &scope));
    }
}
