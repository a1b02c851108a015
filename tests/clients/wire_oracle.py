"""botocore, asked about the wire: what it sends for given parameters, and what it reads in a given answer.

One JSON object a line on standard input, one on standard output. Values are in the form of the crate aws-wire:
blobs as base64, times as seconds since the epoch.

  {"do": "serialize", "service": .., "operation": .., "params": ..}     -> {"method": .., "target": .., "headers": ..,
                                                                            "body": base64}
  {"do": "parse", .., "status": .., "headers": .., "body": base64}      -> {"output": .., "request_id": ..}
  {"do": "parse_error", .., "status": .., "headers": .., "body": base64} -> {"code": .., "message": .., "type": ..,
                                                                            "request_id": .., "modelled": ..}
"""

import base64
import datetime
import json
import sys

import botocore.parsers
import botocore.serialize
import botocore.session
from botocore.awsrequest import AWSRequest

SESSION = botocore.session.Session()
MODELS = {}


def model(service):
    if service not in MODELS:
        MODELS[service] = SESSION.get_service_model(service)
    return MODELS[service]


def to_python(shape, value):
    if value is None:
        return None
    if shape.type_name == "structure":
        return {name: to_python(shape.members[name], member) for name, member in value.items()}
    if shape.type_name == "list":
        return [to_python(shape.member, element) for element in value]
    if shape.type_name == "map":
        return {key: to_python(shape.value, member) for key, member in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    if shape.type_name == "timestamp":
        milliseconds = round(value * 1000)
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return epoch + datetime.timedelta(milliseconds=milliseconds)
    return value


def from_python(shape, value):
    if shape.type_name == "structure":
        return {name: from_python(member, value[name]) for name, member in shape.members.items() if name in value}
    if shape.type_name == "list":
        return [from_python(shape.member, element) for element in value]
    if shape.type_name == "map":
        return {key: from_python(shape.value, member) for key, member in value.items()}
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    if shape.type_name == "timestamp":
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        milliseconds = round((value - epoch) / datetime.timedelta(milliseconds=1))
        return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000
    return value


def response(question):
    return {
        "status_code": question["status"],
        "headers": {name.lower(): value for name, value in question["headers"]},
        "body": base64.b64decode(question["body"]),
        "context": {"operation_name": question["operation"]},
    }


def serialize(service, operation, question):
    params = to_python(operation.input_shape, question["params"])
    # Without validation: what is asked here is the form, and random values do not satisfy constraints.
    serializer = botocore.serialize.create_serializer(service.protocol, include_validation=False)
    made = serializer.serialize_to_request(params, operation)
    # Query's parameters are a form and no query string.
    parameters = made["query_string"] if isinstance(made["query_string"], dict) else {}
    url = "http://localhost" + made["url_path"]
    request = AWSRequest(
        method=made["method"], url=url, params=parameters, headers=made["headers"], data=made["body"])
    prepared = request.prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    return {
        "method": made["method"],
        "target": prepared.url.removeprefix("http://localhost"),
        "headers": list(made["headers"].items()),
        "body": base64.b64encode(body or b"").decode(),
    }


def parse(service, operation, question):
    shape = operation.output_shape
    parsed = botocore.parsers.create_parser(service.protocol).parse(response(question), shape)
    metadata = parsed.pop("ResponseMetadata")
    output = from_python(shape, parsed) if shape else parsed
    return {"output": output, "request_id": metadata.get("RequestId")}


def parse_error(service, operation, question):
    parser = botocore.parsers.create_parser(service.protocol)
    parsed = parser.parse(response(question), operation.output_shape)
    error = parsed["Error"]
    # As botocore's client does: the code finds the exception's shape, and the body is read again by it.
    shape = service.shape_for_error_code(error["Code"])
    modelled = parser.parse(response(question), shape) if shape else None
    return {
        "code": error["Code"],
        "message": error.get("Message"),
        "type": error.get("Type"),
        "request_id": parsed["ResponseMetadata"].get("RequestId"),
        "modelled": modelled,
    }


ANSWERS = {"serialize": serialize, "parse": parse, "parse_error": parse_error}

for line in sys.stdin:
    asked = json.loads(line)
    asked_model = model(asked["service"])
    answer = ANSWERS[asked["do"]](asked_model, asked_model.operation_model(asked["operation"]), asked)
    print(json.dumps(answer), flush=True)
