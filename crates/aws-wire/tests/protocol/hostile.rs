//! Input of an enemy: bounded, an error or a value, never a panic.

use std::fs;
use std::path::Path;

use aws_wire::model::{self, ServiceId, ServiceModel};
use aws_wire::protocol::{self, Received};
use aws_wire::validate;
use proptest::prelude::*;

/// Bytes as a request: the first line is the target where it begins with a slash.
fn received(bytes: &[u8]) -> Received<'_> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    match std::str::from_utf8(&bytes[..end]) {
        Ok(target) if target.starts_with('/') => Received::of(target, bytes.get(end + 1..).unwrap_or_default()),
        _ => Received::of("/", bytes),
    }
}

/// What a server and a client do with whatever comes, for every operation of a service.
fn take(model: &ServiceModel, bytes: &[u8]) {
    let request = received(bytes);
    for method in ["GET", "POST", "DELETE"] {
        let _found = model.operation_for_path(method, request.path);
    }
    for operation in model.operations() {
        if let Ok(input) = protocol::decode_request(model, operation, &request) {
            let _valid_or_not = validate::input(model, operation, &input);
            // What was read can be written again, but for what only a validation refuses: `null` in a list.
            let _written = protocol::encode_request(model, operation, &input);
        }
        let _read = protocol::decode_response(model, operation, bytes);
    }
    assert!(!protocol::decode_error(model, 400, None, bytes).code.is_empty());
}

fn take_everywhere(bytes: &[u8]) {
    for id in ServiceId::ALL {
        take(model::service(id), bytes);
    }
}

#[test]
fn deep_nesting_is_refused_wherever_it_is() {
    let deep = 20_000;
    for bytes in [
        "[".repeat(deep),
        "{\"a\":".repeat(deep),
        format!("{{\"Unknown\":{}", "[".repeat(deep)),
        format!("{{\"EncryptionContext\":{}", "{\"a\":".repeat(deep)),
        "<a>".repeat(deep),
        format!("Tags{}=x", ".member.1".repeat(deep)),
        format!("Tags.member.1{}=x", ".Key".repeat(deep)),
    ] {
        take_everywhere(bytes.as_bytes());
    }
}

#[test]
fn a_shape_that_holds_itself_ends_at_a_depth() {
    let model = ServiceModel::from_json(
        br#"{"metadata":{"serviceId":"S","apiVersion":"1","endpointPrefix":"s","protocol":"query"},
            "operations":{"Do":{"name":"Do","input":{"shape":"A"}}},
            "shapes":{"A":{"type":"structure","members":{"A":{"shape":"A"},"B":{"shape":"B"}}},"B":{"type":"string"}}}"#,
    )
    .unwrap();
    let operation = model.operation("Do").unwrap();
    let decode = |depth: usize| {
        let form = format!("{}B=x", "A.".repeat(depth));
        protocol::decode_request(&model, operation, &Received::of("/", form.as_bytes()))
    };
    assert!(decode(100).is_ok());
    assert!(decode(100_000).is_err());
}

#[test]
fn many_elements_cost_what_they_weigh() {
    let many = 100_000;
    let list = format!("{{\"KeyId\":\"k\",\"GrantTokens\":[{}\"t\"]}}", "\"t\",".repeat(many));
    let kms = model::service(ServiceId::Kms);
    let describe = kms.operation("DescribeKey").unwrap();
    let input = protocol::decode_request(kms, describe, &Received::of("/", list.as_bytes())).unwrap();
    let refused = validate::input(kms, describe, &input).unwrap_err();
    assert_eq!(refused.violations().len(), 1);

    let form: Vec<String> = (0..many).map(|n| format!("Tags.member.{n}.Key=k&Tags.member.{n}.Value=v")).collect();
    let sts = model::service(ServiceId::Sts);
    let assume_role = sts.operation("AssumeRole").unwrap();
    let input = protocol::decode_request(sts, assume_role, &Received::of("/", form.join("&").as_bytes())).unwrap();
    assert!(validate::input(sts, assume_role, &input).is_err());
}

#[test]
fn numbers_of_elements_need_not_be_numbers() {
    let sts = model::service(ServiceId::Sts);
    let assume_role = sts.operation("AssumeRole").unwrap();
    for index in ["0", "4294967295", "4294967296", "99999999999999999999", "-1", "", "x", "1.", "01"] {
        let form = format!("TransitiveTagKeys.member.{index}=k&Tags.member.{index}.Key=k");
        let _read = protocol::decode_request(sts, assume_role, &Received::of("/", form.as_bytes()));
    }
}

#[test]
fn many_parameters_and_labels_cost_what_they_weigh() {
    let eks = model::service(ServiceId::Eks);
    let versions = eks.operation("DescribeAddonVersions").unwrap();
    let target = format!("/addons/supported-versions?{}", "types=a&".repeat(100_000));
    let input = protocol::decode_request(eks, versions, &Received::of(&target, b"")).unwrap();
    assert_eq!(input["types"].as_array().unwrap().len(), 100_000);
    let path = format!("/clusters{}", "/a".repeat(100_000));
    assert!(model::service_for_path("GET", &path).is_none());
}

#[test]
fn entities_and_document_types_do_not_grow() {
    let bomb = "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><ErrorResponse><Error><Code>&b;</Code></Error></ErrorResponse>";
    let sts = model::service(ServiceId::Sts);
    assert_eq!(protocol::decode_error(sts, 400, None, bomb.as_bytes()).code, "400");
    let unknown = "<ErrorResponse><Error><Code>&b;</Code></Error></ErrorResponse>";
    assert_eq!(protocol::decode_error(sts, 400, None, unknown.as_bytes()).code, "400");
}

/// The seeds of the fuzz targets, with what fuzzing found, replayed.
#[test]
fn the_fuzzing_corpora_pass() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut replayed = 0;
    for corpus in ["aws_json", "ec2_query", "query", "rest_json"] {
        for seed in fs::read_dir(corpora.join(corpus)).unwrap() {
            take_everywhere(&fs::read(seed.unwrap().path()).unwrap());
            replayed += 1;
        }
    }
    assert!(replayed > 30, "the corpora are there: {replayed}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        take_everywhere(&bytes);
    }

    #[test]
    fn anything_like_json_is_taken(text in r#"\{("(KeyId|Plaintext|Tags|EncryptionContext|Limit)":[\[\]{}",:0-9a-zA-Z=.-]{0,12},?){0,4}\}?"#) {
        take_everywhere(text.as_bytes());
    }

    #[test]
    fn anything_like_a_form_is_taken(text in "((RoleArn|Tags|Tags.member|DurationSeconds)[.0-9a-zKV]{0,10}=?[%+a-z0-9]{0,6}&){0,6}") {
        take_everywhere(text.as_bytes());
    }

    #[test]
    fn anything_like_a_target_is_taken(text in "/(clusters|addons|tags|%[0-9A-F]{0,2}|/|[a-z.]{0,3}){0,6}(\\?((types|maxResults|include|preserve|nextToken)=?[%+a-z0-9]{0,6}&?){0,4})?(\n\\{(\"(name|tags|namespace)\":[\\[\\]{}\",:0-9a-z]{0,9},?){0,3}\\}?)?") {
        take_everywhere(text.as_bytes());
    }

    #[test]
    fn anything_like_xml_is_taken(text in "(</?(AssumeRoleResponse|AssumeRoleResult|Credentials|Error|Code|a)/?>|[a-z&;#0-9]{0,4}){0,12}") {
        take_everywhere(text.as_bytes());
    }
}
