"""Fargate profiles of EKS clusters, and the versions that clusters can have, by the Amazon EKS API Reference and the Amazon EKS
User Guide.

moto takes any role for a profile, and has no cluster versions.
"""

import time

from contract import case
from eks import CLUSTERS, eks, new_cluster, new_role, trust
from eks_access import allow, role_of, session_of
from session import REGION

ONLY_HERE = "moto takes any role for a profile"
FARGATE = "eks-fargate-pods.amazonaws.com"
SELECTORS = [{"namespace": "payments", "labels": {"tier": "back"}}, {"namespace": "dev-*"}]


def new_pod_role(aws, name):
    return new_role(aws, name, trust({"Service": FARGATE}, actions=["sts:AssumeRole"]))


def new_profile(aws, cluster, name, role, client=None, **more):
    return (client or eks(aws)).create_fargate_profile(
        clusterName=cluster, fargateProfileName=name, podExecutionRoleArn=role, **{"selectors": SELECTORS, **more})["fargateProfile"]


@case(local_only=ONLY_HERE)
def a_fargate_profile_says_which_pods_run_there(aws):
    new_cluster(aws, "fargate", accessConfig={"authenticationMode": "API"})
    role = new_pod_role(aws, "fargate")
    made = new_profile(aws, "fargate", "one", role, subnets=["subnet-1"], tags={"team": "blue"}, clientRequestToken="t")
    told = {"fargateProfileName": "one", "clusterName": "fargate", "podExecutionRoleArn": role, "subnets": ["subnet-1"],
            "selectors": SELECTORS, "status": "CREATING", "tags": {"team": "blue"}, "health": {"issues": []}}
    assert made.items() >= told.items(), made
    assert made["fargateProfileArn"].startswith(f"arn:aws:eks:{REGION}:{aws.accounts[0]}:fargateprofile/fargate/one/"), made
    named = {"clusterName": "fargate", "fargateProfileName": "one"}
    deadline = time.monotonic() + 30
    while (known := eks(aws).describe_fargate_profile(**named)["fargateProfile"])["status"] == "CREATING":
        assert time.monotonic() < deadline, known
    assert known == {**made, "status": "ACTIVE"}, known
    again = new_profile(aws, "fargate", "one", role, subnets=["subnet-1"], tags={"team": "blue"}, clientRequestToken="t")
    assert again["fargateProfileArn"] == made["fargateProfileArn"], again
    with aws.refuses("InvalidRequestException", "already exists with name: one", 400):
        new_profile(aws, "fargate", "one", role)
    # Without subnets it has the cluster's.
    cluster = eks(aws).describe_cluster(name="fargate")["cluster"]
    assert new_profile(aws, "fargate", "two", role)["subnets"] == cluster["resourcesVpcConfig"]["subnetIds"]
    pages = eks(aws).get_paginator("list_fargate_profiles").paginate(clusterName="fargate", PaginationConfig={"PageSize": 1})
    assert [name for page in pages for name in page["fargateProfileNames"]] == ["one", "two"]
    # Its pods come in as nodes, as long as a profile has their role.
    entry = eks(aws).describe_access_entry(clusterName="fargate", principalArn=role)["accessEntry"]
    assert (entry["type"], entry["username"]) == ("FARGATE_LINUX", "system:node:{{SessionName}}"), entry
    eks(aws).tag_resource(resourceArn=made["fargateProfileArn"], tags={"a": "1"})
    assert eks(aws).list_tags_for_resource(resourceArn=made["fargateProfileArn"])["tags"] == {"a": "1", "team": "blue"}
    with aws.refuses("ResourceInUseException", "Fargate profiles", 409):
        eks(aws).delete_cluster(name="fargate")
    assert eks(aws).delete_fargate_profile(**named)["fargateProfile"]["status"] == "DELETING"
    assert role in eks(aws).list_access_entries(clusterName="fargate")["accessEntries"]
    eks(aws).delete_fargate_profile(**{**named, "fargateProfileName": "two"})
    assert role not in eks(aws).list_access_entries(clusterName="fargate")["accessEntries"]
    for gone in (eks(aws).describe_fargate_profile, eks(aws).delete_fargate_profile):
        with aws.refuses("ResourceNotFoundException", "No Fargate Profile found with name: one", 404):
            gone(**named)
    with aws.refuses("ResourceNotFoundException", status=404):
        eks(aws).list_fargate_profiles(clusterName="none")
    with aws.refuses("InvalidParameterException"):
        eks(aws).list_fargate_profiles(clusterName="fargate", maxResults=101)
    eks(aws).delete_cluster(name="fargate")


@case(local_only=ONLY_HERE)
def a_profile_has_a_role_that_trusts_fargate(aws):
    new_cluster(aws, "serverless")
    role = new_pod_role(aws, "serverless")
    other = new_role(aws, "serverless-clusters", trust({"Service": CLUSTERS}))
    for wrong, words in (
        ({"role": other}, "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal"),
        ({"role": role + "-not"}, "does not exist"), ({"role": "nobody"}, "invalid"),
        ({"cluster": "none"}, "No cluster found for name: none"),
        ({"name": ""}, "name"), ({"name": "eks-mine"}, "eks-"), ({"subnets": []}, "subnets"),
        ({"selectors": []}, "selectors"), ({"selectors": [{"namespace": "a"}] * 6}, "selectors"), ({"selectors": [{}]}, "namespace"),
        ({"selectors": [{"namespace": "a", "labels": {str(at): "b" for at in range(6)}}]}, "labels"),
        ({"tags": {"aws:a": "b"}}, "reserved"),
    ):
        with aws.refuses("InvalidParameterException", words, 400):
            new_profile(aws, **{"cluster": "serverless", "name": "one", "role": role, **wrong})
    maker = aws.client("eks", credentials=session_of(aws, role_of(aws, "serverless-maker", allow("eks:*"))))
    with aws.refuses("AccessDeniedException", "iam:PassRole", 403):
        new_profile(aws, "serverless", "one", role, client=maker)
    passes = allow("iam:PassRole", StringEquals={"iam:PassedToService": FARGATE})
    passer = aws.client("eks", credentials=session_of(aws, role_of(aws, "serverless-passer", allow("eks:*"), passes)))
    for at in range(10):
        new_profile(aws, "serverless", f"of-{at}", role, client=passer)
    with aws.refuses("ResourceLimitExceededException", "Fargate profiles"):
        new_profile(aws, "serverless", "one", role)


@case(local_only="moto has no cluster versions", moves_clock=True)
def clusters_can_have_versions_that_are_supported(aws):
    aws.admin("clock", freeze="2026-01-31T00:00:00Z")

    def versions(**asked):
        pages = eks(aws).get_paginator("describe_cluster_versions").paginate(**asked, PaginationConfig={"PageSize": 2})
        return [version for page in pages for version in page["clusterVersions"]]

    def names(**asked):
        return [version["clusterVersion"] for version in versions(**asked)]

    assert names() == ["1.35", "1.34", "1.33", "1.32", "1.31", "1.30", "1.29"], names()
    [told] = versions(clusterVersions=["1.33"])
    assert told.items() >= {"clusterType": "eks", "defaultVersion": False, "status": "standard-support",
                            "versionStatus": "STANDARD_SUPPORT"}.items(), told
    days = [told[day].strftime("%Y-%m-%d") for day in ("releaseDate", "endOfStandardSupportDate", "endOfExtendedSupportDate")]
    assert days == ["2025-05-29", "2026-07-29", "2027-07-29"], told
    assert names(versionStatus="EXTENDED_SUPPORT") == names(status="extended-support") == ["1.31", "1.30", "1.29"]
    assert names(versionStatus="UNSUPPORTED") == ["1.28", "1.27"] and set(names(includeAll=True)) > {"1.28", "1.35"}
    [default] = versions(defaultOnly=True)
    assert default["defaultVersion"] and default["clusterVersion"] == "1.34", default
    assert names(clusterType="eks-anywhere") == []
    with aws.refuses("InvalidParameterException"):
        eks(aws).describe_cluster_versions(status="extended-support", versionStatus="EXTENDED_SUPPORT")
    with aws.refuses("InvalidParameterException"):
        eks(aws).describe_cluster_versions(maxResults=101)
