//! The exact form of restJson1: members in path, query string, headers and document; errors with their code in a header.

use aws_wire::model::{self, Operation, Protocol, ServiceId, ServiceModel};
use aws_wire::protocol::{self, Received, WireError};
use serde_json::{Value, json};

fn eks() -> &'static ServiceModel {
    model::service(ServiceId::Eks)
}

fn operation(name: &str) -> &'static Operation {
    eks().operation(name).unwrap()
}

fn decode(name: &str, target: &str, body: &str) -> Result<Value, WireError> {
    let request = Received::of(target, body.as_bytes());
    protocol::decode_request(eks(), operation(name), &request).map_err(|error| error.into_wire(Protocol::RestJson1))
}

#[test]
fn members_stand_where_the_model_says() {
    let input = json!({"clusterName": "demo", "addonName": "vpc-cni", "resolveConflicts": "NONE", "podIdentityAssociations": []});
    let request = protocol::encode_request(eks(), operation("UpdateAddon"), &input).unwrap();
    assert_eq!((&*request.method, &*request.target), ("POST", "/clusters/demo/addons/vpc-cni/update"));
    assert_eq!(request.headers, [("content-type".to_owned(), "application/json".to_owned())]);
    assert_eq!(request.body, br#"{"resolveConflicts":"NONE","podIdentityAssociations":[]}"#);
    assert_eq!(protocol::decode_request(eks(), operation("UpdateAddon"), &request.received()).unwrap(), input);
}

#[test]
fn what_has_no_document_sends_none() {
    let input = json!({"name": "a b", "updateId": "u/1"});
    let request = protocol::encode_request(eks(), operation("DescribeUpdate"), &input).unwrap();
    assert_eq!((&*request.method, &*request.target), ("GET", "/clusters/a%20b/updates/u%2F1"));
    assert!(request.body.is_empty() && request.headers.is_empty(), "{request:?}");
    let asked = json!({"name": "demo", "updateId": "u", "addonName": ""});
    let request = protocol::encode_request(eks(), operation("DescribeUpdate"), &asked).unwrap();
    assert_eq!(request.target, "/clusters/demo/updates/u?addonName=");
    let lost = protocol::encode_request(eks(), operation("DescribeUpdate"), &json!({"name": ""})).unwrap_err();
    assert_eq!(lost.to_string(), "a label of DescribeUpdate's path has no text");
}

#[test]
fn lists_and_numbers_stand_in_the_query_string() {
    let input = json!({"types": ["a&b", "c d"], "maxResults": 5});
    let request = protocol::encode_request(eks(), operation("DescribeAddonVersions"), &input).unwrap();
    assert_eq!(request.target, "/addons/supported-versions?maxResults=5&types=a%26b&types=c%20d");
    let read =
        decode("DescribeAddonVersions", "/addons/supported-versions?types=a%26b&maxResults=5&types=c+d&x=y&", "");
    assert_eq!(read.unwrap(), input);
}

#[test]
fn a_document_may_be_absent_and_has_no_say_in_what_stands_elsewhere() {
    let target = "/clusters/demo/addons";
    assert_eq!(decode("CreateAddon", target, "").unwrap(), json!({"clusterName": "demo"}));
    let elsewhere = r#"{"name":"other","clusterName":"other","addonName":"vpc-cni","unknown":[{}]}"#;
    let read = decode("CreateAddon", target, elsewhere).unwrap();
    assert_eq!(read, json!({"clusterName": "demo", "addonName": "vpc-cni"}));
}

#[test]
fn what_cannot_be_read_is_refused() {
    for (target, message) in [
        ("/clusters?maxResults=ten", "STRING_VALUE can not be converted to an Integer"),
        ("/clusters?maxResults=99999999999", "STRING_VALUE can not be converted to an Integer"),
        ("/clusters?maxResults=1&maxResults=2", ""),
        ("/clusters?nextToken=%FF", ""),
    ] {
        let error = decode("ListClusters", target, "").unwrap_err();
        assert_eq!((error.code.as_ref(), error.message.as_str()), ("SerializationException", message), "{target}");
    }
    let error = decode("DeleteAddon", "/clusters/a/addons/b?preserve=yes", "").unwrap_err();
    assert_eq!(error.message, "STRING_VALUE can not be converted to a Boolean");
    assert_eq!(decode("CreateAddon", "/clusters/a/addons", "[]").unwrap_err().code, "SerializationException");
}

#[test]
fn an_error_has_its_code_in_a_header_and_its_members_in_the_document() {
    let error = WireError::new("ResourceInUseException", "Cluster already exists with name: demo").with_status(409);
    let error = WireError { fields: json!({"clusterName": "demo"}).as_object().unwrap().clone(), ..error };
    let response = protocol::encode_error(eks(), &error, "id-1");
    assert_eq!(response.status, 409);
    assert_eq!(
        response.headers,
        [
            ("x-amzn-RequestId", "id-1".into()),
            ("content-type", "application/json".into()),
            ("x-amzn-ErrorType", "ResourceInUseException".into()),
        ]
    );
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(body, json!({"clusterName": "demo", "message": "Cluster already exists with name: demo"}));
    for kind in ["ResourceInUseException", "ResourceInUseException:http://internal/", "aws.eks#ResourceInUseException"]
    {
        assert_eq!(protocol::decode_error(eks(), 409, Some(kind), &response.body), error, "{kind}");
    }
    assert_eq!(protocol::decode_error(eks(), 502, None, b"<html>").code, "502");
}

/// EKS has no greedy label, no header, no map in a query string and no payload: from a model of our own.
#[test]
fn greedy_labels_headers_maps_and_payloads_have_their_own_forms() {
    let model = ServiceModel::from_json(
        br#"{"metadata":{"serviceId":"S","apiVersion":"1","endpointPrefix":"s","protocol":"rest-json"},
            "operations":{"Do":{"name":"Do","http":{"method":"PUT","requestUri":"/b/{Bucket}/{Key+}/end"},"input":{"shape":"All"}}},
            "shapes":{"All":{"type":"structure","payload":"Body","members":{
                    "Bucket":{"shape":"Text","location":"uri","locationName":"Bucket"},
                    "Key":{"shape":"Text","location":"uri","locationName":"Key"},
                    "Since":{"shape":"Time","location":"header","locationName":"If-Since"},
                    "Before":{"shape":"Time","location":"querystring","locationName":"before"},
                    "Count":{"shape":"Count","location":"header","locationName":"x-count"},
                    "More":{"shape":"More","location":"querystring"},
                    "Body":{"shape":"Body"}}},
                "Body":{"type":"structure","members":{"At":{"shape":"Time"},"Bucket":{"shape":"Text"}}},
                "More":{"type":"map","key":{"shape":"Text"},"value":{"shape":"Text"}},
                "Count":{"type":"long"},"Text":{"type":"string"},"Time":{"type":"timestamp"}}}"#,
    )
    .unwrap();
    let operation = model.operation("Do").unwrap();
    let input = json!({
        "Bucket": "a/b", "Key": "c d/e/end", "Since": 1_700_000_000, "Before": 1_700_000_000, "Count": 7,
        "More": {"k": "v", "l": "w&"}, "Body": {"At": 0.5, "Bucket": "inner"},
    });
    let request = protocol::encode_request(&model, operation, &input).unwrap();
    assert_eq!(
        (&*request.method, &*request.target),
        ("PUT", "/b/a%2Fb/c%20d/e/end/end?before=2023-11-14T22%3A13%3A20Z&k=v&l=w%26")
    );
    let header = |name: &str| request.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    assert_eq!(header("If-Since"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(header("x-count"), Some("7"));
    assert_eq!(request.body, br#"{"At":0.5,"Bucket":"inner"}"#);
    assert_eq!(protocol::decode_request(&model, operation, &request.received()).unwrap(), input);
    let found = |path: &str| model.operation_for_path("PUT", path).is_some();
    assert!(found("/b/x/y/end") && !found("/b/x/end") && !found("/b/x//end") && !found("/b/x/y"));
}
