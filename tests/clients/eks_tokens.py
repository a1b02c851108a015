"""What tokens of a cluster's pods are good for beside EKS Auth, and what the trail has of it: by the Amazon EKS User Guide, "IAM roles
for service accounts", and the AWS CloudTrail User Guide, "CloudTrail userIdentity element".

moto issues no tokens.
"""

import json

from contract import case
from eks import PODS, associate, assume, new_cluster, new_role, token, trust

ONLY_HERE = "moto issues no tokens"


@case(local_only=ONLY_HERE)
def a_service_account_assumes_a_role_by_its_clusters_issuer(aws):
    cluster = new_cluster(aws, "irsa")
    url = cluster["identity"]["oidc"]["issuer"]
    name = url.removeprefix("https://")
    given = token(aws, cluster, audience="sts.amazonaws.com")
    provider = f"arn:aws:iam::{aws.accounts[0]}:oidc-provider/{name}"
    document = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{name}:aud": "sts.amazonaws.com", f"{name}:sub": "system:serviceaccount:payments:api"}},
    }]}
    made = aws.iam().create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["0" * 40])
    assert made["OpenIDConnectProviderArn"] == provider, made
    role = new_role(aws, "irsa", json.dumps(document))

    def begin(text):
        return aws.sts().assume_role_with_web_identity(RoleArn=role, RoleSessionName="pod", WebIdentityToken=text)

    answer = begin(given)
    assert answer["SubjectFromWebIdentityToken"] == "system:serviceaccount:payments:api" and answer["Provider"] == provider, answer
    arn = f"arn:aws:sts::{aws.accounts[0]}:assumed-role/irsa/pod"
    assert aws.sts(credentials=answer["Credentials"]).get_caller_identity()["Arn"] == arn
    with aws.refuses("AccessDenied", "sts:AssumeRoleWithWebIdentity", 403):
        begin(token(aws, cluster, audience="sts.amazonaws.com", service_account="web"))
    # A token of EKS Auth's is of no client of the provider, and one that is changed is nobody's.
    head, payload, signature = given.split(".")
    changed = ".".join((head, payload, ("AAAA" if signature[:4] != "AAAA" else "BBBB") + signature[4:]))
    for wrong in (token(aws, cluster), changed):
        with aws.refuses("InvalidIdentityToken", status=400):
            begin(wrong)


@case(local_only=ONLY_HERE)
def the_trail_has_each_role_that_is_assumed_for_a_pod(aws):
    cluster = new_cluster(aws, "chain")
    target = f"arn:aws:iam::{aws.accounts[1]}:role/chain-target"
    hop = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": target}
    first = new_role(aws, "chain", policy=hop)
    new_role(aws, "chain-target", trust({"AWS": first}), account=aws.accounts[1])
    associate(aws, "chain", first, targetRoleArn=target)
    session = assume(aws, "chain", token(aws, cluster, pod="api-0"))["assumedRoleUser"]["arn"].rsplit("/", 1)[1]

    def events(account):
        asked = [{"AttributeKey": "EventName", "AttributeValue": "AssumeRole"}]
        found = aws.client("cloudtrail", account=account).lookup_events(LookupAttributes=asked)["Events"]
        told = [json.loads(event["CloudTrailEvent"]) for event in found]
        return [event for event in told if (event["requestParameters"] or {}).get("roleSessionName", "").startswith("eks-chain-")]

    by_service = next(event for event in events(aws.accounts[0]) if event["requestParameters"]["roleArn"] == first)
    assert by_service["userIdentity"] == {"type": "AWSService", "invokedBy": PODS}, by_service
    assert by_service["sourceIPAddress"] == by_service["userAgent"] == PODS, by_service
    tags = {tag["key"]: tag["value"] for tag in by_service["requestParameters"]["tags"]}
    assert tags["kubernetes-pod-name"] == "api-0" and tags["eks-cluster-arn"] == cluster["arn"], tags
    assert set(by_service["requestParameters"]["transitiveTagKeys"]) == set(tags), by_service
    # The first role's session goes on to the target, in the other account's trail, too.
    for account in aws.accounts[:2]:
        onward = next(event for event in events(account) if event["requestParameters"]["roleArn"] == target)
        assert onward["requestParameters"]["roleSessionName"] == session, onward
        assert onward["eventSource"] == "sts.amazonaws.com" and "errorCode" not in onward, onward
    identity = next(event for event in events(aws.accounts[0]) if event["requestParameters"]["roleArn"] == target)["userIdentity"]
    assert identity["type"] == "AssumedRole" and identity["sessionContext"]["sessionIssuer"]["arn"] == first, identity
    assert identity["invokedBy"] == "eks-auth.amazonaws.com", identity

    aws.iam(aws.accounts[0]).update_assume_role_policy(RoleName="chain", PolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    with aws.refuses("AccessDeniedException", "Unauthorized Exception"):
        assume(aws, "chain", token(aws, cluster))
    refused = events(aws.accounts[0])[0]
    assert refused["errorCode"] == "AccessDenied" and "sts:AssumeRole" in refused["errorMessage"], refused
