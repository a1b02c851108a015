//! Copies of snapshots and of images, from other accounts and regions, and under other keys.
//!
//! The answer is told before anybody looks at the keys: a copy that may not use them is there, and in error.
//!
//! Sources: Amazon EC2 API Reference, "CopySnapshot", "CopyImage", "Snapshot" > `statusMessage`; Amazon EBS User Guide,
//! "Copy an Amazon EBS snapshot"; Amazon EC2 User Guide, "Use encryption with EBS-backed AMIs" > "Image-copying scenarios";
//! awslabs/amazon-eks-ami#52 (an image whose snapshots are not shared), aws-samples/aws-backup-automation#2 (the words of a
//! key that is refused).

use std::collections::BTreeMap;

use authz::launch::VolumeKey;
use aws_catalog::access::Ec2Kind;
use aws_model::{KeyArn, Region};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    authorize,
    call::{Call, input},
    fault,
    keys::{self, Copying},
    records::{DeviceMapping, Image, Once, Settings, Shared, Snapshot, Tags, tag_set},
    snapshots,
    state::Realm,
    tags::{self, TagSpecification},
    volumes,
};
use crate::ServiceError;

/// The volume of snapshots that were copied.
///
/// Source: Amazon EC2 API Reference, "CopySnapshot": a copy has an arbitrary volume id, that is to be used for nothing.
const NO_VOLUME: &str = "vol-ffffffff";

const REFUSED: &str = "Given key ID is not accessible. You must have DescribeKey permissions on the default CMK.";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CopySnapshot {
    source_region: String,
    source_snapshot_id: String,
    #[serde(default)]
    description: String,
    #[serde(flatten)]
    encryption: Encryption,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CopyImage {
    source_region: String,
    source_image_id: String,
    name: String,
    description: Option<String>,
    #[serde(default)]
    copy_image_tags: bool,
    #[serde(flatten)]
    encryption: Encryption,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

/// What is said of the copy's encryption.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encryption {
    encrypted: Option<bool>,
    kms_key_id: Option<String>,
}

/// Under which key a copy comes to be.
enum Under {
    Plain,
    Key(KeyArn),
    /// It is named by an alias that stands for none.
    Nothing,
}

pub(super) async fn copy_snapshot(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    authorize::authorize(call, "CopySnapshot", &value)?;
    let asked: CopySnapshot = input(value)?;
    let tags = tags::of_new(&asked.tag_specifications, Ec2Kind::Snapshot)?;
    let (settings, source) = {
        let realm = call.read();
        (call.settings(&realm), source(call, &realm, &asked.source_region, &asked.source_snapshot_id)?)
    };
    let under = asked.encryption.of(call, &settings, &source, false)?;
    let copy = copied(call, &settings, &source, under, asked.description).await?;
    let mut change = call.change();
    tags::put(call, &mut change, &copy.id, &tags)?;
    let told = json!({ "SnapshotId": copy.id, "Tags": tag_set(&tags) });
    change.put(copy);
    change.commit();
    Ok(told)
}

pub(super) async fn copy_image(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    authorize::authorize(call, "CopyImage", &value)?;
    let once = Once::of(&value);
    if let Some(before) = copied_before(call, &call.read(), once.as_ref())? {
        return Ok(before);
    }
    let asked: CopyImage = input(value)?;
    let of_image = tags::of_new(&asked.tag_specifications, Ec2Kind::Image)?;
    let of_snapshots = tags::of_new(&asked.tag_specifications, Ec2Kind::Snapshot)?;
    let (settings, image, sources) = {
        let realm = call.read();
        let image = image(call, &realm, &asked)?;
        let sources = image.devices.iter().filter_map(|device| device.snapshot.as_ref()).map(|id| {
            let found = realm.snapshots.get(id).filter(|snapshot| snapshot.is_for(call.account()));
            found.map(|snapshot| Snapshot::clone(snapshot)).ok_or_else(|| {
                ServiceError::new("InvalidRequest", "You do not have permission to access the storage of this ami")
            })
        });
        (call.settings(&realm), image.clone(), sources.collect::<Result<Vec<_>, _>>()?)
    };
    let id = call.new_id("ami-")?;
    let mut copies: BTreeMap<String, Snapshot> = BTreeMap::new();
    for source in sources {
        let under = asked.encryption.of(call, &settings, &source, true)?;
        let description = format!(
            "Copied for DestinationAmi {id} from SourceAmi {} for SourceSnapshot {}. Task created on {}.",
            image.id,
            source.id,
            call.now().as_millisecond()
        );
        copies.insert(source.id.clone(), copied(call, &settings, &source, under, description).await?);
    }
    let failed = copies.values().find_map(|copy| copy.failed.as_ref());
    let failed = failed.map(|why| format!("AMI snapshot copy failed with error: {why}"));
    let devices = image.devices.iter().map(|device| DeviceMapping {
        snapshot: device.snapshot.as_ref().and_then(|id| copies.get(id)).map(|copy| copy.id.clone()),
        ..device.clone()
    });
    let copy = Image {
        owner: call.account(),
        region: call.ctx.region.clone(),
        name: asked.name,
        description: asked.description,
        devices: devices.collect(),
        created: call.now(),
        shared: Shared::default(),
        source: Some((asked.source_region, asked.source_image_id)),
        failed,
        once,
        id,
        ..image.clone()
    };
    let mut change = call.change();
    if let Some(before) = copied_before(call, &change, copy.once.as_ref())? {
        // Another call with the same token was faster, while this one's snapshots came under their keys.
        return Ok(before);
    }
    let of_source = change.tags.get(&Tags::key(call.account(), &image.id));
    let of_source = of_source.filter(|_| asked.copy_image_tags).map(|tags| tags.tags.clone());
    let of_image = of_source.into_iter().flatten().chain(of_image).collect();
    tags::put(call, &mut change, &copy.id, &of_image)?;
    for snapshot in copies.into_values() {
        tags::put(call, &mut change, &snapshot.id, &of_snapshots)?;
        change.put(snapshot);
    }
    let told = json!({ "ImageId": copy.id });
    change.put(copy);
    change.commit();
    Ok(told)
}

/// The copy that the same token has made.
fn copied_before(call: &Call<'_>, realm: &Realm, once: Option<&Once>) -> Result<Option<Value>, ServiceError> {
    let found = once.and_then(|once| Some((once, realm.image_of_token(&call.place(), &once.token)?)));
    let Some((once, image)) = found else { return Ok(None) };
    once.is_as(image.once.as_ref())?;
    Ok(Some(json!({ "ImageId": image.id })))
}

/// A snapshot that the caller's account may copy.
fn source(call: &Call<'_>, realm: &Realm, region: &str, id: &str) -> Result<Snapshot, ServiceError> {
    let region = region_named(region)?;
    let found = realm.snapshots.get(id).filter(|snapshot| snapshot.region == region);
    let found = found.filter(|snapshot| snapshot.is_for(call.account())).ok_or_else(|| fault::not_found(id))?;
    snapshots::complete(found)?;
    Ok(Snapshot::clone(found))
}

fn image<'r>(call: &Call<'_>, realm: &'r Realm, asked: &CopyImage) -> Result<&'r Image, ServiceError> {
    let region = region_named(&asked.source_region)?;
    let id = &asked.source_image_id;
    let found = realm.images.get(id).filter(|image| image.region == region && image.is_for(call.account()));
    let found = found.ok_or_else(|| fault::not_found(id))?;
    found.available()?;
    Ok(found)
}

fn region_named(text: &str) -> Result<Region, ServiceError> {
    text.parse().map_err(|_| fault::invalid(format!("Invalid region : [{text}]")))
}

impl Encryption {
    /// Under which key the copy of a snapshot comes to be. A copy of the account's own encrypted snapshot is under the
    /// account's default key if it is a snapshot's, and under the same key if it is an image's, where no key is named.
    fn of(
        &self,
        call: &Call<'_>,
        settings: &Settings,
        source: &Snapshot,
        keeps_own: bool,
    ) -> Result<Under, ServiceError> {
        let is_encrypted = source.key().is_some();
        if is_encrypted && self.encrypted == Some(false) {
            return Err(fault::combination("A copy of an encrypted snapshot cannot be unencrypted."));
        }
        // An encrypted snapshot's copy is encrypted without being told.
        let encrypted = self.encrypted.or(is_encrypted.then_some(true));
        match volumes::key(call, encrypted, self.kms_key_id.as_deref())? {
            None => return Ok(Under::Nothing),
            Some(VolumeKey::Named(key)) => return Ok(Under::Key(key)),
            Some(VolumeKey::Unsaid) if !settings.encrypts_by_default => return Ok(Under::Plain),
            Some(VolumeKey::Unsaid | VolumeKey::Default) => {}
        }
        let is_own = source.owner == call.account() && source.region == *call.ctx.region;
        match source.key().filter(|_| keeps_own && is_own && self.encrypted.is_none()) {
            Some(key) => Ok(Under::Key(key.clone())),
            None => Ok(Under::Key(keys::default_key(call, settings)?)),
        }
    }
}

/// The copy, whatever became of its keys.
async fn copied(
    call: &Call<'_>,
    settings: &Settings,
    source: &Snapshot,
    under: Under,
    description: String,
) -> Result<Snapshot, ServiceError> {
    let id = call.new_id("snap-")?;
    let sealed = match &under {
        Under::Plain => Ok(None),
        Under::Nothing => Err(()),
        Under::Key(key) => {
            let sealed = keys::copy(call, settings, Copying { copy: &id, source, key }).await;
            // The copy is complete: what its grants were for is done.
            sealed.map(|sealed| sealed.data_key).map_err(|_| ())
        }
    };
    Ok(Snapshot {
        id,
        owner: call.account(),
        region: call.ctx.region.clone(),
        volume: NO_VOLUME.to_owned(),
        size: source.size,
        description,
        failed: sealed.is_err().then(|| REFUSED.to_owned()),
        data_key: sealed.unwrap_or_default(),
        created: call.now(),
        shared: Shared::default(),
    })
}
