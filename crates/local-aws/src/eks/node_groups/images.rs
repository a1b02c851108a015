//! AWS's images for nodes, by the types that node groups name them by.
//!
//! Source: Amazon EKS API Reference, "Nodegroup" > `amiType`; the parameters that name the images as the catalogue has them.

use aws_catalog::public_images::{self, PublicImage};

/// The newest image of a type for a version of Kubernetes, and its release as `releaseVersion` tells it: of Bottlerocket AWS's own
/// version; of EKS's images without the patch version of Kubernetes, which their names do not tell.
pub(super) fn newest(ami_type: &str, version: &str) -> Option<(&'static PublicImage, String)> {
    let path = match ami_type {
        "AL2023_x86_64_STANDARD" => eks(version, "x86_64/standard"),
        "AL2023_ARM_64_STANDARD" => eks(version, "arm64/standard"),
        "AL2023_x86_64_NEURON" => eks(version, "x86_64/neuron"),
        "AL2023_x86_64_NVIDIA" => eks(version, "x86_64/nvidia"),
        "AL2023_ARM_64_NVIDIA" => eks(version, "arm64/nvidia"),
        "BOTTLEROCKET_x86_64" => bottlerocket(version, "/x86_64"),
        "BOTTLEROCKET_ARM_64" => bottlerocket(version, "/arm64"),
        "BOTTLEROCKET_x86_64_NVIDIA" => bottlerocket(version, "-nvidia/x86_64"),
        "BOTTLEROCKET_ARM_64_NVIDIA" => bottlerocket(version, "-nvidia/arm64"),
        _ => return None,
    };
    let image = public_images::parameter(&path)?.image;
    let release = image.name.rsplit("-v").next().unwrap_or_default();
    let is_of_eks = ami_type.starts_with("AL2023");
    Some((image, if is_of_eks { format!("{version}-{release}") } else { release.to_owned() }))
}

fn eks(version: &str, of: &str) -> String {
    format!("/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{of}/recommended/image_id")
}

fn bottlerocket(version: &str, of: &str) -> String {
    format!("/aws/service/bottlerocket/aws-k8s-{version}{of}/latest/image_id")
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn each_type_has_the_image_of_its_name_and_architecture() {
        for (ami_type, name, architecture, release) in [
            ("AL2023_x86_64_STANDARD", "amazon-eks-node-al2023-x86_64-standard-1.33-v", "x86_64", "1.33-20"),
            ("AL2023_ARM_64_NVIDIA", "amazon-eks-node-al2023-arm64-nvidia-1.33-v", "arm64", "1.33-20"),
            ("BOTTLEROCKET_x86_64_NVIDIA", "bottlerocket-aws-k8s-1.33-nvidia-x86_64-v", "x86_64", "1."),
            ("BOTTLEROCKET_ARM_64", "bottlerocket-aws-k8s-1.33-arm64-v", "arm64", "1."),
        ] {
            let (image, told) = newest(ami_type, "1.33").unwrap();
            assert!(image.name.starts_with(name) && image.architecture == architecture, "{ami_type}: {image:?}");
            assert!(told.starts_with(release) && !told.contains('v'), "{told}");
        }
        assert!(newest("AL2_x86_64", "1.33").is_none() && newest("AL2023_x86_64_STANDARD", "1.12").is_none());
    }
}
