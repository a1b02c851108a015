"""The command and the policy of an article on nodes of Karpenter's under a key of another account, which retells issue 2052 of
aws-ia/terraform-aws-eks-blueprints; in its accounts and region.

The command stands in the article in one piece; the key's id is that of a key that is made here, there as in the policy. The
article prints no answers: they are those of the API's reference. That its policy alone launches nothing is as the article's
own symptom has it, and as `docs/reference/seed-000.md` tells of each of its sentences.
"""

import json
import time

from walkthrough import NOTHING, TIME, Form, Shell, equal, walk

ACCOUNT, KEYS_ACCOUNT, REGION = "111122223333", "444455556666", "us-west-2"
KEY_ID = "1a2b3c4d-5e6f-1a2b-3c4d-5e6f1a2b3c4d"

COMMAND = r"""aws kms create-grant \
--region us-west-2 \
--key-id arn:aws:kms:us-west-2:444455556666:key/1a2b3c4d-5e6f-1a2b-3c4d-5e6f1a2b3c4d \
--grantee-principal arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling \
--operations "Encrypt" "Decrypt" "ReEncryptFrom" "ReEncryptTo" "GenerateDataKey" "GenerateDataKeyWithoutPlaintext" "DescribeKey" "CreateGrant"
"""
POLICY = """{
"Version": "2012-10-17",
"Statement": [
{
"Sid": "AllowCreationOfGrantForTheKMSKeyinExternalAccount444455556666",
"Effect": "Allow",
"Action": "kms:CreateGrant",
"Resource": "arn:aws:kms:us-west-2:444455556666:key/1a2b3c4d-5e6f-1a2b-3c4d-5e6f1a2b3c4d"
}
]
}"""
OPERATIONS = [
    "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "CreateGrant",
    "DescribeKey",
]
GRANTEE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
CONTROLLER = f"arn:aws:iam::{ACCOUNT}:role/KarpenterController"
GRANT_ID = Form("[0-9a-f]{64}")
INVALID_KEY = "Client.InvalidKMSKey.InvalidState"


def wrong(home):
    shell = Shell(home, ACCOUNT, REGION, timestamps="iso8601")
    key = shell.as_root_of(KEYS_ACCOUNT).answer("aws kms create-key")["KeyMetadata"]["Arn"]
    [command, policy] = [text.replace(KEY_ID, key.rpartition("/")[2]) for text in (COMMAND, POLICY)]
    before(shell, policy)
    found = grants_in_the_keys_account(shell, key, command)
    found += lets_the_controller_grant(shell, key, command, policy)
    return found + launches_nothing(shell, key)


def grants_in_the_keys_account(shell, key, command):
    owner = shell.as_root_of(KEYS_ACCOUNT)
    # AWS knows no grantee that is not there.
    refused = owner.refusal(command)
    found = equal(command, Form(r".*\(InvalidArnException\) when calling the CreateGrant operation: .+"), refused)
    shell.printed("aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com")
    grant = owner.answer(command)
    found += equal(command, {"GrantId": GRANT_ID, "GrantToken": Form("[A-Za-z0-9+/=_-]{100,}")}, grant)
    [told] = owner.answer(f"aws kms list-grants --key-id {key}")["Grants"]
    # No document tells in which order the operations are.
    told["Operations"].sort()
    return found + equal("the grant", {
        "KeyId": key,
        "GrantId": grant["GrantId"],
        "Name": "",
        "CreationDate": TIME,
        "GranteePrincipal": GRANTEE,
        "IssuingAccount": f"arn:aws:iam::{KEYS_ACCOUNT}:root",
        "Operations": sorted(OPERATIONS),
    }, told)


def before(shell, policy):
    """The controller's role, with the article's policy and EC2's."""
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"},
    ]}
    launches = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}
    shell.printed(f"aws iam create-role --role-name KarpenterController --assume-role-policy-document '{json.dumps(trust)}'")
    for name, document in (("key", policy), ("launches", json.dumps(launches))):
        shell.printed(
            f"aws iam put-role-policy --role-name KarpenterController --policy-name {name} --policy-document '{document}'")


def controller(shell):
    session = f"aws sts assume-role --role-arn {CONTROLLER} --role-session-name karpenter"
    return shell.as_bearer_of(shell.answer(session)["Credentials"])


def lets_the_controller_grant(shell, key, command, policy):
    """The policy is such that IAM takes it as it stands, and does what its Sid says, once the key's own policy lets the account in."""
    asked = "aws iam get-role-policy --role-name KarpenterController --policy-name key"
    found = list(walk(shell, [
        (asked, {"RoleName": "KarpenterController", "PolicyName": "key", "PolicyDocument": json.loads(policy)}),
    ]))
    session = controller(shell)
    denied = r"An error occurred \(AccessDeniedException\) when calling the CreateGrant operation: User: " \
        rf"arn:aws:sts::{ACCOUNT}:assumed-role/KarpenterController/karpenter is not authorized to perform: kms:CreateGrant on " \
        r"(this )?resource.*"
    found += equal(command, Form(denied), session.refusal(command))
    open_to = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
        for account in (KEYS_ACCOUNT, ACCOUNT)
    ]}
    opens = f"aws kms put-key-policy --key-id {key} --policy-name default --policy '{json.dumps(open_to)}'"
    found += walk(shell.as_root_of(KEYS_ACCOUNT), [(opens, NOTHING)])
    found += equal(command, {"GrantId": GRANT_ID, "GrantToken": Form(".{100,}")}, session.answer(command))
    # It is no more than that.
    describe = session.refusal(f"aws kms describe-key --key-id {key}")
    return found + equal("DescribeKey", Form(".*is not authorized to perform: kms:DescribeKey on .*"), describe)


def launches_nothing(shell, key):
    """The symptom that the article begins with: by its own policy and grant Karpenter's instance still ends so."""
    owner = shell.as_root_of(KEYS_ACCOUNT)
    volume = owner.answer(f"aws ec2 create-volume --availability-zone {REGION}a --size 20 --encrypted --kms-key-id {key}")
    snapshot = owner.answer(f"aws ec2 create-snapshot --volume-id {volume['VolumeId']}")["SnapshotId"]
    mapping = json.dumps([{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])
    image = owner.answer(
        "aws ec2 register-image --name node --root-device-name /dev/xvda --architecture x86_64 "
        f"--block-device-mappings '{mapping}'")["ImageId"]
    owner.printed(f"aws ec2 modify-image-attribute --image-id {image} --launch-permission 'Add=[{{UserId={ACCOUNT}}}]'")
    named = json.dumps([{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": key}}])
    launch = f"aws ec2 run-instances --image-id {image} --instance-type m5.large --block-device-mappings '{named}'"
    [instance] = controller(shell).answer(launch)["Instances"]
    deadline = time.monotonic() + 30
    while instance["State"]["Name"] == "pending" and time.monotonic() < deadline:
        described = shell.answer(f"aws ec2 describe-instances --instance-ids {instance['InstanceId']}")
        [instance] = described["Reservations"][0]["Instances"]
    told = {name: instance.get(name) for name in ("State", "StateReason", "StateTransitionReason")}
    return equal("the instance", {
        "State": {"Code": 48, "Name": "terminated"},
        "StateReason": {
            "Code": INVALID_KEY, "Message": f"{INVALID_KEY}: The KMS key provided is in an incorrect state",
        },
        "StateTransitionReason": INVALID_KEY,
    }, told)
