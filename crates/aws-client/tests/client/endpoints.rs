//! Which endpoint the settings lead to.

use aws_client::{Aws, Unusable};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_wire::model::ServiceId;

use crate::SECRET;

async fn of_profile(text: &str, given: Option<&str>) -> SdkConfig {
    let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text).build();
    let loader = aws_config::defaults(BehaviorVersion::latest()).profile_files(files).profile_name("mine");
    let loader = loader.credentials_provider(Credentials::new("AKIDEXAMPLE", SECRET, None, None, "test"));
    let loader = given.into_iter().fold(loader, |loader, url| loader.endpoint_url(url));
    loader.load().await
}

fn endpoint(config: &SdkConfig, service: ServiceId) -> String {
    Aws::new(config).client(service).unwrap().endpoint().to_owned()
}

#[tokio::test]
async fn a_profile_names_endpoints_for_one_service_and_for_all() {
    let profile = "[profile mine]\nregion = eu-central-1\nendpoint_url = http://127.0.0.1:9\nservices = local\n\
                   [services local]\neks =\n  endpoint_url = https://localhost:8/eks/\n";
    let config = of_profile(profile, None).await;
    assert_eq!(endpoint(&config, ServiceId::Eks), "https://localhost:8/eks");
    assert_eq!(endpoint(&config, ServiceId::Iam), "http://127.0.0.1:9");
    // What the program is given goes before both.
    let config = of_profile(profile, Some("http://127.0.0.1:7")).await;
    assert_eq!(endpoint(&config, ServiceId::Eks), "http://127.0.0.1:7");
    let ignoring = profile.replace("region =", "ignore_configured_endpoint_urls = true\nregion =");
    let config = of_profile(&ignoring, None).await;
    assert_eq!(endpoint(&config, ServiceId::Eks), "https://eks.eu-central-1.amazonaws.com");
}

#[tokio::test]
async fn without_one_it_is_aws_own() {
    let config = of_profile("[profile mine]\nregion = cn-north-1\n", None).await;
    assert_eq!(endpoint(&config, ServiceId::Eks), "https://eks.cn-north-1.amazonaws.com.cn");
    let config = of_profile("[profile mine]\nregion = us-west-2\nuse_fips_endpoint = true\n", None).await;
    assert_eq!(endpoint(&config, ServiceId::Eks), "https://fips.eks.us-west-2.amazonaws.com");
    assert_eq!(endpoint(&config, ServiceId::Iam), "https://iam-fips.amazonaws.com");
}

#[test]
fn what_is_no_region_or_endpoint_is_told_without_its_password() {
    let of = |region: Option<&str>, url: &str| {
        let config = SdkConfig::builder().region(region.map(|region| Region::new(region.to_owned()))).endpoint_url(url);
        Aws::new(&config.build()).client(ServiceId::Eks).unwrap_err()
    };
    assert!(matches!(of(None, "http://localhost"), Unusable::NoRegion));
    assert!(matches!(of(Some("nowhere"), "http://localhost"), Unusable::Region(_)));
    for url in
        ["localhost:4566", "ftp://localhost", "http://", "http://me:s3cr3t@localhost", "http://localhost?s3cr3t=1"]
    {
        let error = of(Some("us-west-2"), url);
        assert!(matches!(error, Unusable::Endpoint(_)) && !format!("{error} {error:?}").contains("s3cr3t"), "{error}");
    }
}
