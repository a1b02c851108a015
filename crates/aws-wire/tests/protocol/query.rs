//! The exact form of Query: parameters in, XML out.

use aws_wire::model::{self, Operation, Protocol, ServiceId, ServiceModel};
use aws_wire::protocol::{self, EncodedResponse, Received, WireError};
use serde_json::{Value, json};

fn sts() -> &'static ServiceModel {
    model::service(ServiceId::Sts)
}

fn operation(name: &str) -> &'static Operation {
    sts().operation(name).unwrap()
}

fn decode(name: &str, form: &str) -> Result<Value, WireError> {
    protocol::decode_request(sts(), operation(name), &Received::of("/", form.as_bytes()))
        .map_err(|error| error.into_wire(Protocol::Query))
}

fn body(response: &EncodedResponse) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

#[test]
fn lists_and_structures_are_dotted_paths() {
    let input = json!({
        "RoleArn": "arn:aws:iam::111122223333:role/r",
        "RoleSessionName": "me",
        "Tags": [{"Key": "a b", "Value": "1+1=2"}, {"Key": "c", "Value": ""}],
        "TransitiveTagKeys": [],
        "DurationSeconds": 900,
    });
    let request = protocol::encode_request(sts(), operation("AssumeRole"), &input).unwrap();
    let form = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fr\
                &RoleSessionName=me&DurationSeconds=900&Tags.member.1.Key=a%20b&Tags.member.1.Value=1%2B1%3D2\
                &Tags.member.2.Key=c&Tags.member.2.Value=&TransitiveTagKeys=";
    assert_eq!(String::from_utf8(request.body).unwrap(), form);
    assert_eq!(decode("AssumeRole", form).unwrap(), input);
}

#[test]
fn elements_are_ordered_by_number_not_by_text() {
    let form = (1..=11).map(|n| format!("TransitiveTagKeys.member.{n}=k{n}")).collect::<Vec<_>>().join("&");
    let keys: Vec<String> = (1..=11).map(|n| format!("k{n}")).collect();
    assert_eq!(decode("AssumeRole", &form).unwrap(), json!({"TransitiveTagKeys": keys}));
    let gaps = decode("AssumeRole", "TransitiveTagKeys.member.9=b&TransitiveTagKeys.member.4=a").unwrap();
    assert_eq!(gaps, json!({"TransitiveTagKeys": ["a", "b"]}));
}

#[test]
fn a_form_has_plus_for_space_and_parameters_that_nobody_knows() {
    let presigned = "Action=GetAccessKeyInfo&AccessKeyId=A+B%20C&X-Amz-Signature=00&X-Amz-Date=20260101T000000Z&&";
    assert_eq!(decode("GetAccessKeyInfo", presigned).unwrap(), json!({"AccessKeyId": "A B C"}));
    assert_eq!(decode("GetCallerIdentity", "").unwrap(), json!({}));
}

#[test]
fn what_is_no_form_is_malformed_input() {
    for (form, message) in [
        ("DurationSeconds=abc", "integer must follow xsd1.1 definition"),
        ("DurationSeconds=", "integer must follow xsd1.1 definition"),
        ("RoleArn=%FF", "a parameter is not UTF-8"),
        ("RoleArn=a&RoleArn=b", "a parameter is given twice"),
        ("RoleArn=a&Role%41rn=b", "a parameter is given twice"),
    ] {
        let error = decode("AssumeRole", form).unwrap_err();
        assert_eq!((error.code.as_ref(), error.message.as_str()), ("MalformedInput", message), "{form}");
    }
}

#[test]
fn an_answer_is_wrapped_and_has_the_request_id() {
    let output = json!({"Credentials": {
        "AccessKeyId": "ASIA", "SecretAccessKey": "s/+&<>\"'\r\n\u{1}", "SessionToken": "t", "Expiration": 1_700_000_000,
    }, "PackedPolicySize": 6});
    let response = protocol::encode_response(sts(), operation("AssumeRole"), &output, "id-1").unwrap();
    assert_eq!(response.headers, [("x-amzn-RequestId", "id-1".into()), ("content-type", "text/xml".into())]);
    assert_eq!(
        body(&response),
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>ASIA</AccessKeyId>\
         <SecretAccessKey>s/+&amp;&lt;&gt;&quot;'&#xD;\n\u{fffd}</SecretAccessKey>\
         <SessionToken>t</SessionToken><Expiration>2023-11-14T22:13:20Z</Expiration></Credentials>\
         <PackedPolicySize>6</PackedPolicySize></AssumeRoleResult>\
         <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></AssumeRoleResponse>"
    );
}

#[test]
fn an_error_says_whose_fault_it_is() {
    let written = |error: &WireError| {
        let response = protocol::encode_error(sts(), error, "id-1");
        (response.status, body(&response).to_owned())
    };
    assert_eq!(
        written(
            &WireError::new("ExpiredToken", "The security token included in the request is expired").with_status(403)
        ),
        (
            403,
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
             <Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error>\
             <RequestId>id-1</RequestId></ErrorResponse>"
                .to_owned()
        )
    );
    assert!(written(&WireError::new("InternalFailure", "").with_status(500)).1.contains("<Type>Receiver</Type>"));
}

/// Neither KMS nor STS has maps or flattened lists in Query; IAM's and SQS's forms, from a model of our own.
#[test]
fn maps_and_flattened_shapes_have_their_own_forms() {
    let model = ServiceModel::from_json(
        br#"{"metadata":{"serviceId":"S","apiVersion":"1","endpointPrefix":"s","protocol":"query","xmlNamespace":"urn:s"},
            "operations":{"Do":{"name":"Do","input":{"shape":"All"},"output":{"shape":"All","resultWrapper":"DoResult"}}},
            "shapes":{"All":{"type":"structure","members":{"Map":{"shape":"Map"},"FlatMap":{"shape":"FlatMap"},
                    "Flat":{"shape":"Flat"},"FlatNamed":{"shape":"FlatNamed"},"Named":{"shape":"Named"},
                    "Renamed":{"shape":"Text","locationName":"wire"},"At":{"shape":"Time"},"On":{"shape":"Truth"},
                    "Inner":{"shape":"All"}}},
                "Map":{"type":"map","key":{"shape":"Text"},"value":{"shape":"Text"}},
                "FlatMap":{"type":"map","flattened":true,"key":{"shape":"Text","locationName":"Name"},"value":{"shape":"Text","locationName":"Value"}},
                "Flat":{"type":"list","flattened":true,"member":{"shape":"Text"}},
                "FlatNamed":{"type":"list","flattened":true,"member":{"shape":"Text","locationName":"item"}},
                "Named":{"type":"list","member":{"shape":"Text","locationName":"entry"}},
                "Text":{"type":"string"},"Time":{"type":"timestamp"},"Truth":{"type":"boolean"}}}"#,
    )
    .unwrap();
    let operation = model.operation("Do").unwrap();
    let value = json!({
        "Map": {"a": "1", "b": "2"}, "FlatMap": {"c": "3", "d": "4"}, "Flat": ["x", "y"], "FlatNamed": ["p", "q"],
        "Named": ["n"], "Renamed": "r", "At": 0.5, "On": true, "Inner": {"FlatNamed": ["z"], "On": false},
    });
    let request = protocol::encode_request(&model, operation, &value).unwrap();
    assert_eq!(
        String::from_utf8(request.body.clone()).unwrap(),
        "Action=Do&Version=1&Map.entry.1.key=a&Map.entry.1.value=1&Map.entry.2.key=b&Map.entry.2.value=2\
         &FlatMap.1.Name=c&FlatMap.1.Value=3&FlatMap.2.Name=d&FlatMap.2.Value=4&Flat.1=x&Flat.2=y&item.1=p&item.2=q\
         &Named.entry.1=n&wire=r&At=1970-01-01T00%3A00%3A00.5Z&On=true&Inner.item.1=z&Inner.On=false"
    );
    assert_eq!(protocol::decode_request(&model, operation, &request.received()).unwrap(), value);

    let response = protocol::encode_response(&model, operation, &value, "id-1").unwrap();
    assert_eq!(
        body(&response),
        "<DoResponse xmlns=\"urn:s\"><DoResult><Map><entry><key>a</key><value>1</value></entry><entry><key>b</key>\
         <value>2</value></entry></Map><FlatMap><Name>c</Name><Value>3</Value></FlatMap><FlatMap><Name>d</Name>\
         <Value>4</Value></FlatMap><Flat>x</Flat><Flat>y</Flat><item>p</item><item>q</item><Named><entry>n</entry>\
         </Named><wire>r</wire><At>1970-01-01T00:00:00.5Z</At><On>true</On><Inner><item>z</item><On>false</On></Inner>\
         </DoResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DoResponse>"
    );
    assert_eq!(protocol::decode_response(&model, operation, &response.body).unwrap(), value);
}
