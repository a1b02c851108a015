//! The models that travel in the binary, and how a request finds its own.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;

use super::{ModelError, Operation, ServiceModel};

/// A service whose model is embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceId {
    /// AWS Identity and Access Management.
    Iam,
    /// AWS Key Management Service.
    Kms,
    /// AWS Security Token Service.
    Sts,
    /// AWS CloudTrail.
    CloudTrail,
    /// AWS Organizations.
    Organizations,
    /// Amazon Elastic Compute Cloud, as far as the embedded AWS has it.
    Ec2,
    /// Amazon Elastic Kubernetes Service.
    Eks,
    /// Amazon EKS Auth.
    EksAuth,
    /// Amazon Simple Queue Service.
    Sqs,
    /// AWS Systems Manager, as far as the embedded AWS has it.
    Ssm,
    /// Amazon EC2 Auto Scaling, as far as the embedded AWS has it.
    AutoScaling,
}

impl ServiceId {
    /// Every embedded service.
    pub const ALL: [Self; 11] = [
        Self::Iam,
        Self::Kms,
        Self::Sts,
        Self::CloudTrail,
        Self::Organizations,
        Self::Eks,
        Self::EksAuth,
        Self::Ec2,
        Self::Sqs,
        Self::Ssm,
        Self::AutoScaling,
    ];

    /// The model's bytes, gzipped, as `cargo xtask models` wrote them.
    #[must_use]
    pub fn compressed(self) -> &'static [u8] {
        match self {
            Self::Iam => include_bytes!("../../models/iam-2010-05-08.json.gz"),
            Self::Kms => include_bytes!("../../models/kms-2014-11-01.json.gz"),
            Self::Sts => include_bytes!("../../models/sts-2011-06-15.json.gz"),
            Self::CloudTrail => include_bytes!("../../models/cloudtrail-2013-11-01.json.gz"),
            Self::Organizations => include_bytes!("../../models/organizations-2016-11-28.json.gz"),
            Self::Eks => include_bytes!("../../models/eks-2017-11-01.json.gz"),
            Self::EksAuth => include_bytes!("../../models/eks-auth-2023-11-26.json.gz"),
            Self::Ec2 => include_bytes!("../../models/ec2-2016-11-15.json.gz"),
            Self::Sqs => include_bytes!("../../models/sqs-2012-11-05.json.gz"),
            Self::Ssm => include_bytes!("../../models/ssm-2014-11-06.json.gz"),
            Self::AutoScaling => include_bytes!("../../models/autoscaling-2011-01-01.json.gz"),
        }
    }
}

/// The model of a service, parsed when it is first asked for.
#[must_use]
pub fn service(id: ServiceId) -> &'static ServiceModel {
    static IAM: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::Iam));
    static KMS: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::Kms));
    static STS: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::Sts));
    static CLOUDTRAIL: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::CloudTrail));
    static ORGANIZATIONS: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::Organizations));
    static EKS: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::Eks));
    static EKS_AUTH: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::EksAuth));
    static EC2: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::Ec2));
    static SQS: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::Sqs));
    static SSM: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::Ssm));
    static AUTO_SCALING: LazyLock<ServiceModel> = LazyLock::new(|| embedded(ServiceId::AutoScaling));
    match id {
        ServiceId::Iam => &IAM,
        ServiceId::Kms => &KMS,
        ServiceId::Sts => &STS,
        ServiceId::CloudTrail => &CLOUDTRAIL,
        ServiceId::Organizations => &ORGANIZATIONS,
        ServiceId::Eks => &EKS,
        ServiceId::EksAuth => &EKS_AUTH,
        ServiceId::Ec2 => &EC2,
        ServiceId::Sqs => &SQS,
        ServiceId::Ssm => &SSM,
        ServiceId::AutoScaling => &AUTO_SCALING,
    }
}

/// The service whose awsJson requests name `prefix` before the operation (`TrentService` is KMS).
#[must_use]
pub fn service_for_target_prefix(prefix: &str) -> Option<ServiceId> {
    match prefix {
        "TrentService" => Some(ServiceId::Kms),
        "AmazonSQS" => Some(ServiceId::Sqs),
        "AmazonSSM" => Some(ServiceId::Ssm),
        "AWSOrganizationsV20161128" => Some(ServiceId::Organizations),
        // botocore's name, and that of the SDKs that are made from Smithy's models.
        "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101" | "CloudTrail_20131101" => Some(ServiceId::CloudTrail),
        _ => None,
    }
}

/// The service that a SigV4 credential scope names.
#[must_use]
pub fn service_for_signing_name(name: &str) -> Option<ServiceId> {
    match name {
        "iam" => Some(ServiceId::Iam),
        "kms" => Some(ServiceId::Kms),
        "sts" => Some(ServiceId::Sts),
        "cloudtrail" => Some(ServiceId::CloudTrail),
        "organizations" => Some(ServiceId::Organizations),
        "eks" => Some(ServiceId::Eks),
        "eks-auth" => Some(ServiceId::EksAuth),
        "ec2" => Some(ServiceId::Ec2),
        "sqs" => Some(ServiceId::Sqs),
        "ssm" => Some(ServiceId::Ssm),
        "autoscaling" => Some(ServiceId::AutoScaling),
        _ => None,
    }
}

/// The service whose REST API has this method and path (with its escapes), and the operation there.
#[must_use]
pub fn service_for_path(method: &str, path: &str) -> Option<(ServiceId, &'static Operation)> {
    let speak_rest = [ServiceId::Eks, ServiceId::EksAuth];
    speak_rest.into_iter().find_map(|id| Some((id, service(id).operation_for_path(method, path)?)))
}

/// The service that a Query request's `Version` and `Action` name. Without a `Version` the action alone decides.
#[must_use]
pub fn service_for_action(version: Option<&str>, action: &str) -> Option<ServiceId> {
    ServiceId::ALL.into_iter().find(|&id| {
        let model = service(id);
        let metadata = model.metadata();
        metadata.protocol.is_query()
            && version.is_none_or(|version| version == metadata.api_version)
            && model.operation(action).is_some()
    })
}

/// The Query service whose API has this version.
#[must_use]
pub fn service_for_version(version: &str) -> Option<ServiceId> {
    ServiceId::ALL.into_iter().find(|&id| {
        let metadata = service(id).metadata();
        metadata.protocol.is_query() && metadata.api_version == version
    })
}

fn embedded(id: ServiceId) -> ServiceModel {
    #[expect(clippy::expect_used, reason = "the bytes are part of the binary, and a test parses every model")]
    decompress(id.compressed()).expect("an embedded service model parses")
}

fn decompress(bytes: &[u8]) -> Result<ServiceModel, ModelError> {
    let mut json = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut json).map_err(serde_json::Error::io)?;
    ServiceModel::from_json(&json)
}
