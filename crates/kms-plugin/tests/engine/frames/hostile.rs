//! What must hold of any octets that etcd hands over as a ciphertext. The fuzz target runs this, and so does the replay of
//! its corpus.

use kms_plugin::{
    caller::Api,
    peer_format::{MAX_CIPHERTEXT, SealFormat, unframe},
};

/// Takes octets as what is in a frame, and as what comes from a key service.
pub(crate) fn check(octets: &[u8]) {
    let [v1beta1, v2alpha1, v2] = Api::ALL.map(|api| unframe(octets, api));
    assert_eq!(v2, v2alpha1);
    if let Ok(sealed) = &v1beta1 {
        assert!(!sealed.is_empty());
        let frame = octets.strip_suffix(*sealed).unwrap();
        assert!([&b"\xc1\x01"[..], b"1", b""].contains(&frame), "{frame:?}");
        // The older API reads what the newer one does, and beside it only what has no frame.
        assert!(v2.as_ref() == Ok(sealed) || frame.is_empty());
    } else {
        assert!(v2.is_err());
    }
    for format in [SealFormat::Claviger, SealFormat::AwsEncryptionProvider] {
        let Ok(framed) = format.frame(octets) else {
            assert!(octets.len() > MAX_CIPHERTEXT - 2);
            continue;
        };
        assert!(framed.len() <= MAX_CIPHERTEXT);
        for api in Api::ALL {
            assert_eq!(unframe(&framed, api).ok(), Some(octets).filter(|octets| !octets.is_empty()));
        }
    }
}
