"""That `shapes.py`, which every answer of the contract goes through, finds what is wrong with one."""

import json

import botocore.session

from contract import case
from shapes import ShapeError, check_response

ID = "00000000-0000-4000-8000-000000000000"
JSON = {"x-amzn-requestid": ID, "content-type": "application/x-amz-json-1.1"}
REST = {"x-amzn-requestid": ID, "content-type": "application/json"}
XML = {"x-amzn-requestid": ID, "content-type": "text/xml"}


def operation(service, name):
    return botocore.session.get_session().get_service_model(service).operation_model(name)


def answer(**changes):
    return 200, JSON, json.dumps({"Keys": [{"KeyId": ID, "KeyArn": "arn:aws:kms:us-west-2:1:key/x"}], "Truncated": False, **changes})


def json_error(code, status=400, **members):
    return status, JSON, json.dumps({"__type": code, **members})


def rest_error(code, status, header=True, **members):
    return status, {**REST, **({"x-amzn-errortype": code} if header else {})}, json.dumps({"message": "m", **members})


def query_error(code, status, kind="Sender", more="", request_id=ID):
    namespace = "https://iam.amazonaws.com/doc/2010-05-08/"
    error = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>m</Message>{more}</Error>"
    return status, XML, f'<ErrorResponse xmlns="{namespace}">{error}<RequestId>{request_id}</RequestId></ErrorResponse>'


@case(local_only="no endpoint is asked")
def what_is_wrong_with_an_answer_is_found(_aws):
    list_keys, get_role, verify = operation("kms", "ListKeys"), operation("iam", "GetRole"), operation("kms", "Verify")
    describe = operation("eks", "DescribeCluster")
    signed = {"KeyId": ID, "SignatureValid": True, "SigningAlgorithm": "ECDSA_SHA_256"}
    for of, right in (
        (list_keys, answer()), (list_keys, json_error("InvalidMarkerException", message="m")), (verify, (200, JSON, json.dumps(signed))),
        (list_keys, json_error("AccessDeniedException", Message="m")), (get_role, query_error("NoSuchEntity", 404)),
        (get_role, query_error("AccessDenied", 403)), (describe, (200, REST, '{"cluster": {"name": "demo"}}')),
        (describe, rest_error("ResourceNotFoundException", 404, clusterName="demo")), (describe, rest_error("AccessDeniedException", 403)),
    ):
        check_response(of, *right)
    for of, wrong in (
        (list_keys, answer(Unknown=1)), (list_keys, answer(Truncated="no")), (list_keys, answer(Keys=[{"KeyId": ""}])),
        (list_keys, answer(NextMarker="\u20ac")), (list_keys, (200, XML, answer()[2])), (list_keys, (200, {}, answer()[2])),
        (verify, (200, JSON, json.dumps({**signed, "SigningAlgorithm": "NONE"}))),
        (list_keys, json_error("InvalidMarkerException", more="m")), (list_keys, json_error("AccessDeniedException", more="m")),
        (list_keys, json_error("AccessDeniedException", message=1)), (list_keys, json_error("AccessDeniedException", 302)),
        (list_keys, (400, JSON, "{}")),
        (get_role, query_error("NoSuchEntity", 400)), (get_role, query_error("NoSuchEntity", 404, kind="Receiver")),
        (get_role, query_error("NoSuchEntity", 404, more="<Role>r</Role>")),
        (get_role, query_error("NoSuchEntity", 404, request_id="another")),
        (describe, (200, JSON, '{"cluster": {}}')), (describe, (200, REST, '{"cluster": {"status": "GONE"}}')),
        (describe, rest_error("ResourceNotFoundException", 400)), (describe, rest_error("ResourceNotFoundException", 404, more="m")),
        (describe, rest_error("ResourceNotFoundException", 404, header=False)),
    ):
        try:
            check_response(of, *wrong)
        except ShapeError:
            continue
        raise AssertionError(f"nothing was found wrong with {wrong}")
