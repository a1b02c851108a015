"""A pod's service account that assumes an IAM role, as on EKS: `irsa.py setup PROVIDER_URL SUBJECT`, then `irsa.py pod SEALED`.

Both find the embedded AWS as any client does, by `AWS_ENDPOINT_URL`. The first has the root user's keys in its environment,
the second what EKS's webhook sets there.
"""

import base64
import json
import sys

import boto3


def setup(url, subject):
    """The account's side: a provider, a role that trusts one service account, and something that the role may open."""
    iam, kms = boto3.client("iam"), boto3.client("kms")
    name = url.removeprefix("https://")
    provider = iam.create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"])["OpenIDConnectProviderArn"]
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{name}:aud": "sts.amazonaws.com", f"{name}:sub": subject}},
    }]}
    role = iam.create_role(RoleName="pod", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    key = kms.create_key()["KeyMetadata"]["Arn"]
    opens = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}]}
    iam.put_role_policy(RoleName="pod", PolicyName="opens", PolicyDocument=json.dumps(opens))
    sealed = kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]
    return {"role": role, "sealed": base64.b64encode(sealed).decode()}


def pod(sealed):
    """The pod's side."""
    arn = boto3.client("sts").get_caller_identity()["Arn"]
    opened = boto3.client("kms").decrypt(CiphertextBlob=base64.b64decode(sealed))["Plaintext"]
    return {"arn": arn, "opened": opened.decode()}


if __name__ == "__main__":
    print(json.dumps({"setup": setup, "pod": pod}[sys.argv[1]](*sys.argv[2:])))
