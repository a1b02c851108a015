"""AWS CloudTrail, by its API Reference and the record contents of its User Guide."""

import json

from contract import case
from session import REGION

NO_LOOKUP = "it has no LookupEvents (AWS CloudTrail API Reference)"


def events(aws, account=None, region=REGION, **parameters):
    """Events as LookupEvents lists them, newest first, each with its record read."""
    pages = aws.client("cloudtrail", account, region).get_paginator("lookup_events").paginate(**parameters)
    found = [event for page in pages for event in page["Events"]]
    return [{**event, "CloudTrailEvent": json.loads(event["CloudTrailEvent"])} for event in found]


def by(key, value):
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


@case(moto_departs=NO_LOOKUP)
def a_call_is_found_by_its_key(aws):
    key = aws.kms().create_key()["KeyMetadata"]["Arn"]
    context = {"cluster": "demo"}
    sealed = aws.kms().encrypt(KeyId=key, Plaintext=b"marked-plaintext", EncryptionContext=context)
    encrypted, created = events(aws, **by("ResourceName", key))
    assert (created["EventName"], created["ReadOnly"]) == ("CreateKey", "false"), created
    assert encrypted["Username"] == "root" and encrypted["EventSource"] == "kms.amazonaws.com", encrypted
    record = encrypted["CloudTrailEvent"]
    assert record["requestParameters"]["encryptionContext"] == context, record
    assert record["requestID"] == sealed["ResponseMetadata"]["RequestId"], record
    assert record["userIdentity"]["type"] == "Root" and record["awsRegion"] == REGION, record
    assert record["eventVersion"].startswith("1.") and record["eventID"] == encrypted["EventId"], record
    assert "marked-plaintext" not in json.dumps(record), record


@case(moto_departs="it enforces no session policy (IAM User Guide, Session policies), and has no LookupEvents")
def a_denial_has_the_message_that_the_caller_got(aws):
    role = f"arn:aws:iam::{aws.accounts[0]}:role/Denied"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]})
    begun = aws.sts().assume_role(RoleArn=role, RoleSessionName="denied", Policy=policy)["Credentials"]
    with aws.refuses("AccessDeniedException", "no session policy allows"):
        aws.kms(credentials=begun).list_keys()
    [denied] = events(aws, **by("AccessKeyId", begun["AccessKeyId"]))
    record = denied["CloudTrailEvent"]
    assert (denied["Username"], record["errorCode"]) == ("denied", "AccessDenied"), record
    assert "kms:ListKeys" in record["errorMessage"], record
    issuer = record["userIdentity"]["sessionContext"]["sessionIssuer"]
    assert issuer["arn"] == role and issuer["userName"] == "Denied", issuer


@case(moto_departs=NO_LOOKUP)
def both_accounts_see_a_shared_keys_use(aws):
    owner, user = aws.accounts[:2]
    key = aws.kms(owner).create_key()["KeyMetadata"]["Arn"]
    sealed = aws.kms(owner).encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    allow = {"Effect": "Allow", "Principal": {"AWS": [owner, user]}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    aws.kms(owner).put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    aws.kms(user).decrypt(CiphertextBlob=sealed)
    [mine] = [each for each in events(aws, user, **by("ResourceName", key)) if each["EventName"] == "Decrypt"]
    [theirs] = [each for each in events(aws, owner, **by("ResourceName", key)) if each["EventName"] == "Decrypt"]
    shared = {each["CloudTrailEvent"]["sharedEventID"] for each in (mine, theirs)}
    assert len(shared) == 1 and mine["EventId"] != theirs["EventId"], (mine, theirs)
    assert theirs["CloudTrailEvent"]["userIdentity"]["type"] == "AWSAccount", theirs
    assert theirs["CloudTrailEvent"]["recipientAccountId"] == owner, theirs


@case(moto_departs=NO_LOOKUP)
def pages_are_walked_through_and_refused_when_they_cannot_be(aws):
    for _ in range(5):
        aws.kms().list_aliases()
    wanted = by("EventName", "ListAliases")
    client = aws.client("cloudtrail")
    first = client.lookup_events(MaxResults=2, **wanted)
    assert len(first["Events"]) == 2, first
    second = client.lookup_events(MaxResults=2, NextToken=first["NextToken"], **wanted)
    ids = [event["EventId"] for event in first["Events"] + second["Events"]]
    assert len(set(ids)) == 4, ids
    newest, oldest = first["Events"][0]["EventTime"], second["Events"][-1]["EventTime"]
    assert newest >= oldest, (newest, oldest)
    with aws.refuses("InvalidNextTokenException"):
        client.lookup_events(NextToken=first["NextToken"])
    with aws.refuses("InvalidTimeRangeException"):
        client.lookup_events(StartTime=2, EndTime=1)
    with aws.refuses("InvalidLookupAttributesException"):
        client.lookup_events(LookupAttributes=wanted["LookupAttributes"] * 2)
    with aws.refuses("ValidationException", "maxResults"):
        client.lookup_events(MaxResults=51)


def trail_arn(aws, name, region=REGION):
    return f"arn:aws:cloudtrail:{region}:{aws.accounts[0]}:trail/{name}"


@case(moto_departs="it wants the bucket to exist (there is no S3 here)")
def a_trails_life(aws):
    here, there = aws.client("cloudtrail"), aws.client("cloudtrail", region="eu-west-1")
    made = here.create_trail(Name="life", S3BucketName="life-bucket", S3KeyPrefix="logs", SnsTopicName="topic", IsMultiRegionTrail=True)
    arn = trail_arn(aws, "life")
    assert (made["TrailARN"], made["IncludeGlobalServiceEvents"], made["LogFileValidationEnabled"]) == (arn, True, False), made
    assert made["SnsTopicARN"] == f"arn:aws:sns:{REGION}:{aws.accounts[0]}:topic", made
    assert here.get_trail_status(Name="life")["IsLogging"] is False
    assert here.start_logging(Name=arn)["ResponseMetadata"]["HTTPStatusCode"] == 200
    status = here.get_trail_status(Name=arn)
    assert status["IsLogging"] and "StartLoggingTime" in status and "StopLoggingTime" not in status, status
    here.stop_logging(Name="life")
    assert "StopLoggingTime" in here.get_trail_status(Name="life")
    updated = here.update_trail(Name="life", EnableLogFileValidation=True)
    assert updated["LogFileValidationEnabled"] and updated["S3KeyPrefix"] == "logs", updated
    # Seen from another region it is a shadow, and changed only at home.
    [shadow] = there.describe_trails()["trailList"]
    assert (shadow["HomeRegion"], shadow["TrailARN"]) == (REGION, arn), shadow
    assert there.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert there.get_trail(Name=arn)["Trail"] == here.get_trail(Name="life")["Trail"] == shadow
    for change in (there.start_logging, there.stop_logging, there.delete_trail, there.update_trail):
        with aws.refuses("InvalidHomeRegionException"):
            change(Name="life")
    assert {"TrailARN": arn, "Name": "life", "HomeRegion": REGION} in there.list_trails()["Trails"]
    assert here.describe_trails(trailNameList=["life", "absent"])["trailList"] == [shadow]
    [event] = events(aws, **by("EventName", "StartLogging"))[-1:]
    assert event["CloudTrailEvent"]["requestParameters"] == {"name": arn}, event
    here.delete_trail(Name="life")
    assert here.describe_trails()["trailList"] == []


@case(moto_departs="it wants the bucket to exist (there is no S3 here)")
def trails_that_cannot_be(aws):
    client = aws.client("cloudtrail")
    for name in ("ab", "-ab", "ab-", "a--b", "a b c", "10.0.0.1", "x" * 129, trail_arn(aws, "abc")):
        with aws.refuses("InvalidTrailNameException"):
            client.create_trail(Name=name, S3BucketName="bucket")
    with aws.refuses("InvalidS3BucketNameException"):
        client.create_trail(Name="valid", S3BucketName="No_Bucket")
    with aws.refuses("InvalidS3PrefixException"):
        client.create_trail(Name="valid", S3BucketName="bucket", S3KeyPrefix="p" * 201)
    with aws.refuses("InvalidParameterCombinationException"):
        client.create_trail(Name="valid", S3BucketName="bucket", IsMultiRegionTrail=True, IncludeGlobalServiceEvents=False)
    with aws.refuses("UnsupportedOperationException"):
        client.create_trail(Name="valid", S3BucketName="bucket", IsOrganizationTrail=True)
    for number in range(5):
        client.create_trail(Name=f"full-{number}", S3BucketName="bucket")
    with aws.refuses("TrailAlreadyExistsException", "already exists for customer"):
        client.create_trail(Name="full-0", S3BucketName="bucket")
    with aws.refuses("MaximumNumberOfTrailsExceededException"):
        client.create_trail(Name="full-5", S3BucketName="bucket")
    with aws.refuses("InvalidS3BucketNameException"):
        client.update_trail(Name="full-0", S3BucketName="No_Bucket")
    with aws.refuses("InvalidS3PrefixException"):
        client.update_trail(Name="full-0", S3KeyPrefix="p" * 201)
    with aws.refuses("InvalidParameterCombinationException"):
        client.update_trail(Name="full-0", IsMultiRegionTrail=True, IncludeGlobalServiceEvents=False)
    with aws.refuses("UnsupportedOperationException"):
        client.update_trail(Name="full-0", IsOrganizationTrail=True)
    for number in range(5):
        client.delete_trail(Name=f"full-{number}")
    foreign = trail_arn(aws, "abc").replace(aws.accounts[0], aws.accounts[1])
    for one in (client.get_trail, client.get_trail_status, client.start_logging, client.stop_logging, client.update_trail, client.delete_trail):
        with aws.refuses("TrailNotFoundException", f"Unknown trail: absent for the user: {aws.accounts[0]}"):
            one(Name="absent")
        with aws.refuses("InvalidTrailNameException"):
            one(Name="a--b")
        with aws.refuses("CloudTrailARNInvalidException"):
            one(Name=trail_arn(aws, "abc").replace(":trail/", ":channel/"))
        # A trail is its own account's alone: nobody else is let in.
        with aws.refuses("AccessDeniedException"):
            one(Name=foreign)
    with aws.refuses("InvalidTrailNameException"):
        client.describe_trails(trailNameList=["a--b"])
    with aws.refuses("CloudTrailARNInvalidException"):
        client.describe_trails(trailNameList=["arn:aws:s3:::bucket"])
