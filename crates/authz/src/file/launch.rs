//! Launches, as people write them.

use aws_model::{AccountId, Arn, KeyArn};

use super::{
    FileError, Problem,
    field::{Field, Fields},
    node::Node,
    request,
};
use crate::{
    launch::{
        Capacity, FleetKind, GroupTemplate, Image, KeyNeedsEncrypted, Launch, Launcher, Snapshot, Volume, VolumeKey,
    },
    principal::Principal,
    world::World,
};

const FIELDS: [&str; 8] =
    ["account", "region", "launcher", "image", "volumes", "defaultKey", "encryptsByDefault", "nodeRole"];
const LAUNCHERS: [&str; 8] =
    ["runInstances", "karpenter", "fleet", "spotRequest", "autoScaling", "nodeGroup", "ebsCsi", "autoMode"];
const CAPACITIES: [(&str, Capacity); 2] = [("onDemand", Capacity::OnDemand), ("spot", Capacity::Spot)];
const TEMPLATES: [(&str, GroupTemplate); 2] =
    [("launchTemplate", GroupTemplate::LaunchTemplate), ("launchConfiguration", GroupTemplate::LaunchConfiguration)];

/// The types of fleet, as words.
#[derive(Clone, Copy)]
enum Fleet {
    Instant,
    Request,
    Maintain,
}

/// Reads a launch that is part of another text. The inner error is EC2's: a key for a volume that is not encrypted.
pub(super) fn of_node(node: &Node, world: &World) -> Result<Result<Launch, KeyNeedsEncrypted>, FileError> {
    let fields = Field::root(node).fields(&FIELDS)?;
    let mut volumes = Vec::new();
    for (at, field) in fields.items("volumes")?.into_iter().enumerate() {
        match volume(field, at)? {
            Ok(volume) => volumes.push(volume),
            Err(refused) => return Ok(Err(refused)),
        }
    }
    Ok(Ok(Launch {
        account: fields.need("account")?.parse()?,
        region: fields.need("region")?.parse()?,
        launcher: launcher(&fields.need("launcher")?, world)?,
        image: fields.get("image").map(image).transpose()?,
        volumes,
        default_key: fields.parse("defaultKey")?,
        encrypts_by_default: fields
            .get("encryptsByDefault")
            .map(|field| field.truth())
            .transpose()?
            .unwrap_or_default(),
        node_role: fields.parse("nodeRole")?,
    }))
}

fn image(field: Field<'_>) -> Result<Image, FileError> {
    let fields = field.fields(&["owner", "shared"])?;
    Ok(Image { owner: fields.need("owner")?.parse()?, shared: truth(&fields, "shared")? })
}

fn volume(field: Field<'_>, at: usize) -> Result<Result<Volume, KeyNeedsEncrypted>, FileError> {
    let fields = field.fields(&["device", "snapshot", "encrypted", "key"])?;
    let device = match fields.text("device")? {
        Some(device) => device.into(),
        None => format!("volume-{}", at + 1).into(),
    };
    let snapshot = fields.get("snapshot").map(snapshot).transpose()?;
    let told = VolumeKey::told(truth(&fields, "encrypted")?, fields.parse::<KeyArn>("key")?);
    Ok(told.map(|key| Volume { device, snapshot, key }))
}

fn snapshot(field: Field<'_>) -> Result<Snapshot, FileError> {
    let fields = field.fields(&["owner", "key", "associatedKeys", "shared"])?;
    let associated = fields.items("associatedKeys")?;
    Ok(Snapshot {
        owner: fields.need("owner")?.parse::<AccountId>()?,
        key: fields.parse("key")?,
        associated_keys: associated.iter().map(Field::parse).collect::<Result<_, _>>()?,
        shared: truth(&fields, "shared")?,
    })
}

fn truth(fields: &Fields<'_>, name: &str) -> Result<Option<bool>, FileError> {
    fields.get(name).map(|field| field.truth()).transpose()
}

/// A word for launchers without parts, or a mapping of one launcher.
fn launcher(field: &Field<'_>, world: &World) -> Result<Launcher, FileError> {
    if field.text().is_ok() {
        let words = [("spotRequest", 0_u8), ("nodeGroup", 1), ("autoScaling", 2)];
        return Ok(match field.word(&words)? {
            0 => Launcher::SpotRequest,
            1 => Launcher::NodeGroup,
            _ => Launcher::AutoScaling {
                suffix: None,
                from: GroupTemplate::LaunchTemplate,
                capacity: Capacity::OnDemand,
            },
        });
    }
    let fields = field.clone().fields(&LAUNCHERS)?;
    let capacity = |of: &Fields<'_>| -> Result<Capacity, FileError> {
        let told = of.get("capacity").map(|field| field.word(&CAPACITIES)).transpose()?;
        Ok(told.unwrap_or(Capacity::OnDemand))
    };
    if let Some(caller) = fields.get("runInstances") {
        return Ok(Launcher::RunInstances(principal(&caller, world)?));
    }
    if let Some(of) = fields.get("karpenter") {
        let of = of.fields(&["controller", "capacity"])?;
        return Ok(Launcher::Karpenter { controller: role(&of, "controller")?, capacity: capacity(&of)? });
    }
    if let Some(of) = fields.get("fleet") {
        let of = of.fields(&["type", "caller"])?;
        let types = [("instant", Fleet::Instant), ("request", Fleet::Request), ("maintain", Fleet::Maintain)];
        return Ok(Launcher::Fleet(match of.need("type")?.word(&types)? {
            Fleet::Instant => FleetKind::Instant(principal(&of.need("caller")?, world)?),
            Fleet::Request => FleetKind::Request,
            Fleet::Maintain => FleetKind::Maintain,
        }));
    }
    if let Some(of) = fields.get("autoScaling") {
        let of = of.fields(&["suffix", "from", "capacity"])?;
        let from = of.get("from").map(|field| field.word(&TEMPLATES)).transpose()?;
        return Ok(Launcher::AutoScaling {
            suffix: of.text("suffix")?.map(Into::into),
            from: from.unwrap_or(GroupTemplate::LaunchTemplate),
            capacity: capacity(&of)?,
        });
    }
    if let Some(of) = fields.get("ebsCsi") {
        return Ok(Launcher::EbsCsi { controller: role(&of.fields(&["controller"])?, "controller")? });
    }
    if let Some(of) = fields.get("autoMode") {
        return Ok(Launcher::AutoMode { cluster_role: role(&of.fields(&["clusterRole"])?, "clusterRole")? });
    }
    let problem = format!("write who launches: one of {}", LAUNCHERS.map(|name| format!("`{name}`")).join(", "));
    Err(field.refuse(Problem::Value(problem)))
}

fn role(fields: &Fields<'_>, name: &'static str) -> Result<Arn, FileError> {
    fields.need(name)?.parse()
}

fn principal(field: &Field<'_>, world: &World) -> Result<Principal, FileError> {
    request::principal::named(field, world)
}
