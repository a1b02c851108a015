"""Whether a run against AWS can be trusted with an account: `CLAVIGER_ENDPOINT` is an embedded AWS that stands for AWS.

The account has a key of somebody else's from the start, whose id `CLAVIGER_FOREIGN_KEY` is.
"""

import os
import sys
import urllib.request

import contract
import on_aws
from kms_keys import new_key

FOREIGN = os.environ["CLAVIGER_FOREIGN_KEY"]


def fails_half_way(aws):
    new_key(aws)
    aws.kms().enable_key_rotation(KeyId=new_key(aws, Description="second")["KeyId"])
    raise AssertionError("half-way")


def cannot_be_reached(aws):
    first = new_key(aws)["KeyId"]
    new_key(aws)
    aws.admin("faults", faults=[f"kms:* gone=closed key={first}"])


def touches(call):
    def case(aws):
        new_key(aws)
        call(aws)
    return case


def main():
    for attempt in (
        lambda aws: aws.kms().schedule_key_deletion(KeyId=FOREIGN, PendingWindowInDays=7),
        lambda aws: aws.kms().disable_key(KeyId=f"arn:aws:kms:us-west-2:{aws.accounts[0]}:key/{FOREIGN}"),
        lambda aws: aws.kms().encrypt(KeyId="alias/of-somebody", Plaintext=b"x"),
        lambda aws: aws.kms().create_alias(AliasName="alias/x", TargetKeyId=new_key(aws)["KeyId"]),
        lambda aws: aws.kms().retire_grant(GrantToken="of-somebody"),
        lambda aws: aws.kms().create_key(MultiRegion=True),
        lambda aws: aws.kms(region="eu-west-1"),
        lambda aws: aws.iam(),
    ):
        aws = on_aws.begin()
        contract.CASES[:] = []
        contract.case(on_aws=True)(touches(attempt))
        try:
            contract.run_on_aws(aws, [sys.modules[__name__]])
        except on_aws.NotOurs:
            assert set(aws.made.values()) == {"deleted"}, aws.made
        else:
            raise AssertionError("it was sent")

    aws = on_aws.begin()
    contract.CASES[:] = []
    contract.case()(lambda aws: aws.admin("clock", advance="P1D"))
    contract.case(on_aws=True)(fails_half_way)
    [failure] = contract.run_on_aws(aws, [sys.modules[__name__]])
    assert "AssertionError: half-way" in failure, failure
    assert list(aws.made.values()) == ["deleted"] * 2, aws.made

    aws = on_aws.begin()
    contract.CASES[:] = []
    contract.case(on_aws=True)(cannot_be_reached)
    [failure] = contract.run_on_aws(aws, [sys.modules[__name__]])
    assert "is still there: Connection was closed" in failure, failure
    assert list(aws.made.values()) == ["in use", "deleted"], aws.made
    urllib.request.urlopen(urllib.request.Request(f"{aws.endpoint}/_claviger/faults", method="DELETE"), timeout=10)
    assert aws.clean_up() == [] and list(aws.made.values()) == ["deleted"] * 2, aws.made
    print("nothing of anybody else's was touched")


if __name__ == "__main__":
    main()
