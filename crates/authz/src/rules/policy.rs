//! What a policy document has to be. Messages are AWS's, as public reports quote them.

use super::{
    rules,
    source::{
        IAM, KMS, KMS_API, KNOWLEDGE_CENTER, ORGANIZATIONS, assumed_of_policies as assumed, assumed_without_switch,
    },
};

rules! {
    IAM_POLICY_JSON "iam-policy-json":
        "A policy is one JSON object.",
        IAM.at("Grammar of the IAM JSON policy language > The policy language and JSON");
    IAM_POLICY_DUPLICATE_KEY "iam-policy-duplicate-key":
        "No object of a policy holds the same key twice.",
        IAM.at("Grammar of the IAM JSON policy language > Policy grammar notes");
    IAM_POLICY_ELEMENTS "iam-policy-elements":
        "A policy holds only `Version`, `Id` and `Statement`; a statement only `Sid`, `Effect`, `Principal`, \
         `Action`, `Resource`, their `Not` forms and `Condition`, spelt so (else `Syntax errors in policy.`).",
        IAM.at("Grammar of the IAM JSON policy language > Grammar");
    IAM_POLICY_CHARACTERS "iam-policy-characters":
        "An IAM policy consists of tabs, line feeds, carriage returns and U+0020 to U+00FF.",
        IAM.at("IAM and AWS STS quotas > IAM name requirements");
    IAM_POLICY_VERSION "iam-policy-version":
        "`Version` is `2012-10-17` or `2008-10-17` (else `The policy must contain a valid version string`).",
        IAM.at("IAM JSON policy elements: Version");
    IAM_POLICY_VERSION_MISSING "iam-policy-version-missing":
        "A policy without `Version` is read as one of `2008-10-17`.",
        IAM.at("IAM JSON policy elements: Version");
    IAM_POLICY_VERSION_MANAGED "iam-policy-version-managed":
        "A managed policy needs `Version` `2012-10-17` when it is made (else `Policy document must be version 2012-10-17 \
         or greater.`), an inline or resource-based one does not.",
        assumed("CreatePolicy has answered so to many users; for inline policies nobody tells it",
            include_str!("probes/iam-policy-version-managed.probe"));
    IAM_POLICY_ID "iam-policy-id":
        "An identity-based policy may have an `Id` as well, which means nothing.",
        assumed("the grammar's notes allow it in resource-based policies only, while emulators that are tested against \
                 AWS take it, and so do users' policies",
            include_str!("probes/iam-policy-id.probe"));
    IAM_POLICY_STATEMENTS "iam-policy-statements":
        "`Statement` is one statement or a list of at least one.",
        IAM.at("IAM JSON policy elements: Statement");
    IAM_POLICY_LISTS "iam-policy-lists":
        "Where a list may stand, one value may stand for it; an empty list names nothing and is refused (`Policy \
         statement must contain actions.`, `.. resources.`).",
        IAM.at("Grammar of the IAM JSON policy language > Conventions used in this grammar");
    IAM_POLICY_SID "iam-policy-sid":
        "A `Sid` in IAM holds only A-Z, a-z and 0-9 (else `Statement IDs (SID) must be alpha-numeric. ..`).",
        IAM.at("IAM JSON policy elements: Sid");
    IAM_POLICY_SID_UNIQUE "iam-policy-sid-unique":
        "No two statements of a policy share a `Sid` (else `Statement IDs (SID) in a single policy must be unique.`).",
        IAM.at("IAM JSON policy elements: Sid");
    IAM_POLICY_EFFECT "iam-policy-effect":
        "`Effect` is `Allow` or `Deny`, in this case of letters, and not left out.",
        IAM.at("IAM JSON policy elements: Effect");
    IAM_POLICY_ACTION_OR_NOT "iam-policy-action-or-not":
        "A statement holds `Action` or `NotAction`, one of the two.",
        IAM.at("Grammar of the IAM JSON policy language > Grammar");
    IAM_POLICY_RESOURCE_OR_NOT "iam-policy-resource-or-not":
        "A statement other than of a trust policy holds `Resource` or `NotResource`, one of the two.",
        IAM.at("IAM JSON policy elements: Resource");
    IAM_POLICY_TRUST_NO_RESOURCE "iam-policy-trust-no-resource":
        "A trust policy holds neither `Resource` nor `NotResource`: it is about its role (else `Has prohibited field \
         Resource`).",
        assumed("IAM has answered so to many users, and no trust policy of its guide has either",
            include_str!("probes/iam-policy-trust-no-resource.probe"));
    IAM_POLICY_PRINCIPAL_IDENTITY "iam-policy-principal-identity":
        "An identity-based policy, boundary, session policy or SCP names no principal (else `Policy document should \
         not specify a principal.`).",
        IAM.at("Grammar of the IAM JSON policy language > Policy grammar notes");
    IAM_POLICY_PRINCIPAL_RESOURCE "iam-policy-principal-resource":
        "Each statement of a key, trust or other resource-based policy names `Principal` or `NotPrincipal`.",
        IAM.at("Grammar of the IAM JSON policy language > Policy grammar notes");
    IAM_POLICY_ACTION_VENDOR "iam-policy-action-vendor":
        "An action is `*`, or a service's prefix without wildcards, one colon and a name (else `Actions/Conditions \
         must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.`, `Vendor .. is not valid`, `Actions/Condition can \
         contain only one colon.`).",
        IAM.at("Grammar of the IAM JSON policy language > Notes about string values > action_string");
    IAM_POLICY_RESOURCE_ARN "iam-policy-resource-arn":
        "A resource is `*` or an ARN, wildcards allowed (else `Resource .. must be in ARN format or \"*\".`).",
        IAM.at("Grammar of the IAM JSON policy language > Notes about string values > resource_string");
    IAM_POLICY_CONDITION_OPERATOR "iam-policy-condition-operator":
        "A condition's operator is one that is documented, with `IfExists` behind (not `Null`) and a set prefix \
         before as needed (else `Invalid Condition type : ..`).",
        IAM.at("IAM JSON policy elements: Condition operators");
    IAM_POLICY_CONDITION_VALUE "iam-policy-condition-value":
        "A condition's value is a string, number or Boolean, or a list of them.",
        IAM.at("Grammar of the IAM JSON policy language > Grammar");
    IAM_POLICY_CONDITION_DATE "iam-policy-condition-date":
        "A date condition's value that is no date is refused (`The policy failed legacy parsing`), while other values \
         that do not suit their operator are kept and never match.",
        assumed("public tests of what IAM answers tell the former; Access Analyzer lists the latter as findings on \
                 saved policies",
            include_str!("probes/iam-policy-condition-date.probe"));
    IAM_POLICY_SIZE_MANAGED "iam-policy-size-managed":
        "A managed policy is at most 6,144 characters, white space not counted.",
        IAM.at("IAM and AWS STS quotas > IAM and STS character quotas");
    IAM_POLICY_SIZE_INLINE "iam-policy-size-inline":
        "The inline policies of one user are at most 2,048 characters together, of one group 5,120, of one role \
         10,240, white space not counted.",
        IAM.at("IAM and AWS STS quotas > IAM and STS character quotas");
    IAM_POLICY_SIZE_TRUST "iam-policy-size-trust":
        "A trust policy is at most 2,048 characters unless the account's quota was raised.",
        IAM.at("IAM and AWS STS quotas > IAM object quotas");
    IAM_POLICY_SIZE_KEY "iam-policy-size-key":
        "A key policy is at most 32 KB.",
        KMS.at("Key policies in AWS KMS > Creating a key policy > Key policy format");
    IAM_POLICY_SIZE_ORGANIZATION "iam-policy-size-organization":
        "An SCP is at most 10,240 characters, an RCP 5,120, white space counted.",
        ORGANIZATIONS.at("Quotas and service limits for AWS Organizations > Maximum and minimum values");
    IAM_POLICY_COUNT_ATTACHED "iam-policy-count-attached":
        "A user, group or role has at most 10 managed policies unless the account's quota was raised, and one \
         boundary.",
        IAM.at("IAM and AWS STS quotas > IAM object quotas");
    IAM_POLICY_KEY_SID "iam-policy-key-sid":
        "A `Sid` of a key policy may hold spaces.",
        KMS.at("Key policies in AWS KMS > Creating a key policy > Key policy format");
    IAM_POLICY_KEY_PRINCIPALS_EXIST "iam-policy-key-principals-exist":
        "Each principal of a key policy exists and is visible to KMS (else MalformedPolicyDocumentException, `Policy \
         contains a statement with one or more invalid principals.`).",
        KMS_API.at("PutKeyPolicy > Policy");
    IAM_POLICY_TRUST_PRINCIPALS_EXIST "iam-policy-trust-principals-exist":
        "Each user and role that a trust policy names exists (else `Invalid principal in policy`).",
        KNOWLEDGE_CENTER.at("How do I resolve the IAM trust policy error \"Failed to update trust policy. Invalid \
                             principal in policy\"?");
    IAM_POLICY_FOR_ALL_CONTEXT "iam-policy-for-all-context":
        "KMS refuses a policy with `ForAllValues` on `kms:EncryptionContext:<key>` or `aws:RequestTag/<key>` \
         (`OverlyPermissiveCondition`).",
        KMS.at("AWS KMS condition keys > Using set operators with condition keys");
    IAM_POLICY_SAVED_TEXT "iam-policy-saved-text":
        "A bare account id in a saved key policy reads back as the ARN of its root.",
        assumed_without_switch("IAM's guide says that a service might; for KMS it is told nowhere",
            "it tells how a policy reads back, on which no decision hangs; the embedded AWS gives an account id in a key \
             policy back as it was put",
            include_str!("probes/iam-policy-saved-text.probe"));
}
