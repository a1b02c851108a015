//! Images that AWS publishes for clusters, and the public parameters that name the newest of each.
//!
//! Sources: Amazon EKS User Guide, "Retrieve recommended Amazon Linux AMI IDs" and "Retrieve recommended Bottlerocket AMI IDs"; AWS
//! Systems Manager User Guide, "Calling AMI public parameters in Parameter Store"; github.com/awslabs/amazon-eks-ami,
//! release v20260903 (the names of EKS's images, and the Amazon Linux that they are made of). Bottlerocket's names are those of its
//! release 1.34.0, as cloudposse/terraform-aws-eks-node-group#209 has it for Kubernetes 1.32; that it is the one of every
//! version is ours. Accounts are as people quote them of DescribeImages.

use std::sync::LazyLock;

/// The versions of Kubernetes that EKS's release has images for.
const KUBERNETES: [&str; 6] = ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];
const EKS_RELEASE: &str = "v20260903";
const BOTTLEROCKET_RELEASE: &str = "1.34.0-18d04e52";
const AMAZON_LINUX_RELEASE: &str = "2023.12.20260831.0";

const EKS: &str = "602401143452";
const BOTTLEROCKET: &str = "092701018921";
const AMAZON_LINUX: &str = "137112412989";

static PUBLISHED: LazyLock<Published> = LazyLock::new(Published::all);

/// An image of AWS's, of which every region has its own.
#[derive(Debug)]
pub struct PublicImage {
    /// Its name, which says of what release it is.
    pub name: String,
    /// The account that it is of.
    pub owner: &'static str,
    /// `x86_64` or `arm64`
    pub architecture: &'static str,
    /// Its volumes: device and GiB, the root's first.
    pub volumes: &'static [(&'static str, i64)],
}

/// A public parameter.
#[derive(Debug)]
pub struct PublicParameter {
    /// Its name: a path.
    pub name: String,
    /// The image that it is about.
    pub image: &'static PublicImage,
    /// What it tells of it.
    pub tells: Told,
}

/// What a parameter tells of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Its id in the region.
    Id,
    /// Its name.
    Name,
    /// The version of what is in it.
    Version(&'static str),
    /// Id and name, as JSON.
    Everything,
}

/// All images, by name.
#[must_use]
pub fn images() -> &'static [PublicImage] {
    static IMAGES: LazyLock<Vec<PublicImage>> = LazyLock::new(|| {
        let mut images: Vec<PublicImage> = PUBLISHED.0.iter().map(Line::image).collect();
        images.sort_by(|one, other| one.name.cmp(&other.name));
        images
    });
    &IMAGES
}

/// All parameters, by name.
#[must_use]
pub fn parameters() -> &'static [PublicParameter] {
    static PARAMETERS: LazyLock<Vec<PublicParameter>> = LazyLock::new(|| {
        let image = |name: &str| images().iter().find(|image| image.name == name);
        let of_line = |line: &'static Line| {
            let image = image(&line.name)?;
            Some(line.parameters.iter().map(move |(name, tells)| PublicParameter {
                name: name.clone(),
                image,
                tells: *tells,
            }))
        };
        let mut all: Vec<PublicParameter> = PUBLISHED.0.iter().filter_map(of_line).flatten().collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    });
    &PARAMETERS
}

/// The parameter with this name, if there is one.
#[must_use]
pub fn parameter(name: &str) -> Option<&'static PublicParameter> {
    let at = parameters().binary_search_by(|known| known.name.as_str().cmp(name)).ok()?;
    parameters().get(at)
}

struct Published(Vec<Line>);

/// An image and the parameters that name it.
struct Line {
    name: String,
    owner: &'static str,
    architecture: &'static str,
    volumes: &'static [(&'static str, i64)],
    parameters: Vec<(String, Told)>,
}

impl Line {
    fn image(&self) -> PublicImage {
        let Self { name, owner, architecture, volumes, .. } = self;
        PublicImage { name: name.clone(), owner, architecture, volumes }
    }
}

impl Published {
    fn all() -> Self {
        let eks = KUBERNETES.into_iter().flat_map(|version| {
            [
                ("x86_64", "standard"),
                ("x86_64", "nvidia"),
                ("x86_64", "neuron"),
                ("arm64", "standard"),
                ("arm64", "nvidia"),
            ]
            .map(|(architecture, variant)| eks(version, architecture, variant))
        });
        let bottlerocket = KUBERNETES.into_iter().flat_map(|version| {
            let variants = [("x86_64", ""), ("x86_64", "-nvidia"), ("arm64", ""), ("arm64", "-nvidia")];
            variants.map(|(architecture, variant)| bottlerocket(version, architecture, variant))
        });
        let amazon_linux = ["", "minimal-"].into_iter().flat_map(|kind| {
            let kernels = ["6.1", "6.12", "6.18"].into_iter();
            kernels.flat_map(move |kernel| {
                ["x86_64", "arm64"].map(|architecture| amazon_linux(kind, kernel, architecture))
            })
        });
        Self(eks.chain(bottlerocket).chain(amazon_linux).collect())
    }
}

fn eks(version: &str, architecture: &'static str, variant: &str) -> Line {
    let name = format!("amazon-eks-node-al2023-{architecture}-{variant}-{version}-{EKS_RELEASE}");
    let path = format!("/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{architecture}/{variant}");
    let of = |named: &str| {
        [
            (format!("{path}/{named}"), Told::Everything),
            (format!("{path}/{named}/image_id"), Told::Id),
            (format!("{path}/{named}/image_name"), Told::Name),
        ]
    };
    let parameters = of("recommended").into_iter().chain(of(&name)).collect();
    Line { owner: EKS, architecture, volumes: &[("/dev/xvda", 20)], parameters, name }
}

fn bottlerocket(version: &str, architecture: &'static str, variant: &str) -> Line {
    let path = format!("/aws/service/bottlerocket/aws-k8s-{version}{variant}/{architecture}");
    let (short, _) = BOTTLEROCKET_RELEASE.split_once('-').unwrap_or((BOTTLEROCKET_RELEASE, ""));
    let of = |named: &str| {
        [
            (format!("{path}/{named}/image_id"), Told::Id),
            (format!("{path}/{named}/image_version"), Told::Version(BOTTLEROCKET_RELEASE)),
        ]
    };
    let parameters = ["latest", short, BOTTLEROCKET_RELEASE].into_iter().flat_map(of).collect();
    Line {
        name: format!("bottlerocket-aws-k8s-{version}{variant}-{architecture}-v{BOTTLEROCKET_RELEASE}"),
        owner: BOTTLEROCKET,
        architecture,
        volumes: &[("/dev/xvda", 2), ("/dev/xvdb", 20)],
        parameters,
    }
}

fn amazon_linux(kind: &str, kernel: &str, architecture: &'static str) -> Line {
    let path = |kernel: &str| {
        let of = "/aws/service/ami-amazon-linux-latest";
        (format!("{of}/al2023-ami-{kind}kernel-{kernel}-{architecture}"), Told::Id)
    };
    let is_default = kernel == "6.1";
    let parameters = is_default.then(|| path("default")).into_iter().chain([path(kernel)]).collect();
    Line {
        name: format!("al2023-ami-{kind}{AMAZON_LINUX_RELEASE}-kernel-{kernel}-{architecture}"),
        owner: AMAZON_LINUX,
        architecture,
        volumes: &[("/dev/xvda", 8)],
        parameters,
    }
}
