"""The contract against AWS itself: the cases that are marked `on_aws`, with clients that can harm nothing.

A client here sends only operations that are listed below, and names to those that change or use a key only keys that it made
itself: all else is refused before it is sent. What was made is deleted after each case, however that ended.
"""

import json
import os
import sys
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from session import CONFIG, REGION, Aws

ASK = """The contract is not run against AWS unless CLAVIGER_CONTRACT_AWS=1 asks for it: it makes keys, which cost money.
help: set it, and credentials as boto3 takes them (AWS_PROFILE, AWS_ACCESS_KEY_ID, ..) of an account that is for tests"""

# Source of the prices: AWS KMS pricing, "Key storage".
WARNING = """This calls AWS KMS in the account {account}, region {region}. Each case makes a few keys and schedules their deletion, in 7
days, when it ends. AWS charges USD 1 a month, by the hour, for a key that is not scheduled for deletion, and for requests beyond
the free ones. If this is killed, its keys are those with the tag {tag}={run}: schedule their deletion by hand."""

TAG = "claviger-contract"

# A key that stays costs money: what cleans up tries again.
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=20)

# Operations that neither change anything nor use a key.
READ = {
    "DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "GetPublicKey", "GenerateRandom", "ListGrants", "ListKeyPolicies",
    "ListKeyRotations", "ListResourceTags",
}
# Operations on one key, or two.
ON_KEYS = {
    "CancelKeyDeletion", "CreateGrant", "Decrypt", "DeriveSharedSecret", "DisableKey", "DisableKeyRotation", "EnableKey",
    "EnableKeyRotation", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext", "GenerateMac", "ReEncrypt", "RetireGrant", "RevokeGrant", "ScheduleKeyDeletion", "Sign", "TagResource",
    "UntagResource", "UpdateKeyDescription", "Verify", "VerifyMac",
}
# Those that need not name it: a ciphertext does, and only what was sealed with a key of ours is at hand.
OF_CIPHERTEXTS = {"Decrypt", "ReEncrypt"}
KEY_MEMBERS = ("KeyId", "SourceKeyId", "DestinationKeyId")


class NotOurs(BaseException):
    """A case asked for what could touch something that this run did not make. No case can catch it by mistake."""


class OnAws(Aws):
    """AWS, or what stands for it, with all that was made there."""

    def __init__(self, endpoint):
        session = boto3.Session(region_name=REGION)
        credentials = session.get_credentials()
        if credentials is None:
            raise SystemExit(ASK)
        sts = session.client("sts", endpoint_url=endpoint, config=CONFIG)
        account = sts.get_caller_identity()["Account"]
        given = credentials.get_frozen_credentials()
        keys = {"AccessKeyId": given.access_key, "SecretAccessKey": given.secret_key}
        if given.token:
            keys["SessionToken"] = given.token
        super().__init__(endpoint, {account: keys}, is_moto=False)
        self.run = uuid.uuid4().hex[:12]
        self.made = {}

    def warn(self):
        print(WARNING.format(account=self.accounts[0], region=REGION, tag=TAG, run=self.run), file=sys.stderr)

    def unwatched(self, service, region=REGION, credentials=None):
        if service != "kms" or region != REGION or credentials not in (None, *self.credentials.values()):
            raise NotOurs(f"a client of {service} in {region}")
        client = super().unwatched(service, region, credentials)
        client.meta.events.register("provide-client-params.kms", self._guard)
        client.meta.events.register("after-call.kms.CreateKey", self._note)
        return client

    def _guard(self, params, model, **_):
        operation = model.name
        if operation == "CreateKey":
            if params.get("MultiRegion") or params.get("CustomKeyStoreId"):
                raise NotOurs(f"CreateKey with {sorted(params)}")
            return {**params, "Tags": [*params.get("Tags", ()), {"TagKey": TAG, "TagValue": self.run}]}
        named = [params[member] for member in KEY_MEMBERS if member in params]
        ours = all(isinstance(key, str) and key.rsplit("/", 1)[-1] in self.made for key in named)
        if operation in READ or operation in ON_KEYS and ours and (named or operation in OF_CIPHERTEXTS):
            return params
        raise NotOurs(f"{operation} of {named}")

    def _note(self, parsed, **_):
        if "KeyMetadata" in parsed:
            self.made[parsed["KeyMetadata"]["KeyId"]] = "in use"

    def clean_up(self):
        """Schedules the deletion of each key that is not deleted yet, and returns what could not be, one text each."""
        failures = []
        credentials = _of_boto3(*self.credentials.values())
        kms = boto3.client("kms", region_name=REGION, endpoint_url=self.endpoint, config=PATIENT, **credentials)
        for key in [key for key, state in self.made.items() if state == "in use"]:
            try:
                if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion":
                    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
                self.made[key] = "deleted"
            # Whether AWS refused it or was not reached: the next key may go.
            except (BotoCoreError, ClientError) as error:
                failures.append(f"the key {key} is still there: {error}; help: schedule its deletion by hand")
        return failures


def _of_boto3(credentials):
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials.get("SessionToken"),
    }


def begin():
    """AWS, if somebody asked for it. `CLAVIGER_ENDPOINT` is what stands for it in the tests of this."""
    if os.environ.get("CLAVIGER_CONTRACT_AWS") != "1":
        raise SystemExit(ASK)
    aws = OnAws(os.environ.get("CLAVIGER_ENDPOINT"))
    aws.warn()
    return aws


def told(aws):
    """What became of what was made."""
    return json.dumps({"run": aws.run, "keys": aws.made})
