"""The commands of "AWS KMS for a Kops Kubernetes cluster" (Geek Culture, 2021), in its account and region, by a user as its author
was: one who has AWSKeyManagementServicePowerUser; and what they printed there. Then the policy that it gives to control planes.

Nothing is mended. What it shows is older than the article: the answer of KMS's first years. What AWS has added to it since is
held to the API's reference of today. The policy is a list of statements, out of which kops makes a document of the role.
"""

import json

from walkthrough import NOTHING, UUID, Form, Number, Shell, equal, walk

ACCOUNT, REGION = "111122223333", "ap-south-1"
ROLE = "masters.cluster.example.com"

CREATE = "KEY_ID=$(aws kms create-key --query KeyMetadata.KeyId --output text)"
DESCRIBE = "aws kms describe-key --key-id $KEY_ID"
TOLD = {
    "Origin": "AWS_KMS",
    "KeyId": Form(UUID),
    "Description": "",
    "KeyManager": "CUSTOMER",
    "Enabled": True,
    "KeyUsage": "ENCRYPT_DECRYPT",
    "KeyState": "Enabled",
    "CreationDate": Number(),
    "Arn": Form(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{UUID}"),
    "AWSAccountId": ACCOUNT,
}
ADDED_SINCE = {
    "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
    "MultiRegion": False,
    "CurrentKeyMaterialId": Form("[0-9a-f]{64}"),
}
STATEMENTS = """[
        {
          "Effect": "Allow",
          "Action": [
            "kms:Decrypt",
            "kms:Encrypt"
          ],
          "Resource": [
            "<ARN OF THE KEY YOU CREATED>"
          ]
        }
      ]"""


def wrong(home):
    # The time in the article is printed as it came.
    shell = Shell(home, ACCOUNT, REGION, timestamps="wire")
    user = power_user(shell)
    # The two commands are of one shell, which keeps the variable.
    described = user.answer(f"{CREATE}\n{DESCRIBE}")
    found = equal(DESCRIBE, {"KeyMetadata": TOLD | ADDED_SINCE}, described)
    key = described["KeyMetadata"]["Arn"]
    if not key.endswith(described["KeyMetadata"]["KeyId"]):
        found.append(f"{key} is not of the key")
    return found + control_plane(shell, key)


def power_user(shell):
    shell.printed("aws iam create-user --user-name kops")
    shell.printed(
        "aws iam attach-user-policy --user-name kops "
        "--policy-arn arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser")
    return shell.as_bearer_of(shell.answer("aws iam create-access-key --user-name kops")["AccessKey"])


def control_plane(shell, key):
    """By these statements a control plane's role encrypts and decrypts under the key, and does nothing else with it."""
    statements = json.loads(STATEMENTS.replace("<ARN OF THE KEY YOU CREATED>", key))
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"},
    ]})
    shell.printed(f"aws iam create-role --role-name {ROLE} --assume-role-policy-document '{trust}'")
    found = list(walk(shell, [(
        f"aws iam put-role-policy --role-name {ROLE} --policy-name additional.{ROLE} --policy-document '{document}'", NOTHING,
    )]))
    session = f"aws sts assume-role --role-arn arn:aws:iam::{ACCOUNT}:role/{ROLE} --role-session-name apiserver"
    role = shell.as_bearer_of(shell.answer(session)["Credentials"])
    sealed = role.printed(f"aws kms encrypt --key-id {key} --plaintext secret --query CiphertextBlob --output text").strip()
    opened = role.answer(f"aws kms decrypt --ciphertext-blob fileb://<(base64 -d <<<'{sealed}')")
    found += equal("decrypt", {
        "KeyId": key, "Plaintext": "c2VjcmV0", "EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "KeyMaterialId": Form("[0-9a-f]{64}"),
    }, opened)
    refused = role.refusal(f"aws kms describe-key --key-id {key}")
    return found + equal("DescribeKey", Form(
        r"An error occurred \(AccessDeniedException\) when calling the DescribeKey operation: "
        rf"User: arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/apiserver is not authorized to perform: kms:DescribeKey on resource: "
        rf"{key} because no identity-based policy allows the kms:DescribeKey action",
    ), refused)
