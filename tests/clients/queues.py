"""SQS and the public parameters of Systems Manager, by their API References: what launchers ask beside EC2."""

import json
import threading
import time

from contract import case
from ec2_cases import ec2, new_image, run, session, settled
from session import REGION

OWN = "it is about what becomes of instances, or about denials, which moto has otherwise"


def sqs(aws, account=0, **more):
    return aws.client("sqs", aws.accounts[account], **more)


def policy(arn, principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def arn_of(client, url):
    return client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


@case()
def a_queue_is_made_named_and_deleted(aws):
    client = sqs(aws)
    url = client.create_queue(QueueName="made", Attributes={"MessageRetentionPeriod": "300"})["QueueUrl"]
    assert url.endswith(f"/{aws.accounts[0]}/made"), url
    assert client.get_queue_url(QueueName="made")["QueueUrl"] == url
    assert client.create_queue(QueueName="made", Attributes={"MessageRetentionPeriod": "300"})["QueueUrl"] == url
    with aws.moto_departs("any attributes will do (Amazon SQS API Reference, CreateQueue: QueueNameExists)"):
        with aws.refuses("QueueAlreadyExists", "different value"):
            client.create_queue(QueueName="made", Attributes={"MessageRetentionPeriod": "400"})
    client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
    told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert told["QueueArn"] == f"arn:aws:sqs:{REGION}:{aws.accounts[0]}:made", told
    assert (told["VisibilityTimeout"], told["MessageRetentionPeriod"], told["DelaySeconds"]) == ("7", "300", "0"), told
    assert url in client.list_queues(QueueNamePrefix="ma")["QueueUrls"]
    client.delete_queue(QueueUrl=url)
    with aws.refuses("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist"):
        client.get_queue_url(QueueName="made")


@case()
def a_message_is_received_until_it_is_deleted(aws):
    client = sqs(aws)
    url = client.create_queue(QueueName="messages")["QueueUrl"]
    attributes = {"team": {"DataType": "String", "StringValue": "blue"}, "raw": {"DataType": "Binary", "BinaryValue": b"\0\1"}}
    sent = client.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == "5d41402abc4b2a76b9719d911017c592", sent
    [got] = client.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"], VisibilityTimeout=1,
    )["Messages"]
    assert (got["Body"], got["MessageId"], got["MD5OfBody"]) == ("hello", sent["MessageId"], sent["MD5OfMessageBody"]), got
    assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"], (got, sent)
    assert got["MessageAttributes"]["team"]["StringValue"] == "blue" and got["MessageAttributes"]["raw"]["BinaryValue"] == b"\0\1", got
    assert got["Attributes"]["ApproximateReceiveCount"] == "1", got
    assert not client.receive_message(QueueUrl=url).get("Messages"), "it is in flight"
    # It comes back when its time is up, which a long poll waits for.
    counted = ["ApproximateReceiveCount"]
    [again] = client.receive_message(QueueUrl=url, WaitTimeSeconds=5, MessageSystemAttributeNames=counted)["Messages"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2" and again["ReceiptHandle"] != got["ReceiptHandle"], again
    client.change_message_visibility(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=0)
    [last] = client.receive_message(QueueUrl=url)["Messages"]
    client.delete_message(QueueUrl=url, ReceiptHandle=last["ReceiptHandle"])
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = client.get_queue_attributes(QueueUrl=url, AttributeNames=counts)
    assert set(told["Attributes"].values()) == {"0"}, told
    with aws.refuses("ReceiptHandleIsInvalid"):
        client.delete_message(QueueUrl=url, ReceiptHandle="none")


@case()
def a_batch_deletes_what_it_names(aws):
    client = sqs(aws)
    url = client.create_queue(QueueName="batches")["QueueUrl"]
    for number in range(3):
        client.send_message(QueueUrl=url, MessageBody=str(number))
    got = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    entries = [{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(got)]
    told = client.delete_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "bad", "ReceiptHandle": "none"}])
    assert [one["Id"] for one in told["Successful"]] == ["0", "1", "2"] and [one["Id"] for one in told["Failed"]] == ["bad"], told
    with aws.refuses("AWS.SimpleQueueService.EmptyBatchRequest"):
        client.delete_message_batch(QueueUrl=url, Entries=[])
    with aws.refuses("AWS.SimpleQueueService.BatchEntryIdsNotDistinct"):
        client.delete_message_batch(QueueUrl=url, Entries=[entries[0], entries[0]])
    with aws.moto_departs("any id will do (Amazon SQS API Reference, DeleteMessageBatch: InvalidBatchEntryId)"):
        with aws.refuses("AWS.SimpleQueueService.InvalidBatchEntryId"):
            client.delete_message_batch(QueueUrl=url, Entries=[{**entries[0], "Id": "a b"}])
    with aws.moto_departs("any number will do (Amazon SQS API Reference, DeleteMessageBatch: TooManyEntriesInBatchRequest)"):
        with aws.refuses("AWS.SimpleQueueService.TooManyEntriesInBatchRequest"):
            client.delete_message_batch(QueueUrl=url, Entries=[{**entries[0], "Id": str(at)} for at in range(11)])
    client.send_message(QueueUrl=url, MessageBody="last")
    client.purge_queue(QueueUrl=url)
    assert not client.receive_message(QueueUrl=url).get("Messages")


@case(local_only="its words are its own")
def what_sqs_refuses(aws):
    client = sqs(aws)
    url = client.create_queue(QueueName="refusals")["QueueUrl"]
    gone = url.replace("refusals", "gone")
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    for call, more in (
        ("get_queue_attributes", {}), ("set_queue_attributes", {"Attributes": {"DelaySeconds": "1"}}), ("send_message", {"MessageBody": "a"}),
        ("receive_message", {}), ("delete_message", {"ReceiptHandle": "A" * 43 + "="}), ("purge_queue", {}), ("delete_queue", {}),
        ("delete_message_batch", {"Entries": [{"Id": "a", "ReceiptHandle": "none"}]}),
        ("change_message_visibility", {"ReceiptHandle": "A" * 43 + "=", "VisibilityTimeout": 1}),
    ):
        with aws.refuses(missing):
            getattr(client, call)(QueueUrl=gone, **more)
        with aws.refuses("InvalidAddress"):
            getattr(client, call)(QueueUrl="nowhere", **more)
    for name, value, code in (
        ("DelaySeconds", "901", "InvalidAttributeValue"), ("Policy", "{", "InvalidAttributeValue"),
        ("FifoQueue", "true", "AWS.SimpleQueueService.UnsupportedOperation"), ("Odd", "1", "InvalidAttributeName"),
    ):
        with aws.refuses(code):
            client.create_queue(QueueName="other", Attributes={name: value})
        with aws.refuses(code):
            client.set_queue_attributes(QueueUrl=url, Attributes={name: value})
    with aws.refuses("InvalidAttributeName"):
        client.get_queue_attributes(QueueUrl=url, AttributeNames=["Odd"])
    with aws.refuses("AWS.SimpleQueueService.UnsupportedOperation"):
        client.send_message(QueueUrl=url, MessageBody="a", MessageGroupId="group")
    with aws.refuses("InvalidMessageContents"):
        client.send_message(QueueUrl=url, MessageBody="\0")
    client.set_queue_attributes(QueueUrl=url, Attributes={"MaximumMessageSize": "1024"})
    with aws.refuses("InvalidParameterValue", "shorter than 1024 bytes"):
        client.send_message(QueueUrl=url, MessageBody="a" * 1000, MessageAttributes={"more": {"DataType": "String", "StringValue": "a" * 15}})
    with aws.refuses("ReceiptHandleIsInvalid"):
        client.change_message_visibility(QueueUrl=url, ReceiptHandle="none", VisibilityTimeout=1)
    with aws.refuses("AWS.SimpleQueueService.MessageNotInflight"):
        client.change_message_visibility(QueueUrl=url, ReceiptHandle="A" * 43 + "=", VisibilityTimeout=1)
    client.purge_queue(QueueUrl=url)
    with aws.refuses("AWS.SimpleQueueService.PurgeQueueInProgress"):
        client.purge_queue(QueueUrl=url)


@case(local_only=OWN)
def a_message_is_as_large_as_sqs_lets_it_be(aws):
    client = sqs(aws)
    url = client.create_queue(QueueName="large")["QueueUrl"]
    # boto3 writes each of these two octets as six.
    largest = "é" * 524288
    client.send_message(QueueUrl=url, MessageBody=largest)
    [message] = client.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == largest, len(message["Body"])
    with aws.refuses("InvalidParameterValue", "shorter than 1048576 bytes"):
        client.send_message(QueueUrl=url, MessageBody=largest + "a")
    client.delete_queue(QueueUrl=url)


@case(local_only=OWN)
def a_queues_policy_lets_others_in(aws):
    client, other = sqs(aws), sqs(aws, 1)
    url = client.create_queue(QueueName="shared")["QueueUrl"]
    with aws.refuses("AccessDenied", "sqs:SendMessage"):
        other.send_message(QueueUrl=url, MessageBody="no")
    client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(arn_of(client, url), {"AWS": aws.accounts[1]})})
    other.send_message(QueueUrl=url, MessageBody="yes")
    with aws.refuses("AccessDenied", "sqs:ReceiveMessage"):
        other.receive_message(QueueUrl=url)
    assert client.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "yes"
    reader = session(aws, {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "*"})
    narrow = sqs(aws, credentials=reader)
    narrow.receive_message(QueueUrl=url)
    with aws.refuses("AccessDenied", "sqs:DeleteMessage"):
        narrow.delete_message(QueueUrl=url, ReceiptHandle="none")


@case(local_only=OWN)
def a_long_poll_hears_of_what_becomes_of_instances(aws):
    client, launcher = sqs(aws), ec2(aws)
    url = client.create_queue(QueueName="interruptions", Attributes={"MessageRetentionPeriod": "300"})["QueueUrl"]
    silent = client.create_queue(QueueName="silent")["QueueUrl"]
    services = {"Service": ["events.amazonaws.com", "sqs.amazonaws.com"]}
    client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(arn_of(client, url), services)})
    heard, key = [], aws.kms().create_key()["KeyMetadata"]["Arn"]
    dying = new_image(launcher, "of an instance that dies", Encrypted=True, KmsKeyId=key)
    living = new_image(launcher, "of an instance that lives")
    aws.kms().disable_key(KeyId=key)

    def listen(until):
        deadline = time.monotonic() + 30
        while not until(heard):
            assert time.monotonic() < deadline, heard
            got = client.receive_message(QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10).get("Messages", [])
            for message in got:
                heard.append(json.loads(message["Body"]))
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def states(instance):
        return [event["detail"]["state"] for event in heard if event["detail"]["instance-id"] == instance]

    waits = threading.Thread(target=listen, args=(lambda heard: any(event["detail"]["state"] == "terminated" for event in heard),))
    waits.start()
    dead = run(launcher, dying)["InstanceId"]
    waits.join()
    assert states(dead) == ["pending", "shutting-down", "terminated"], heard
    event = heard[-1]
    assert event["detail-type"] == "EC2 Instance State-change Notification" and event["source"] == "aws.ec2", event
    assert event["resources"] == [f"arn:aws:ec2:{REGION}:{aws.accounts[0]}:instance/{dead}"], event
    assert (event["account"], event["region"]) == (aws.accounts[0], REGION), event
    alive = run(launcher, living)["InstanceId"]
    listen(lambda _: states(alive)[-1:] == ["running"])
    launcher.stop_instances(InstanceIds=[alive])
    listen(lambda _: states(alive)[-1:] == ["stopped"])
    launcher.start_instances(InstanceIds=[alive])
    listen(lambda _: states(alive)[-1:] == ["running"])
    launcher.terminate_instances(InstanceIds=[alive])
    listen(lambda _: states(alive)[-1:] == ["terminated"])
    told = ["pending", "running", "stopping", "stopped", "pending", "running", "shutting-down", "terminated"]
    assert states(alive) == told, heard
    # What is ended before it runs, never runs.
    brief = run(launcher, living)["InstanceId"]
    launcher.terminate_instances(InstanceIds=[brief])
    listen(lambda _: states(brief)[-1:] == ["terminated"])
    assert states(brief) == ["pending", "shutting-down", "terminated"], heard
    assert not client.receive_message(QueueUrl=silent).get("Messages")


@case(local_only="it has AWS's ids, which no image of its own has")
def public_parameters_lead_to_images(aws):
    ssm, launcher = aws.client("ssm"), ec2(aws)
    path = "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended"
    told = ssm.get_parameter(Name=f"{path}/image_id")["Parameter"]
    assert (told["Type"], told["Version"], told["DataType"]) == ("String", 1, "aws:ec2:image"), told
    assert told["ARN"] == f"arn:aws:ssm:{REGION}::parameter{path}/image_id", told
    [image] = launcher.describe_images(ImageIds=[told["Value"]])["Images"]
    assert image["Name"].startswith("amazon-eks-node-al2023-x86_64-standard-1.31-v") and image["Architecture"] == "x86_64", image
    assert image["ImageOwnerAlias"] == "amazon" and image["Public"] and image["OwnerId"] == "602401143452", image
    found = launcher.describe_images(Owners=["amazon"], Filters=[{"Name": "image-id", "Values": [told["Value"]]}])["Images"]
    assert [one["ImageId"] for one in found] == [told["Value"]], found
    assert told["Value"] not in [one["ImageId"] for one in launcher.describe_images(Owners=["self"])["Images"]]
    assert json.loads(ssm.get_parameter(Name=path)["Parameter"]["Value"])["image_id"] == told["Value"]
    # Every region has its own.
    other = aws.client("ssm", region="eu-west-1").get_parameter(Name=f"{path}/image_id")["Parameter"]["Value"]
    assert other != told["Value"]
    with aws.refuses("InvalidAMIID.NotFound", other, 400):
        launcher.describe_images(ImageIds=[other])
    begun = run(launcher, told["Value"])
    assert settled(launcher, begun["InstanceId"])["State"]["Name"] == "running"
    launcher.terminate_instances(InstanceIds=[begun["InstanceId"]])
    arm = "/aws/service/bottlerocket/aws-k8s-1.31/arm64/latest"
    several = ssm.get_parameters(Names=[f"{arm}/image_id", "/aws/service/nothing"])
    assert several["InvalidParameters"] == ["/aws/service/nothing"], several
    [image] = launcher.describe_images(ImageIds=[several["Parameters"][0]["Value"]])["Images"]
    assert image["Architecture"] == "arm64" and len(image["BlockDeviceMappings"]) == 2, image
    below = ssm.get_parameters_by_path(Path=arm)["Parameters"]
    assert [one["Name"].rsplit("/")[-1] for one in below] == ["image_id", "image_version"], below
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/aws/service/ami-amazon-linux-latest", Recursive=True)
    names = [one["Name"].rsplit("/")[-1] for page in pages for one in page["Parameters"]]
    assert "al2023-ami-kernel-default-x86_64" in names and len(names) == len(set(names)) > 10, names


@case(local_only=OWN)
def what_systems_manager_refuses(aws):
    ssm = aws.client("ssm")
    with aws.refuses("ParameterNotFound", "", 400):
        ssm.get_parameter(Name="/own")
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    assert ssm.get_parameter(Name=f"{name}:1")["Parameter"]["Selector"] == ":1"
    with aws.refuses("ParameterVersionNotFound", "version 2 of", 400):
        ssm.get_parameter(Name=f"{name}:2")
    with aws.refuses("InvalidNextToken", "", 400):
        ssm.get_parameters_by_path(Path="/aws/service", NextToken="!")
    with aws.refuses("InvalidFilterKey", "", 400):
        ssm.get_parameters_by_path(Path="/aws/service", ParameterFilters=[{"Key": "Label", "Values": ["x"]}])
    public = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": f"arn:aws:ssm:{REGION}::parameter/aws/service/*"}
    narrow = aws.client("ssm", credentials=session(aws, public))
    assert narrow.get_parameter(Name=name)["Parameter"]["Name"] == name
    with aws.refuses("AccessDeniedException", "ssm:GetParameter on resource: arn:aws:ssm:.*:parameter/own", 400):
        narrow.get_parameter(Name="/own")
