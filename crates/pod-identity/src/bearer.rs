//! A token as it came.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

/// A pod's token. Whoever has it can be the pod: it is wiped when the last holder lets go, and nothing shows it.
#[derive(Clone)]
pub struct BearerToken(Arc<Zeroizing<String>>);

/// What tells tokens apart where the token itself need not be: its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TokenKey([u8; 32]);

impl BearerToken {
    /// Takes a token over.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Arc::new(Zeroizing::new(text.to_owned())))
    }

    /// The token, for who must send it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl TokenKey {
    pub(crate) fn of(text: &str) -> Self {
        let mut key = [0; 32];
        // INVARIANT: a SHA-256 has 32 octets.
        key.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Self(key)
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(..)")
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(..)")
    }
}
