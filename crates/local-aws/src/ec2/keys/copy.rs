//! The calls to KMS by which a snapshot is copied.
//!
//! ```text
//!   DescribeKey on the copy's key, then
//!     plain source              CreateGrant, GenerateDataKeyWithoutPlaintext, Decrypt
//!     same key                  GenerateDataKeyWithoutPlaintext, CreateGrant, Decrypt
//!     another key               GenerateDataKeyWithoutPlaintext, ReEncrypt from the source's key, CreateGrant, Decrypt
//!     a key of another region   Decrypt in the source's region, then as of a plain source: ReEncrypt is of one region
//! ```
//!
//! Documented is what a copy needs (`DescribeKey`, `CreateGrant`, `GenerateDataKeyWithoutPlaintext`, `ReEncrypt*`,
//! `Decrypt`), and that the encryption context names the copy. The order is assumed to be that of a volume from the same
//! snapshot, and that of a copy to another region from what can be done at all.
//!
//! Sources: Amazon EBS User Guide, "Copy an Amazon EBS snapshot", "Share the KMS key used to encrypt a shared Amazon EBS
//! snapshot", "How Amazon EBS encryption works" > "Amazon EBS encryption context".

use authz::launch::{self, Launcher, Phase, VolumeKey};
use aws_model::KeyArn;
use serde_json::json;

use super::{By, OfVolume, Refused, Sealed, launch_of, seal};
use crate::ec2::{
    call::Call,
    records::{Settings, Snapshot},
    volumes,
};

/// A snapshot that is copied into an encrypted one.
pub(in crate::ec2) struct Copying<'a> {
    /// The copy's id.
    pub(in crate::ec2) copy: &'a str,
    pub(in crate::ec2) source: &'a Snapshot,
    /// The copy's key.
    pub(in crate::ec2) key: &'a KeyArn,
}

/// Makes the calls. The grants are needed for as long as the copy takes.
pub(in crate::ec2) async fn copy<'c>(
    call: &Call<'c>,
    settings: &Settings,
    copying: Copying<'_>,
) -> Result<Sealed<'c>, Refused> {
    let Copying { copy, source, key } = copying;
    let refused = |_| Refused { key: Some(key.clone()) };
    let look = json!({ "KeyId": key });
    By::caller_in(call.ctx.region).ask(call, "DescribeKey", look).await.map_err(refused)?;
    let mut snapshot = volumes::of_model(source);
    let mut read = source.data_key.as_ref();
    if let Some(data_key) = read.filter(|_| source.region != *call.ctx.region) {
        let open = json!({ "CiphertextBlob": data_key.ciphertext, "EncryptionContext": data_key.context });
        By::caller_in(&source.region).ask(call, "Decrypt", open).await.map_err(refused)?;
        snapshot.key = None;
        read = None;
    }
    // The grant of a plain source is made before its data is encrypted, and is for all that follows.
    let phases: &[Phase] = if snapshot.key.is_none() { &[Phase::Create] } else { &[Phase::Create, Phase::Attach] };
    let of_model = launch::Volume { device: "".into(), snapshot: Some(snapshot), key: VolumeKey::Named(key.clone()) };
    let launcher = Launcher::RunInstances(call.ctx.caller.principal.clone());
    let launch = launch_of(call, launcher, settings, of_model).map_err(refused)?;
    seal(call, &launch, OfVolume { volume: copy, instance: None, source: read, phases }).await
}
