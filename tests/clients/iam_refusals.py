"""What IAM refuses, gone through operation by operation: for each that the endpoint has, botocore's model says what can be
wrong with its input, and the tables here what AWS answers to that, with the source of each sentence.

Sources: RECORDED: AWS's answers that localstack recorded in 2026 (tests/aws/services/iam/*.snapshot.json). REPORTED: reports
of tools that quote the service, and tests of emulators that say that they were run against AWS (spinifex, versitygw, floci).
ASSUMED: nobody has published it; it follows what is known of the members beside it.
"""

import json

import botocore.session
from botocore import xform_name

from contract import case
from iam_roles import READ, TRUST

RECORDED, REPORTED, ASSUMED = "recorded", "reported", "assumed"
OURS = "moto validates and words its refusals its own way"

NAME = "contain only alphanumeric characters and/or the following: +=,.@_-"
PATH = "begin and end with / and contain only alphanumeric characters and/or / characters."
PREFIX = "begin with the / character and contain only alphanumeric characters and/or / characters."
TEXT = "contain only printable ASCII characters."
ALIAS = ("be a minimum length of 3 characters and maximum length of 63 characters, contain only digits, lowercase letters, and "
         "hyphens (-), but cannot begin or end with a hyphen.")

# Member: a value that is not of its pattern, what IAM says that it must do, the source.
PATTERNS = {
    "RoleName": ("a/b", NAME, REPORTED), "UserName": ("a b", NAME, REPORTED), "NewUserName": ("a/b", NAME, REPORTED),
    "GroupName": ("a*", NAME, REPORTED), "NewGroupName": ("a b", NAME, ASSUMED), "PolicyName": ("a b", NAME, REPORTED),
    "InstanceProfileName": ("a/b", NAME, ASSUMED), "VirtualMFADeviceName": ("a b", NAME, ASSUMED),
    "Path": ("team", PATH, RECORDED), "NewPath": ("/team", PATH, REPORTED), "PathPrefix": ("team", PREFIX, REPORTED),
    "PolicyDocument": ("\U0001F600", TEXT, REPORTED), "AssumeRolePolicyDocument": ("\U0001F600", TEXT, ASSUMED),
    "AccessKeyId": ("A" * 19 + "/", "contain only alphanumeric characters.", REPORTED),
    "AccountAlias": ("Claviger", ALIAS, REPORTED),
}
# What the framework's own words are for, with the value left out. Member: a value, the constraint, the source.
KEYS = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"
TOLD = {
    "VersionId": ("1", r"Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?", RECORDED),
    "MaxSessionDuration": (43201, "Member must have value less than or equal to 43200", REPORTED),
    "MinimumPasswordLength": (129, "Member must have value less than or equal to 128", RECORDED),
    "MaxPasswordAge": (1096, "Member must have value less than or equal to 1095", RECORDED),
    "PasswordReusePrevention": (25, "Member must have value less than or equal to 24", RECORDED),
    "Status": ("On", "Member must satisfy enum value set: [Active, Inactive, Expired]", ASSUMED),
    "PolicyArn": ("arn:aws:iam::aws:x", "Member must have length greater than or equal to 20", REPORTED),
    "TagKeys": (["a*"], "Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have "
                f"length greater than or equal to 1, Member must satisfy regular expression pattern: {KEYS}, Member must not be "
                "null]", RECORDED),
    "MaxItems": (1001, "Member must have value less than or equal to 1000", ASSUMED),
}
# Whose names' lengths are told before anything else is looked at.
LONG = {
    "RoleName": ("a" * 65, 64, REPORTED), "NewUserName": ("a" * 65, 64, REPORTED), "GroupName": ("a" * 129, 128, ASSUMED),
    "NewGroupName": ("a" * 129, 128, ASSUMED), "PolicyName": ("a" * 129, 128, REPORTED),
    "InstanceProfileName": ("a" * 129, 128, ASSUMED), "Path": (f"/{'a' * 511}/", 512, RECORDED),
    "NewPath": (f"/{'a' * 511}/", 512, REPORTED), "PathPrefix": (f"/{'a' * 511}/", 512, REPORTED),
    "PolicyArn": ("arn:aws:iam::aws:policy/" + "p" * 2025, 2048, REPORTED),
    "Tags": ([{"Key": f"k{at}", "Value": "v"} for at in range(51)], 50, RECORDED),
    "TagKeys": ([f"k{at}" for at in range(51)], 50, RECORDED),
}


class Scene:
    """One of each kind, by the members that name them, and one of each that is not there."""

    def __init__(self, aws):
        iam = aws.iam()
        self.aws, self.iam = aws, iam
        self.model = botocore.session.get_session().get_service_model("iam")
        self.operations = aws.admin("health")["operations"]["iam"]
        account = aws.accounts[0]
        document = json.dumps(READ)
        self.there = {
            "RoleName": "Examined", "UserName": "Examined", "GroupName": "Examined", "InstanceProfileName": "Examined",
            "PolicyName": "Examined", "PolicyDocument": document, "AssumeRolePolicyDocument": json.dumps(TRUST),
            "Tags": [{"Key": "a", "Value": "b"}], "TagKeys": ["a"], "Status": "Active", "VersionId": "v1", "ClientID": "c",
            "ThumbprintList": ["a" * 40], "Url": "https://other.examined.example.com", "VirtualMFADeviceName": "OtherExamined",
            "AuthenticationCode1": "123456", "AuthenticationCode2": "654321", "AccountAlias": "examined",
            "AWSServiceName": "spot.amazonaws.com", "OldPassword": "Passw0rd!", "NewPassword": "Passw0rd?",
            "Description": "d", "ServiceName": "codecommit.amazonaws.com",
            "DeletionTaskId": "task/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot/0",
            "ActionNames": ["kms:Decrypt"], "PolicyInputList": [document],
        }
        named = {key: {key: self.there[key]} for key in ("RoleName", "UserName", "GroupName", "InstanceProfileName")}
        iam.create_user(**named["UserName"])
        iam.create_role(**named["RoleName"], AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.create_group(**named["GroupName"])
        iam.create_instance_profile(**named["InstanceProfileName"])
        policy = iam.create_policy(PolicyName="Examined", PolicyDocument=document)["Policy"]["Arn"]
        key = iam.create_access_key(**named["UserName"])["AccessKey"]["AccessKeyId"]
        provider = iam.create_open_id_connect_provider(Url="https://examined.example.com")["OpenIDConnectProviderArn"]
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="Examined")["VirtualMFADevice"]["SerialNumber"]
        credential = iam.create_service_specific_credential(**named["UserName"], ServiceName="codecommit.amazonaws.com")
        role = f"arn:aws:iam::{account}:role/Examined"
        self.there |= {
            "PolicyArn": policy, "PermissionsBoundary": policy, "AccessKeyId": key, "OpenIDConnectProviderArn": provider,
            "SerialNumber": device, "PolicySourceArn": role,
            "ServiceSpecificCredentialId": credential["ServiceSpecificCredential"]["ServiceSpecificCredentialId"],
        }
        none = f"arn:aws:iam::{account}:policy/Nothing"
        self.absent = {
            "RoleName": "Nobody", "UserName": "Nobody", "GroupName": "Nobody", "InstanceProfileName": "Nothing",
            "PolicyArn": none, "PermissionsBoundary": none, "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "OpenIDConnectProviderArn": f"arn:aws:iam::{account}:oidc-provider/nothing.example.com",
            "SerialNumber": f"arn:aws:iam::{account}:mfa/Nothing", "ServiceSpecificCredentialId": "ACCA" + "0" * 16,
            "PolicyName": "Nothing",
        }
        self.failures = []

    def end(self):
        iam, user = self.iam, {"UserName": "Examined"}
        iam.delete_access_key(**user, AccessKeyId=self.there["AccessKeyId"])
        iam.delete_service_specific_credential(
            **user, ServiceSpecificCredentialId=self.there["ServiceSpecificCredentialId"])
        iam.delete_user(**user)
        iam.delete_role(RoleName="Examined")
        iam.delete_group(GroupName="Examined")
        iam.delete_instance_profile(InstanceProfileName="Examined")
        iam.delete_policy(PolicyArn=self.there["PolicyArn"])
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=self.there["OpenIDConnectProviderArn"])
        iam.delete_virtual_mfa_device(SerialNumber=self.there["SerialNumber"])
        assert not self.failures, "\n".join(self.failures)

    def inputs(self):
        """Each operation with the members of its input."""
        for name in self.operations:
            shape = self.model.operation_model(name).input_shape
            if shape is not None:
                yield name, shape

    def least(self, shape):
        """What an operation needs."""
        return {member: self.there[member] for member in shape.required_members}

    def call(self, operation, given):
        return getattr(self.iam, xform_name(operation))(**given)

    def refuses(self, operation, given, code, message, status, source):
        """One row; what fails is told with all others at the end."""
        try:
            self.call(operation, given)
            got = "it was answered"
        except self.iam.exceptions.ClientError as error:
            told, metadata = error.response["Error"], error.response["ResponseMetadata"]
            got = (told["Code"], told.get("Message", ""), metadata["HTTPStatusCode"])
            if got == (code, message, status):
                return
        self.failures.append(f"{operation} ({source}): {got} instead of {(code, message, status)}; {str(given)[:200]}")


def detected(member, constraint):
    member = member[0].lower() + member[1:]
    return f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"


@case(local_only=OURS)
def every_input_of_iam_is_held_against_its_model(aws):
    scene = Scene(aws)
    met = set()
    for operation, shape in scene.inputs():
        least = scene.least(shape)
        for member, inner in shape.members.items():
            first = member[0].lower() + member[1:]
            if member in PATTERNS and inner.metadata.get("pattern", "") != "":
                value, must, source = PATTERNS[member]
                sentence = f"The specified value for {first} is invalid. It must {must}"
                scene.refuses(operation, {**least, member: value}, "ValidationError", sentence, 400, source)
                met.add(("pattern", member))
            if member in TOLD and not (member == "Status" and "Inactive" not in inner.metadata.get("enum", ())):
                value, constraint, source = TOLD[member]
                scene.refuses(operation, {**least, member: value}, "ValidationError", detected(member, constraint), 400, source)
                met.add(("told", member))
            if member in LONG:
                value, most, source = LONG[member]
                constraint = f"Member must have length less than or equal to {most}"
                scene.refuses(operation, {**least, member: value}, "ValidationError", detected(member, constraint), 400, source)
                met.add(("long", member))
            if member in shape.required_members:
                without = {name: value for name, value in least.items() if name != member}
                source = REPORTED if operation.startswith(("Create", "Put", "Update")) else ASSUMED
                message = detected(member, "Member must not be null")
                scene.refuses(operation, without, "ValidationError", message, 400, source)
    every = {("pattern", name) for name in PATTERNS} | {("told", name) for name in TOLD} | {("long", name) for name in LONG}
    assert met == every, every - met
    scene.end()


# What is answered where something that is named is not there; by the member that names it, then by the operation.
MISSING = {
    "RoleName": ("The role with name {} cannot be found.", RECORDED),
    "UserName": ("The user with name {} cannot be found.", RECORDED),
    "GroupName": ("The group with name {} cannot be found.", RECORDED),
    "InstanceProfileName": ("Instance Profile {} cannot be found.", RECORDED),
    "PolicyArn": ("Policy {} was not found.", RECORDED),
    "PermissionsBoundary": ("Scope ARN: {} does not exist or is not attachable.", RECORDED),
    "AccessKeyId": ("The Access Key with id {} cannot be found.", RECORDED),
    "OpenIDConnectProviderArn": ("OpenIDConnect Provider not found for arn {}", RECORDED),
    "SerialNumber": ("MFA Device with serial number {} does not exist.", RECORDED),
    "ServiceSpecificCredentialId": ("No such credential {} exists", ASSUMED),
    "PolicyName": ("The {} policy with name Nothing cannot be found.", RECORDED),
}
OTHERWISE = {
    ("DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn"): ("OpenId connect Provider {} cannot be found.", RECORDED),
    **{(f"Attach{kind}Policy", "PolicyArn"): ("Policy {} does not exist or is not attachable.", RECORDED)
       for kind in ("Role", "User", "Group")},
    **{(name, "PolicyArn"): ("Policy {} version v1 does not exist or is not attachable.", RECORDED)
       for name in ("GetPolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion")},
}
# What makes, and what is named to be made; and what is asked of by itself below.
MAKES = ("CreateRole", "CreateUser", "CreateGroup", "CreateInstanceProfile", "CreatePolicy", "PutRolePolicy", "PutUserPolicy",
         "PutGroupPolicy")


@case(local_only=OURS)
def what_iam_names_and_is_not_there_is_told(aws):
    scene = Scene(aws)
    for operation, shape in scene.inputs():
        least = scene.least(shape)
        for member in shape.members:
            names = member in MISSING and operation not in ("GetAccessKeyLastUsed", "ListServiceSpecificCredentials")
            if not names or (operation in MAKES and member != "PermissionsBoundary" and not (
                    operation.startswith("Put") and member != "PolicyName")):
                continue
            # The root user has to say whom it means.
            of_user = {"UserName": "Examined"} if "UserName" in shape.members else {}
            if operation == "CreateLoginProfile":
                of_user["Password"] = "Passw0rd!"
            absent = scene.absent[member]
            message, source = OTHERWISE.get((operation, member), MISSING[member])
            kind = next((kind for kind in ("role", "user", "group") if kind.title() in operation), "")
            message = message.format(kind if member == "PolicyName" else absent)
            given = {**of_user, **least, member: absent}
            if operation.startswith("Create") and member == "PermissionsBoundary":
                given[f"{operation[6:]}Name"] = "ExaminedNew"
            scene.refuses(operation, given, "NoSuchEntity", message, 404, source)
    me = f"arn:aws:iam::{aws.accounts[0]}:root"
    key = scene.absent["AccessKeyId"]
    scene.refuses("GetAccessKeyLastUsed", {"AccessKeyId": key}, "AccessDenied",
                  f"User: {me} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {key}", 403,
                  RECORDED)
    # Names are not told apart by case when they are made, but are when they are asked for: assumed.
    scene.refuses("GetRole", {"RoleName": "examined"}, "NoSuchEntity", "The role with name examined cannot be found.", 404,
                  ASSUMED)
    for operation in ("AttachRolePolicy", "DetachRolePolicy"):
        scene.refuses(operation, {"RoleName": "Examined", "PolicyArn": "Examined0123456789012345"}, "ValidationError",
                      "ARN Examined0123456789012345 is not valid.", 400, RECORDED)
    account = aws.accounts[0]
    scene.refuses("PutRolePermissionsBoundary",
                  {"RoleName": "Examined", "PermissionsBoundary": f"arn:aws:iam::{account}:not_a_policy/invalid"}, "InvalidInput",
                  f"ARN arn:aws:iam::{account}:not_a_policy/invalid is not valid.", 400, RECORDED)
    scene.refuses("DeleteAccessKey", {"AccessKeyId": key}, "ValidationError",
                  "Must specify userName when calling with non-User credentials", 400, RECORDED)
    scene.refuses("GetLoginProfile", {"UserName": "Examined"}, "NoSuchEntity",
                  "Login Profile for User Examined cannot be found.", 404, RECORDED)
    scene.refuses("DeleteLoginProfile", {"UserName": "Examined"}, "NoSuchEntity",
                  "Login Profile for User Examined cannot be found.", 404, RECORDED)
    scene.end()


@case(local_only=OURS)
def every_list_of_iam_refuses_a_marker_that_is_none(aws):
    scene = Scene(aws)
    lists = [(name, shape) for name, shape in scene.inputs() if "Marker" in shape.members]
    assert len(lists) > 25, lists
    for operation, shape in lists:
        given = {**scene.least(shape), "Marker": "!"}
        if "UserName" in shape.members:
            given["UserName"] = "Examined"
        scene.refuses(operation, given, "ValidationError", "Invalid Marker.", 400, RECORDED)
    scene.end()
