//! Base64 as JOSE writes it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The bytes of a base64url text without padding.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
