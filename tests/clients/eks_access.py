"""Access entries of EKS clusters, by the Amazon EKS API Reference and the Amazon EKS User Guide, "Grant IAM users access to
Kubernetes with EKS access entries".

moto has no access entries.
"""

from contract import case
from eks import SUBNETS, active, eks, new_cluster, new_role, trust
from session import REGION

ONLY_HERE = "moto has no access entries"
API = {"accessConfig": {"authenticationMode": "API"}}
POLICIES = "arn:aws:eks::aws:cluster-access-policy"
WHOLE = {"type": "cluster"}


def session_of(aws, role):
    return aws.sts().assume_role(RoleArn=role, RoleSessionName="somebody")["Credentials"]


def role_of(aws, name, *statements):
    """A role whose sessions the account's root begins."""
    document = trust({"AWS": f"arn:aws:iam::{aws.accounts[0]}:root"}, actions=["sts:AssumeRole"])
    return new_role(aws, name, document, policy=list(statements) or None)


def allow(*actions, resource="*", **condition):
    condition = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **condition}


@case(local_only=ONLY_HERE)
def an_access_entry_is_of_one_principal(aws):
    new_cluster(aws, "entries", **API)
    role = role_of(aws, "entries")
    made = eks(aws).create_access_entry(
        clusterName="entries", principalArn=role, kubernetesGroups=["viewers"], tags={"team": "blue"}, clientRequestToken="t",
    )["accessEntry"]
    told = {"clusterName": "entries", "principalArn": role, "kubernetesGroups": ["viewers"], "tags": {"team": "blue"},
            "username": f"arn:aws:sts::{aws.accounts[0]}:assumed-role/entries/{{{{SessionName}}}}", "type": "STANDARD"}
    assert made.items() >= told.items() and made["createdAt"] == made["modifiedAt"], made
    start = f"arn:aws:eks:{REGION}:{aws.accounts[0]}:access-entry/entries/role/{aws.accounts[0]}/entries/"
    assert made["accessEntryArn"].startswith(start), made
    named = {"clusterName": "entries", "principalArn": role}
    assert eks(aws).describe_access_entry(**named)["accessEntry"] == made
    assert eks(aws).create_access_entry(
        **named, kubernetesGroups=["viewers"], tags={"team": "blue"}, clientRequestToken="t")["accessEntry"] == made
    with aws.refuses("ResourceInUseException", "The specified access entry resource is already in use on this cluster", 409):
        eks(aws).create_access_entry(**named)

    user = aws.iam().create_user(UserName="entries")["User"]["Arn"]
    of_user = eks(aws).create_access_entry(clusterName="entries", principalArn=user)["accessEntry"]
    assert of_user["username"] == user and of_user["kubernetesGroups"] == [], of_user
    changed = eks(aws).update_access_entry(**named, kubernetesGroups=[], username="of:{{SessionName}}")["accessEntry"]
    assert (changed["kubernetesGroups"], changed["username"], changed["tags"]) == ([], "of:{{SessionName}}", {"team": "blue"}), changed
    pages = eks(aws).get_paginator("list_access_entries").paginate(clusterName="entries", PaginationConfig={"PageSize": 1})
    listed = [entry for page in pages for entry in page["accessEntries"]]
    # Who made the cluster has one, too.
    assert listed == sorted([role, user, f"arn:aws:iam::{aws.accounts[0]}:root"]), listed

    eks(aws).tag_resource(resourceArn=made["accessEntryArn"], tags={"a": "1"})
    assert eks(aws).list_tags_for_resource(resourceArn=made["accessEntryArn"])["tags"] == {"a": "1", "team": "blue"}
    assert eks(aws).delete_access_entry(**named).keys() == {"ResponseMetadata"}
    for gone in (eks(aws).describe_access_entry, eks(aws).delete_access_entry, eks(aws).update_access_entry,
                 eks(aws).list_associated_access_policies):
        with aws.refuses("ResourceNotFoundException", "The specified principalArn could not be found", 404):
            gone(**named)
    for call, more in ((eks(aws).create_access_entry, {"principalArn": user}), (eks(aws).list_access_entries, {})):
        with aws.refuses("ResourceNotFoundException", "No cluster found for name: none", 404):
            call(clusterName="none", **more)
    with aws.refuses("InvalidParameterException"):
        eks(aws).list_access_entries(clusterName="entries", maxResults=101)


@case(local_only=ONLY_HERE)
def a_principal_is_there_and_names_nobody_of_the_systems(aws):
    new_cluster(aws, "principals", **API)
    role, user = role_of(aws, "principals"), aws.iam().create_user(UserName="principals")["User"]["Arn"]
    of_nodes = {"principalArn": new_role(aws, "principals-nodes", trust({"Service": "ec2.amazonaws.com"}))}
    linked = aws.iam().create_service_linked_role(AWSServiceName="elasticache.amazonaws.com")["Role"]["Arn"]
    for wrong, words in (
        ({"principalArn": role + "-not"}, "The specified principalArn is invalid: invalid principal."),
        ({"principalArn": f"arn:aws:sts::{aws.accounts[0]}:assumed-role/principals/s"}, "invalid principal"),
        ({"principalArn": "nobody"}, "invalid principal"),
        ({"principalArn": user, "type": "EC2_LINUX"}, "invalid principal"),
        ({"principalArn": linked}, "not allowed to modify access entries with a principalArn value of a Service Linked Role"),
        ({"principalArn": role, "kubernetesGroups": ["system:masters"]},
         "The kubernetes group name system:masters is invalid, it cannot start with system:"),
        ({"principalArn": role, "username": "eks:me"}, "The username must not begin with eks:"),
        ({"principalArn": role, "username": "me{{SessionName}}"}, "colon"),
        ({"principalArn": role, "type": "NODE"}, "NODE"),
        ({**of_nodes, "type": "EC2_LINUX", "kubernetesGroups": ["a"]}, "STANDARD"),
        ({"principalArn": role, "tags": {"aws:a": "b"}}, "reserved"),
    ):
        with aws.refuses("InvalidParameterException", words, 400):
            eks(aws).create_access_entry(clusterName="principals", **wrong)
    made = eks(aws).create_access_entry(clusterName="principals", **of_nodes, type="EC2_LINUX")["accessEntry"]
    assert (made["username"], made["kubernetesGroups"]) == ("system:node:{{EC2PrivateDNSName}}", ["system:nodes"]), made
    # As the names of the system are told back to EKS, it refuses them.
    with aws.refuses("InvalidParameterException", "The username must not begin with system:"):
        eks(aws).update_access_entry(clusterName="principals", **of_nodes, username=made["username"])
    with aws.refuses("InvalidParameterException", "of type EC2_LINUX"):
        eks(aws).associate_access_policy(
            clusterName="principals", **of_nodes, policyArn=f"{POLICIES}/AmazonEKSViewPolicy", accessScope=WHOLE)
    # The role of nodes is handed on; who may not do that makes no entry of theirs.
    maker = aws.client("eks", credentials=session_of(aws, role_of(aws, "principals-maker", allow("eks:*"))))
    eks(aws).delete_access_entry(clusterName="principals", **of_nodes)
    with aws.refuses("AccessDeniedException", "iam:PassRole", 403):
        maker.create_access_entry(clusterName="principals", **of_nodes, type="EC2_LINUX")
    maker.create_access_entry(clusterName="principals", **of_nodes)


@case(local_only=ONLY_HERE)
def access_policies_hold_for_a_cluster_or_for_namespaces(aws):
    new_cluster(aws, "granted", **API)
    pages = eks(aws).get_paginator("list_access_policies").paginate(PaginationConfig={"PageSize": 5})
    known = [policy for page in pages for policy in page["accessPolicies"]]
    assert {"name": "AmazonEKSViewPolicy", "arn": f"{POLICIES}/AmazonEKSViewPolicy"} in known, known
    named = {"clusterName": "granted", "principalArn": role_of(aws, "granted")}
    eks(aws).create_access_entry(**named)

    def associate(policy, **scope):
        return eks(aws).associate_access_policy(**named, policyArn=f"{POLICIES}/{policy}", accessScope=scope)

    associate("AmazonEKSViewPolicy", type="cluster")
    answer = associate("AmazonEKSEditPolicy", type="namespace", namespaces=["payments", "dev-*"])
    edit = answer["associatedAccessPolicy"]
    assert (answer["clusterName"], answer["principalArn"]) == tuple(named.values()), answer
    assert edit["policyArn"] == f"{POLICIES}/AmazonEKSEditPolicy", edit
    assert edit["accessScope"] == {"type": "namespace", "namespaces": ["payments", "dev-*"]}, edit
    again = associate("AmazonEKSEditPolicy", type="cluster")["associatedAccessPolicy"]
    assert again["accessScope"] == {"type": "cluster", "namespaces": []} and again["associatedAt"] == edit["associatedAt"], again
    pages = eks(aws).get_paginator("list_associated_access_policies").paginate(**named, PaginationConfig={"PageSize": 1})
    listed = [policy for page in pages for policy in page["associatedAccessPolicies"]]
    assert [policy["policyArn"].rsplit("/", 1)[1] for policy in listed] == ["AmazonEKSEditPolicy", "AmazonEKSViewPolicy"], listed

    def who_has(policy):
        return eks(aws).list_access_entries(clusterName="granted", associatedPolicyArn=f"{POLICIES}/{policy}")["accessEntries"]

    assert who_has("AmazonEKSEditPolicy") == [named["principalArn"]] and who_has("AmazonEKSAdminPolicy") == []
    for policy, scope in (("None", WHOLE), ("AmazonEKSViewPolicy", {"type": "namespace"}),
                          ("AmazonEKSViewPolicy", {"type": "namespace", "namespaces": [""]}),
                          ("AmazonEKSViewPolicy", {"type": "cluster", "namespaces": ["a"]}), ("AmazonEKSViewPolicy", {"type": "pod"})):
        with aws.refuses("InvalidParameterException", status=400):
            associate(policy, **scope)
    view = {**named, "policyArn": f"{POLICIES}/AmazonEKSViewPolicy"}
    eks(aws).disassociate_access_policy(**view)
    with aws.refuses("ResourceNotFoundException", status=404):
        eks(aws).disassociate_access_policy(**view)
    nobody = {**named, "principalArn": named["principalArn"] + "-not"}
    with aws.refuses("ResourceNotFoundException", "list-access-entries", 404):
        eks(aws).associate_access_policy(**nobody, policyArn=view["policyArn"], accessScope=WHOLE)


@case(local_only=ONLY_HERE)
def entries_count_where_the_mode_says_so(aws):
    new_cluster(aws, "mode")
    role = role_of(aws, "mode")
    named = {"clusterName": "mode", "principalArn": role}
    of_policy = {**named, "policyArn": f"{POLICIES}/AmazonEKSViewPolicy"}
    for call, asked in (
        (eks(aws).create_access_entry, named), (eks(aws).describe_access_entry, named), (eks(aws).update_access_entry, named),
        (eks(aws).delete_access_entry, named), (eks(aws).list_access_entries, {"clusterName": "mode"}),
        (eks(aws).associate_access_policy, {**of_policy, "accessScope": WHOLE}), (eks(aws).disassociate_access_policy, of_policy),
        (eks(aws).list_associated_access_policies, named),
    ):
        with aws.refuses("InvalidRequestException", r"must be set to one of \[API, API_AND_CONFIG_MAP\]", 400):
            call(**asked)
    eks(aws).update_cluster_config(name="mode", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    active(aws, "mode")
    # Who made the cluster was its administrator all along.
    root = {"clusterName": "mode", "principalArn": f"arn:aws:iam::{aws.accounts[0]}:root"}
    assert eks(aws).list_access_entries(clusterName="mode")["accessEntries"] == [root["principalArn"]]
    [policy] = eks(aws).list_associated_access_policies(**root)["associatedAccessPolicies"]
    assert policy["policyArn"] == f"{POLICIES}/AmazonEKSClusterAdminPolicy" and policy["accessScope"]["type"] == "cluster", policy

    cluster = {"name": "nobody", "roleArn": f"arn:aws:iam::{aws.accounts[0]}:role/clusters", "resourcesVpcConfig": SUBNETS}
    with aws.refuses("InvalidParameterException", "must be true if cluster authentication mode is set to CONFIG_MAP"):
        eks(aws).create_cluster(**cluster, accessConfig={"bootstrapClusterCreatorAdminPermissions": False})
    new_cluster(aws, "nobody", accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False})
    assert eks(aws).list_access_entries(clusterName="nobody")["accessEntries"] == []
    # A session makes a cluster as its role.
    may = role_of(aws, "mode-maker", allow("eks:*", "iam:PassRole"))
    aws.client("eks", credentials=session_of(aws, may)).create_cluster(**{**cluster, "name": "made"}, **API)
    assert eks(aws).list_access_entries(clusterName="made")["accessEntries"] == [may]


@case(local_only=ONLY_HERE)
def permissions_are_for_entries_as_they_are(aws):
    new_cluster(aws, "limited", **API)
    one, other = role_of(aws, "limited-one"), role_of(aws, "limited-other")
    may = role_of(
        aws, "limited",
        allow("eks:CreateAccessEntry", StringEquals={"eks:principalArn": [one, other], "eks:accessEntryType": "STANDARD"}),
        allow("eks:AssociateAccessPolicy", StringEquals={
            "eks:principalArn": one, "eks:accessScope": "namespace", "eks:policyArn": f"{POLICIES}/AmazonEKSViewPolicy"}),
        allow("eks:DisassociateAccessPolicy", StringEquals={"eks:accessScope": "namespace"}),
        allow("eks:DeleteAccessEntry", resource="arn:aws:eks:*:*:access-entry/limited/role/*/limited-one/*"),
    )
    limited = aws.client("eks", credentials=session_of(aws, may))
    for principal in (one, other):
        limited.create_access_entry(clusterName="limited", principalArn=principal)
    with aws.refuses("AccessDeniedException", "eks:CreateAccessEntry", 403):
        limited.create_access_entry(clusterName="limited", principalArn=may)
    view, of_one = {"policyArn": f"{POLICIES}/AmazonEKSViewPolicy"}, {"clusterName": "limited", "principalArn": one}
    namespace = {"type": "namespace", "namespaces": ["a"]}
    limited.associate_access_policy(**of_one, **view, accessScope=namespace)
    with aws.refuses("AccessDeniedException", "eks:AssociateAccessPolicy", 403):
        limited.associate_access_policy(**of_one, **view, accessScope=WHOLE)
    with aws.refuses("AccessDeniedException", "eks:AssociateAccessPolicy", 403):
        limited.associate_access_policy(clusterName="limited", principalArn=other, **view, accessScope=namespace)
    limited.disassociate_access_policy(**of_one, **view)
    eks(aws).associate_access_policy(**of_one, **view, accessScope=WHOLE)
    with aws.refuses("AccessDeniedException", "eks:DisassociateAccessPolicy", 403):
        limited.disassociate_access_policy(**of_one, **view)
    limited.delete_access_entry(**of_one)
    with aws.refuses("AccessDeniedException", "eks:DeleteAccessEntry", 403):
        limited.delete_access_entry(clusterName="limited", principalArn=other)
