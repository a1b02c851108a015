//! The ciphertext blob: what Encrypt answers and Decrypt takes.
//!
//! ```text
//!   offset  bytes
//!   0       1      version of this layout: 1
//!   1       1      0 for a single-Region key, 1 for a multi-Region key
//!   2       16     key id
//!   18      6      owning account, a big-endian number
//!   24      32     key-material id
//!   56      1      length of the region's code
//!   57      n      the region where it was encrypted
//!   57+n    4      check: the first bytes of SHA-256 over all of the above
//!   61+n    28     salt and nonce
//!   89+n    m      ciphertext, as long as the plaintext
//!   89+n+m  16     tag, over header, encryption context and ciphertext
//! ```
//! The check proves nothing; the tag does. It tells a damaged blob from one of a key that is not here, before a key
//! is known.

use std::str;

use aws_lc_rs::digest;
use aws_model::{AccountId, EncryptionContext, Region, SecretBytes};

use super::{
    key_id::{KeyId, MaterialId},
    material::Material,
};
use crate::sealing::{Purpose, SealError};

const VERSION: u8 = 1;
const CHECK_LEN: usize = 4;
const ACCOUNT_LEN: usize = 6;

/// As many characters of base64 as hold the header of any blob, whole groups of them.
pub(super) const HEADER_BASE64: usize = 128;

/// What a blob tells about itself before it is opened.
#[derive(Debug)]
pub(super) struct Ciphertext<'a> {
    pub(super) key_id: KeyId,
    pub(super) account: AccountId,
    pub(super) material: MaterialId,
    /// Where it was encrypted; a multi-Region key opens it in its other regions too.
    pub(super) region: Region,
    header: &'a [u8],
    sealed: &'a [u8],
}

/// Seals `plaintext` under `material`, bound to the key, the region and the context.
pub(super) fn seal(
    (key_id, account, region): (KeyId, AccountId, &Region),
    material: &Material,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut blob = header(key_id, account, region, material.id);
    let aad = aad(&blob, context);
    material.symmetric().ok_or(SealError)?.seal(Purpose::Ciphertext, &aad, plaintext, &mut blob)?;
    Ok(blob)
}

impl<'a> Ciphertext<'a> {
    /// Reads the header; nothing when this is no blob of ours or its header is damaged.
    pub(super) fn parse(blob: &'a [u8]) -> Option<Self> {
        let mut rest = blob;
        let [VERSION] = take::<1>(&mut rest)? else { return None };
        let multi_region = match take::<1>(&mut rest)? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        let key_id = KeyId::from_parts(*take(&mut rest)?, multi_region);
        let account = account_from_bytes(take(&mut rest)?)?;
        let material = MaterialId::from_bytes(*take(&mut rest)?);
        let [region_len] = *take::<1>(&mut rest)?;
        let (region, after) = rest.split_at_checked(region_len.into())?;
        rest = after;
        let region = str::from_utf8(region).ok()?.parse().ok()?;
        let (checked, _) = blob.split_at_checked(blob.len() - rest.len())?;
        if *take::<CHECK_LEN>(&mut rest)? != check(checked) {
            return None;
        }
        let (header, sealed) = blob.split_at_checked(blob.len() - rest.len())?;
        Some(Self { key_id, account, material, region, header, sealed })
    }

    /// The plaintext, or nothing when blob, material or context are not those of the encryption.
    pub(super) fn open(&self, material: &Material, context: &EncryptionContext) -> Option<SecretBytes> {
        material.symmetric()?.open(Purpose::Ciphertext, &aad(self.header, context), self.sealed)
    }
}

fn header(key_id: KeyId, account: AccountId, region: &Region, material: MaterialId) -> Vec<u8> {
    let region = region.as_str().as_bytes();
    let mut header = Vec::with_capacity(57 + region.len() + CHECK_LEN);
    header.push(VERSION);
    header.push(key_id.is_multi_region().into());
    header.extend_from_slice(key_id.uuid_bytes());
    header.extend_from_slice(&account_to_bytes(account));
    header.extend_from_slice(material.as_bytes());
    // INVARIANT: a region's code has at most 32 characters.
    header.push(u8::try_from(region.len()).unwrap_or(u8::MAX));
    header.extend_from_slice(region);
    let check = check(&header);
    header.extend_from_slice(&check);
    header
}

fn aad(header: &[u8], context: &EncryptionContext) -> Vec<u8> {
    // The header tells its own length, so header and context cannot trade bytes.
    let mut aad = header.to_vec();
    aad.append(&mut context.to_aad());
    aad
}

fn check(header: &[u8]) -> [u8; CHECK_LEN] {
    let digest = digest::digest(&digest::SHA256, header);
    digest.as_ref().first_chunk().copied().unwrap_or_default()
}

/// Twelve decimal digits fit in 40 bits.
fn account_to_bytes(account: AccountId) -> [u8; ACCOUNT_LEN] {
    let number = account.as_str().bytes().fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    let [_, _, bytes @ ..] = number.to_be_bytes();
    bytes
}

fn account_from_bytes(&[a, b, c, d, e, f]: &[u8; ACCOUNT_LEN]) -> Option<AccountId> {
    format!("{:012}", u64::from_be_bytes([0, 0, a, b, c, d, e, f])).parse().ok()
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::kms::{
        kind::KeyKind,
        material::{self, MaterialRecord},
    };

    fn material() -> Material {
        let kind = KeyKind::default();
        let record = MaterialRecord::new(Timestamp::UNIX_EPOCH, None).unwrap();
        Material::read(kind, record, &material::generate(kind.spec).unwrap()).unwrap()
    }

    fn sealed(plaintext: &[u8], context: &EncryptionContext) -> (Material, Vec<u8>) {
        let material = material();
        let region = "ap-southeast-2".parse().unwrap();
        let account = "000123456789".parse().unwrap();
        let blob = seal((KeyId::new(true), account, &region), &material, context, plaintext).unwrap();
        (material, blob)
    }

    fn open(blob: &[u8], material: &Material, context: &EncryptionContext) -> Option<SecretBytes> {
        Ciphertext::parse(blob)?.open(material, context)
    }

    #[test]
    fn a_blob_tells_key_account_material_and_region() {
        let (material, blob) = sealed(b"text", &EncryptionContext::default());
        let parsed = Ciphertext::parse(&blob).unwrap();
        assert!(parsed.key_id.is_multi_region());
        assert_eq!(parsed.account.as_str(), "000123456789");
        assert_eq!(parsed.material, material.id);
        assert_eq!(parsed.region.as_str(), "ap-southeast-2");
    }

    #[test]
    fn every_shorter_blob_is_refused() {
        let context = EncryptionContext::default();
        let (material, blob) = sealed(b"text", &context);
        for len in 0..blob.len() {
            assert!(open(&blob[..len], &material, &context).is_none(), "{len}");
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let context = EncryptionContext::new([("a", "b")]);
        let (material, blob) = sealed(b"text", &context);
        for bit in 0..blob.len() * 8 {
            let mut altered = blob.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&altered, &material, &context).is_none(), "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_with_its_context_only(
            plaintext in prop::collection::vec(any::<u8>(), 0..300),
            pairs in prop::collection::btree_map(".{0,8}", ".{0,8}", 0..4),
            other in prop::collection::btree_map(".{0,8}", ".{0,8}", 0..4),
        ) {
            let context = EncryptionContext::new(pairs.clone());
            let (material, blob) = sealed(&plaintext, &context);
            let opened = open(&blob, &material, &context).unwrap();
            prop_assert_eq!(opened.expose(), plaintext.as_slice());
            prop_assert_eq!(open(&blob, &material, &EncryptionContext::new(other.clone())).is_some(), other == pairs);
        }

        #[test]
        fn arbitrary_bytes_never_open_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let material = material();
            prop_assert!(open(&bytes, &material, &EncryptionContext::default()).is_none());
        }
    }
}
