"""Add-ons of EKS, by the Amazon EKS API Reference and the Amazon EKS User Guide, "IAM roles for Amazon EKS add-ons".

moto has no Pod Identity, and of add-ons no catalogue.
"""

import json
import time

from contract import case
from eks import ONLY_HERE, PODS, associate, eks, new_cluster, new_role, trust, when_it_was_new

CNI = {"addonName": "vpc-cni"}


def settled(aws, cluster, name="vpc-cni"):
    """An add-on once nothing happens to it any more."""
    deadline = time.monotonic() + 30
    while True:
        addon = eks(aws).describe_addon(clusterName=cluster, addonName=name)["addon"]
        if addon["status"] == "ACTIVE":
            return addon
        assert addon["status"] in ("CREATING", "UPDATING") and time.monotonic() < deadline, addon


def accounts_of(aws, cluster):
    """Who owns the association of each service account, and which role it gives."""
    listed = eks(aws).list_pod_identity_associations(clusterName=cluster)["associations"]
    role = {one["associationId"]: eks(aws).describe_pod_identity_association(
        clusterName=cluster, associationId=one["associationId"])["association"]["roleArn"] for one in listed}
    return {(one["namespace"], one["serviceAccount"]): (one.get("ownerArn"), role[one["associationId"]]) for one in listed}


def given(role, service_account="aws-node"):
    return [{"serviceAccount": service_account, "roleArn": role}]


@case(local_only=ONLY_HERE)
def the_catalogue_tells_what_an_add_on_needs(aws):
    versions = eks(aws).describe_addon_versions(**CNI, kubernetesVersion="1.30")["addons"]
    assert [addon["addonName"] for addon in versions] == ["vpc-cni"], versions
    addon = versions[0]
    assert (addon["type"], addon["owner"], addon["publisher"]) == ("networking", "aws", "eks"), addon
    default = [each for each in addon["addonVersions"] if each["compatibilities"][0]["defaultVersion"]]
    assert [each["addonVersion"] for each in default] == ["v1.19.0-eksbuild.1"], default
    assert default[0]["requiresIamPermissions"] and not default[0]["requiresConfiguration"], default
    for each in addon["addonVersions"]:
        assert [of["clusterVersion"] for of in each["compatibilities"]] == ["1.30"], each

    names = [addon["addonName"] for page in eks(aws).get_paginator("describe_addon_versions").paginate(
        PaginationConfig={"PageSize": 2}) for addon in page["addons"]]
    assert names == sorted(set(names)) and {"coredns", "kube-proxy", "eks-pod-identity-agent"} <= set(names), names
    security = eks(aws).describe_addon_versions(types=["security"], owners=["aws"], publishers=["eks"])["addons"]
    assert [addon["addonName"] for addon in security] == ["eks-pod-identity-agent"], security
    for nothing in ({"addonName": "none"}, {"kubernetesVersion": "1.2"}, {"owners": ["community"]}):
        assert eks(aws).describe_addon_versions(**nothing)["addons"] == [], nothing

    told = eks(aws).describe_addon_configuration(**CNI, addonVersion="v1.19.0-eksbuild.1")
    assert told["podIdentityConfiguration"] == [{
        "serviceAccount": "aws-node", "recommendedManagedPolicies": ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]}], told
    agent = eks(aws).describe_addon_configuration(addonName="eks-pod-identity-agent", addonVersion="v1.3.10-eksbuild.3")
    assert "podIdentityConfiguration" not in agent, agent
    for wrong in ({"addonName": "none", "addonVersion": "v1"}, {**CNI, "addonVersion": "v1"}):
        with aws.refuses("InvalidParameterException", "not supported", 400):
            eks(aws).describe_addon_configuration(**wrong)


@case(local_only=ONLY_HERE, moves_clock=True)
def an_add_on_owns_its_associations(aws):
    when_it_was_new(aws)
    cluster = new_cluster(aws, "addons", version="1.30")
    named = {"clusterName": "addons", **CNI}
    roles = [new_role(aws, f"addons-{each}") for each in range(2)]
    made = eks(aws).create_addon(**named, podIdentityAssociations=given(roles[0]), tags={"a": "b"}, clientRequestToken="t")["addon"]
    assert (made["status"], made["addonVersion"], made["tags"]) == ("CREATING", "v1.19.0-eksbuild.1", {"a": "b"}), made
    assert made["health"] == {"issues": []} and made["createdAt"] == made["modifiedAt"], made
    arn = cluster["arn"].replace(":cluster/", ":addon/") + "/vpc-cni/"
    assert made["addonArn"].startswith(arn) and len(made["addonArn"]) == len(arn) + 36, made
    addon = settled(aws, "addons")
    assert addon == {**made, "status": "ACTIVE"}, (made, addon)
    node = ("kube-system", "aws-node")
    assert accounts_of(aws, "addons") == {node: (made["addonArn"], roles[0])}
    assert eks(aws).list_addons(clusterName="addons")["addons"] == ["vpc-cni"]
    again = eks(aws).create_addon(**named, podIdentityAssociations=given(roles[0]), tags={"a": "b"}, clientRequestToken="t")["addon"]
    assert again["addonArn"] == made["addonArn"], again
    with aws.refuses("ResourceInUseException", "already exists", 409):
        eks(aws).create_addon(**named)
    with aws.refuses("ResourceInUseException", "Association already exists: a-", 409):
        associate(aws, "addons", roles[1], "aws-node", "kube-system")

    # What is not given stays.
    update = eks(aws).update_addon(**named, addonVersion="v1.20.1-eksbuild.3", resolveConflicts="PRESERVE")["update"]
    assert update["type"] == "AddonUpdate" and update["status"] == "InProgress" and update["errors"] == [], update
    assert {"type": "AddonVersion", "value": "v1.20.1-eksbuild.3"} in update["params"], update
    addon = settled(aws, "addons")
    assert addon["addonVersion"] == "v1.20.1-eksbuild.3" and addon["podIdentityAssociations"] == made["podIdentityAssociations"], addon
    assert addon["modifiedAt"] > addon["createdAt"], addon
    # Another role: the association stays the same one.
    update = eks(aws).update_addon(**named, podIdentityAssociations=given(roles[1]))["update"]
    told = [each["value"] for each in update["params"] if each["type"] == "PodIdentityAssociations"]
    assert json.loads(told[0]) == [{"ServiceAccount": "aws-node", "RoleArn": roles[1]}], update
    addon = settled(aws, "addons")
    assert addon["podIdentityAssociations"] == made["podIdentityAssociations"], addon
    assert accounts_of(aws, "addons") == {node: (made["addonArn"], roles[1])}
    updates = eks(aws).list_updates(name="addons", addonName="vpc-cni")["updateIds"]
    assert len(updates) == 2 and update["id"] in updates, updates
    described = eks(aws).describe_update(name="addons", updateId=update["id"], addonName="vpc-cni")["update"]
    assert described == {**update, "status": "Successful"}, described
    assert eks(aws).list_updates(name="addons")["updateIds"] == []
    for wrong in ({"updateId": "none", "addonName": "vpc-cni"}, {"updateId": update["id"]}, {"updateId": "a", "nodegroupName": "n"}):
        with aws.refuses("ResourceNotFoundException", status=404):
            eks(aws).describe_update(name="addons", **wrong)
    # None at all.
    eks(aws).update_addon(**named, podIdentityAssociations=[])
    assert "podIdentityAssociations" not in settled(aws, "addons")
    assert accounts_of(aws, "addons") == {}

    # It takes over none that others made.
    other = associate(aws, "addons", roles[0], "aws-node", "kube-system")
    with aws.refuses("ResourceInUseException", f"Association already exists: {other['associationId']}", 409):
        eks(aws).update_addon(**named, podIdentityAssociations=given(roles[1]))
    assert accounts_of(aws, "addons") == {node: (None, roles[0])}
    eks(aws).delete_pod_identity_association(clusterName="addons", associationId=other["associationId"])


@case(local_only=ONLY_HERE, moves_clock=True)
def what_it_owns_goes_with_it_unless_it_is_to_stay(aws):
    when_it_was_new(aws)
    new_cluster(aws, "gone", version="1.33")
    role = new_role(aws, "gone")
    for preserve in (False, True):
        eks(aws).create_addon(clusterName="gone", **CNI, podIdentityAssociations=given(role))
        gone = eks(aws).delete_addon(clusterName="gone", **CNI, preserve=preserve)["addon"]
        assert gone["status"] == "DELETING" and len(gone["podIdentityAssociations"]) == 1, gone
        with aws.refuses("ResourceNotFoundException", "No addon: vpc-cni found in cluster: gone", 404):
            eks(aws).describe_addon(clusterName="gone", **CNI)
        assert accounts_of(aws, "gone") == ({("kube-system", "aws-node"): (None, role)} if preserve else {})
    eks(aws).create_addon(clusterName="gone", addonName="coredns")
    eks(aws).delete_cluster(name="gone")
    new_cluster(aws, "gone", version="1.33")
    assert eks(aws).list_addons(clusterName="gone")["addons"] == []
    assert accounts_of(aws, "gone") == {}


@case(local_only=ONLY_HERE, moves_clock=True)
def an_add_on_is_one_that_runs_there(aws):
    when_it_was_new(aws)
    new_cluster(aws, "runs", version="1.30")
    role = new_role(aws, "runs")
    create = eks(aws).create_addon
    for wrong, words in (
        ({"addonName": "none"}, "Addon specified is not supported in 1.30 kubernetes version"),
        ({**CNI, "addonVersion": "v1.23.2-eksbuild.1"}, "Addon version specified is not supported"),
        ({**CNI, "podIdentityAssociations": given(role, "default")},
         "Service account default in pod identity configuration is not supported for addon vpc-cni"),
        ({"addonName": "coredns", "podIdentityAssociations": given(role)}, "Pod Identity feature is not supported for addon version"),
        ({**CNI, "podIdentityAssociations": given(role + "-not")}, "Role provided in the request does not exist"),
        ({**CNI, "podIdentityAssociations": given(role) * 2}, "more than once"),
        ({**CNI, "tags": {"aws:a": "b"}}, "aws:"),
        ({**CNI, "namespaceConfig": {"namespace": "cni"}}, "namespaces"),
    ):
        with aws.refuses("InvalidParameterException", words, 400):
            create(clusterName="runs", **wrong)
    assert eks(aws).list_addons(clusterName="runs")["addons"] == []
    for call in (eks(aws).describe_addon, eks(aws).delete_addon, eks(aws).update_addon):
        with aws.refuses("ResourceNotFoundException", status=404):
            call(clusterName="runs", **CNI)
        with aws.refuses("ResourceNotFoundException", "No cluster found for name: none", 404):
            call(clusterName="none", **CNI)
        with aws.refuses("InvalidParameterException", status=400):
            call(clusterName="-", **CNI)
    with aws.refuses("ResourceNotFoundException", status=404):
        create(clusterName="none", **CNI)
    with aws.refuses("ResourceNotFoundException", status=404):
        eks(aws).list_addons(clusterName="none")
    for call, of in (("list_addons", {"clusterName": "runs"}), ("describe_addon_versions", {}), ("list_updates", {"name": "runs"})):
        with aws.refuses("InvalidParameterException", status=400):
            getattr(eks(aws), call)(**of, maxResults=0)
    with aws.refuses("ResourceNotFoundException", "No cluster found for name: none", 404):
        eks(aws).list_updates(name="none")
    with aws.refuses("ResourceNotFoundException", "No cluster found for name: none", 404):
        eks(aws).describe_update(name="none", updateId="a")
    irsa = new_role(aws, "runs-irsa", trust({"Service": PODS}))
    made = create(clusterName="runs", addonName="aws-ebs-csi-driver", serviceAccountRoleArn=irsa, configurationValues="{}")["addon"]
    assert (made["serviceAccountRoleArn"], made["configurationValues"]) == (irsa, "{}"), made
    assert made["addonVersion"] == "v1.63.0-eksbuild.1", made
    with aws.refuses("InvalidParameterException", "Addon version specified is not supported", 400):
        eks(aws).update_addon(clusterName="runs", addonName="aws-ebs-csi-driver", addonVersion="v1.65.0-eksbuild.1")
    # A role by IRSA that is not given again goes.
    driver = {"clusterName": "runs", "addonName": "aws-ebs-csi-driver"}
    eks(aws).update_addon(**driver, serviceAccountRoleArn=irsa, resolveConflicts="PRESERVE")
    assert settled(aws, "runs", "aws-ebs-csi-driver")["serviceAccountRoleArn"] == irsa
    eks(aws).update_addon(**driver, resolveConflicts="PRESERVE")
    addon = settled(aws, "runs", "aws-ebs-csi-driver")
    assert "serviceAccountRoleArn" not in addon and addon["configurationValues"] == "{}", addon
    tagged = {"resourceArn": made["addonArn"]}
    eks(aws).tag_resource(**tagged, tags={"a": "b"})
    assert eks(aws).list_tags_for_resource(**tagged)["tags"] == {"a": "b"}
    eks(aws).untag_resource(**tagged, tagKeys=["a"])
    assert eks(aws).describe_addon(clusterName="runs", addonName="aws-ebs-csi-driver")["addon"]["tags"] == {}
    with aws.refuses("NotFoundException", status=404):
        eks(aws).tag_resource(resourceArn=made["addonArn"][:-1] + "-", tags={"a": "b"})


@case(local_only=ONLY_HERE, moves_clock=True)
def who_gives_an_add_on_a_role_must_be_let_pass_it(aws):
    when_it_was_new(aws)
    cluster = new_cluster(aws, "may", version="1.30")
    role = new_role(aws, "may-pods")
    statement = [
        {"Effect": "Allow", "Action": ["eks:CreateAddon", "eks:UpdateAddon", "eks:DescribeAddon"], "Resource": [
            cluster["arn"], cluster["arn"].replace(":cluster/", ":addon/") + "/vpc-cni/*"]},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": {
            "StringEquals": {"iam:PassedToService": PODS}}},
    ]
    account = aws.accounts[0]
    new_role(aws, "may-admin", trust({"AWS": f"arn:aws:iam::{account}:root"}, actions=["sts:AssumeRole"]), policy=statement)
    session = aws.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/may-admin", RoleSessionName="admin")["Credentials"]
    client = eks(aws, credentials=session)
    other = new_role(aws, "may-not-pods")
    for wrong, words in (({"podIdentityAssociations": given(other)}, "iam:PassRole"), ({"serviceAccountRoleArn": role}, "iam:PassRole")):
        with aws.refuses("AccessDeniedException", words, 403):
            client.create_addon(clusterName="may", **CNI, **wrong)
    with aws.refuses("AccessDeniedException", "eks:ListAddons", 403):
        client.list_addons(clusterName="may")
    client.create_addon(clusterName="may", **CNI, podIdentityAssociations=given(role))
    client.update_addon(clusterName="may", **CNI, podIdentityAssociations=given(role))
    with aws.refuses("AccessDeniedException", "eks:DeleteAddon", 403):
        client.delete_addon(clusterName="may", **CNI)
    with aws.refuses("AccessDeniedException", "eks:DescribeAddon", 403):
        client.describe_addon(clusterName="may", addonName="coredns")
