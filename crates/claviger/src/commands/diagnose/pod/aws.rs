//! What AWS has of a pod's credentials: the cluster, its associations, roles and policies.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use authz::{
    file::aws_cli::{self, Document},
    text::SourceText,
    world::World,
};
use aws_client::{Aws, CallError, Client};
use aws_config::{BehaviorVersion, Region};
use aws_model::Arn;
use aws_wire::model::ServiceId;
use clap::Args;
use diagnose::chain::Known;
use eks_auth::Associations;
use pod_identity::broker::{BrokerPrincipal, read_associations};
use serde_json::{Value, json};

use super::{PodName, cluster::Seen};
use crate::{
    eks_associations::EksCluster,
    facts::{FactFlags, shown},
    failure::{Failure, Problem},
    printer::note,
};

/// So many associations of other service accounts are asked about, for the nearest.
const OTHERS: usize = 20;

#[derive(Args, Debug)]
#[command(next_help_heading = "AWS")]
pub(super) struct AwsFlags {
    /// The cluster's name at EKS, which is asked for its associations
    #[arg(long, value_name = "NAME", required_unless_present = "cluster_arn")]
    cluster_name: Option<String>,

    /// The cluster's ARN, as its sessions' tags have it; EKS is not asked
    #[arg(long, value_name = "ARN", conflicts_with = "cluster_name")]
    cluster_arn: Option<Arn>,

    /// Outside EKS: the role or user that the broker is to AWS, or its session
    #[arg(long, value_name = "ARN", requires = "cluster_arn")]
    pub(super) broker_identity: Option<BrokerPrincipal>,

    /// Outside EKS: the broker's file of associations, in place of custom resources
    #[arg(long, value_name = "FILE", requires = "cluster_arn")]
    associations: Option<PathBuf>,

    /// The role of the pod's node [default: its instance's, as EC2 tells it]
    #[arg(long, value_name = "ARN")]
    node_role: Option<Arn>,

    /// Region of the cluster [default: AWS_REGION, else the profile's]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// Profile of the AWS configuration files [default: AWS_PROFILE]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    #[command(flatten)]
    facts: FactFlags,
}

/// What was seen.
pub(super) struct SeenAtAws {
    pub(super) cluster: Arn,
    pub(super) associations: Known<Arc<Associations>>,
    pub(super) node_role: Known<Arn>,
    pub(super) world: World,
}

impl AwsFlags {
    /// The accounts, where they are told: by files or by an embedded AWS.
    pub(super) fn told_world(&self) -> Result<Option<World>, Failure> {
        if self.facts.are_told() { self.facts.world().map(Some) } else { Ok(None) }
    }

    /// What else there is; of the accounts that nobody told, AWS is asked.
    pub(super) async fn look(&self, pod: &PodName, seen: &Seen, told: Option<World>) -> Result<SeenAtAws, Failure> {
        let aws = self.aws().await;
        let cluster = match (&self.cluster_arn, &self.cluster_name) {
            (Some(arn), _) => arn.clone(),
            (None, name) => cluster(&aws, name.as_deref().unwrap_or_default()).await?,
        };
        let associations = match (&self.cluster_name, &self.associations, &seen.associations) {
            (Some(name), ..) => of_eks(&EksCluster::of(&aws, name)?, pod, &seen.pod.service_account).await,
            (None, Some(file), _) => of_file(file)?,
            (None, None, Known::Is(objects)) => of_objects(objects),
            (None, None, Known::Absent) => Known::Absent,
            (None, None, Known::Unknown(why)) => Known::Unknown(why.clone()),
        };
        let world = match told {
            Some(world) => world,
            None => account(&aws, &cluster).await?,
        };
        let node_role = match (&self.node_role, &self.broker_identity) {
            (Some(arn), _) => Known::Is(arn.clone()),
            // Who asks the broker is no identity of AWS's.
            (None, Some(_)) => Known::Absent,
            (None, None) => node_role(&aws, &seen.instance).await,
        };
        Ok(SeenAtAws { cluster, associations, node_role, world })
    }

    async fn aws(&self) -> Aws {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        let region = self.region.as_deref().or_else(|| Some(self.cluster_arn.as_ref()?.region()));
        if let Some(region) = region.filter(|region| !region.is_empty()) {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(endpoint) = self.facts.endpoint_url() {
            loader = loader.endpoint_url(endpoint);
        }
        Aws::new(&loader.load().await)
    }
}

async fn cluster(aws: &Aws, name: &str) -> Result<Arn, Failure> {
    let told = aws.client(ServiceId::Eks)?.call("DescribeCluster", json!({ "name": name })).await.map_err(|error| {
        let failure = Failure::new(&error);
        if error.is("ResourceNotFoundException") {
            return failure.help("see which there are: aws eks list-clusters; outside EKS, give --cluster-arn");
        }
        failure.help("to decide without asking EKS, give --cluster-arn")
    })?;
    let arn = text(&told, "/cluster/arn").unwrap_or_default();
    Ok(arn.parse::<Arn>()?)
}

/// The associations of an EKS cluster: those of the pod's service account, and of a few that may have been meant.
async fn of_eks(eks: &EksCluster, pod: &PodName, account: &str) -> Known<Arc<Associations>> {
    let asked = async {
        let mut all = eks.list().await?;
        let is_near = |told: &Value| {
            let (namespace, name) = (text(told, "/namespace"), text(told, "/serviceAccount"));
            // False comes first.
            (namespace != Some(&pod.namespace) || name != Some(account), namespace != Some(&pod.namespace))
        };
        all.sort_by_key(is_near);
        let mut associations = Vec::new();
        for told in all.iter().take(1 + OTHERS) {
            associations.extend(eks.describe(text(told, "/associationId").unwrap_or_default()).await?);
        }
        Ok::<_, CallError>(Associations::all_but_refused(associations).0)
    };
    match asked.await {
        Ok(associations) => Known::Is(Arc::new(associations)),
        Err(why) => Known::Unknown(why.to_string()),
    }
}

/// The associations of the broker's file, which it reads whole or not at all.
fn of_file(path: &Path) -> Result<Known<Arc<Associations>>, Failure> {
    let read = read_associations(path).map_err(|invalid| Failure::usage(invalid.told().map(Problem::new).collect()))?;
    Ok(Known::Is(Arc::new(read)))
}

/// The associations of custom resources. What the broker leaves out is left out here.
fn of_objects(objects: &[Value]) -> Known<Arc<Associations>> {
    // As the broker has it: of two with the same patterns the elder counts.
    let mut objects: Vec<_> = objects.iter().collect();
    objects.sort_by_key(|object| (text(object, "/metadata/creationTimestamp"), text(object, "/metadata/name")));
    let mut associations = Vec::new();
    for object in objects {
        match kubernetes::association_of(object) {
            Ok(association) => associations.push(association),
            Err(invalid) => {
                let name = text(object, "/metadata/name").unwrap_or_default();
                note(format_args!("note: PodIdentityAssociation {name} does not count: {invalid}"));
            }
        }
    }
    let (associations, refused) = Associations::all_but_refused(associations);
    for twice in refused {
        note(format_args!("note: {twice}"));
    }
    Known::Is(Arc::new(associations))
}

/// Users, roles and policies of the cluster's account, as real AWS tells them.
async fn account(aws: &Aws, cluster: &Arn) -> Result<World, Failure> {
    let id = cluster.account().parse().map_err(|_| {
        Failure::usage(vec![Problem::new(format_args!("--cluster-arn: `{cluster}` does not say whose the cluster is"))])
    })?;
    note(format_args!("asking IAM for the roles and policies of account {id}"));
    let mut world = World::new();
    match details(&aws.client(ServiceId::Iam)?).await {
        Ok(details) => {
            let source = SourceText::new("answer of GetAccountAuthorizationDetails", details.to_string());
            let document = Document { account: id, about: None, source };
            for remark in aws_cli::add(&mut world, &[document]).map_err(|error| shown(&error))? {
                note(format_args!("note: {remark}"));
            }
        }
        Err(error) => note(format_args!("note: what roles allow is not known: {error}")),
    }
    Ok(world)
}

async fn details(iam: &Client) -> Result<Value, CallError> {
    const MEMBERS: [&str; 4] = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];
    let mut all = MEMBERS.map(|member| (member, Vec::new()));
    let mut pages = iam.pages("GetAccountAuthorizationDetails", json!({}));
    while let Some(mut page) = pages.next().await? {
        for (member, items) in &mut all {
            if let Some(Value::Array(more)) = page.get_mut(*member).map(Value::take) {
                items.extend(more);
            }
        }
    }
    Ok(all.into_iter().map(|(member, items)| (member.to_owned(), Value::Array(items))).collect())
}

/// The role of an instance's profile.
async fn node_role(aws: &Aws, instance: &Known<String>) -> Known<Arn> {
    let id = match instance {
        Known::Is(id) => id,
        Known::Absent => return Known::Absent,
        Known::Unknown(why) => return Known::Unknown(why.clone()),
    };
    let asked = async {
        let client = |service| aws.client(service).map_err(|unusable| unusable.to_string());
        let said = |error: CallError| error.to_string();
        let asked = json!({ "InstanceIds": [id] });
        let told = client(ServiceId::Ec2)?.call("DescribeInstances", asked).await.map_err(said)?;
        let profile = text(&told, "/Reservations/0/Instances/0/IamInstanceProfile/Arn");
        let Some(profile) = profile.and_then(|arn| arn.rsplit('/').next()) else { return Ok(None) };
        let asked = json!({ "InstanceProfileName": profile });
        let told = client(ServiceId::Iam)?.call("GetInstanceProfile", asked).await.map_err(said)?;
        Ok::<_, String>(text(&told, "/InstanceProfile/Roles/0/Arn").and_then(|arn| arn.parse().ok()))
    };
    match asked.await {
        Ok(Some(arn)) => Known::Is(arn),
        Ok(None) => Known::Absent,
        Err(why) => Known::Unknown(why),
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}
