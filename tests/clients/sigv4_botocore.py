"""Requests as boto3 and botocore sign them, for the Rust tests to verify and to sign again.

Standard input: one JSON object, {"access_key_id", "secret", "token", "region", "requests": [..]}; each request has
"service", "method", "path", "parameters" ([[name, value], ..]), "headers" ([[name, value], ..]), "body" (base64) and
"presign" (seconds, or null). Standard output: one JSON object a line, a request as it stands on the wire:
{"from", "service", "method", "path", "query", "headers", "body", "signature", "signed_headers", "expires"}.

The clients' own requests come first: every one is caught just before it would be sent, so none is.
"""

import base64
import io
import json
import re
import sys
import urllib.parse

import boto3
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

ENDPOINT = "http://127.0.0.1:4566"


class Caught(Exception):
    """Stops a client before it sends."""


def wire(source, service, method, url, headers, body, expires=None):
    """A request as JSON, from what the HTTP library would be given."""
    target = urllib.parse.urlsplit(url)
    headers = [[name, as_text(value)] for name, value in headers.items()]
    if not any(name.lower() == "host" for name, _ in headers):
        # urllib3 adds it; botocore signs the same.
        headers.append(["Host", target.netloc])
    authorization = next((value for name, value in headers if name.lower() == "authorization"), "")
    stated = authorization + "&" + urllib.parse.unquote(target.query)
    signature = re.search("Signature=([0-9a-f]{64})", stated).group(1)
    signed_headers = re.search("SignedHeaders=([a-z0-9;-]+)", stated).group(1)
    return {
        "from": source,
        "service": service,
        "method": method,
        "path": target.path,
        "query": target.query,
        "headers": headers,
        "body": base64.b64encode(as_bytes(body)).decode(),
        "signature": signature,
        "signed_headers": signed_headers.split(";"),
        "expires": expires,
    }


def as_text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def as_bytes(body):
    if body is None:
        return b""
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    return body.encode() if isinstance(body, str) else body.read()


def client_requests(job):
    """What boto3's clients send."""
    session = boto3.Session(
        aws_access_key_id=job["access_key_id"],
        aws_secret_access_key=job["secret"],
        aws_session_token=job["token"],
        region_name=job["region"],
    )
    config = Config(
        retries={"total_max_attempts": 1},
        signature_version="v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
    )
    caught = []

    def catch(request, **_):
        caught.append(request)
        raise Caught

    def client(service):
        made = session.client(service, endpoint_url=ENDPOINT, config=config)
        made.meta.events.register("before-send", catch)
        return made

    kms, sts, s3 = client("kms"), client("sts"), client("s3")
    calls = [
        ("kms", kms.list_keys, {}),
        ("kms", kms.encrypt, {"KeyId": "alias/a", "Plaintext": b"\0\xff", "EncryptionContext": {"k": "ü+ &"}}),
        ("kms", kms.create_key, {"Description": "a  b", "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        ("sts", sts.get_caller_identity, {}),
        ("sts", sts.assume_role, {"RoleArn": "arn:aws:iam::111122223333:role/a/b", "RoleSessionName": "me+you"}),
        ("s3", s3.put_object, {"Bucket": "b", "Key": "a b/../c+ü@~.txt", "Body": io.BytesIO(b"hello")}),
        ("s3", s3.list_objects_v2, {"Bucket": "b", "Prefix": "a b+/ü", "MaxKeys": 3}),
    ]
    for service, call, parameters in calls:
        try:
            call(**parameters)
        except Caught:
            pass
        request = caught.pop()
        yield wire(call.__name__, service, request.method, request.url, request.headers, request.body)

    # As `aws eks get-token` does it: the cluster's name goes into a header, and that is signed.
    sts.meta.events.register("before-sign.sts.GetCallerIdentity", add_cluster)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    yield wire("eks get-token", "sts", "GET", url, {"x-k8s-aws-id": "demo"}, b"", 60)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "a b+ü"}, ExpiresIn=3600)
    yield wire("presigned get_object", "s3", "GET", url, {}, b"", 3600)


def add_cluster(request, **_):
    request.headers["x-k8s-aws-id"] = "demo"


def signed_request(job, given):
    """What botocore's signer makes of a request that no client would send."""
    headers = {}
    for name, value in given["headers"]:
        headers[name] = value
    request = AWSRequest(
        method=given["method"],
        url=ENDPOINT + given["path"],
        params=dict(given["parameters"]),
        headers=headers,
        data=base64.b64decode(given["body"]),
    )
    credentials = Credentials(job["access_key_id"], job["secret"], job["token"])
    if given["presign"] is None:
        signer = SigV4Auth(credentials, given["service"], job["region"])
    else:
        signer = SigV4QueryAuth(credentials, given["service"], job["region"], expires=given["presign"])
    signer.add_auth(request)
    prepared = request.prepare()
    body = prepared.body
    return wire(
        "botocore", given["service"], prepared.method, prepared.url, prepared.headers, body, given["presign"]
    )


def main():
    job = json.load(sys.stdin)
    for made in client_requests(job):
        print(json.dumps(made))
    for given in job["requests"]:
        print(json.dumps(signed_request(job, given)))


main()
