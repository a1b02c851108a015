"""What answers to "how is an external key manager's key used in Kubernetes" tell of AWS. They have no command: there is one ARN, in the
address of a key service, and advice.

Where the text is wrong, AWS says so: no key has the id of that ARN. (An apiserver would not take the address either: its
key services are on unix sockets, `kms-plugin`'s matter.)
"""

import json

from walkthrough import NOTHING, Form, Shell, equal, walk

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY = "arn:aws:kms:us-east-1:123456789012:key/abcd1234"


def wrong(home):
    shell = Shell(home, ACCOUNT, REGION, timestamps="iso8601")
    refused = shell.refusal(f"aws kms describe-key --key-id {KEY}")
    found = equal(KEY, Form(
        r"An error occurred \(NotFoundException\) when calling the DescribeKey operation: "
        rf"(Key '{KEY}' does not exist|Invalid keyId '?abcd1234'?)",
    ), refused)
    key = shell.answer("aws kms create-key")["KeyMetadata"]["Arn"]
    return found + least_privilege(shell, key) + rotation(shell, key) + audit(shell, key)


def least_privilege(shell, key):
    """Its advice on permissions: encryption and decryption alone."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": key},
    ]})
    shell.printed("aws iam create-user --user-name apiserver")
    shell.printed(f"aws iam put-user-policy --user-name apiserver --policy-name key --policy-document '{policy}'")
    user = shell.as_bearer_of(shell.answer("aws iam create-access-key --user-name apiserver")["AccessKey"])
    sealed = user.printed(f"aws kms encrypt --key-id {key} --plaintext secret --query CiphertextBlob --output text").strip()
    opened = user.printed(
        f"aws kms decrypt --ciphertext-blob fileb://<(base64 -d <<<'{sealed}') --query Plaintext --output text").strip()
    found = equal("what was encrypted", "c2VjcmV0", opened)
    refused = user.refusal(f"aws kms disable-key --key-id {key}")
    return found + equal("disable-key", Form(r".*is not authorized to perform: kms:DisableKey on resource: .*"), refused)


def rotation(shell, key):
    """Its advice to rotate: the key's id stays, the material is new."""
    material = f"aws kms describe-key --key-id {key} --query KeyMetadata.CurrentKeyMaterialId"
    former = shell.answer(material)
    found = list(walk(shell, [
        (f"aws kms enable-key-rotation --key-id {key}", NOTHING),
        (f"aws kms rotate-key-on-demand --key-id {key}", {"KeyId": key.rpartition("/")[2]}),
    ]))
    return found + (["the material is the former one"] if shell.answer(material) == former else [])


def audit(shell, key):
    """Its advice to watch who uses the key: the refusal above is in the trail."""
    events = shell.answer("aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=DisableKey")
    told = [json.loads(event["CloudTrailEvent"]) for event in events["Events"]]
    told = [(event["userIdentity"]["arn"], event["errorCode"]) for event in told]
    return equal("the trail", [f"arn:aws:iam::{ACCOUNT}:user/apiserver AccessDenied"], [" ".join(one) for one in told])
