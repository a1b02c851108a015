"""Clients of one endpoint, whose every answer is checked and remembered."""

import contextlib
import json
import re
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

import departures
from shapes import check_response

REGION = "us-west-2"

# One attempt: a retry would hide an error. No validation by botocore: what is invalid must reach the server.
CONFIG = Config(retries={"total_max_attempts": 1}, parameter_validation=False, connect_timeout=5, read_timeout=20)


class Aws:
    """An endpoint, the root credentials of its accounts, and what was done to it."""

    def __init__(self, endpoint, credentials, is_moto):
        self.endpoint = endpoint
        self.credentials = credentials
        self.accounts = sorted(credentials)
        self.is_moto = is_moto
        self.answered = set()
        self.refused = set()
        # How moto was seen to depart, one line each.
        self.departures = set()
        self._clients = {}

    def client(self, service, account=None, region=REGION, credentials=None):
        """A client of a service: an account's root user, or whoever holds `credentials`."""
        credentials = credentials or self.credentials[account or self.accounts[0]]
        key = (service, region, credentials["AccessKeyId"], credentials["SecretAccessKey"])
        if key not in self._clients:
            client = self.unwatched(service, region, credentials)
            client.meta.events.register("before-parse", self._remember)
            self._clients[key] = client
        return self._clients[key]

    def unwatched(self, service, region=REGION, credentials=None):
        """A client whose answers are neither checked nor remembered: of a service that is not there."""
        credentials = credentials or self.credentials[self.accounts[0]]
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
            config=CONFIG,
        )

    def kms(self, account=None, region=REGION, credentials=None):
        return self.client("kms", account, region, credentials)

    def iam(self, account=None, credentials=None):
        return self.client("iam", account, REGION, credentials)

    def sts(self, account=None, region=REGION, credentials=None):
        return self.client("sts", account, region, credentials)

    def _remember(self, operation_model, response_dict, **_):
        status, headers, body = (response_dict[name] for name in ("status_code", "headers", "body"))
        headers = {name.lower(): value for name, value in headers.items()}
        service, operation = operation_model.service_model.service_name, operation_model.name
        # moto has answers that are not of their shapes.
        if not self.is_moto:
            check_response(operation_model, status, headers, body)
        if status == 200:
            self.answered.add((service, operation))
        else:
            self.refused.add((service, operation, _error_code(headers, body)))

    @contextlib.contextmanager
    def refuses(self, code, message="", status=None):
        """Expects a refusal with this code, a message that matches, and this status."""
        try:
            yield
        except ClientError as error:
            given, metadata = error.response["Error"], error.response["ResponseMetadata"]
            assert given["Code"] == code, f"{error.operation_name}: {given} instead of {code}"
            text = given.get("Message", "")
            assert re.search(message, text), f"{error.operation_name}: {text!r} does not match {message!r}"
            if status is not None:
                assert metadata["HTTPStatusCode"] == status, f"{error.operation_name}: {metadata}"
        else:
            raise AssertionError(f"{code} was expected, but the call succeeded")

    @contextlib.contextmanager
    def moto_departs(self, how):
        """Holds on AWS, and not on moto: `how`, with the AWS document that says otherwise.

        Against moto what stands in it must fail, so that the note does not outlive the departure: by an assertion, a member
        that is not there, or an error of the service. `departures.py` compares where and how with what is recorded.
        """
        if not self.is_moto:
            yield
            return
        try:
            yield
        except (AssertionError, KeyError, ClientError, ResponseParserError) as error:
            self.departures.add(departures.line(how, error))
            return
        raise AssertionError(f"moto departs no more; remove the note: {how}")

    @contextlib.contextmanager
    def moto_may_depart(self, how):
        """Holds on AWS; what moto makes of it, says nothing of AWS (its words, mostly)."""
        try:
            yield
        except Exception:  # noqa: BLE001: whatever moto makes of it
            if not self.is_moto:
                raise

    def admin(self, route, **body):
        """An admin route of the embedded AWS."""
        request = urllib.request.Request(
            f"{self.endpoint}/_claviger/{route}",
            data=json.dumps(body).encode() if body else None,
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def _error_code(headers, body):
    if kind := headers.get("x-amzn-errortype"):
        return kind
    text = body.decode()
    if text.startswith("<"):
        code = re.search("<Code>(.*?)</Code>", text)
        # The page of a server that failed inside, as moto's does.
        return code.group(1) if code else "(none)"
    return json.loads(text)["__type"].rsplit("#")[-1]


def pages(operation, member, **parameters):
    """Every element of a listing, page by page, two at a time."""
    elements, marker = [], {}
    while True:
        page = operation(Limit=2, **marker, **parameters)
        assert len(page[member]) <= 2, page
        elements += page[member]
        if not page["Truncated"]:
            assert "NextMarker" not in page, page
            return elements
        marker = {"Marker": page["NextMarker"]}


def pages_of(operation, member, **parameters):
    """Every element of a listing of IAM, page by page, two at a time."""
    elements, marker = [], {}
    while True:
        page = operation(MaxItems=2, **marker, **parameters)
        assert len(page[member]) <= 2, page
        elements += page[member]
        if not page["IsTruncated"]:
            assert "Marker" not in page, page
            return elements
        marker = {"Marker": page["Marker"]}


def tokens_of(operation, member, most=2, size="MaxResults", **parameters):
    """Every element of a listing that goes by tokens, page by page."""
    elements, token = [], {}
    while True:
        page = operation(**{size: most}, **token, **parameters)
        assert len(page[member]) <= most, page
        elements += page[member]
        if not page.get("NextToken"):
            return elements
        token = {"NextToken": page["NextToken"]}
