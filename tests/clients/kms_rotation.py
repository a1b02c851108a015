"""Rotation and multi-Region keys, by the KMS Developer Guide."""

import time

from contract import case
from kms_keys import new_key, policy
from session import REGION, pages


@case(moto_departs="rotation is a date and no material (RotateKeyOnDemand, ListKeyRotations)")
def rotation_on_demand_changes_the_material_and_opens_what_is_old(aws):
    kms, key = aws.kms(), new_key(aws)
    old = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"old")["CiphertextBlob"]
    assert kms.rotate_key_on_demand(KeyId=key["KeyId"])["KeyId"] == key["KeyId"]
    now = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"]
    assert now != key["CurrentKeyMaterialId"]
    new = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"new")["CiphertextBlob"]
    for blob, plaintext, material in ((old, b"old", key["CurrentKeyMaterialId"]), (new, b"new", now)):
        opened = kms.decrypt(CiphertextBlob=blob)
        assert (opened["Plaintext"], opened["KeyMaterialId"]) == (plaintext, material), opened
    rotations = pages(kms.list_key_rotations, "Rotations", KeyId=key["KeyId"])
    assert [each["RotationType"] for each in rotations] == ["ON_DEMAND"], rotations
    whole = kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    states = {each["KeyMaterialId"]: each["KeyMaterialState"] for each in whole}
    assert states == {now: "CURRENT", key["CurrentKeyMaterialId"]: "NON_CURRENT"}, whole
    with aws.refuses("InvalidMarkerException"):
        kms.list_key_rotations(KeyId=key["KeyId"], Marker="nonsense")
    for _ in range(24):
        kms.rotate_key_on_demand(KeyId=key["KeyId"])
    with aws.refuses("LimitExceededException", "", 400):
        kms.rotate_key_on_demand(KeyId=key["KeyId"])


@case(on_aws=True)
def automatic_rotation_is_switched(aws):
    kms, key = aws.kms(), new_key(aws)["KeyId"]
    status = kms.get_key_rotation_status(KeyId=key)
    assert status["KeyRotationEnabled"] is False and "NextRotationDate" not in status, status
    kms.enable_key_rotation(KeyId=key)
    status = kms.get_key_rotation_status(KeyId=key)
    assert status["KeyRotationEnabled"] is True, status
    with aws.moto_departs("has no usual period (EnableKeyRotation, RotationPeriodInDays: 365)"):
        assert status["RotationPeriodInDays"] == 365, status
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    with aws.moto_departs("does not say the period (GetKeyRotationStatus, RotationPeriodInDays)"):
        assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 90
    kms.disable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    with aws.moto_departs("knows no bounds of the period (EnableKeyRotation, RotationPeriodInDays: 90 to 2560)"):
        for days in (89, 2561):
            with aws.refuses("ValidationException", "'rotationPeriodInDays' failed"):
                kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=days)


@case(moves_clock=True)
def a_key_rotates_by_itself_when_its_period_is_over(aws):
    kms, key = aws.kms(), new_key(aws)
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    try:
        aws.admin("clock", advance="P89D")
        material = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"]
        assert material == key["CurrentKeyMaterialId"]
        aws.admin("clock", advance="P2D")
        material = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"]
        assert material != key["CurrentKeyMaterialId"]
        [rotation] = kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]
        assert rotation["RotationType"] == "AUTOMATIC", rotation
    finally:
        aws.admin("clock", real=True)


def wait_until_enabled(kms, key):
    """As AWS says to: a replica is being created, and a primary region changed, for a moment."""
    for _ in range(100):
        if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled":
            return
        time.sleep(0.05)
    raise AssertionError(f"{key} is not enabled after five seconds")


@case(moto_departs="replicas are other keys (Multi-Region keys: the same material in each region)")
def a_replica_opens_what_its_primary_sealed(aws):
    here, there = aws.kms(), aws.kms(region="eu-west-1")
    primary = new_key(aws, MultiRegion=True)
    assert primary["KeyId"].startswith("mrk-") and primary["MultiRegion"], primary
    assert primary["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY", primary
    answer = here.replicate_key(
        KeyId=primary["KeyId"], ReplicaRegion="eu-west-1", Description="copy", Policy=policy(aws.accounts[0]),
        Tags=[{"TagKey": "a", "TagValue": "b"}],
    )
    replica = answer["ReplicaKeyMetadata"]
    assert replica["KeyId"] == primary["KeyId"] and replica["Arn"] == primary["Arn"].replace(REGION, "eu-west-1"), replica
    assert answer["ReplicaTags"] == [{"TagKey": "a", "TagValue": "b"}], answer
    wait_until_enabled(there, primary["KeyId"])
    sealed = here.encrypt(KeyId=primary["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    opened = there.decrypt(CiphertextBlob=sealed, KeyId=replica["Arn"])
    assert (opened["Plaintext"], opened["KeyId"]) == (b"x", replica["Arn"]), opened

    with aws.refuses("AlreadyExistsException", "", 400):
        here.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1")
    with aws.refuses("UnsupportedOperationException", "", 400):
        there.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="ap-south-1")
    for call in (there.enable_key_rotation, there.disable_key_rotation, there.rotate_key_on_demand):
        with aws.refuses("UnsupportedOperationException", "", 400):
            call(KeyId=primary["KeyId"])
    with aws.refuses("LimitExceededException", "", 400):
        many = [{"TagKey": f"k{at}", "TagValue": ""} for at in range(51)]
        here.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="ap-south-1", Tags=many)
    with aws.refuses("MalformedPolicyDocumentException", "", 400):
        here.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="ap-south-1", Policy="{")
    with aws.refuses("TagException", "", 400):
        here.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="ap-south-1", Tags=[{"TagKey": "aws:a", "TagValue": ""}])
    single = new_key(aws)["KeyId"]
    for call in (
        lambda: here.replicate_key(KeyId=single, ReplicaRegion="eu-west-1"),
        lambda: here.update_primary_region(KeyId=single, PrimaryRegion="eu-west-1"),
    ):
        with aws.refuses("UnsupportedOperationException", "", 400):
            call()

    here.update_primary_region(KeyId=primary["KeyId"], PrimaryRegion="eu-west-1")
    wait_until_enabled(there, primary["KeyId"])
    wait_until_enabled(here, primary["KeyId"])
    configuration = there.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
    assert configuration["MultiRegionKeyType"] == "PRIMARY", configuration
    assert configuration["PrimaryKey"] == {"Arn": replica["Arn"], "Region": "eu-west-1"}, configuration
    assert configuration["ReplicaKeys"] == [{"Arn": primary["Arn"], "Region": REGION}], configuration
    with aws.refuses("UnsupportedOperationException", "", 400):
        here.update_primary_region(KeyId=primary["KeyId"], PrimaryRegion="eu-west-1")


@case()
def a_key_stays_in_its_region(aws):
    key = new_key(aws)
    there = aws.kms(region="eu-west-1")
    with aws.refuses("NotFoundException"):
        there.describe_key(KeyId=key["KeyId"])
    sealed = aws.kms().encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    with aws.refuses("AccessDeniedException", "^$" if aws.is_moto else "does not exist in this region"):
        there.decrypt(CiphertextBlob=sealed)
