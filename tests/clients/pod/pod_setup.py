"""A cluster, a role that tells namespaces apart, associations and tokens of pods, made in an embedded AWS as boto3's users make them.

Takes JSON on standard input: [{"namespace": .., "serviceAccount": .., "associated": true}, ..]. Prints the cluster's name and keys, and the
tokens in the same order.
"""

import json
import os
import sys
import time
import urllib.request

import boto3

CLUSTER = "demo"
# What the role may do hangs on a tag that EKS Auth gives the session.
POLICY = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Action": "kms:GenerateRandom", "Resource": "*",
    "Condition": {"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "payments"}}}]}


def trust(service, *actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}]})


def admin(route, **body):
    request = urllib.request.Request(
        f"{os.environ['AWS_ENDPOINT_URL']}/_claviger/{route}",
        data=json.dumps(body).encode() if body else None, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


pods = json.load(sys.stdin)
iam, eks = boto3.client("iam"), boto3.client("eks")
clusters = iam.create_role(RoleName="clusters", AssumeRolePolicyDocument=trust("eks.amazonaws.com", "sts:AssumeRole"))["Role"]["Arn"]
role = iam.create_role(
    RoleName="pods", AssumeRolePolicyDocument=trust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"))["Role"]["Arn"]
iam.put_role_policy(RoleName="pods", PolicyName="may", PolicyDocument=json.dumps(POLICY))
cluster = eks.create_cluster(name=CLUSTER, roleArn=clusters, resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]})["cluster"]
deadline = time.monotonic() + 30
while cluster["status"] != "ACTIVE":
    assert time.monotonic() < deadline, cluster
    cluster = eks.describe_cluster(name=CLUSTER)["cluster"]
accounts = {(pod["namespace"], pod["serviceAccount"]) for pod in pods if pod.get("associated", True)}
for namespace, account in sorted(accounts):
    eks.create_pod_identity_association(clusterName=CLUSTER, namespace=namespace, serviceAccount=account, roleArn=role)
asked = [{"cluster": cluster["arn"], **{name: pod[name] for name in pod if name != "associated"}} for pod in pods]
issuer = cluster["identity"]["oidc"]["issuer"]
print(json.dumps({
    "cluster": CLUSTER,
    "issuer": issuer,
    "jwks": admin(f"eks/id/{issuer.rsplit('/', 1)[1]}/keys"),
    "tokens": [admin("eks/token", **body)["token"] for body in asked],
}))
