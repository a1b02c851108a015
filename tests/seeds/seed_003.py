"""The commands of "Amazon EKS node IAM role" (Amazon EKS User Guide), in its account; a node's role as it then is.

Each command stands on the page in one line, since the page has lost its line breaks. They are kept so here and mended by
`mended`: a line ends after a backslash, after `<<EOF` and before its `EOF`, and before the `aws` of the next command. The page
prints no answers: they are those of the API's reference. It has one of its last two steps done, by the family of addresses; here both are.
"""

import json
import re

from walkthrough import NOTHING, Form, Shell, equal, walk

ACCOUNT, REGION = "111122223333", "us-west-2"

TRUST_FILE = """cat >node-role-trust-relationship.json <<EOF { "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" } ] } EOF"""
CREATE_ROLE = r"""aws iam create-role \ --role-name AmazonEKSNodeRole \ --assume-role-policy-document file://"node-role-trust-relationship.json" """
ATTACH_BOTH = r"""aws iam attach-role-policy \ --policy-arn arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy \ --role-name AmazonEKSNodeRole aws iam attach-role-policy \ --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly \ --role-name AmazonEKSNodeRole"""
ATTACH_IPV4 = r"""aws iam attach-role-policy \ --policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy \ --role-name AmazonEKSNodeRole"""
IPV6_POLICY = """{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Action": [ "ec2:AssignIpv6Addresses", "ec2:DescribeInstances", "ec2:DescribeTags", "ec2:DescribeNetworkInterfaces", "ec2:DescribeInstanceTypes" ], "Resource": "*" }, { "Effect": "Allow", "Action": [ "ec2:CreateTags" ], "Resource": [ "arn:aws:ec2:*:*:network-interface/*" ] } ] }"""
CREATE_IPV6 = "aws iam create-policy --policy-name AmazonEKS_CNI_IPv6_Policy --policy-document file://vpc-cni-ipv6-policy.json"
ATTACH_IPV6 = r"""aws iam attach-role-policy \ --policy-arn arn:aws:iam::111122223333:policy/AmazonEKS_CNI_IPv6_Policy \ --role-name AmazonEKSNodeRole"""

# What a node's role is to trust, as the page has it where it checks one that is there.
TRUST = json.loads("""{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" } ] }""")
TIME = Form(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\+00:00|Z)")
IPV6 = f"arn:aws:iam::{ACCOUNT}:policy/AmazonEKS_CNI_IPv6_Policy"
ROLE = {
    "Path": "/",
    "RoleName": "AmazonEKSNodeRole",
    "RoleId": Form("AROA[A-Z2-7]{17}"),
    "Arn": f"arn:aws:iam::{ACCOUNT}:role/AmazonEKSNodeRole",
    "CreateDate": TIME,
    "AssumeRolePolicyDocument": TRUST,
}
POLICY = {
    "PolicyName": "AmazonEKS_CNI_IPv6_Policy",
    "PolicyId": Form("ANPA[A-Z2-7]{17}"),
    "Arn": IPV6,
    "Path": "/",
    "DefaultVersionId": "v1",
    "AttachmentCount": 0,
    "PermissionsBoundaryUsageCount": 0,
    "IsAttachable": True,
    "CreateDate": TIME,
    "UpdateDate": TIME,
}


def mended(text):
    text = text.replace("\\ ", "\\\n  ").replace(" aws ", "\naws ")
    text = re.sub(r"<<EOF (.*) EOF$", r"<<EOF\n\1\nEOF", text)
    assert text.count("aws iam") == len(re.findall("^aws iam", text, re.MULTILINE)), text
    return text


STEPS = [
    (mended(TRUST_FILE), NOTHING),
    (mended(CREATE_ROLE), {"Role": ROLE}),
    (mended(ATTACH_BOTH), NOTHING),
    (mended(ATTACH_IPV4), NOTHING),
    # The page has the text saved under this name.
    (f"cat >vpc-cni-ipv6-policy.json <<'EOF'\n{IPV6_POLICY}\nEOF", NOTHING),
    (CREATE_IPV6, {"Policy": POLICY}),
    (mended(ATTACH_IPV6), NOTHING),
]


def wrong(home):
    shell = Shell(home, ACCOUNT, REGION, timestamps="iso8601")
    found = list(walk(shell, STEPS))
    attached = [f"arn:aws:iam::aws:policy/{name}" for name in (
        "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy",
    )]
    found += walk(shell, [
        ("aws iam get-role --role-name AmazonEKSNodeRole --query Role.AssumeRolePolicyDocument", TRUST),
        (f"aws iam get-policy-version --policy-arn {IPV6} --version-id v1 --query PolicyVersion.Document", json.loads(IPV6_POLICY)),
    ])
    listed = shell.answer("aws iam list-attached-role-policies --role-name AmazonEKSNodeRole --query AttachedPolicies[].PolicyArn")
    found += equal("the role's policies", sorted([*attached, IPV6]), sorted(listed))
    return found + what_they_allow(shell)


def what_they_allow(shell):
    """What the page says of the policies: who of them lets a node do what."""
    told = {
        "ec2:DescribeInstances": "AmazonEKSWorkerNodePolicy",
        "eks-auth:AssumeRoleForPodIdentity": "AmazonEKSWorkerNodePolicy",
        "ecr:BatchGetImage": "AmazonEC2ContainerRegistryReadOnly",
        "ec2:AssignPrivateIpAddresses": "AmazonEKS_CNI_Policy",
        "ec2:AssignIpv6Addresses": "AmazonEKS_CNI_IPv6_Policy",
    }
    found = []
    for action, policy in told.items():
        [result] = shell.answer(
            f"aws iam simulate-principal-policy --policy-source-arn {ROLE['Arn']} --action-names {action}")["EvaluationResults"]
        by = {statement["SourcePolicyId"] for statement in result["MatchedStatements"]}
        if result["EvalDecision"] != "allowed" or policy not in by:
            found.append(f"{action} is {result['EvalDecision']} by {sorted(by)} and not by {policy}")
    return found
