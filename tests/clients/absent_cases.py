"""What is not there is refused so that each client can read it: its own service's form, AWS's code, and what there is."""

from contract import case

LIST = r"; GET /_claviger/health and docs/reference/operations\.md list what it answers$"


@case(local_only="it is about what the embedded AWS does not have")
def operations_that_are_not_built(aws):
    has = "The embedded AWS does not have {}; the nearest that the embedded AWS has: {}" + LIST
    iam = has.format("IAM's operation GetServiceLastAccessedDetails", "ListServiceSpecificCredentials, .*")
    with aws.refuses("InvalidAction", iam, 400):
        aws.iam().get_service_last_accessed_details(JobId="00000000-0000-0000-0000-000000000000")
    sts = has.format("STS's operation AssumeRoot", "AssumeRole, .*")
    with aws.refuses("InvalidAction", sts, 400):
        aws.sts().assume_root(TargetPrincipal="111122223333", TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/x"})
    ec2 = has.format("EC2's operation AllocateHosts", "DescribeImages, .*").replace("DescribeImages, ", "")
    with aws.refuses("InvalidAction", ec2, 400):
        aws.client("ec2").allocate_hosts(AvailabilityZone="us-west-2a", Quantity=1)
    trail = has.format("CloudTrail's operation ListTags", "ListTrails, .*")
    with aws.refuses("UnknownOperationException", trail, 400):
        aws.client("cloudtrail").list_tags(ResourceIdList=["x"])


@case(local_only="it is about what the embedded AWS does not have")
def operations_that_no_version_of_the_service_has(aws):
    # botocore would know better, so the request's own names are changed before it is signed.
    for service, call, code, expected in (
        ("sts", "get_caller_identity", "InvalidAction",
         "Could not find operation GetCalerIdentity for version 2011-06-15; the nearest .*: GetCallerIdentity, .*"),
        ("kms", "list_keys", "UnknownOperationException", "KMS has no operation LsitKeys; the nearest .*: ListKeys, .*"),
    ):
        client = aws.unwatched(service)
        client.meta.events.register("before-call", _misspell)
        with aws.refuses(code, f"^{expected}{LIST}", 400):
            getattr(client, call)()


def _misspell(params, **_):
    if "X-Amz-Target" in params["headers"]:
        params["headers"]["X-Amz-Target"] = "TrentService.LsitKeys"
    else:
        params["body"]["Action"] = "GetCalerIdentity"


@case(local_only="it is about what the embedded AWS does not have")
def services_that_are_not_there(aws):
    for service, call, arguments, code, status, wanted in (
        ("dynamodb", "list_tables", {}, "UnknownOperationException", 400, "DynamoDB_20120810.ListTables in X-Amz-Target"),
        ("logs", "describe_log_groups", {}, "UnknownOperationException", 400, "Logs_20140328.DescribeLogGroups"),
        ("sns", "list_topics", {}, "InvalidAction", 400, r"the operation ListTopics \(Version: 2010-03-31\)"),
        ("cloudformation", "list_stacks", {}, "InvalidAction", 400, "ListStacks"),
        ("s3", "list_buckets", {}, "NotImplemented", 501, "is signed for s3"),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "Body": b"\xff%zz=1"}, "NotImplemented", 501, "signed for s3"),
        ("route53", "list_hosted_zones", {}, "UnknownOperationException", 404, "is signed for route53"),
        ("lambda", "invoke", {"FunctionName": "f", "Payload": b"{}"}, "UnknownOperationException", 404, "for lambda"),
        # It speaks CBOR.
        ("cloudwatchomni", "delete_view", {}, "UnknownOperationException", 404, "is signed for cloudwatch"),
    ):
        client = aws.unwatched(service)
        with aws.refuses(code, f"{wanted}.*; it has IAM, KMS, STS, CloudTrail.*{LIST}", status):
            getattr(client, call)(**arguments)
