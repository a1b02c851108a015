//! The embedded models: read, complete, and found by what a request says.

use aws_wire::model::{self, Kind, Protocol, ServiceId};

#[test]
fn each_service_says_how_it_speaks() {
    let kms = model::service(ServiceId::Kms).metadata();
    assert_eq!(kms.protocol, Protocol::AwsJson1_1);
    assert_eq!(kms.target_prefix.as_deref(), Some("TrentService"));
    assert_eq!(kms.signing_name, "kms");

    let sts = model::service(ServiceId::Sts).metadata();
    assert_eq!(sts.protocol, Protocol::Query);
    assert_eq!(sts.xml_namespace.as_deref(), Some("https://sts.amazonaws.com/doc/2011-06-15/"));
    assert_eq!(sts.api_version, "2011-06-15");
}

#[test]
fn a_request_finds_its_service_and_operation() {
    assert_eq!(model::service_for_target_prefix("TrentService"), Some(ServiceId::Kms));
    assert_eq!(model::service_for_target_prefix("DynamoDB_20120810"), None);
    assert_eq!(model::service_for_action(Some("2011-06-15"), "AssumeRole"), Some(ServiceId::Sts));
    assert_eq!(model::service_for_action(None, "GetCallerIdentity"), Some(ServiceId::Sts));
    assert_eq!(model::service_for_action(Some("2010-05-08"), "AssumeRole"), None);
    assert_eq!(model::service_for_action(None, "Encrypt"), None);
    let kms = model::service(ServiceId::Kms);
    let named = |target: &str| kms.operation_for_target(target).map(|operation| operation.name().to_owned());
    assert_eq!(named("TrentService.Encrypt").as_deref(), Some("Encrypt"));
    assert_eq!(named("TrentService.encrypt"), None);
    assert_eq!(named("Encrypt"), None);
    assert_eq!(named("Other.Encrypt"), None);
}

/// The tables that route a request are written by hand, so that routing needs no model: they must say the same.
#[test]
fn the_routing_tables_agree_with_the_models() {
    for id in ServiceId::ALL {
        let metadata = model::service(id).metadata();
        assert_eq!(model::service_for_signing_name(&metadata.signing_name), Some(id));
        if let Some(prefix) = &metadata.target_prefix {
            assert_eq!(model::service_for_target_prefix(prefix), Some(id));
        }
    }
}

#[test]
fn a_method_and_a_path_find_an_operation_of_rest() {
    let found = |method: &str, path: &str| {
        model::service_for_path(method, path).map(|(service, operation)| (service, operation.name().to_owned()))
    };
    let eks = |name: &str| Some((ServiceId::Eks, name.to_owned()));
    assert_eq!(found("GET", "/clusters"), eks("ListClusters"));
    assert_eq!(found("POST", "/clusters"), eks("CreateCluster"));
    assert_eq!(found("GET", "/clusters/demo"), eks("DescribeCluster"));
    assert_eq!(found("GET", "/clusters/demo%2Faddons"), eks("DescribeCluster"), "an escaped slash is the name's");
    assert_eq!(found("POST", "/clusters/demo/addons/vpc-cni/update"), eks("UpdateAddon"));
    assert_eq!(
        found("DELETE", "/tags/arn%3Aaws%3Aeks%3Aus-west-2%3A111122223333%3Acluster%2Fdemo"),
        eks("UntagResource")
    );
    let assume = Some((ServiceId::EksAuth, "AssumeRoleForPodIdentity".to_owned()));
    assert_eq!(found("POST", "/clusters/demo/assume-role-for-pod-identity"), assume);
    for (method, path) in [
        ("PUT", "/clusters/demo"),
        ("GET", "/clusters/"),
        ("GET", "/clusters//addons"),
        ("GET", "/clusters/%FF"),
        ("GET", "/clusters/demo/"),
        ("GET", "clusters"),
        ("POST", "/"),
        ("GET", ""),
    ] {
        assert_eq!(found(method, path), None, "{method} {path}");
    }
}

#[test]
fn errors_have_the_code_and_status_of_the_service() {
    let encrypt = model::service(ServiceId::Kms).operation("Encrypt").unwrap();
    let disabled = encrypt.error("DisabledException").unwrap();
    assert_eq!((disabled.http_status, disabled.sender_fault), (400, true));
    let internal = encrypt.error("KMSInternalException").unwrap();
    assert_eq!((internal.http_status, internal.sender_fault), (500, false));

    let assume_role = model::service(ServiceId::Sts).operation("AssumeRole").unwrap();
    let malformed = assume_role.error("MalformedPolicyDocument").unwrap();
    assert_eq!(malformed.name, "MalformedPolicyDocumentException");
    assert_eq!(assume_role.error("RegionDisabledException").unwrap().http_status, 403);
    assert!(assume_role.error("MalformedPolicyDocumentException").is_none(), "the code is the short one");
}

#[test]
fn the_operations_that_nobody_signs_are_known() {
    let sts = model::service(ServiceId::Sts);
    let unsigned: Vec<&str> =
        sts.operations().filter(|operation| operation.is_unsigned()).map(|operation| operation.name()).collect();
    assert_eq!(unsigned, ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]);
    assert!(model::service(ServiceId::Kms).operations().all(|operation| !operation.is_unsigned()));
}

#[test]
fn members_keep_the_order_of_the_model() {
    let kms = model::service(ServiceId::Kms);
    let input = kms.operation("Encrypt").unwrap().input().unwrap();
    let Kind::Structure(structure) = &kms.shape(input).kind else { panic!("an input is a structure") };
    let names: Vec<&str> = structure.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["KeyId", "Plaintext", "EncryptionContext", "GrantTokens", "EncryptionAlgorithm", "DryRun"]);
}

#[test]
fn a_model_that_cannot_be_spoken_is_refused_with_the_reason() {
    let refused = |json: &str| model::ServiceModel::from_json(json.as_bytes()).unwrap_err().to_string();
    let metadata = |protocol: &str| {
        format!(r#"{{"serviceId":"S","apiVersion":"1","endpointPrefix":"s","protocol":"{protocol}"}}"#)
    };
    let with = |protocol: &str, operations: &str, shapes: &str| {
        let metadata = metadata(protocol);
        format!(r#"{{"metadata":{metadata},"operations":{operations},"shapes":{shapes}}}"#)
    };
    assert!(refused("{}").contains("botocore"));
    assert!(refused(&with("rest-xml", "{}", "{}")).contains("`rest-xml`"));
    assert!(refused(&with("json", r#"{"A":{"name":"A","input":{"shape":"Gone"}}}"#, "{}")).contains("`Gone`"));
    assert!(refused(&with("json", "{}", r#"{"L":{"type":"list"}}"#)).contains("`L`"));
    let at = |uri: &str| {
        format!(r#"{{"A":{{"name":"A","http":{{"method":"GET","requestUri":"{uri}"}},"output":{{"shape":"O"}}}}}}"#)
    };
    let placed = |place: &str| {
        format!(r#"{{"O":{{"type":"structure","members":{{"M":{{"shape":"T",{place}}}}}}},"T":{{"type":"string"}}}}"#)
    };
    assert!(refused(&with("rest-json", &at("/a-{b}"), &placed(r#""flattened":true"#))).contains("`/a-{b}`"));
    assert!(
        refused(&with("rest-json", &at("/a"), &placed(r#""location":"header""#))).contains("`header` of an answer")
    );
    assert!(refused(&with("rest-json", "{}", &placed(r#""location":"statusCode""#))).contains("`M` of the shape `O`"));
    assert!(refused(&with("json", "{}", r#"{"L":{"type":"odd"}}"#)).contains("`odd`"));
}
