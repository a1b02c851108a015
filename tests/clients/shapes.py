"""Whether an answer is exactly of the shape that botocore's model gives its operation.

botocore itself is lenient: it drops members that it does not know and takes what it finds. Here an unknown member, a
wrong type, an absent required member, or a value that breaks a constraint of the model is an error.
"""

import base64
import binascii
import json
import re
import xml.etree.ElementTree as xml
from datetime import datetime


# Where AWS itself departs from its model, as the examples in the documentation of these operations show.
AWS_DEPARTS = {
    "ListGrants.Grants[].Name": "a grant without a name has an empty one",
    "ListRetirableGrants.Grants[].Name": "a grant without a name has an empty one",
}


# Values that AWS answers though its model does not have them, as recorded answers show.
AWS_ADDS = {"PermissionsBoundaryAttachmentType": ("Policy",)}


class ShapeError(AssertionError):
    """An answer departs from its model."""


def check_response(operation, status, headers, body):
    """Checks a raw answer, successful or not, of an operation."""
    if not re.fullmatch(r"[0-9a-f-]{36}", headers.get("x-amzn-requestid", "")):
        raise ShapeError(f"{operation.name}: no request id in {dict(headers)}")
    protocol = operation.service_model.metadata["protocol"]
    if protocol == "json":
        _check_json(operation, status, headers, body)
    elif protocol == "rest-json":
        _check_rest_json(operation, status, headers, body)
    elif protocol == "ec2":
        _check_ec2(operation, status, headers, body)
    else:
        _check_query(operation, status, headers, body)


def _check_json(operation, status, headers, body):
    expected = "application/x-amz-json-" + operation.service_model.metadata["jsonVersion"]
    if headers.get("content-type") != expected:
        raise ShapeError(f"{operation.name}: content-type {headers.get('content-type')!r} is not {expected!r}")
    if status != 200:
        error = json.loads(body)
        code = error.pop("__type", None)
        if not isinstance(code, str):
            raise ShapeError(f"{operation.name}: an error without __type: {body!r}")
        if any(not isinstance(value, str) for value in error.values()):
            raise ShapeError(f"{operation.name}: an error with a member that is no text: {body!r}")
        _check_error(operation, code, status, error.keys())
    elif operation.output_shape is None:
        if body not in (b"", b"{}"):
            raise ShapeError(f"{operation.name}: answers {body!r}, and should answer nothing")
    else:
        _walk_json(operation.output_shape, json.loads(body), operation.name)


def _check_rest_json(operation, status, headers, body):
    if headers.get("content-type") != "application/json":
        raise ShapeError(f"{operation.name}: content-type {headers.get('content-type')!r} is not 'application/json'")
    if status != 200:
        code, error = headers.get("x-amzn-errortype"), json.loads(body)
        if not code or "__type" in error:
            raise ShapeError(f"{operation.name}: an error whose code is not in its header alone: {headers} {body!r}")
        _check_error(operation, code, status, error.keys())
    elif operation.output_shape is None:
        if body not in (b"", b"{}"):
            raise ShapeError(f"{operation.name}: answers {body!r}, and should answer nothing")
    else:
        _walk_json(operation.output_shape, json.loads(body), operation.name)


def _walk_json(shape, value, path):
    kind = shape.type_name
    if kind == "structure":
        _require(isinstance(value, dict), path, "is no object", value)
        _check_members(shape, value.keys(), path)
        for name, member in value.items():
            _walk_json(shape.members[name], member, f"{path}.{name}")
    elif kind == "list":
        _require(isinstance(value, list), path, "is no list", value)
        _check_bounds(shape, len(value), path)
        for at, element in enumerate(value):
            _walk_json(shape.member, element, f"{path}[{at}]")
    elif kind == "map":
        _require(isinstance(value, dict), path, "is no object", value)
        for key, element in value.items():
            _walk_json(shape.key, key, f"{path} key")
            _walk_json(shape.value, element, f"{path}.{key}")
    elif kind == "blob":
        _require(isinstance(value, str), path, "is no base64 text", value)
        try:
            _check_bounds(shape, len(base64.b64decode(value, validate=True)), path)
        except binascii.Error as error:
            raise ShapeError(f"{path}: {error}") from error
    elif kind == "timestamp":
        _require(isinstance(value, (int, float)) and not isinstance(value, bool), path, "is no time", value)
    elif kind == "boolean":
        _require(isinstance(value, bool), path, "is no boolean", value)
    elif kind in ("float", "double"):
        _require(isinstance(value, (int, float)) and not isinstance(value, bool), path, "is no number", value)
    elif kind in ("integer", "long"):
        _require(isinstance(value, int) and not isinstance(value, bool), path, "is no whole number", value)
        _check_bounds(shape, value, path)
    else:
        _check_text(shape, value, path)


def _check_query(operation, status, headers, body):
    if headers.get("content-type") != "text/xml":
        raise ShapeError(f"{operation.name}: content-type {headers.get('content-type')!r} is not 'text/xml'")
    root = xml.fromstring(body)
    namespace = "{" + operation.service_model.metadata["xmlNamespace"] + "}"
    for element in root.iter():
        if not element.tag.startswith(namespace):
            raise ShapeError(f"{operation.name}: {element.tag} is not in the namespace {namespace}")
        element.tag = element.tag[len(namespace):]
    request_id = headers["x-amzn-requestid"]
    if status != 200:
        tags = [child.tag for child in root]
        error = {child.tag: child.text for child in root.find("Error") or []}
        if root.tag != "ErrorResponse" or tags != ["Error", "RequestId"] or error.get("Type") not in ("Sender", "Receiver"):
            raise ShapeError(f"{operation.name}: no error of Query: {body!r}")
        if root.findtext("RequestId") != request_id:
            raise ShapeError(f"{operation.name}: the request ids of header and body differ")
        if error["Type"] != ("Sender" if status < 500 else "Receiver"):
            raise ShapeError(f"{operation.name}: {error['Type']} is at fault with the status {status}")
        _check_error(operation, error.get("Code"), status, error.keys() - {"Type", "Code"})
        return
    if operation.output_shape is None:
        if root.tag != f"{operation.name}Response" or [child.tag for child in root] != ["ResponseMetadata"]:
            raise ShapeError(f"{operation.name}: answers {body!r}, and should answer nothing")
        return
    wrapper = operation.output_shape.serialization["resultWrapper"]
    if root.tag != f"{operation.name}Response" or [child.tag for child in root] != [wrapper, "ResponseMetadata"]:
        raise ShapeError(f"{operation.name}: no answer of Query: {body!r}")
    if root.findtext("ResponseMetadata/RequestId") != request_id:
        raise ShapeError(f"{operation.name}: the request ids of header and body differ")
    _walk_xml(operation.output_shape, root.find(wrapper), operation.name)


def _check_ec2(operation, status, headers, body):
    if headers.get("content-type") != "text/xml;charset=UTF-8":
        raise ShapeError(f"{operation.name}: content-type {headers.get('content-type')!r} is not EC2's")
    root = xml.fromstring(body)
    if status != 200:
        [errors, request_id] = root
        [error] = errors
        tags = (root.tag, errors.tag, error.tag, request_id.tag)
        _require(tags == ("Response", "Errors", "Error", "RequestID"), operation.name, "is no error of EC2", body)
        _require([child.tag for child in error] == ["Code", "Message"], operation.name, "is no error of EC2", body)
        _check_error(operation, error.findtext("Code"), status, ())
    else:
        namespace = "{" + operation.service_model.metadata["xmlNamespace"] + "}"
        for element in root.iter():
            _require(element.tag.startswith(namespace), operation.name, "is not in the namespace", element.tag)
            element.tag = element.tag[len(namespace):]
        _require(root.tag == f"{operation.name}Response", operation.name, "is no answer of EC2", root.tag)
        request_id = root.find("requestId")
        root.remove(request_id)
        if operation.output_shape is None:
            _require([child.tag for child in root] == ["return"], operation.name, "should answer nothing", body)
        else:
            _walk_xml(operation.output_shape, root, operation.name)
    _require(request_id.text == headers["x-amzn-requestid"], operation.name, "has another request id than its header", body)


def _walk_xml(shape, element, path):
    kind = shape.type_name
    if kind == "structure":
        # EC2's members have names of their own on the wire.
        named = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        names = [named.get(child.tag, child.tag) for child in element]
        _require(len(names) == len(set(names)), path, "has a member twice", names)
        _check_members(shape, names, path)
        for name, child in zip(names, element):
            _walk_xml(shape.members[name], child, f"{path}.{name}")
        return
    if kind == "list":
        for at, child in enumerate(element):
            _require(child.tag == shape.member.serialization.get("name", "member"), path, "has an odd element", child.tag)
            _walk_xml(shape.member, child, f"{path}[{at}]")
        return
    if kind == "map":
        for entry in element:
            _require([child.tag for child in entry] == ["key", "value"], path, "has an odd entry", entry.tag)
            _walk_xml(shape.key, entry[0], f"{path} key")
            _walk_xml(shape.value, entry[1], f"{path}.{entry[0].text}")
        return
    text = element.text or ""
    _require(len(element) == 0, path, "has children", [child.tag for child in element])
    if kind == "timestamp":
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ" if "." not in text else "%Y-%m-%dT%H:%M:%S.%fZ")
    elif kind == "boolean":
        _require(text in ("true", "false"), path, "is no boolean", text)
    elif kind in ("integer", "long"):
        _check_bounds(shape, int(text), path)
    elif kind in ("float", "double"):
        float(text)
    elif kind == "blob":
        _check_bounds(shape, len(base64.b64decode(text, validate=True)), path)
    else:
        _check_text(shape, text, path)


def _check_error(operation, code, status, members):
    """An error of the operation's model has its members and its status; another one has a message alone."""
    members = {member for member in members if member not in ("message", "Message")}
    shape = next((shape for shape in operation.error_shapes if shape.error_code == code), None)
    known = set(shape.members) if shape else set()
    _require(members <= known, f"{operation.name}: {code}", "has members that the model does not know", sorted(members - known))
    modelled = shape and shape.metadata.get("error", {}).get("httpStatusCode")
    _require(not modelled or status == modelled, f"{operation.name}: {code}", f"is of the status {modelled}", status)
    at_fault = 400 <= status < 600
    _require(at_fault, f"{operation.name}: {code}", "is no error's status", status)


def _check_members(shape, names, path):
    unknown = set(names) - set(shape.members)
    _require(not unknown, path, "has members that the model does not know", sorted(unknown))
    absent = set(shape.required_members) - set(names)
    _require(not absent, path, "lacks required members", sorted(absent))


def _check_text(shape, value, path):
    _require(isinstance(value, str), path, "is no text", value)
    _require(not shape.enum or value in shape.enum or value in AWS_ADDS.get(shape.name, ()), path, f"is none of {shape.enum}", value)
    if re.sub(r"\d+", "", path) not in AWS_DEPARTS or value:
        _check_bounds(shape, len(value), path)
        pattern = shape.metadata.get("pattern")
        _require(not pattern or _matches(pattern, value), path, f"does not match {pattern!r}", value)


def _matches(pattern, text):
    """Whether a text is as a pattern of the model says, which is of all of it, as services apply their patterns."""
    try:
        return re.fullmatch(_in_python(pattern), text) is not None
    except re.error as error:
        raise ShapeError(f"{pattern!r} is no pattern that can be compared: {error}") from error


def _in_python(pattern):
    # A class of characters by their Unicode names, and code points, are written otherwise in Python.
    pattern = pattern.replace(r"\p{L}\p{M}\p{Z}\p{N}\p{P}", r"\w\W").replace(r"\p{L}\p{Z}\p{N}", r"\w\W")
    # So are those that Java writes as two halves.
    return pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")


def _check_bounds(shape, size, path):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    _require(least is None or size >= least, path, f"is under {least}", size)
    _require(most is None or size <= most, path, f"is over {most}", size)


def _require(holds, path, what, value):
    if not holds:
        raise ShapeError(f"{path} {what}: {value!r}")
