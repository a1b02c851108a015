//! AWS's own images: of every region, shared with all. They follow from the catalogue and the region, so that none is kept.

use std::sync::Arc;

use aws_catalog::public_images::{self, PublicImage};
use aws_lc_rs::digest;
use aws_model::Region;
use jiff::Timestamp;

use super::records::{DeviceMapping, Image, Shared};

/// When they were made: at the release that their names are of.
const CREATED: i64 = 1_788_393_600;

/// The id of an image in a region: ours, and always the same.
pub(crate) fn id(region: &Region, image: &PublicImage) -> String {
    let hash = digest::digest(&digest::SHA256, format!("{region}/{}", image.name).as_bytes());
    let digits: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("ami-{}", digits.get(..17).unwrap_or_default())
}

/// Those of a region, by id.
pub(super) fn all(region: &Region) -> Vec<Arc<Image>> {
    let mut images: Vec<Arc<Image>> =
        public_images::images().iter().filter_map(|image| of(region, image)).map(Arc::new).collect();
    images.sort_by(|one, other| one.id.cmp(&other.id));
    images
}

/// The one with this id in a region.
pub(super) fn find(region: &Region, wanted: &str) -> Option<Arc<Image>> {
    let found = public_images::images().iter().find(|image| id(region, image) == wanted)?;
    of(region, found).map(Arc::new)
}

/// Whether an image is AWS's own.
pub(super) fn is_of_aws(image: &Image) -> bool {
    public_images::images().iter().any(|known| known.owner == image.owner.as_str())
}

fn of(region: &Region, image: &PublicImage) -> Option<Image> {
    let devices = image.volumes.iter().map(|(device, size)| DeviceMapping {
        device: (*device).to_owned(),
        snapshot: None,
        size: *size,
        kind: "gp3".to_owned(),
        iops: Some(3000),
        throughput: Some(125),
        delete_on_termination: true,
    });
    let (root, _) = image.volumes.first()?;
    Some(Image {
        id: id(region, image),
        owner: image.owner.parse().ok()?,
        region: region.clone(),
        name: image.name.clone(),
        description: None,
        architecture: image.architecture.to_owned(),
        root_device: (*root).to_owned(),
        devices: devices.collect(),
        created: Timestamp::from_second(CREATED).unwrap_or_default(),
        shared: Shared { with_all: true, ..Shared::default() },
        source: None,
        failed: None,
        once: None,
    })
}
