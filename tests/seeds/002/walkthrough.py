"""The commands of "Simplify IAM permissions for Amazon EKS add-ons with EKS Pod Identity" (Containers Blog, November 2024), word
for word, with the `aws` CLI against an embedded AWS in its account and region; and what each of them printed there.

`CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `tests/clients/run.py` takes them. Ids and times are what differs: they are
held to their forms.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

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


class Form:
    """Stands for what differs each time."""

    def __init__(self, pattern):
        self.pattern = pattern


TIME = Form(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00")
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
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


def shell(command, home, **environment):
    """What a command prints in an account like the walkthrough's."""
    keys = json.loads(os.environ["CLAVIGER_CREDENTIALS"])[ACCOUNT]
    environment = {
        **os.environ,
        "PATH": f"{home}:{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_ENDPOINT_URL": os.environ["CLAVIGER_ENDPOINT"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        **environment,
    }
    done = subprocess.run(
        ["/bin/bash", "-e", "-o", "pipefail", "-c", command], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def differences(told, printed, where="$"):
    """Where what was printed is not what the walkthrough tells."""
    if isinstance(told, Form):
        if not (isinstance(printed, str) and re.fullmatch(told.pattern, printed)):
            yield f"{where}: {printed!r} is not like {told.pattern}"
    elif isinstance(told, dict) and isinstance(printed, dict):
        for name in sorted({*told, *printed}):
            if name not in told or name not in printed:
                yield f"{where}.{name} is {'missing' if name in told else 'not told'}"
            else:
                yield from differences(told[name], printed[name], f"{where}.{name}")
    elif isinstance(told, list) and isinstance(printed, list) and len(told) == len(printed):
        for at, (one, other) in enumerate(zip(told, printed, strict=True)):
            yield from differences(one, other, f"{where}[{at}]")
    elif told != printed or type(told) is not type(printed):
        yield f"{where}: {printed!r} instead of {told!r}"


def main():
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        # The times in the walkthrough are printed so.
        (home / "config").write_text("[default]\ncli_timestamp_format = iso8601\n")
        if not shutil.which("jq", path="/usr/bin:/bin"):
            (home / "jq").write_text("#!/bin/sh\nexec python -m json.tool\n")
            (home / "jq").chmod(0o755)
        for command in BEFORE:
            shell(command, home)
        wrong = []
        for command, told in STEPS:
            wrong += [f"{command}\n  {difference}" for difference in differences(told, json.loads(shell(command, home)))]
        # The first answer is shown as a table.
        table = shell(VERSIONS, home, AWS_DEFAULT_OUTPUT="table")
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
        if ["v1.19.0-eksbuild.1", "1.30", "True"] not in rows:
            wrong.append(f"{VERSIONS}\n{table}")
        addon = json.loads(shell("aws eks describe-addon --cluster-name demo --addon-name vpc-cni", home))["addon"]
        told = {**STEPS[-1][1]["addon"], "status": Form("CREATING|ACTIVE")}
        wrong += differences(told, addon)
    print("\n".join(wrong) or f"{len(STEPS)} commands answer as they did")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
