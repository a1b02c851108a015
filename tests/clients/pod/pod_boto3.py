"""The pod of README.md with boto3."""

import json

import boto3
from botocore.exceptions import ClientError

arn = boto3.client("sts").get_caller_identity()["Arn"]
kms = boto3.client("kms")
random, denied = 0, None
try:
    random = len(kms.generate_random(NumberOfBytes=8)["Plaintext"])
except ClientError as error:
    denied = error.response["Error"]["Code"]
try:
    kms.list_keys()
except ClientError as error:
    denied = error.response["Error"]["Code"]
print(json.dumps({"arn": arn, "random": random, "denied": denied}))
