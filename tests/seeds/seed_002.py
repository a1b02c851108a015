"""The commands of "Simplify IAM permissions for Amazon EKS add-ons with EKS Pod Identity" (Containers Blog, November 2024), word
for word, in its account and region; and what each of them printed there. Ids and times are held to their forms.

Mended: blanks behind a backslash at the end of a line. Of the table, whose headings the page has translated, the row is looked at.
"""

import json

from walkthrough import TIME, UUID, Form, Shell, differences, walk

ACCOUNT, REGION = "123456789012", "us-east-2"
ROLE = "AmazonEKSPodIdentityAmazonVPCCNIRole"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    ],
}
OF_CLUSTERS = json.dumps(TRUST).replace("pods.eks", "eks")

# What is there before the walkthrough begins.
BEFORE = [
    f"aws iam create-role --role-name cluster --assume-role-policy-document '{OF_CLUSTERS}'",
    f"""aws eks create-cluster --name demo --kubernetes-version 1.30 --role-arn arn:aws:iam::{ACCOUNT}:role/cluster \\
          --resources-vpc-config subnetIds=subnet-1,subnet-2""",
    "aws eks wait cluster-active --name demo",
    f"aws iam create-role --role-name {ROLE} --assume-role-policy-document '{json.dumps(TRUST)}'",
    f"aws iam attach-role-policy --role-name {ROLE} --policy-arn arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
]

VERSIONS = """aws eks describe-addon-versions \\
   --addon-name vpc-cni \\
   --kubernetes-version 1.30 \\
   --query 'addons[].{
     AddonName: addonName,
     Versions: addonVersions[?compatibilities[].defaultVersion|contains(@, `true`)].{
       AddonVersion: addonVersion,
       KubernetesVersion: compatibilities[0].clusterVersion,
       RequiresIamPermissions: requiresIamPermissions
     }
   }' \\

"""

OF_EKS = f"arn:aws:eks:{REGION}:{ACCOUNT}:"

# Each command and what it printed.
STEPS = [
    (VERSIONS, [
        {
            "AddonName": "vpc-cni",
            "Versions": [{"AddonVersion": "v1.19.0-eksbuild.1", "KubernetesVersion": "1.30", "RequiresIamPermissions": True}],
        }
    ]),
    ("""aws eks describe-addon-configuration \\
  --addon-name vpc-cni \\
  --addon-version v1.19.0-eksbuild.1 \\
  --query '{
    addonName: addonName,
    addonVersion: addonVersion,
    podIdentityConfiguration: podIdentityConfiguration
  }' \\
  --output json | jq '.'
""", {
        "addonName": "vpc-cni",
        "addonVersion": "v1.19.0-eksbuild.1",
        "podIdentityConfiguration": [
            {"serviceAccount": "aws-node", "recommendedManagedPolicies": ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]}
        ],
    }),
    ("""aws iam list-attached-role-policies \\
  --role-name AmazonEKSPodIdentityAmazonVPCCNIRole \\
  --query 'AttachedPolicies[].PolicyArn' \\
  --output json
""", ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]),
    ("""aws iam get-role \\
  --role-name AmazonEKSPodIdentityAmazonVPCCNIRole \\
  --query 'Role.AssumeRolePolicyDocument' \\
  --output json | jq '.'
""", TRUST),
    ("""aws iam get-role \\
  --role-name AmazonEKSPodIdentityAmazonVPCCNIRole \\
  --query 'Role.Arn' \\
  --output json | jq '.'
""", f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"),
    ("""aws eks create-addon \\
  --cluster-name demo \\
  --addon-name vpc-cni \\
  --addon-version v1.19.0-eksbuild.1 \\
  --pod-identity-associations '[{
    "serviceAccount": "aws-node",
    "roleArn": "arn:aws:iam::123456789012:role/AmazonEKSPodIdentityAmazonVPCCNIRole"
  }]'
""", {
        "addon": {
            "addonName": "vpc-cni",
            "clusterName": "demo",
            "status": "CREATING",
            "addonVersion": "v1.19.0-eksbuild.1",
            "health": {"issues": []},
            "addonArn": Form(f"{OF_EKS}addon/demo/vpc-cni/{UUID}"),
            "createdAt": TIME,
            "modifiedAt": TIME,
            "tags": {},
            "podIdentityAssociations": [Form(f"{OF_EKS}podidentityassociation/demo/a-[a-z0-9]{{17}}")],
        }
    }),
]


def wrong(home):
    # The times in the walkthrough are printed so.
    shell = Shell(home, ACCOUNT, REGION, timestamps="iso8601")
    for command in BEFORE:
        shell.printed(command)
    found = list(walk(shell, STEPS))
    # The first answer is shown as a table.
    table = shell.printed(VERSIONS, AWS_DEFAULT_OUTPUT="table")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    if ["v1.19.0-eksbuild.1", "1.30", "True"] not in rows:
        found.append(f"{VERSIONS}\n{table}")
    addon = shell.answer("aws eks describe-addon --cluster-name demo --addon-name vpc-cni")["addon"]
    told = {**STEPS[-1][1]["addon"], "status": Form("CREATING|ACTIVE")}
    return [*found, *differences(told, addon)]
