//! AWS's own images, as public parameters name them.

use aws_catalog::public_images::{Told, images, parameter, parameters};

#[test]
fn every_parameter_leads_to_an_image_and_every_image_has_one() {
    assert!(parameters().is_sorted_by_key(|known| &known.name) && images().is_sorted_by_key(|image| &image.name));
    for known in parameters() {
        assert!(images().iter().any(|image| image.name == known.image.name), "{}", known.name);
        assert!(std::ptr::eq(parameter(&known.name).unwrap(), known), "{} is there twice", known.name);
    }
    let has_id = |name: &str| parameters().iter().any(|known| known.image.name == name && known.tells == Told::Id);
    assert!(images().iter().all(|image| has_id(&image.name)));
}

#[test]
fn parameters_are_those_that_karpenter_asks_for() {
    for (path, image) in [
        (
            "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended/image_id",
            "amazon-eks-node-al2023-x86_64-standard-1.31-v20260903",
        ),
        (
            "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/arm64/standard/amazon-eks-node-al2023-arm64-standard-1.31-v20260903/image_id",
            "amazon-eks-node-al2023-arm64-standard-1.31-v20260903",
        ),
        (
            "/aws/service/bottlerocket/aws-k8s-1.31/x86_64/latest/image_id",
            "bottlerocket-aws-k8s-1.31-x86_64-v1.34.0-18d04e52",
        ),
        (
            "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
            "al2023-ami-2023.12.20260831.0-kernel-6.1-x86_64",
        ),
    ] {
        assert_eq!(parameter(path).unwrap().image.name, image);
    }
    assert!(parameter("/aws/service/eks/optimized-ami/1.31/recommended").is_none());
}
