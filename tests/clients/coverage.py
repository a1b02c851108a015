"""Whether every operation was driven and every documented error was met."""

import botocore.session

# Errors that the embedded AWS never answers, and why.
NEVER = {
    "CloudHsmClusterInvalidConfigurationException": "there are no custom key stores",
    "ConcurrentModificationException": "changes of an account wait for one another",
    "ConflictException": "a rotation on demand is over when it is answered",
    "CustomKeyStoreInvalidStateException": "there are no custom key stores",
    "DependencyTimeoutException": "it depends on nothing that can be late",
    "EntityTemporarilyUnmodifiableException": "what is changed is there when it is answered",
    "IDPCommunicationErrorException": "AWS answers InvalidIdentityToken to issuers that cannot be reached",
    "IDPRejectedClaimException": "it is of providers that are asked about each token: none of OpenID Connect is",
    "InvalidAliasNameException": "AWS answers ValidationException to such names",
    "InvalidGrantIdException": "AWS answers NotFoundException to such ids",
    "InvalidEventCategoryException": "the model takes `insight` alone, and ValidationException comes first",
    "InvalidMaxResultsException": "the model has the bounds, and ValidationException comes first",
    "KMSInternalException": "it is a fault of the embedded AWS itself",
    "KeyUnavailableException": "no key is ever away",
    "OpenIdIdpCommunicationErrorException": "no provider is asked for its thumbprint",
    "OperationNotPermittedException": "it is of organizations' trails",
    "PolicyEvaluationException": "it is a fault of the embedded AWS itself",
    "RegionDisabledException": "every region is enabled",
    "ServiceFailureException": "it is a fault of the embedded AWS itself",
    "XksKeyAlreadyInUseException": "there are no custom key stores",
    "XksKeyInvalidConfigurationException": "there are no custom key stores",
    "XksKeyNotFoundException": "there are no custom key stores",
}

# Errors of CloudTrail that the embedded AWS never answers: all are of what it does not look at, or does not have.
NEVER.update(dict.fromkeys((
    "CloudTrailAccessNotEnabledException", "CloudTrailInvalidClientTokenIdException", "NoManagementAccountSLRExistsException",
    "NotOrganizationMasterAccountException", "OrganizationNotInAllFeaturesModeException", "OrganizationsNotInUseException",
    "InsufficientDependencyServiceAccessPermissionException",
), "there are no organization trails"))
NEVER.update(dict.fromkeys((
    "CloudWatchLogsDeliveryUnavailableException", "InsufficientEncryptionPolicyException", "InsufficientS3BucketPolicyException",
    "InsufficientSnsTopicPolicyException", "InvalidCloudWatchLogsLogGroupArnException", "InvalidCloudWatchLogsRoleArnException",
    "InvalidKmsKeyIdException", "InvalidSnsTopicNameException", "KmsException", "KmsKeyDisabledException",
    "KmsKeyNotFoundException", "S3BucketDoesNotExistException",
), "nothing is delivered, so where to is not looked at"))
NEVER.update(dict.fromkeys(("InvalidTagParameterException", "TagsLimitExceededException"), "trails have no tags"))
NEVER.update({
    "InvalidEventSelectorsException": "trails have no event selectors",
    "ThrottlingException": "nothing is throttled",
    "TrailNotProvidedException": "the model requires the name, and ValidationException comes first",
})

# Errors that one operation never answers, and why.
NEVER_OF = {
    ("CreateTrail", "InvalidParameterException"): "what it would be said of has errors of its own",
    ("UpdateTrail", "InvalidParameterException"): "what it would be said of has errors of its own",
    ("CreateGrant", "LimitExceededException"): "the 50,001st grant takes too long to reach; `cargo test -p local-aws --test kms quotas` lowers the quota",
    ("AssumeRole", "ExpiredTokenException"): "it is of context assertions, which are not taken",
    ("CreateKey", "InvalidArnException"): "it takes no ARN",
    ("EnableKey", "LimitExceededException"): "a disabled key counts, too",
    ("DeleteImportedKeyMaterial", "KMSInvalidStateException"): "only a key that is being created or updated, for a second",
    ("GetKeyRotationStatus", "UnsupportedOperationException"): "of keys that cannot rotate it says that they do not",
    ("GetPublicKey", "InvalidKeyUsageException"): "keys of every usage that are pairs have a public half",
    ("DescribeIdentityProviderConfig", "InvalidParameterException"): "whatever is named and not there is not found",
    ("DisassociateIdentityProviderConfig", "InvalidRequestException"): "what is there can be taken away",
    ("ListRetirableGrants", "NotFoundException"): "it names no key",
    **{
        (operation, "UnsupportedOperationException"): "it is supported"
        for operation in (
            "DeleteTrail", "DescribeTrails", "GetTrail", "GetTrailStatus", "ListTrails", "LookupEvents", "StartLogging",
            "StopLogging",
        )
    },
    ("PutKeyPolicy", "UnsupportedOperationException"): "it is of policy names, which have NotFoundException",
    ("UntagResource", "TagException"): "absent tags are no error",
    **{
        (operation, "KMSInvalidStateException"): "every state allows it (Key states of AWS KMS keys)"
        for operation in (
            "GetKeyPolicy", "PutKeyPolicy", "ListKeyPolicies", "ListGrants", "RetireGrant", "RevokeGrant",
            "GetKeyRotationStatus", "ListKeyRotations", "DeleteAlias",
        )
    },
}

# Operations of IAM that add nothing that is counted, though their models have the error.
UNCOUNTED = (
    "CreateAccountAlias", "CreateServiceLinkedRole", "DeleteAccessKey", "DeleteAccountAlias", "DeleteGroup", "DeleteGroupPolicy",
    "DeleteInstanceProfile", "DeletePolicy", "DeletePolicyVersion", "DeleteRole", "DeleteRolePolicy", "DeleteServiceLinkedRole",
    "ChangePassword", "CreateLoginProfile", "DeactivateMFADevice", "DeleteAccountPasswordPolicy",
    "DeleteLoginProfile", "DeleteVirtualMFADevice", "GenerateCredentialReport", "ResyncMFADevice", "UpdateAccountPasswordPolicy",
    "UpdateLoginProfile",
    "DeleteUser", "DeleteUserPolicy", "DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy", "RemoveRoleFromInstanceProfile",
    "RemoveUserFromGroup", "SetDefaultPolicyVersion", "UpdateAccessKey", "UpdateGroup", "UpdateUser",
)

NEVER_OF |= {(operation, "LimitExceededException"): "it adds nothing that is counted" for operation in UNCOUNTED}
NEVER_OF |= {
    (operation, "LimitExceededException"): "the quota takes too long to reach; `cargo test -p local-aws --lib iam` reaches it"
    for operation in ("CreateGroup", "CreateInstanceProfile", "CreateUser", "CreateVirtualMFADevice")
}
NEVER_OF |= {
    (operation, "InvalidInputException"): "AWS answers ValidationError to ARNs of other things"
    for operation in (
        "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy",
        "ListAttachedGroupPolicies", "ListAttachedRolePolicies", "ListAttachedUserPolicies",
    )
}
NEVER_OF |= {
    ("AddRoleToInstanceProfile", "EntityAlreadyExistsException"): "the second role is one too many, whichever it is",
    ("CreateGroup", "NoSuchEntityException"): "it names nothing that could be missing",
    ("CreateServiceLinkedRole", "NoSuchEntityException"): "an unknown service has AccessDenied, as AWS answers it",
    ("PutRolePermissionsBoundary", "PolicyNotAttachableException"): "AWS answers NoSuchEntity to such policies",
    ("PutUserPermissionsBoundary", "PolicyNotAttachableException"): "AWS answers NoSuchEntity to such policies",
    ("GetCredentialReport", "CredentialReportNotReadyException"): "a report is there when it is asked for",
    ("ListMFADeviceTags", "InvalidInputException"): "the model sees to its input",
    ("UntagMFADevice", "InvalidInputException"): "the model sees to its input",
    ("UpdateAccountPasswordPolicy", "MalformedPolicyDocumentException"): "it takes no document",
    ("UpdateAccountPasswordPolicy", "NoSuchEntityException"): "a policy that is not there is made",
    ("UpdateLoginProfile", "InvalidInputException"): "sessions of the console are refused with ValidationError",
    ("UntagInstanceProfile", "InvalidInputException"): "the model sees to its input",
    ("UpdateRole", "InvalidInputException"): "the model sees to its input",
    ("UpdateRoleDescription", "UnmodifiableEntityException"): "the description of a service-linked role may be changed",
}

# Errors of Auto Scaling.
NEVER |= {
    "ResourceContentionFault": "changes of groups wait for one another",
    "ServiceLinkedRoleFailure": "a role is there when it is made",
}
NEVER_OF |= {
    ("CreateOrUpdateTags", "AlreadyExistsFault"): "a tag that is there is changed",
    ("CreateOrUpdateTags", "ResourceInUseFault"): "a group may be used while its tags change",
    ("DeleteTags", "ResourceInUseFault"): "a group may be used while its tags change",
}

# Errors of Organizations.
NEVER |= {
    "AccessDeniedForDependencyException": "no service-linked role is made for the caller",
    "AccountOwnerNotVerifiedException": "addresses are not verified",
    "FinalizingOrganizationException": "what was made is there when it is answered",
    "PolicyChangesInProgressException": "changes wait for one another",
    "ServiceException": "it is a fault of the embedded AWS itself",
    "TooManyRequestsException": "nothing is throttled",
    "UnsupportedAPIEndpointException": "there is one endpoint",
}
NEVER_OF |= {
    (operation, "ConstraintViolationException"): "there is no such bound"
    for operation in (
        "AcceptHandshake", "DeleteOrganization", "DeregisterDelegatedAdministrator", "DisableAWSServiceAccess", "DisablePolicyType",
        "EnableAWSServiceAccess", "EnablePolicyType", "LeaveOrganization", "ListAWSServiceAccessForOrganization",
        "ListDelegatedAdministrators", "ListDelegatedServicesForAccount", "UntagResource",
    )
}
NEVER_OF |= {
    ("AcceptHandshake", "AWSOrganizationsNotInUseException"): "who accepts is in no organization",
    ("AcceptHandshake", "MasterCannotLeaveOrganizationException"): "who accepts is in no organization",
    ("DeleteOrganization", "InvalidInputException"): "it takes no input",
    ("LeaveOrganization", "AccountNotFoundException"): "the caller's account is there",
    ("LeaveOrganization", "InvalidInputException"): "it takes no input",
}

# Errors of EKS and of EKS Auth.
NEVER |= {
    "ClientException": "what it would be said of has errors of its own",
    "InternalServerException": "it is a fault of the embedded AWS itself",
    "ServerException": "it is a fault of the embedded AWS itself",
    "ServiceUnavailableException": "it is always available",
    "UnsupportedAvailabilityZoneException": "subnets are not looked up",
}
NEVER_OF |= {
    (operation, "ResourceLimitExceededException"): "the quota takes too long to reach"
    for operation in ("CreateCluster", "CreatePodIdentityAssociation", "CreateAccessEntry")
}
NEVER_OF |= {
    (f"{verb}PodIdentityAssociation{plural}", "InvalidRequestException"): "nothing of a cluster's state forbids it"
    for verb, plural in (("Create", ""), ("Describe", ""), ("Update", ""), ("Delete", ""), ("List", "s"))
}
NEVER_OF |= {
    (operation, "InvalidRequestException"): "nothing of a cluster's state forbids it"
    for operation in (
        "CreateAddon", "DescribeAddon", "UpdateAddon", "DeleteAddon", "ListAddons", "UpdateClusterConfig", "UpdateClusterVersion",
    )
}
NEVER_OF |= {
    (operation, "ThrottlingException"): "nothing is throttled"
    for operation in ("AssociateEncryptionConfig", "UpdateClusterConfig", "UpdateClusterVersion")
}
NEVER_OF |= {
    ("DescribeAddonConfiguration", "ResourceNotFoundException"): "what is not there is not supported",
    ("DescribeAddonVersions", "ResourceNotFoundException"): "of what is not there, there are no versions",
    ("DeleteFargateProfile", "InvalidParameterException"): "a name that none has is not found",
    ("DescribeClusterVersions", "InvalidRequestException"): "nothing of a cluster is asked for",
    ("DescribeFargateProfile", "InvalidParameterException"): "a name that none has is not found",
    ("DescribeNodegroup", "InvalidParameterException"): "a name that none has is not found",
    ("DeleteNodegroup", "InvalidParameterException"): "a name that none has is not found",
    ("DeleteNodegroup", "ResourceInUseException"): "one that is being made or changed goes as well",
    ("DescribeUpdate", "InvalidParameterException"): "an id that none has is not found",
    ("UpdateClusterVersion", "InvalidStateException"): "no version is taken back",
}
NEVER_OF |= {
    ("DescribePodIdentityAssociation", "InvalidParameterException"): "an id that none has is not found",
    ("DeletePodIdentityAssociation", "InvalidParameterException"): "an id that none has is not found",
}

# Errors of SQS and of Systems Manager.
NEVER |= {
    "InternalServerError": "it is a fault of the embedded AWS itself",
    "InvalidFilterOption": "filters are refused by their keys",
    "InvalidFilterValue": "filters are refused by their keys",
    "InvalidIdFormat": "it is deprecated",
    "InvalidKeyId": "no parameter is a secret",
    "InvalidSecurity": "plain HTTP is taken, too",
    "QueueDeletedRecently": "a queue may be made again at once",
    "RequestThrottled": "nothing is throttled; the bound on all messages takes too long to reach",
}
NEVER |= dict.fromkeys((
    "KmsAccessDenied", "KmsDisabled", "KmsInvalidKeyUsage", "KmsInvalidState", "KmsNotFound", "KmsOptInRequired", "KmsThrottled",
), "queues have no keys")
NEVER_OF |= {
    ("ReceiveMessage", "OverLimit"): "120,000 messages in flight take too long to reach",
    ("SetQueueAttributes", "OverLimit"): "nothing of an attribute is counted",
    ("CreateQueue", "InvalidAddress"): "it names no address",
    ("GetQueueUrl", "InvalidAddress"): "it names no address",
    ("ListQueues", "InvalidAddress"): "it names no address",
    **{
        (operation, "UnsupportedOperation"): "it is supported"
        for operation in (
            "ChangeMessageVisibility", "DeleteMessage", "DeleteMessageBatch", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl",
            "ListQueues", "PurgeQueue", "ReceiveMessage",
        )
    },
}

# Operations on what no account has: they are there to be refused, and this is how.
REFUSED = {
    "ConnectCustomKeyStore": "CustomKeyStoreNotFoundException",
    "CreateCustomKeyStore": "CloudHsmClusterNotFoundException",
    "DeleteCustomKeyStore": "CustomKeyStoreNotFoundException",
    "DisconnectCustomKeyStore": "CustomKeyStoreNotFoundException",
    "UpdateCustomKeyStore": "CustomKeyStoreNotFoundException",
}


def gaps(aws, operations):
    """What was neither driven nor met nor excused; `operations` are those that the endpoint says it answers."""
    found = []
    for service, names in operations.items():
        model = botocore.session.get_session().get_service_model(service)
        for name in names:
            if name in REFUSED:
                if (service, name, REFUSED[name]) not in aws.refused:
                    found.append(f"{service} {name} was never refused with {REFUSED[name]}")
                continue
            if (service, name) not in aws.answered:
                found.append(f"{service} {name} was never answered")
            for error in model.operation_model(name).error_shapes:
                met = (service, name, error.error_code) in aws.refused
                if met and (error.name in NEVER or (name, error.name) in NEVER_OF):
                    found.append(f"{service} {name} did answer {error.name}; remove its excuse")
                if not met and error.name not in NEVER and (name, error.name) not in NEVER_OF:
                    found.append(f"{service} {name} never answered {error.error_code}")
    return found
