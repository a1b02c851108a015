//! The messages and services of the three KMS plugin APIs, generated from `proto/`.
//!
//! A message with plaintext in it never prints that plaintext, and wipes it when dropped. What the transport's own
//! buffers held of it (h2's frames, the kernel's socket buffer) is freed without being wiped: nobody but this process
//! and the caller can read it there.

use std::fmt;

use zeroize::Zeroize;

/// `/v1beta1.KeyManagementService`: apiservers up to 1.28 by default, later ones behind the `KMSv1` feature gate.
#[expect(missing_docs, clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "generated")]
pub mod v1beta1 {
    tonic::include_proto!("v1beta1");
}

/// `/v2alpha1.KeyManagementService`: apiserver 1.26. Its messages are those of [`v2`].
#[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "generated")]
pub mod v2alpha1 {
    tonic::include_proto!("v2alpha1");
}

/// `/v2.KeyManagementService`: apiservers from 1.27 on.
#[expect(missing_docs, clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "generated")]
pub mod v2 {
    tonic::include_proto!("v2");
}

/// For a message whose `$secret` field is plaintext: it is wiped on drop, and `Debug` shows its length instead.
macro_rules! guard_plaintext {
    ($message:ty, $secret:ident $(, $shown:ident)*) => {
        impl Drop for $message {
            fn drop(&mut self) {
                self.$secret.zeroize();
            }
        }

        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($message))
                    .field(stringify!($secret), &format_args!("<{} secret bytes>", self.$secret.len()))
                    $(.field(stringify!($shown), &self.$shown))*
                    .finish()
            }
        }
    };
}

guard_plaintext!(v1beta1::DecryptResponse, plain);
guard_plaintext!(v1beta1::EncryptRequest, plain, version);
guard_plaintext!(v2::DecryptResponse, plaintext);
guard_plaintext!(v2::EncryptRequest, plaintext, uid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_message_with_plaintext_shows_its_length_only() {
        let request = v2::EncryptRequest { plaintext: b"hunter2".to_vec(), uid: "u-1".to_owned() };
        assert_eq!(format!("{request:?}"), r#"v2::EncryptRequest { plaintext: <7 secret bytes>, uid: "u-1" }"#);
        let all = format!(
            "{:?}{:?}{:?}",
            v2::DecryptResponse { plaintext: b"hunter2".to_vec() },
            v1beta1::EncryptRequest { plain: b"hunter2".to_vec(), version: String::new() },
            v1beta1::DecryptResponse { plain: b"hunter2".to_vec() },
        );
        assert_eq!(all.matches("<7 secret bytes>").count(), 3, "{all}");
        // Neither as text nor as the numbers that a derived Debug would print.
        assert!(!all.contains("hunter2") && !all.contains("104"), "{all}");
    }
}
