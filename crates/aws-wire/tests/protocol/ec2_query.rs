//! The exact form of EC2's Query.

use aws_wire::model::{self, Operation, Protocol, ServiceId, ServiceModel};
use aws_wire::protocol::{self, Received, WireError};
use aws_wire::validate;
use serde_json::json;

fn ec2() -> &'static ServiceModel {
    model::service(ServiceId::Ec2)
}

fn operation(name: &str) -> &'static Operation {
    ec2().operation(name).unwrap()
}

#[test]
fn names_have_a_capital_and_lists_no_member() {
    let input = json!({
        "DryRun": true,
        "Resources": ["vol-1", "vol-2"],
        "Tags": [{"Key": "a b", "Value": "1"}, {"Key": "c", "Value": ""}],
    });
    let request = protocol::encode_request(ec2(), operation("CreateTags"), &input).unwrap();
    let form = "Action=CreateTags&Version=2016-11-15&DryRun=true&ResourceId.1=vol-1&ResourceId.2=vol-2\
                &Tag.1.Key=a%20b&Tag.1.Value=1&Tag.2.Key=c&Tag.2.Value=";
    assert_eq!(String::from_utf8(request.body).unwrap(), form);
    assert_eq!(
        protocol::decode_request(ec2(), operation("CreateTags"), &Received::of("/", form.as_bytes())).unwrap(),
        input
    );
    let nested =
        "Version=2016-11-15&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda&BlockDeviceMapping.1.Ebs.Encrypted=true";
    assert_eq!(
        protocol::decode_request(ec2(), operation("RunInstances"), &Received::of("/", nested.as_bytes())).unwrap(),
        json!({"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": true}}]})
    );
}

/// A `queryName` is neither what is on the wire the other way nor that with a capital.
#[test]
fn a_member_with_a_name_of_its_own_in_forms_has_it_there_alone() {
    let input = json!({"NetworkInterfaces": [{"DeviceIndex": 0, "Ipv6Addresses": [{"Ipv6Address": "::1"}]}]});
    let request = protocol::encode_request(ec2(), operation("RunInstances"), &input).unwrap();
    let form = String::from_utf8(request.body.clone()).unwrap();
    assert!(form.contains("NetworkInterface.1.Ipv6Addresses.1.Ipv6Address="), "{form}");
    assert_eq!(protocol::decode_request(ec2(), operation("RunInstances"), &request.received()).unwrap(), input);
}

#[test]
fn an_empty_list_is_not_said_in_a_form_and_an_empty_element_in_an_answer() {
    let request = protocol::encode_request(ec2(), operation("CreateTags"), &json!({"Resources": []})).unwrap();
    assert_eq!(request.body, b"Action=CreateTags&Version=2016-11-15");
    let response =
        protocol::encode_response(ec2(), operation("DescribeVolumes"), &json!({"Volumes": []}), "r").unwrap();
    let body = String::from_utf8(response.body.clone()).unwrap();
    assert_eq!(
        body,
        "<DescribeVolumesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15\"><requestId>r</requestId>\
         <volumeSet></volumeSet></DescribeVolumesResponse>"
    );
    let read = protocol::decode_response(ec2(), operation("DescribeVolumes"), &response.body).unwrap();
    assert_eq!(read, json!({"Volumes": []}));
}

#[test]
fn an_answer_has_the_request_id_first_and_items_in_its_lists() {
    let output =
        json!({"Instances": [{"InstanceId": "i-1", "State": {"Code": 16, "Name": "running"}}], "OwnerId": "1"});
    let response = protocol::encode_response(ec2(), operation("RunInstances"), &output, "id-1").unwrap();
    assert_eq!((response.status, &*response.headers[1].1), (200, "text/xml;charset=UTF-8"));
    assert_eq!(
        String::from_utf8(response.body).unwrap(),
        "<RunInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15\"><requestId>id-1</requestId>\
         <ownerId>1</ownerId><instancesSet><item><instanceId>i-1</instanceId><instanceState><code>16</code>\
         <name>running</name></instanceState></item></instancesSet></RunInstancesResponse>"
    );
    let nothing = protocol::encode_response(ec2(), operation("CreateTags"), &json!({}), "id-1").unwrap();
    let body = String::from_utf8(nothing.body).unwrap();
    assert!(body.contains("<return>true</return>"), "{body}");
}

#[test]
fn an_error_is_within_two_elements() {
    let error =
        WireError::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").with_status(412);
    let response = protocol::encode_error(ec2(), &error, "id-1");
    assert_eq!(response.status, 412);
    assert_eq!(
        String::from_utf8(response.body).unwrap(),
        "<Response><Errors><Error><Code>DryRunOperation</Code><Message>Request would have succeeded, but DryRun flag is \
         set.</Message></Error></Errors><RequestID>id-1</RequestID></Response>"
    );
}

#[test]
fn what_is_wrong_with_an_input_has_ec2s_codes() {
    let read = |form: &str| {
        let read = protocol::decode_request(ec2(), operation("RunInstances"), &Received::of("/", form.as_bytes()));
        read.map_err(|error| error.into_wire(Protocol::Ec2Query))
    };
    assert_eq!(read("MinCount=x").unwrap_err().code, "InvalidParameterValue");
    assert_eq!(read("MinCount=1&MinCount=1").unwrap_err().code, "InvalidQueryParameter");
    let input = read("MinCount=1").unwrap();
    let error = validate::input(ec2(), operation("RunInstances"), &input).unwrap_err().into_wire(Protocol::Ec2Query);
    assert_eq!(error, WireError::new("MissingParameter", "The request must contain the parameter MaxCount"));
}
