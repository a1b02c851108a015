"""EKS and EKS Auth, by the Amazon EKS API Reference and the Amazon EKS User Guide: clusters, Pod Identity, credentials for pods.

moto has neither Pod Identity nor EKS Auth. Of a cluster it knows less than is looked at here.
"""

import base64
import contextlib
import json
import re
import time

from botocore.exceptions import ClientError
from contract import case
from session import REGION

ONLY_HERE = "moto has no Pod Identity"
PODS, CLUSTERS = "pods.eks.amazonaws.com", "eks.amazonaws.com"
SUBNETS = {"subnetIds": ["subnet-0fb75d2d8401716e7", "subnet-02184492f67a3d0f9"]}


def eks(aws, **options):
    return aws.client("eks", **options)


def trust(*principals, actions=("sts:AssumeRole", "sts:TagSession"), **condition):
    condition = {"Condition": condition} if condition else {}
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": list(actions), **condition} for principal in principals
    ]})


def new_role(aws, name, document=None, account=None, policy=None):
    """A role that pods may have, unless `document` says otherwise."""
    iam = aws.iam(account or aws.accounts[0])
    document = document or trust({"Service": PODS})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if policy:
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": policy if isinstance(policy, list) else [policy]}))
    return role


def new_cluster(aws, name, **more):
    """A cluster, once it is there; one role does for all of them."""
    role = f"arn:aws:iam::{aws.accounts[0]}:role/clusters"
    with contextlib.suppress(aws.iam(aws.accounts[0]).exceptions.EntityAlreadyExistsException):
        new_role(aws, "clusters", trust({"Service": CLUSTERS}, actions=["sts:AssumeRole"]))
    made = eks(aws).create_cluster(name=name, roleArn=role, resourcesVpcConfig=SUBNETS, **more)["cluster"]
    assert made["status"] == "CREATING" and "endpoint" not in made and made["certificateAuthority"] == {}, made
    deadline = time.monotonic() + 30
    while made["status"] == "CREATING":
        assert time.monotonic() < deadline, made
        made = eks(aws).describe_cluster(name=name)["cluster"]
    return made


def when_it_was_new(aws):
    """Sets the clock to when versions that a case names had not ended yet."""
    aws.admin("clock", set="2026-01-31T00:00:00Z")


def associate(aws, cluster, role, service_account="api", namespace="payments", **more):
    return eks(aws).create_pod_identity_association(
        clusterName=cluster, namespace=namespace, serviceAccount=service_account, roleArn=role, **more)["association"]


def token(aws, cluster, service_account="api", namespace="payments", **more):
    """A token of a pod, as the webhook has one projected into it."""
    asked = {"cluster": cluster["arn"], "namespace": namespace, "serviceAccount": service_account, **more}
    return aws.admin("eks/token", **asked)["token"]


def assume(aws, cluster, text, **options):
    return aws.client("eks-auth", **options).assume_role_for_pod_identity(clusterName=cluster, token=text)


def credentials_of(answer):
    given = answer["credentials"]
    return {"AccessKeyId": given["accessKeyId"], "SecretAccessKey": given["secretAccessKey"], "SessionToken": given["sessionToken"]}


@case(local_only=ONLY_HERE, moves_clock=True)
def a_clusters_life(aws):
    when_it_was_new(aws)
    cluster = new_cluster(aws, "life", version="1.30", tags={"team": "blue"}, clientRequestToken="t",
                          logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]})
    assert cluster["arn"] == f"arn:aws:eks:{REGION}:{aws.accounts[0]}:cluster/life", cluster
    assert (cluster["status"], cluster["version"], cluster["tags"]) == ("ACTIVE", "1.30", {"team": "blue"}), cluster
    issuer = cluster["identity"]["oidc"]["issuer"]
    assert issuer.startswith(f"https://oidc.eks.{REGION}.amazonaws.com/id/"), issuer
    assert cluster["endpoint"].startswith(f"https://{issuer.rsplit('/', 1)[1]}."), cluster["endpoint"]
    assert cluster["logging"]["clusterLogging"][0] == {"types": ["audit"], "enabled": True}, cluster["logging"]
    assert cluster["kubernetesNetworkConfig"]["ipFamily"] == "ipv4", cluster
    published = aws.admin(f"eks/id/{issuer.rsplit('/', 1)[1]}/.well-known/openid-configuration")
    assert published["issuer"] == issuer and published["jwks_uri"] == f"{issuer}/keys", published
    assert published["id_token_signing_alg_values_supported"] == ["RS256"], published
    [key] = aws.admin(f"eks/id/{issuer.rsplit('/', 1)[1]}/keys")["keys"]
    assert (key["kty"], key["alg"], key["use"], key["e"]) == ("RSA", "RS256", "sig", "AQAB"), key
    assert len(base64.urlsafe_b64decode(key["n"] + "==")) == 256 and re.fullmatch("[0-9a-f]{40}", key["kid"]), key
    head = token(aws, cluster).split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "RS256", "kid": key["kid"]}, head

    again = {"name": "life", "roleArn": cluster["roleArn"], "resourcesVpcConfig": SUBNETS}
    first = {**again, "version": "1.30", "tags": {"team": "blue"}, "logging": {"clusterLogging": [{"types": ["audit"], "enabled": True}]}}
    assert eks(aws).create_cluster(**first, clientRequestToken="t")["cluster"]["arn"] == cluster["arn"]
    with aws.refuses("ResourceInUseException", "Cluster already exists with name: life", 409):
        eks(aws).create_cluster(**again, clientRequestToken="another")
    for wrong in ({"name": "-"}, {"version": "latest"}, {"version": "1.28"}, {"version": "1.9"}, {"roleArn": "nobody"}, {"resourcesVpcConfig": {}}, {"tags": {"aws:a": "b"}},
                  {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": "k"}}]}):
        with aws.refuses("InvalidParameterException", status=400):
            eks(aws).create_cluster(**{**again, "name": "other", **wrong})
    with aws.refuses("InvalidParameterException", "unsupported Kubernetes version 1.28"):
        eks(aws).create_cluster(**{**again, "name": "other", "version": "1.28"})
    with aws.refuses("InvalidParameterException", "Role provided in the request does not exist"):
        eks(aws).create_cluster(**{**again, "name": "other", "roleArn": cluster["roleArn"] + "-not"})

    protected = new_cluster(aws, "protected", deletionProtection=True)
    assert protected["deletionProtection"], protected
    with aws.refuses("InvalidRequestException", "deletion protection", 400):
        eks(aws).delete_cluster(name="protected")
    pages = eks(aws).get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 1})
    names = [name for page in pages for name in page["clusters"]]
    assert {"life", "protected"} <= set(names) and names == sorted(names), names
    assert eks(aws, region="eu-west-1").list_clusters()["clusters"] == []
    assert eks(aws, account=aws.accounts[1]).list_clusters()["clusters"] == []
    with aws.refuses("InvalidParameterException"):
        eks(aws).list_clusters(maxResults=0)
    with aws.refuses("InvalidParameterException"):
        eks(aws).list_clusters(nextToken="?")
    assert eks(aws).delete_cluster(name="life")["cluster"]["status"] == "DELETING"
    for gone in (eks(aws).describe_cluster, eks(aws).delete_cluster):
        with aws.refuses("ResourceNotFoundException", "No cluster found for name: life", 404):
            gone(name="life")


@case(local_only=ONLY_HERE)
def what_is_behind_a_cluster_can_be_told(aws):
    cluster = new_cluster(aws, "behind")
    told = {"endpoint": "https://127.0.0.1:6443", "certificateAuthority": "LS0tCg=="}
    answered = aws.admin("eks/behind", cluster=cluster["arn"], **told)["cluster"]
    now = eks(aws).describe_cluster(name="behind")["cluster"]
    assert (now["endpoint"], now["certificateAuthority"]["data"]) == tuple(told.values()), now
    assert answered["endpoint"] == now["endpoint"], answered


def active(aws, name):
    """A cluster once nothing happens to it any more."""
    deadline = time.monotonic() + 30
    while True:
        cluster = eks(aws).describe_cluster(name=name)["cluster"]
        if cluster["status"] == "ACTIVE":
            return cluster
        assert cluster["status"] == "UPDATING" and time.monotonic() < deadline, cluster


@case(local_only=ONLY_HERE, moves_clock=True)
def a_cluster_is_changed_in_one_way_at_a_time(aws):
    when_it_was_new(aws)
    new_cluster(aws, "changes", version="1.30")
    change = eks(aws).update_cluster_config
    for asked, kind, parameters in (
        ({"resourcesVpcConfig": {"endpointPrivateAccess": True, "publicAccessCidrs": ["203.0.113.5/32"]}}, "EndpointAccessUpdate",
         {"EndpointPrivateAccess": "true", "PublicAccessCidrs": '["203.0.113.5/32"]'}),
        ({"resourcesVpcConfig": {"subnetIds": ["subnet-1"]}}, "VpcConfigUpdate", {"Subnets": '["subnet-1"]'}),
        ({"logging": {"clusterLogging": [{"types": ["api"], "enabled": True}]}}, "LoggingUpdate",
         {"ClusterLogging": '{"clusterLogging":[{"types":["api"],"enabled":true}]}'}),
        ({"accessConfig": {"authenticationMode": "API"}}, "AccessConfigUpdate", {"AuthenticationMode": "API"}),
        ({"upgradePolicy": {"supportType": "STANDARD"}}, "UpgradePolicyUpdate", {"UpgradePolicy": '{"supportType":"STANDARD"}'}),
        ({"deletionProtection": True}, "DeletionProtectionUpdate", {"DeletionProtection": "true"}),
    ):
        update = change(name="changes", **asked)["update"]
        assert (update["type"], update["status"]) == (kind, "InProgress"), update
        assert {each["type"]: each["value"] for each in update["params"]} == parameters, update
        cluster = active(aws, "changes")
        assert eks(aws).describe_update(name="changes", updateId=update["id"])["update"] == {**update, "status": "Successful"}
    vpc = cluster["resourcesVpcConfig"]
    assert vpc["endpointPrivateAccess"] and vpc["endpointPublicAccess"] and vpc["publicAccessCidrs"] == ["203.0.113.5/32"], vpc
    assert vpc["subnetIds"] == ["subnet-1"], vpc
    assert cluster["logging"]["clusterLogging"][0] == {"types": ["api"], "enabled": True}, cluster["logging"]
    assert cluster["accessConfig"]["authenticationMode"] == "API" and cluster["upgradePolicy"] == {"supportType": "STANDARD"}, cluster
    for wrong, words in (
        ({"resourcesVpcConfig": {"endpointPrivateAccess": True}}, "Cluster is already at the desired configuration with"),
        ({"resourcesVpcConfig": {"endpointPrivateAccess": False, "endpointPublicAccess": False}}, "cannot be false"),
        ({"resourcesVpcConfig": {"subnetIds": []}}, "Subnets are required"),
        ({"logging": {"clusterLogging": [{"types": ["api"], "enabled": True}]}}, "No changes needed for the logging config provided"),
        ({"accessConfig": {"authenticationMode": "CONFIG_MAP"}}, "Unsupported authentication mode update from API to CONFIG_MAP"),
        ({"deletionProtection": False, "upgradePolicy": {"supportType": "EXTENDED"}}, "Only one type of update can be allowed"),
        ({}, "type for cluster update was not provided"), ({"zonalShiftConfig": {"enabled": True}}, "does not have"),
    ):
        with aws.refuses("InvalidParameterException", words, 400):
            change(name="changes", **wrong)
    for version, words in (("1.30", "minor version update from 1.30 to 1.30"), ("1.32", "from 1.30 to 1.32"), ("new", "new")):
        with aws.refuses("InvalidParameterException", words, 400):
            eks(aws).update_cluster_version(name="changes", version=version)
    update = eks(aws).update_cluster_version(name="changes", version="1.31")["update"]
    assert update["type"] == "VersionUpdate" and {"type": "Version", "value": "1.31"} in update["params"], update
    assert active(aws, "changes")["version"] == "1.31"
    assert len(eks(aws).list_updates(name="changes")["updateIds"]) == 7
    for call in (change, eks(aws).update_cluster_version):
        with aws.refuses("ResourceNotFoundException", "No cluster found for name: none", 404):
            call(name="none", **({"version": "1.31"} if call != change else {"deletionProtection": True}))


@case(local_only=ONLY_HERE, moves_clock=True)
def a_cluster_that_something_happens_to_is_not_changed(aws):
    when_it_was_new(aws)
    new_cluster(aws, "busy", version="1.30")
    aws.admin("clock", freeze=aws.admin("clock")["now"])
    eks(aws).update_cluster_config(name="busy", resourcesVpcConfig={"endpointPrivateAccess": True})
    assert eks(aws).describe_cluster(name="busy")["cluster"]["status"] == "UPDATING"
    with aws.refuses("ResourceInUseException", "UPDATING", 409):
        eks(aws).update_cluster_config(name="busy", resourcesVpcConfig={"endpointPrivateAccess": False})
    with aws.refuses("ResourceInUseException", "UPDATING", 409):
        eks(aws).update_cluster_version(name="busy", version="1.31")
    aws.admin("clock", advance="PT1S")
    eks(aws).update_cluster_version(name="busy", version="1.31")


@case(local_only=ONLY_HERE)
def an_association_is_of_one_service_account(aws):
    new_cluster(aws, "pods")
    role, other = new_role(aws, "pods-one"), new_role(aws, "pods-two")
    made = associate(aws, "pods", role, tags={"team": "blue"}, clientRequestToken="t")
    association = {"clusterName": "pods", "associationId": made["associationId"]}
    expected = {"clusterName": "pods", "namespace": "payments", "serviceAccount": "api", "roleArn": role,
                "tags": {"team": "blue"}, "disableSessionTags": False}
    assert made.items() >= expected.items() and made["createdAt"] == made["modifiedAt"], made
    arn = f"arn:aws:eks:{REGION}:{aws.accounts[0]}:podidentityassociation/pods/{made['associationId']}"
    assert made["associationArn"] == arn and len(made["associationId"]) == 19 and made["associationId"].startswith("a-"), made
    assert eks(aws).describe_pod_identity_association(**association)["association"] == made
    assert associate(aws, "pods", role, tags={"team": "blue"}, clientRequestToken="t") == made
    with aws.refuses("ResourceInUseException", f"Association already exists: {made['associationId']}", 409):
        associate(aws, "pods", other)
    second = associate(aws, "pods", role, service_account="web")
    third = associate(aws, "pods", role, namespace="default")

    def listed(**asked):
        pages = eks(aws).get_paginator("list_pod_identity_associations").paginate(
            clusterName="pods", PaginationConfig={"PageSize": 1}, **asked)
        return [each for page in pages for each in page["associations"]]

    assert len(listed()) == 3 and "roleArn" not in listed()[0], listed()
    assert {each["associationId"] for each in listed(namespace="payments")} == {made["associationId"], second["associationId"]}
    assert [each["associationId"] for each in listed(serviceAccount="api", namespace="default")] == [third["associationId"]]

    changed = eks(aws).update_pod_identity_association(**association, roleArn=other)["association"]
    assert changed["roleArn"] == other and changed["tags"] == made["tags"] and changed["modifiedAt"] >= made["modifiedAt"], changed
    target = f"arn:aws:iam::{aws.accounts[1]}:role/elsewhere"
    changed = eks(aws).update_pod_identity_association(**association, targetRoleArn=target, disableSessionTags=True)["association"]
    external = f"{REGION}/{aws.accounts[0]}/pods/payments/api"
    assert (changed["targetRoleArn"], changed["externalId"], changed["disableSessionTags"]) == (target, external, True), changed
    changed = eks(aws).update_pod_identity_association(**association, targetRoleArn="")["association"]
    assert "targetRoleArn" not in changed and "externalId" not in changed, changed

    assert eks(aws).delete_pod_identity_association(**association)["association"]["associationId"] == made["associationId"]
    for gone in (eks(aws).describe_pod_identity_association, eks(aws).delete_pod_identity_association,
                 eks(aws).update_pod_identity_association):
        with aws.refuses("ResourceNotFoundException", status=404):
            gone(**association)
    with aws.refuses("ResourceNotFoundException", "No cluster found for name: none", 404):
        associate(aws, "none", role)
    with aws.refuses("ResourceNotFoundException", status=404):
        eks(aws).list_pod_identity_associations(clusterName="none")
    with aws.refuses("InvalidParameterException"):
        eks(aws).list_pod_identity_associations(clusterName="pods", maxResults=101)


@case(local_only=ONLY_HERE)
def a_role_must_be_there_and_trust_pods(aws):
    new_cluster(aws, "trust")
    irsa = new_role(aws, "trust-clusters", trust({"Service": CLUSTERS}))
    untagged = new_role(aws, "trust-untagged", trust({"Service": PODS}, actions=["sts:AssumeRole"]))
    for role, words in ((irsa, "Trust policy"), (untagged, "Trust policy"), (irsa + "-not", "does not exist"), ("nobody", "invalid")):
        with aws.refuses("InvalidParameterException", words, 400):
            associate(aws, "trust", role)
    with aws.refuses("AccessDeniedException", "iam:PassRole", 403):
        associate(aws, "trust", f"arn:aws:iam::{aws.accounts[1]}:role/r")
    made = associate(aws, "trust", untagged, disableSessionTags=True)
    association = {"clusterName": "trust", "associationId": made["associationId"]}
    for wrong in ({"disableSessionTags": False}, {"roleArn": irsa}, {"policy": "{"}, {"targetRoleArn": "nobody"}):
        with aws.refuses("InvalidParameterException"):
            eks(aws).update_pod_identity_association(**association, **wrong)
    for wrong in ({"namespace": "No"}, {"service_account": "-"}, {"tags": {"aws:a": "b"}}):
        with aws.refuses("InvalidParameterException"):
            associate(aws, "trust", untagged, disableSessionTags=True, **wrong)


@case(local_only=ONLY_HERE)
def tags_are_put_on_clusters_and_associations(aws):
    cluster = new_cluster(aws, "tagged", tags={"a": "1"})
    association = associate(aws, "tagged", new_role(aws, "tagged-pods"))
    for arn, known in ((cluster["arn"], {"a": "1"}), (association["associationArn"], {})):
        assert eks(aws).list_tags_for_resource(resourceArn=arn)["tags"] == known
        eks(aws).tag_resource(resourceArn=arn, tags={"b": "2", "a": "3"})
        eks(aws).untag_resource(resourceArn=arn, tagKeys=["b", "absent"])
        assert eks(aws).list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "3"}
    calls = (
        (eks(aws).list_tags_for_resource, {}), (eks(aws).tag_resource, {"tags": {"a": "1"}}), (eks(aws).untag_resource, {"tagKeys": ["a"]}),
    )
    for call, more in calls:
        with aws.refuses("NotFoundException", status=404):
            call(resourceArn=cluster["arn"] + "-not", **more)
        with aws.refuses("BadRequestException", status=400):
            call(resourceArn="nothing", **more)


@case(local_only=ONLY_HERE)
def a_pod_gets_what_its_tags_let_it(aws):
    cluster = new_cluster(aws, "abac")
    key = aws.kms(aws.accounts[0]).create_key(Tags=[{"TagKey": "namespace", "TagValue": "payments"}])["KeyMetadata"]["Arn"]
    may = {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*", "Condition": {"StringEquals": {
        "aws:ResourceTag/namespace": "${aws:PrincipalTag/kubernetes-namespace}", "aws:PrincipalTag/eks-cluster-arn": cluster["arn"]}}}
    role = new_role(aws, "abac", policy=may)
    association = associate(aws, "abac", role)
    associate(aws, "abac", role, namespace="default")
    answer = assume(aws, "abac", token(aws, cluster, pod="api-0"))
    assert answer["subject"] == {"namespace": "payments", "serviceAccount": "api"}, answer
    assert answer["audience"] == PODS and answer["podIdentityAssociation"] == {
        "associationArn": association["associationArn"], "associationId": association["associationId"]}, answer
    name = answer["assumedRoleUser"]["arn"].rsplit("/", 1)[1]
    assert name.startswith("eks-abac-api-0-"), name
    assert answer["assumedRoleUser"]["assumeRoleId"].endswith(f":{name}"), answer
    lasts = answer["credentials"]["expiration"].timestamp() - time.time()
    assert 6 * 3600 - 120 < lasts <= 6 * 3600, lasts
    given = credentials_of(answer)
    assert aws.sts(credentials=given).get_caller_identity()["Arn"] == answer["assumedRoleUser"]["arn"]
    aws.kms(credentials=given).encrypt(KeyId=key, Plaintext=b"x")
    of_default = credentials_of(assume(aws, "abac", token(aws, cluster, namespace="default")))
    with aws.refuses("AccessDeniedException"):
        aws.kms(credentials=of_default).encrypt(KeyId=key, Plaintext=b"x")

    # A session policy narrows it, and takes the tags away.
    narrow = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]})
    with aws.refuses("InvalidParameterException"):
        associate(aws, "abac", role, service_account="narrow", policy=narrow)
    associate(aws, "abac", role, service_account="narrow", policy=narrow, disableSessionTags=True)
    narrowed = credentials_of(assume(aws, "abac", token(aws, cluster, service_account="narrow")))
    with aws.refuses("AccessDeniedException"):
        aws.kms(credentials=narrowed).encrypt(KeyId=key, Plaintext=b"x")


@case(local_only=ONLY_HERE, moves_clock=True)
def a_token_is_of_the_cluster_a_pod_and_its_time(aws):
    cluster, other = new_cluster(aws, "tokens"), new_cluster(aws, "others")
    associate(aws, "tokens", new_role(aws, "tokens"))
    good = token(aws, cluster)
    assume(aws, "tokens", good)
    head, payload, signature = good.split(".")
    forged = ".".join((head, payload, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")))
    for wrong in (token(aws, other), token(aws, cluster, audience="sts.amazonaws.com"), forged, f"{head}.{payload}.x", "a.b.c"):
        with aws.refuses("InvalidTokenException", status=400):
            assume(aws, "tokens", wrong)
    with aws.refuses("InvalidParameterException", status=400):
        assume(aws, "tokens", "no token")
    with aws.refuses("ResourceNotFoundException", status=404):
        assume(aws, "tokens", token(aws, cluster, service_account="nobody"))
    with aws.refuses("ResourceNotFoundException", status=404):
        assume(aws, "none", good)
    aws.admin("clock", advance="PT23H")
    assume(aws, "tokens", good)
    aws.admin("clock", advance="PT1H")
    with aws.refuses("ExpiredTokenException", status=400):
        assume(aws, "tokens", good)


@case(local_only=ONLY_HERE)
def the_trust_policy_decides_for_each_pod(aws):
    cluster = new_cluster(aws, "scoped")
    condition = {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "payments", "aws:SourceAccount": aws.accounts[0]},
                 "ArnEquals": {"aws:SourceArn": cluster["arn"]}}
    role = new_role(aws, "scoped", trust({"Service": PODS}, **condition))
    associate(aws, "scoped", role)
    associate(aws, "scoped", role, namespace="default")
    assume(aws, "scoped", token(aws, cluster))
    words = "Unauthorized Exception! EKS does not have permissions to assume the associated role."
    with aws.refuses("AccessDeniedException", words, 400):
        assume(aws, "scoped", token(aws, cluster, namespace="default"))
    aws.iam(aws.accounts[0]).delete_role(RoleName="scoped")
    with aws.refuses("AccessDeniedException", words, 400):
        assume(aws, "scoped", token(aws, cluster))


@case(local_only=ONLY_HERE)
def a_target_role_is_assumed_by_the_first_ones_session(aws):
    cluster = new_cluster(aws, "chained")
    target = f"arn:aws:iam::{aws.accounts[1]}:role/chained-target"
    hop = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": target}
    first = new_role(aws, "chained", policy=hop)
    tags = {"StringEquals": {"aws:RequestTag/eks-cluster-arn": cluster["arn"], "aws:RequestTag/kubernetes-service-account": "api"},
            "ArnEquals": {"aws:PrincipalArn": first}}
    new_role(aws, "chained-target", trust({"AWS": aws.accounts[0]}, **tags), account=aws.accounts[1])
    associate(aws, "chained", first, targetRoleArn=target)
    answer = assume(aws, "chained", token(aws, cluster))
    assert answer["assumedRoleUser"]["arn"].startswith(f"arn:aws:sts::{aws.accounts[1]}:assumed-role/chained-target/eks-chained-"), answer
    lasts = answer["credentials"]["expiration"].timestamp() - time.time()
    assert 57 * 60 < lasts <= 59 * 60, lasts
    associate(aws, "chained", first, service_account="web", targetRoleArn=target)
    with aws.refuses("AccessDeniedException", "Unauthorized Exception"):
        assume(aws, "chained", token(aws, cluster, service_account="web"))
    # Without tags the external id tells who is meant.
    by_id = {"StringEquals": {"sts:ExternalId": f"{REGION}/{aws.accounts[0]}/chained/payments/job"}}
    aws.iam(aws.accounts[1]).update_assume_role_policy(RoleName="chained-target", PolicyDocument=trust({"AWS": first}, **by_id))
    associate(aws, "chained", first, service_account="job", targetRoleArn=target, disableSessionTags=True)
    assume(aws, "chained", token(aws, cluster, service_account="job"))
    with aws.refuses("AccessDeniedException"):
        assume(aws, "chained", token(aws, cluster))


@case(local_only=ONLY_HERE)
def who_may_what_is_decided_by_policies(aws):
    cluster = new_cluster(aws, "policies", tags={"team": "blue"})
    iam = aws.iam(aws.accounts[0])
    role = new_role(aws, "policies-pod")
    iam.create_user(UserName="eks-user")
    made = iam.create_access_key(UserName="eks-user")["AccessKey"]
    user = {name: made[name] for name in ("AccessKeyId", "SecretAccessKey")}

    def allow(*statements):
        iam.put_user_policy(UserName="eks-user", PolicyName="may", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": list(statements)}))

    with aws.refuses("AccessDeniedException", f"eks-user is not authorized to perform: eks:DescribeCluster on resource: {cluster['arn']}", 403):
        eks(aws, credentials=user).describe_cluster(name="policies")
    allow({"Effect": "Allow", "Action": "eks:Describe*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}})
    eks(aws, credentials=user).describe_cluster(name="policies")
    allow({"Effect": "Allow", "Action": "eks:CreatePodIdentityAssociation", "Resource": cluster["arn"]})
    asked = {"clusterName": "policies", "namespace": "payments", "serviceAccount": "api", "roleArn": role}
    with aws.refuses("AccessDeniedException", f"iam:PassRole on resource: {role}", 403):
        eks(aws, credentials=user).create_pod_identity_association(**asked)
    passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role}
    creates = {"Effect": "Allow", "Action": "eks:CreatePodIdentityAssociation", "Resource": cluster["arn"],
               "Condition": {"StringEquals": {"aws:RequestTag/team": "blue"}}}
    allow(creates, {**passes, "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}})
    with aws.refuses("AccessDeniedException", "iam:PassRole", 403):
        eks(aws, credentials=user).create_pod_identity_association(**asked, tags={"team": "blue"})
    allow(creates, {**passes, "Condition": {"StringEquals": {"iam:PassedToService": PODS}}})
    with aws.refuses("AccessDeniedException", "eks:CreatePodIdentityAssociation", 403):
        eks(aws, credentials=user).create_pod_identity_association(**asked)
    eks(aws, credentials=user).create_pod_identity_association(**asked, tags={"team": "blue"})
    # A node needs a permission to ask for its pods.
    with aws.refuses("AccessDeniedException", "eks-auth:AssumeRoleForPodIdentity", 400):
        assume(aws, "policies", token(aws, cluster), credentials=user)
    iam.attach_user_policy(UserName="eks-user", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy")
    assume(aws, "policies", token(aws, cluster), credentials=user)


@case(local_only=ONLY_HERE)
def a_session_that_is_too_large_is_refused(aws):
    cluster = new_cluster(aws, "large")
    actions = [f"kms:Action{number:04}" for number in range(200)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
    associate(aws, "large", new_role(aws, "large"), policy=policy, disableSessionTags=True)
    with aws.refuses("InvalidRequestException", "PackedPolicyTooLarge", 400):
        assume(aws, "large", token(aws, cluster))


@case(local_only=ONLY_HERE)
def the_trail_tells_who_asked_for_which_cluster(aws):
    cluster = new_cluster(aws, "trailed")
    associate(aws, "trailed", new_role(aws, "trailed"))
    assume(aws, "trailed", token(aws, cluster))
    by = [{"AttributeKey": "ResourceName", "AttributeValue": "trailed"}]
    events = aws.client("cloudtrail").lookup_events(LookupAttributes=by)["Events"]
    assert {"DescribeCluster", "CreatePodIdentityAssociation", "AssumeRoleForPodIdentity"} <= {each["EventName"] for each in events}
    [event] = [json.loads(each["CloudTrailEvent"]) for each in events if each["EventName"] == "AssumeRoleForPodIdentity"]
    assert event["eventSource"] == "eks-auth.amazonaws.com" and event["readOnly"] is True, event
    assert event["requestParameters"] == {"clusterName": "trailed"} and event["responseElements"] is None, event


@case(local_only=ONLY_HERE)
def what_is_no_operation_of_rest_is_refused_in_its_form(aws):
    for call, asked in ((eks(aws).list_eks_anywhere_subscriptions, {}), (eks(aws).list_capabilities, {"clusterName": "none"})):
        with aws.refuses("UnknownOperationException"):
            call(**asked)
    bad = {**aws.credentials[aws.accounts[0]], "SecretAccessKey": "wrong"}
    with aws.refuses("InvalidSignatureException", status=403):
        eks(aws, credentials=bad).list_clusters()
    try:
        eks(aws, credentials={"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}).list_clusters()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "UnrecognizedClientException", error
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error
    else:
        raise AssertionError("a key that nobody has signed")
