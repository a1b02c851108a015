"""Managed node groups of EKS clusters, by the Amazon EKS API Reference and the Amazon EKS User Guide.

moto's node groups launch nothing.
"""

import re
import time

from contract import case
from eks import eks, new_cluster, new_role, trust
from eks_access import allow, role_of, session_of
from session import REGION

ONLY_HERE = "moto's node groups launch nothing"
INVALID_KEY = "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: " \
    "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state"


def node_role(aws, name):
    return new_role(aws, name, trust({"Service": "ec2.amazonaws.com"}, actions=["sts:AssumeRole"]))


def subnets_of(aws):
    return [subnet["SubnetId"] for subnet in aws.client("ec2").describe_subnets()["Subnets"]]


def new_nodes(aws, cluster, name, role, client=None, **more):
    asked = {"clusterName": cluster, "nodegroupName": name, "nodeRole": role, "subnets": subnets_of(aws), **more}
    return (client or eks(aws)).create_nodegroup(**asked)["nodegroup"]


def settled(aws, cluster, name, *busy):
    deadline = time.monotonic() + 60
    while (known := eks(aws).describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"])["status"] in (busy or ("CREATING",)):
        assert time.monotonic() < deadline, known
        time.sleep(0.05)
    return known


def ended(aws, named, update):
    """An update, once it goes on no longer."""
    of = {"name": named["clusterName"], "nodegroupName": named["nodegroupName"], "updateId": update}
    deadline = time.monotonic() + 60
    while (known := eks(aws).describe_update(**of)["update"])["status"] == "InProgress":
        assert time.monotonic() < deadline, known
        time.sleep(0.05)
    return known


def deleted(aws, cluster, name):
    eks(aws).delete_nodegroup(clusterName=cluster, nodegroupName=name)
    deadline = time.monotonic() + 60
    while name in eks(aws).list_nodegroups(clusterName=cluster)["nodegroups"]:
        assert time.monotonic() < deadline, name
        time.sleep(0.05)


def group_of(aws, known):
    [named] = known["resources"]["autoScalingGroups"]
    groups = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[named["name"]])["AutoScalingGroups"]
    return groups[0] if groups else None


def instances_of(aws, known):
    ids = [instance["InstanceId"] for instance in group_of(aws, known)["Instances"]]
    told = aws.client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    return [instance for reservation in told for instance in reservation["Instances"]]


@case(local_only=ONLY_HERE)
def a_node_group_launches_and_goes(aws):
    cluster = new_cluster(aws, "nodes", accessConfig={"authenticationMode": "API"})
    role = node_role(aws, "nodes")
    asked = {"scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2}, "labels": {"tier": "back"}, "tags": {"team": "blue"},
             "taints": [{"key": "gpu", "value": "yes", "effect": "NO_SCHEDULE"}], "clientRequestToken": "t"}
    made = new_nodes(aws, "nodes", "one", role, **asked)
    told = {"nodegroupName": "one", "clusterName": "nodes", "version": cluster["version"], "status": "CREATING", "capacityType": "ON_DEMAND",
            "scalingConfig": asked["scalingConfig"], "instanceTypes": ["t3.medium"], "subnets": subnets_of(aws), "nodeRole": role,
            "amiType": "AL2023_x86_64_STANDARD", "labels": asked["labels"], "taints": asked["taints"], "diskSize": 20,
            "health": {"issues": []}, "updateConfig": {"maxUnavailable": 1}, "tags": {"team": "blue"}}
    assert made.items() >= told.items(), made
    assert made["nodegroupArn"].startswith(f"arn:aws:eks:{REGION}:{aws.accounts[0]}:nodegroup/nodes/one/"), made
    assert made["releaseVersion"].startswith(cluster["version"]), made
    [group] = made["resources"]["autoScalingGroups"]
    assert group["name"] == f"eks-one-{made['nodegroupArn'].rsplit('/', 1)[1]}", group
    known = settled(aws, "nodes", "one")
    assert known["status"] == "ACTIVE" and known["health"]["issues"] == [], known
    again = new_nodes(aws, "nodes", "one", role, **asked)
    assert again["nodegroupArn"] == made["nodegroupArn"], again
    with aws.refuses("InvalidParameterException", "clientRequestToken t of another request, with different parameters", 400):
        new_nodes(aws, "nodes", "one", role, **{**asked, "labels": {"tier": "front"}})
    with aws.refuses("ResourceInUseException", "NodeGroup already exists with name one and cluster name nodes", 409):
        new_nodes(aws, "nodes", "one", role)

    # Its instances are Auto Scaling's, with EKS's tags, AWS's image, and the role in a profile of EKS's.
    instances = instances_of(aws, known)
    assert len(instances) == 2, instances
    part = f"eks-{made['nodegroupArn'].rsplit('/', 1)[1]}"
    image = aws.client("ssm").get_parameter(
        Name=f"/aws/service/eks/optimized-ami/{cluster['version']}/amazon-linux-2023/x86_64/standard/recommended/image_id")["Parameter"]["Value"]
    for instance in instances:
        tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        assert tags.items() >= {"eks:cluster-name": "nodes", "eks:nodegroup-name": "one", "kubernetes.io/cluster/nodes": "owned",
                                "aws:autoscaling:groupName": group["name"]}.items(), tags
        assert (instance["ImageId"], instance["InstanceType"]) == (image, "t3.medium"), instance
        assert instance["IamInstanceProfile"]["Arn"].endswith(f"/{part}"), instance
    profile = aws.iam(aws.accounts[0]).get_instance_profile(InstanceProfileName=part)["InstanceProfile"]
    assert [of["Arn"] for of in profile["Roles"]] == [role], profile
    entry = eks(aws).describe_access_entry(clusterName="nodes", principalArn=role)["accessEntry"]
    assert (entry["type"], entry["username"]) == ("EC2_LINUX", "system:node:{{EC2PrivateDNSName}}"), entry
    trail = aws.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateAutoScalingGroup"}])["Events"]
    assert any(event["CloudTrailEvent"].count("assumed-role/AWSServiceRoleForAmazonEKSNodegroup/EKS") for event in trail), trail

    new_nodes(aws, "nodes", "two", role, scalingConfig={"minSize": 0, "maxSize": 1, "desiredSize": 1}, capacityType="SPOT",
              instanceTypes=["m5.large", "m5.xlarge"])
    two = settled(aws, "nodes", "two")
    [of_spot] = instances_of(aws, two)
    assert two["status"] == "ACTIVE" and of_spot["InstanceLifecycle"] == "spot", (two, of_spot)
    assert of_spot["InstanceType"] in ("m5.large", "m5.xlarge"), of_spot
    pages = eks(aws).get_paginator("list_nodegroups").paginate(clusterName="nodes", PaginationConfig={"PageSize": 1})
    assert [name for page in pages for name in page["nodegroups"]] == ["one", "two"]
    eks(aws).tag_resource(resourceArn=made["nodegroupArn"], tags={"a": "1"})
    assert eks(aws).list_tags_for_resource(resourceArn=made["nodegroupArn"])["tags"] == {"a": "1", "team": "blue"}
    with aws.refuses("ResourceInUseException", "Cluster has nodegroups attached", 409):
        eks(aws).delete_cluster(name="nodes")

    deleted(aws, "nodes", "two")
    assert role in eks(aws).list_access_entries(clusterName="nodes")["accessEntries"]
    deleted(aws, "nodes", "one")
    assert role not in eks(aws).list_access_entries(clusterName="nodes")["accessEntries"]
    assert group_of(aws, known) is None
    with aws.refuses("NoSuchEntity"):
        aws.iam(aws.accounts[0]).get_instance_profile(InstanceProfileName=part)
    assert aws.client("ec2").describe_launch_templates(Filters=[{"Name": "launch-template-name", "Values": [part]}])["LaunchTemplates"] == []
    for gone in (eks(aws).describe_nodegroup, eks(aws).delete_nodegroup, eks(aws).update_nodegroup_version):
        with aws.refuses("ResourceNotFoundException", "No node group found for name: one", 404):
            gone(clusterName="nodes", nodegroupName="one")
    with aws.refuses("ResourceNotFoundException", status=404):
        eks(aws).update_nodegroup_config(clusterName="nodes", nodegroupName="one", labels={"addOrUpdateLabels": {"a": "b"}})
    with aws.refuses("ResourceNotFoundException", status=404):
        eks(aws).list_nodegroups(clusterName="none")
    with aws.refuses("InvalidParameterException"):
        eks(aws).list_nodegroups(clusterName="nodes", maxResults=101)
    eks(aws).delete_cluster(name="nodes")


@case(local_only=ONLY_HERE)
def node_groups_that_cannot_be_are_refused(aws):
    new_cluster(aws, "no-nodes")
    role, ec2 = node_role(aws, "no-nodes"), aws.client("ec2")
    other = new_role(aws, "no-nodes-clusters", trust({"Service": "eks.amazonaws.com"}))
    image = ec2.describe_images(Owners=["amazon"], MaxResults=5)["Images"][0]["ImageId"]
    for name, data in (("of-image", {"ImageId": image}), ("of-type", {"InstanceType": "m5.large"}),
                       ("of-profile", {"IamInstanceProfile": {"Name": "a"}})):
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    of_image, of_type, of_profile = ({"launchTemplate": {"name": name}} for name in ("of-image", "of-type", "of-profile"))
    version = eks(aws).describe_cluster(name="no-nodes")["cluster"]["version"]
    templates = {known["LaunchTemplateName"]: known["LaunchTemplateId"] for known in ec2.describe_launch_templates()["LaunchTemplates"]}
    name_rule = "The node group name has to begin with a letter or a digit, to have only those, hyphens and underscores, and at most 63 characters."
    for wrong, words in (
        ({"cluster": "none"}, "No cluster found for name: none."),
        ({"name": "-one"}, name_rule), ({"name": "o.ne"}, name_rule), ({"name": "o" * 64}, name_rule),
        ({"role": other}, "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of nodeRole "
                          f"{other}"),
        ({"role": f"{role}-unmade"}, "Role provided in the request does not exist."), ({"role": "nobody"}, "Role ARN is invalid"),
        ({"scalingConfig": {"minSize": 3, "maxSize": 4, "desiredSize": 2}}, "Minimum capacity 3 can't be greater than desired size 2"),
        ({"scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 3}}, "desired capacity 3 can't be greater than max size 2"),
        ({"scalingConfig": {"maxSize": 3}}, "Minimum capacity, max size and desired size are told all, or none of them."),
        ({"scalingConfig": {"minSize": 1, "maxSize": 451, "desiredSize": 3}}, "A managed node group has at most 450 nodes."),
        ({"subnets": ["subnet-1"]}, "The subnet ID 'subnet-1' does not exist"), ({"subnets": []}, "At least one subnet must be specified."),
        ({"instanceTypes": ["m99.large"]}, "The following supplied instance types do not exist: [m99.large]"),
        ({"instanceTypes": ["m6g.large"]}, "[m6g.large] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD"),
        ({"labels": {"kubernetes.io/a": "b"}}, "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]"),
        ({"labels": {"/": "b"}}, "The label / is none as Kubernetes has them."),
        ({"taints": [{"key": "a", "effect": "NO_EXECUTE"}] * 2}, "There are several taints with the key a and one effect."),
        ({"updateConfig": {"maxUnavailable": 1, "maxUnavailablePercentage": 5}},
         "Only one of maxUnavailable and maxUnavailablePercentage can be specified."),
        ({"updateConfig": {"maxUnavailable": 101}}, "maxUnavailable is at most 100."),
        ({"tags": {"aws:a": "b"}}, "Tag keys and values must not begin with aws:, which is reserved."),
        ({"version": "1.99"}, f"Nodegroup Kubernetes version 1.99 is not supported with the cluster's version {version}."),
        ({"releaseVersion": "1.1-2"}, f"Requested release version 1.1-2 is not valid for kubernetes version {version}."),
        ({"amiType": "WINDOWS_CORE_2022_x86_64"},
         f"The embedded AWS has no image of the amiType WINDOWS_CORE_2022_x86_64 for Kubernetes {version}."),
        ({"capacityType": "CAPACITY_BLOCK"}, "The embedded AWS does not have what capacityType CAPACITY_BLOCK asks for."),
        ({"amiType": "CUSTOM"}, "You cannot specify CUSTOM as AMI Type, when not specifying an image id in your launch template."),
        ({**of_image, "amiType": "BOTTLEROCKET_x86_64"},
         "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template."),
        ({**of_image, "releaseVersion": "1"}, "You cannot specify a release version, when specifying an image id in your launch template."),
        ({**of_type, "instanceTypes": ["m5.large"]}, "Instance types must be specified in either the launch template or the request, not both."),
        ({**of_type, "diskSize": 9}, "Disk size must be specified within the launch template."),
        ({**of_type, "remoteAccess": {"ec2SshKey": "k"}}, "Remote access configuration cannot be specified with a launch template."),
        (of_profile, "Launch template should not specify an instance profile. The noderole in your request will be used to construct an "
                     "instance profile."),
        ({"launchTemplate": {"name": "none"}}, "The specified launch template, with template none, does not exist."),
        ({"launchTemplate": {"name": "of-type", "version": "9"}},
         f"Could not find the specified version 9 for the launch template with ID {templates['of-type']}."),
        ({"launchTemplate": {}}, "You must specify either the launch template ID or the name, not both."),
    ):
        with aws.refuses("InvalidParameterException", f"^{re.escape(words)}$", 400):
            new_nodes(aws, **{"cluster": "no-nodes", "name": "one", "role": role, **wrong})
    # Nothing of them is kept.
    assert eks(aws).list_nodegroups(clusterName="no-nodes")["nodegroups"] == []
    maker = aws.client("eks", credentials=session_of(aws, role_of(aws, "nodes-maker", allow("eks:*"))))
    with aws.refuses("AccessDeniedException", "iam:PassRole", 403):
        new_nodes(aws, "no-nodes", "one", role, client=maker)
    with aws.refuses("AccessDeniedException", "eks:DescribeNodegroup", 403):
        reader = role_of(aws, "nodes-reader", allow("eks:Describe*", resource=f"arn:aws:eks:*:*:nodegroup/no-nodes/other/*"))
        aws.client("eks", credentials=session_of(aws, reader)).describe_nodegroup(clusterName="no-nodes", nodegroupName="one")
    passes = allow("iam:PassRole", StringEquals={"iam:PassedToService": "eks.amazonaws.com"})
    looks = [allow(action) for action in ("iam:GetRole", "iam:ListAttachedRolePolicies", "iam:CreateServiceLinkedRole", "ec2:DescribeSubnets")]
    passer = aws.client("eks", credentials=session_of(aws, role_of(aws, "nodes-passer", allow("eks:*"), passes, *looks)))
    none = {"minSize": 0, "maxSize": 1, "desiredSize": 0}
    for at in range(30):
        new_nodes(aws, "no-nodes", f"of-{at}", role, client=passer, scalingConfig=none)
    with aws.refuses("ResourceLimitExceededException", "node groups"):
        new_nodes(aws, "no-nodes", "one", role)
    for at in range(30):
        deleted(aws, "no-nodes", f"of-{at}")


@case(local_only=ONLY_HERE)
def a_node_group_lives_or_dies_by_the_key_of_its_volumes(aws):
    new_cluster(aws, "keys-of-nodes")
    role, ec2 = node_role(aws, "keys-of-nodes"), aws.client("ec2")
    kms = aws.kms(aws.accounts[1])
    foreign, own = kms.create_key()["KeyMetadata"], aws.kms(aws.accounts[0]).create_key()["KeyMetadata"]
    for name, key in (("foreign-key", foreign), ("own-key", own)):
        ebs = {"Encrypted": True, "KmsKeyId": key["Arn"], "VolumeSize": 20}
        tags = [{"ResourceType": kind, "Tags": [{"Key": "team", "Value": kind}]} for kind in ("instance", "volume")]
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": ebs}], "TagSpecifications": tags})
    # The default key policy leaves it to IAM, and the service-linked role's policy has no action of KMS: a grant lets it.
    grantee = f"arn:aws:iam::{aws.accounts[0]}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    operations = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
                  "DescribeKey", "CreateGrant"]
    aws.kms(aws.accounts[0]).create_grant(KeyId=own["Arn"], GranteePrincipal=grantee, Operations=operations)

    sizes = {"minSize": 1, "maxSize": 3, "desiredSize": 2}
    new_nodes(aws, "keys-of-nodes", "dies", role, launchTemplate={"name": "foreign-key"}, scalingConfig=sizes)
    dead = settled(aws, "keys-of-nodes", "dies")
    [issue] = dead["health"]["issues"]
    assert (dead["status"], issue["code"], issue["message"]) == ("CREATE_FAILED", "AsgInstanceLaunchFailures", INVALID_KEY), dead
    assert issue["resourceIds"] and all(id.startswith("i-") for id in issue["resourceIds"]), dead
    assert dead["launchTemplate"]["name"] == "foreign-key" and "diskSize" not in dead, dead
    with aws.refuses("ResourceInUseException", "CREATE_FAILED", 409):
        eks(aws).update_nodegroup_config(clusterName="keys-of-nodes", nodegroupName="dies", labels={"addOrUpdateLabels": {"a": "b"}})
    deleted(aws, "keys-of-nodes", "dies")

    new_nodes(aws, "keys-of-nodes", "lives", role, launchTemplate={"name": "own-key"}, scalingConfig=sizes)
    alive = settled(aws, "keys-of-nodes", "lives")
    assert alive["status"] == "ACTIVE", alive
    volumes = [mapping["Ebs"]["VolumeId"] for of in instances_of(aws, alive) for mapping in of["BlockDeviceMappings"]]
    volumes = ec2.describe_volumes(VolumeIds=volumes)["Volumes"]
    assert {volume["KmsKeyId"] for volume in volumes} == {own["Arn"]}
    # They have the template's tags, and EKS's own, without which EKS could not tag them.
    for kind, things in (("instance", instances_of(aws, alive)), ("volume", volumes)):
        for thing in things:
            told = {tag["Key"]: tag["Value"] for tag in thing["Tags"]}
            assert told.items() >= {"team": kind, "eks:cluster-name": "keys-of-nodes", "eks:nodegroup-name": "lives"}.items(), thing
    # Later it loses the key: what it launches then comes to nothing, and an update ends with the first node.
    aws.kms(aws.accounts[0]).disable_key(KeyId=own["KeyId"])
    named = {"clusterName": "keys-of-nodes", "nodegroupName": "lives"}
    failed = ended(aws, named, eks(aws).update_nodegroup_version(**named)["update"]["id"])
    [error] = failed["errors"]
    assert (failed["status"], error["errorCode"]) == ("Failed", "NodeCreationFailure"), failed
    assert error["errorMessage"] == "Couldn't proceed with upgrade process as new nodes are not joining the node group", failed
    assert error["resourceIds"] and all(id.startswith("i-") for id in error["resourceIds"]), failed
    formers = {of["InstanceId"] for of in instances_of(aws, alive) if of["State"]["Name"] == "running"}
    assert len(formers) == 1, formers
    eks(aws).update_nodegroup_config(clusterName="keys-of-nodes", nodegroupName="lives", scalingConfig={"desiredSize": 3})
    degraded = settled(aws, "keys-of-nodes", "lives", "ACTIVE")
    [issue] = degraded["health"]["issues"]
    assert (degraded["status"], issue["code"]) == ("DEGRADED", "AsgInstanceLaunchFailures"), degraded
    assert issue["resourceIds"] == [group_of(aws, degraded)["AutoScalingGroupName"]] and issue["message"] == INVALID_KEY, degraded
    deleted(aws, "keys-of-nodes", "lives")
    # What has its name later has none of its updates.
    new_nodes(aws, "keys-of-nodes", "lives", role, scalingConfig={"minSize": 0, "maxSize": 1, "desiredSize": 0})
    assert eks(aws).list_updates(name="keys-of-nodes", nodegroupName="lives")["updateIds"] == []
    settled(aws, "keys-of-nodes", "lives")
    deleted(aws, "keys-of-nodes", "lives")


@case(local_only=ONLY_HERE, moves_clock=True)
def a_node_group_is_changed(aws):
    cluster = new_cluster(aws, "node-changes")
    # A cluster that is still being made has none.
    aws.admin("clock", freeze=aws.admin("clock")["now"])
    eks(aws).create_cluster(name="node-changes-made", roleArn=cluster["roleArn"], resourcesVpcConfig={"subnetIds": ["subnet-1"]})
    with aws.refuses("InvalidRequestException", "Cluster 'node-changes-made' is not in ACTIVE status", 400):
        new_nodes(aws, "node-changes-made", "one", cluster["roleArn"])
    aws.admin("clock", real=True)
    role, ec2 = node_role(aws, "node-changes"), aws.client("ec2")
    template = ec2.create_launch_template(LaunchTemplateName="node-changes", LaunchTemplateData={"InstanceType": "m5.large"})["LaunchTemplate"]
    named = {"clusterName": "node-changes", "nodegroupName": "one"}
    sizes = {"minSize": 1, "maxSize": 2, "desiredSize": 1}
    made = new_nodes(aws, "node-changes", "one", role, launchTemplate={"id": template["LaunchTemplateId"]}, scalingConfig=sizes, labels={"a": "1", "b": "2"})
    assert "instanceTypes" not in made and made["launchTemplate"]["version"] == "1", made
    with aws.refuses("ResourceInUseException", status=409):
        eks(aws).update_nodegroup_version(**named)
    before = settled(aws, "node-changes", "one")
    [former] = instances_of(aws, before)
    assert former["InstanceType"] == "m5.large", former

    asked = {"labels": {"addOrUpdateLabels": {"c": "3"}, "removeLabels": ["a"]}, "updateConfig": {"maxUnavailablePercentage": 50},
             "taints": {"addOrUpdateTaints": [{"key": "k", "effect": "NO_EXECUTE"}]}, "scalingConfig": {"maxSize": 4, "desiredSize": 3},
             "clientRequestToken": "change"}
    update = eks(aws).update_nodegroup_config(**named, **asked)["update"]
    # The label is gone, so that the same change would be refused.
    assert eks(aws).update_nodegroup_config(**named, **asked)["update"]["id"] == update["id"]
    with aws.refuses("InvalidParameterException", "clientRequestToken change of another request, with different parameters", 400):
        eks(aws).update_nodegroup_config(**named, **{**asked, "labels": {"removeLabels": ["b"]}})
    kinds = {of["type"]: of["value"] for of in update["params"]}
    assert update["type"] == "ConfigUpdate" and kinds.items() >= {
        "LabelsToAdd": '{"c":"3"}', "LabelsToRemove": '["a"]', "MaxSize": "4", "DesiredSize": "3", "MaxUnavailablePercentage": "50"}.items(), update
    told = eks(aws).describe_update(name="node-changes", nodegroupName="one", updateId=update["id"])["update"]
    assert told["id"] == update["id"], told
    assert eks(aws).list_updates(name="node-changes", nodegroupName="one")["updateIds"] == [update["id"]]
    assert eks(aws).list_updates(name="node-changes")["updateIds"] == []
    with aws.refuses("ResourceNotFoundException", status=404):
        eks(aws).list_updates(name="node-changes", nodegroupName="none")
    known = eks(aws).describe_nodegroup(**named)["nodegroup"]
    assert (known["labels"], known["taints"]) == ({"b": "2", "c": "3"}, [{"key": "k", "effect": "NO_EXECUTE"}]), known
    assert (known["scalingConfig"], known["updateConfig"]) == ({"minSize": 1, "maxSize": 4, "desiredSize": 3}, {"maxUnavailablePercentage": 50})
    assert group_of(aws, known)["DesiredCapacity"] == 3
    # An autoscaler changes it at Auto Scaling; another change leaves it so.
    scale, name = aws.client("autoscaling").set_desired_capacity, group_of(aws, known)["AutoScalingGroupName"]
    scale(AutoScalingGroupName=name, DesiredCapacity=2)
    assert eks(aws).describe_nodegroup(**named)["nodegroup"]["scalingConfig"]["desiredSize"] == 2
    eks(aws).update_nodegroup_config(**named, scalingConfig={"maxSize": 6})
    known = eks(aws).describe_nodegroup(**named)["nodegroup"]
    assert known["scalingConfig"] == {"minSize": 1, "maxSize": 6, "desiredSize": 2} and group_of(aws, known)["DesiredCapacity"] == 2, known
    scale(AutoScalingGroupName=name, DesiredCapacity=3)
    for wrong in ({}, {"labels": {"removeLabels": ["none"]}}, {"scalingConfig": {"minSize": 9}}, {"labels": {"addOrUpdateLabels": {"k8s.io/a": "b"}}}):
        with aws.refuses("InvalidParameterException", status=400):
            eks(aws).update_nodegroup_config(**named, **wrong)

    ec2.create_launch_template_version(LaunchTemplateId=template["LaunchTemplateId"], LaunchTemplateData={"InstanceType": "m5.xlarge"})
    other = ec2.create_launch_template(LaunchTemplateName="node-changes-other", LaunchTemplateData={"InstanceType": "m5.large"})["LaunchTemplate"]
    for wrong in ({"launchTemplate": {"id": other["LaunchTemplateId"]}}, {"version": "1.99"}, {"releaseVersion": "1"}):
        with aws.refuses("InvalidParameterException", status=400):
            eks(aws).update_nodegroup_version(**named, **wrong)
    # A version is held to what a template is held to when a group is made, and to where image and types come from.
    for data, words in (({"InstanceType": "m5.large", "IamInstanceProfile": {"Name": "a"}}, "should not specify an instance profile"),
                        ({"InstanceType": "m5.large", "ImageId": former["ImageId"]}, "the node group has EKS's AMI"),
                        ({"MetadataOptions": {"HttpTokens": "required"}}, "needs an instance type")):
        made = ec2.create_launch_template_version(LaunchTemplateId=template["LaunchTemplateId"], LaunchTemplateData=data)
        number = str(made["LaunchTemplateVersion"]["VersionNumber"])
        with aws.refuses("InvalidParameterException", words, 400):
            eks(aws).update_nodegroup_version(**named, launchTemplate={"id": template["LaunchTemplateId"], "version": number})
    assert {of["InstanceType"] for of in instances_of(aws, known)} == {"m5.large"}, known
    formers = {of["InstanceId"] for of in instances_of(aws, known)}
    asked = {"launchTemplate": {"id": template["LaunchTemplateId"], "version": "2"}, "clientRequestToken": "replace"}
    update = eks(aws).update_nodegroup_version(**named, **asked)["update"]
    kinds = {of["type"]: of["value"] for of in update["params"]}
    assert update["type"] == "VersionUpdate" and kinds["LaunchTemplateVersion"] == "2" and kinds["Version"] == cluster["version"], update
    # As long as nodes are replaced it is UPDATING, of what it was, and takes no other change.
    assert update["status"] == "InProgress", update
    known = eks(aws).describe_nodegroup(**named)["nodegroup"]
    assert (known["status"], known["launchTemplate"]["version"]) == ("UPDATING", "1"), known
    assert eks(aws).update_nodegroup_version(**named, **asked)["update"]["id"] == update["id"]
    with aws.refuses("InvalidParameterException", "clientRequestToken replace of another request, with different parameters", 400):
        eks(aws).update_nodegroup_version(**named, clientRequestToken="replace")
    for change, more in ((eks(aws).update_nodegroup_version, {}), (eks(aws).update_nodegroup_config, {"scalingConfig": {"maxSize": 5}})):
        with aws.refuses("ResourceInUseException", "not in Active State. It is UPDATING", 409):
            change(**named, **more)
    assert ended(aws, named, update["id"])["status"] == "Successful"
    known = eks(aws).describe_nodegroup(**named)["nodegroup"]
    assert known["launchTemplate"]["version"] == "2" and known["status"] == "ACTIVE", known
    running = [of for of in instances_of(aws, known) if of["State"]["Name"] == "running"]
    assert [of["InstanceType"] for of in running] == ["m5.xlarge"] * 3, running
    assert not formers & {of["InstanceId"] for of in running}, running
    # Without the customer's template nothing is launched in its place.
    ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])
    with aws.refuses("InvalidRequestException", f"Launch template {template['LaunchTemplateId']} with version 2 is not there", 400):
        eks(aws).update_nodegroup_version(**named)
    assert [of["State"]["Name"] for of in instances_of(aws, known)] == ["running"] * 3, known
    # What holds it together is deleted behind its back.
    aws.admin("clock", freeze=aws.admin("clock")["now"])
    aws.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=group_of(aws, known)["AutoScalingGroupName"], ForceDelete=True)
    for change, asked in ((eks(aws).update_nodegroup_config, {"scalingConfig": {"maxSize": 5}}), (eks(aws).update_nodegroup_version, {})):
        with aws.refuses("InvalidRequestException", status=400):
            change(**named, **asked)
    aws.admin("clock", real=True)
    lost = settled(aws, "node-changes", "one", "ACTIVE")
    assert (lost["status"], lost["health"]["issues"][0]["code"]) == ("DEGRADED", "AutoScalingGroupNotFound"), lost
    deleted(aws, "node-changes", "one")
    eks(aws).delete_cluster(name="node-changes")
