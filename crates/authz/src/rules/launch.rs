//! Which calls to KMS a launch, a new volume or an attachment makes, and as whom.

use super::{
    rules,
    source::{
        AUTO_SCALING, BLUEPRINTS_2052, EBS, EBS_CSI_DRIVER, EC2, EC2_API, EKS, KARPENTER_4935, KMS,
        assumed_of_launches as assumed,
    },
};

rules! {
    LAUNCH_RUN_INSTANCES_CALLER "launch-run-instances-caller":
        "A launch by RunInstances calls KMS as whoever called, through EC2.",
        KMS.at("Logging AWS KMS API calls with AWS CloudTrail > Amazon EC2 example two");
    LAUNCH_KARPENTER_CALLER "launch-karpenter-caller":
        "A launch by Karpenter (CreateFleet, instant, on-demand) calls KMS as a session of the controller's role, \
         through EC2.",
        KARPENTER_4935.at("CloudTrail record of 2023-12-04");
    LAUNCH_KARPENTER_SPOT_CALLER "launch-karpenter-spot-caller":
        "A launch of a Spot instance by Karpenter calls KMS as one of an on-demand instance.",
        assumed("an instant fleet answers with its instances itself; karpenter-provider-aws issue 933 leaves it \
                 open",
            include_str!("probes/launch-karpenter-spot-caller.probe"));
    LAUNCH_FLEET_INSTANT_CALLER "launch-fleet-instant-caller":
        "An instant fleet calls KMS as whoever called CreateFleet, through EC2.",
        KARPENTER_4935.at("CloudTrail record of 2023-12-04");
    LAUNCH_FLEET_CALLER "launch-fleet-caller":
        "A fleet that is maintained or requested calls KMS as AWSServiceRoleForEC2Fleet.",
        EC2.at("EC2 Fleet prerequisites > Grant access to customer managed keys for use with encrypted AMIs and EBS \
                snapshots");
    LAUNCH_SPOT_REQUEST_CALLER "launch-spot-request-caller":
        "A Spot request calls KMS as AWSServiceRoleForEC2Spot.",
        EC2.at("Service-linked role for Spot Instance requests > Grant access to customer managed keys for use with \
                encrypted AMIs and EBS snapshots");
    LAUNCH_AUTO_SCALING_CALLER "launch-auto-scaling-caller":
        "An Auto Scaling group calls KMS as its service-linked role, AWSServiceRoleForAutoScaling or one with a \
         suffix.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes");
    LAUNCH_AUTO_SCALING_SPOT_CALLER "launch-auto-scaling-spot-caller":
        "An Auto Scaling group with a launch configuration for Spot instances calls KMS as AWSServiceRoleForEC2Spot, \
         with a launch template as its own service-linked role.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes > Configure key policies");
    LAUNCH_NODE_GROUP_CALLER "launch-node-group-caller":
        "A managed node group calls KMS as the Auto Scaling group that it is.",
        EKS.at("Customize managed nodes with launch templates > Amazon EBS encryption");
    LAUNCH_AUTO_MODE_CALLER "launch-auto-mode-caller":
        "EKS Auto Mode calls KMS as the cluster's role.",
        EKS.at("Enable EBS Volume Encryption with Customer Managed KMS Keys for EKS Auto Mode > Configure the key \
                policy");
    LAUNCH_EBS_CSI_CALLER "launch-ebs-csi-caller":
        "The EBS CSI driver calls KMS as its controller's role, through EC2.",
        EBS_CSI_DRIVER.at("docs/install.md > Set up driver permissions");
    LAUNCH_NOT_NODE_ROLE "launch-not-node-role":
        "The role of the instance profile takes no part: what it may or may not do with the key does not matter.",
        assumed("no recorded launch shows it as a caller of KMS; the record of issue 4935 shows the \
                 controller's",
            include_str!("probes/launch-not-node-role.probe"));
    LAUNCH_VIA_EC2 "launch-via-ec2":
        "The caller's calls come through `ec2.<region>.amazonaws.com`, and for grants as for an AWS resource.",
        EBS.at("Requirements for Amazon EBS encryption > Permissions for users");
    LAUNCH_VIA_EC2_SERVICE_LINKED "launch-via-ec2-service-linked":
        "A service-linked role's calls come through EC2 as well, so that conditions on `kms:ViaService` and \
         `kms:GrantIsForAWSResource` hold for them.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes > Example 1: access to the key");
    LAUNCH_ORDER_ENCRYPTED_SNAPSHOT "launch-order-encrypted-snapshot":
        "A volume from an encrypted snapshot: GenerateDataKeyWithoutPlaintext; at attachment CreateGrant, then \
         Decrypt.",
        EBS.at("How Amazon EBS encryption works > How EBS encryption works when the snapshot is encrypted");
    LAUNCH_ORDER_PLAIN_SNAPSHOT "launch-order-plain-snapshot":
        "An encrypted volume from a plain snapshot: CreateGrant, GenerateDataKeyWithoutPlaintext, Decrypt; at \
         attachment CreateGrant, then Decrypt.",
        EBS.at("How Amazon EBS encryption works > How EBS encryption works when the snapshot is unencrypted");
    LAUNCH_ORDER_EMPTY_VOLUME "launch-order-empty-volume":
        "An empty encrypted volume: GenerateDataKeyWithoutPlaintext; at attachment CreateGrant, then Decrypt.",
        KMS.at("Logging AWS KMS API calls with AWS CloudTrail > Amazon EC2 example two");
    LAUNCH_PLAIN_DECRYPT_CALLER "launch-plain-decrypt-caller":
        "The first Decrypt of a volume from a plain snapshot is made by EC2's infrastructure, by the grant made \
         before it.",
        assumed("the guide says that the first grant is there \"so that it can encrypt the volume\"; no record is \
                 public",
            include_str!("probes/launch-plain-decrypt-caller.probe"));
    LAUNCH_SAME_KEY_SAME_DATA_KEY "launch-same-key-same-data-key":
        "A volume under the key of its snapshot keeps the snapshot's data key, and no other key is asked.",
        EBS.at("How Amazon EBS encryption works > How EBS encryption works when the snapshot is encrypted");
    LAUNCH_OTHER_KEY_RE_ENCRYPT "launch-other-key-re-encrypt":
        "A volume under another key than its snapshot's also calls ReEncrypt: ReEncryptFrom on the snapshot's key and \
         ReEncryptTo on the volume's, as the caller.",
        assumed("the guide lists ReEncrypt among the permissions needed, and no other step reads the snapshot's data \
                 key",
            include_str!("probes/launch-other-key-re-encrypt.probe"));
    LAUNCH_SAME_KEY_NO_RE_ENCRYPT "launch-same-key-no-re-encrypt":
        "A volume under its snapshot's key, or from a plain or no snapshot, makes no ReEncrypt.",
        assumed("no recorded launch shows one",
            include_str!("probes/launch-same-key-no-re-encrypt.probe"));
    LAUNCH_NO_DESCRIBE_KEY "launch-no-describe-key":
        "No step needs DescribeKey.",
        assumed("the guide lists it among the permissions needed, no recorded launch shows it",
            include_str!("probes/launch-no-describe-key.probe"));
    LAUNCH_NO_ENCRYPT "launch-no-encrypt":
        "No step needs Encrypt.",
        assumed("only Auto Scaling's guide lists it, EBS's does not, and no recorded launch shows it",
            include_str!("probes/launch-no-encrypt.probe"));
    LAUNCH_ATTACH_PRINCIPAL "launch-attach-principal":
        "At attachment Decrypt is called by `assumed-role/aws:ec2-infrastructure/<instance>` of the instance's \
         account.",
        KMS.at("Logging AWS KMS API calls with AWS CloudTrail > Amazon EC2 example two");
    LAUNCH_ATTACH_BY_GRANT "launch-attach-by-grant":
        "That Decrypt is allowed by the grant that the caller's CreateGrant made, and by nothing else.",
        KMS.at("Logging AWS KMS API calls with AWS CloudTrail > Amazon EC2 example two");
    LAUNCH_ATTACH_CREATE_GRANT "launch-attach-create-grant":
        "CreateGrant at attachment is called as whoever attaches the volume, or launches the instance, through EC2.",
        KMS.at("Logging AWS KMS API calls with AWS CloudTrail > Amazon EC2 example two");
    LAUNCH_GRANT_OPERATIONS "launch-grant-operations":
        "The grant made at attachment lists Decrypt and no other operation.",
        assumed("the guide says \"so that it can decrypt the data key\"; the CloudTrail record leaves operations \
                 out",
            include_str!("probes/launch-grant-operations.probe"));
    LAUNCH_GRANT_CONSTRAINT "launch-grant-constraint":
        "The grant is constrained by EncryptionContextSubset to the volume's `aws:ebs:id`.",
        KMS.at("Logging AWS KMS API calls with AWS CloudTrail > Amazon EC2 example two");
    LAUNCH_CONTEXT_VOLUME "launch-context-volume":
        "The encryption context of a volume, and of a snapshot made from it, is `aws:ebs:id` with the volume's id.",
        EBS.at("How Amazon EBS encryption works > Amazon EBS encryption context");
    LAUNCH_CONTEXT_COPY "launch-context-copy":
        "The encryption context of a snapshot that was copied is `aws:ebs:id` with the copy's id.",
        EBS.at("How Amazon EBS encryption works > Amazon EBS encryption context");
    LAUNCH_CALLS_JOINED "launch-calls-joined":
        "CloudTrail's records of the calls to KMS for one volume are joined by its id: `aws:ebs:id` of the encryption \
         context, of CreateGrant's that of the grant's constraint.",
        KMS.at("Encryption context, Logging AWS KMS API calls with AWS CloudTrail > Amazon EC2 example two");
    LAUNCH_DEFAULT_KEY "launch-default-key":
        "An encrypted volume without a key named, and without an encrypted snapshot, is under the account's default \
         key for EBS: `aws/ebs`, unless another was set.",
        EBS.at("Amazon EBS encryption > Default KMS key for EBS encryption");
    LAUNCH_SNAPSHOT_KEY "launch-snapshot-key":
        "A volume from an encrypted snapshot of the own account without a key named is under the snapshot's key.",
        EC2.at("Use encryption with EBS-backed AMIs > Instance-launching scenarios > Launch with no encryption \
                parameters");
    // So an image under a foreign key, launched without a key named, makes volumes under the own default key: the foreign
    // key is only read, as launch-other-key-re-encrypt has it.
    LAUNCH_SHARED_SNAPSHOT_KEY "launch-shared-snapshot-key":
        "A volume from an encrypted snapshot of another account without a key named, also of a shared image, is under \
         the own account's default key.",
        EC2.at("Use encryption with EBS-backed AMIs > Instance-launching scenarios > Launch with no encryption \
                parameters");
    LAUNCH_PLAIN_SNAPSHOT "launch-plain-snapshot":
        "A volume from a plain snapshot is plain unless `Encrypted` is set or the account encrypts by default.",
        EC2.at("Use encryption with EBS-backed AMIs > Instance-launching scenarios > Launch with no encryption \
                parameters");
    LAUNCH_NAMED_KEY "launch-named-key":
        "With `Encrypted` and `KmsKeyId` a volume is under that key, whatever its snapshot is under.",
        EC2.at("Use encryption with EBS-backed AMIs > Instance-launching scenarios > Instance with both Encrypted and \
                KmsKeyId set");
    LAUNCH_KEY_NEEDS_ENCRYPTED "launch-key-needs-encrypted":
        "`KmsKeyId` without `Encrypted` is an error, even where the account encrypts by default.",
        EC2.at("Use encryption with EBS-backed AMIs > Instance-launching scenarios > Instance with both Encrypted and \
                KmsKeyId set");
    LAUNCH_AWS_MANAGED_NEEDS_NOTHING "launch-aws-managed-needs-nothing":
        "Under `aws/ebs` a launch by Auto Scaling needs no further permission.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes");
    LAUNCH_SYMMETRIC_ONLY "launch-symmetric-only":
        "Only symmetric encryption keys encrypt volumes.",
        EBS.at("Amazon EBS encryption > Default KMS key for EBS encryption");
    LAUNCH_IMAGE_SHARED "launch-image-shared":
        "A foreign image is launched only if its owner shared it with the account.",
        EC2.at("Share an AMI with specific AWS accounts");
    // The guide contradicts advice that snapshots must be shared as well: only copying the image needs that.
    LAUNCH_SNAPSHOT_NOT_SHARED "launch-snapshot-not-shared":
        "Launching a shared image needs its snapshots' keys to be shared, not the snapshots.",
        EC2.at("Share an AMI with specific AWS accounts > Note");
    LAUNCH_VOLUME_SNAPSHOT_SHARED "launch-volume-snapshot-shared":
        "A volume made from a foreign snapshot needs the snapshot to be shared with the account.",
        EBS.at("Share an Amazon EBS snapshot with other AWS accounts");
    LAUNCH_AWS_MANAGED_NOT_SHARED "launch-aws-managed-not-shared":
        "An image or snapshot under an AWS managed key is not shared with anybody.",
        EC2.at("Share an AMI with specific AWS accounts");
    LAUNCH_ASSOCIATED_KEY "launch-associated-key":
        "A snapshot with associated keys is read by one of them as well as by its own.",
        EC2_API.at("AssociateKmsKeyId");
    LAUNCH_KEY_CHECKED_LATER "launch-key-checked-later":
        "CreateVolume, RunInstances and CreateFleet succeed whatever the key, and fail afterwards: the key is checked \
         asynchronously.",
        EBS.at("Amazon EBS encryption > Encrypt EBS resources");
    LAUNCH_DRY_RUN_WITHOUT_KMS "launch-dry-run-without-kms":
        "A dry run of a launch makes no call to KMS: it passes although the key is denied.",
        assumed("the key is checked after the call itself has succeeded",
            include_str!("probes/launch-dry-run-without-kms.probe"));
    LAUNCH_FAILS_INVALID_STATE "launch-fails-invalid-state":
        "An instance whose key is denied or unusable ends with Client.InvalidKMSKey.InvalidState, also where the key \
         is enabled.",
        BLUEPRINTS_2052.at("StateReason of the instance");
    LAUNCH_FAILS_VOLUME "launch-fails-volume":
        "A volume whose key is denied disappears: InvalidVolume.NotFound.",
        EBS.at("Amazon EventBridge events for Amazon EBS > EBS volume events > createVolume");
    LAUNCH_FAILS_ATTACH "launch-fails-attach":
        "Attaching a volume whose key is denied or unusable fails with CustomerKeyHasBeenRevoked.",
        EC2_API.at("Error codes > CustomerKeyHasBeenRevoked");
    LAUNCH_FAILS_AUTO_SCALING "launch-fails-auto-scaling":
        "An Auto Scaling group whose launches fail by the key reports Client.InternalError, `Client error on launch`.",
        AUTO_SCALING.at("Troubleshoot Amazon EC2 Auto Scaling: EC2 instance launch failures > Client.InternalError");
    LAUNCH_FAILS_INACCESSIBLE "launch-fails-inaccessible":
        "A launch whose image is under a key that the account cannot reach is reported by Auto Scaling as `encrypted \
         with an inaccessible AWS KMS key`.",
        assumed("users quote it; the guide's list of launch failures does not have it",
            include_str!("probes/launch-fails-inaccessible.probe"));
    LAUNCH_FOREIGN_GRANT "launch-foreign-grant":
        "A service-linked role uses a foreign key by a grant that lists Encrypt, Decrypt, ReEncryptFrom, ReEncryptTo, \
         GenerateDataKey, GenerateDataKeyWithoutPlaintext, DescribeKey and CreateGrant.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes > Example 2: cross-account access");
    LAUNCH_FOREIGN_GRANT_MINIMUM "launch-foreign-grant-minimum":
        "Of these CreateGrant, Decrypt and GenerateDataKeyWithoutPlaintext are enough for volumes under the foreign \
         key, from a plain image or one under that key.",
        assumed("the steps that recorded launches show",
            include_str!("probes/launch-foreign-grant-minimum.probe"));
    LAUNCH_FOREIGN_GRANT_MANUAL "launch-foreign-grant-manual":
        "Who makes that grant by hand needs `kms:CreateGrant` on both sides without a condition on \
         `kms:GrantIsForAWSResource`.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes > Example 2: cross-account access");
    LAUNCH_FLEET_GRANTEE_PATH "launch-fleet-grantee-path":
        "The grantee for a fleet or Spot request is its service-linked role's ARN with the path.",
        assumed("EC2's guide writes it without the path, under which no such role exists",
            include_str!("probes/launch-fleet-grantee-path.probe"));
    LAUNCH_CHILD_OF_GRANT "launch-child-of-grant":
        "Where a service-linked role may CreateGrant only by a grant, the grant that it makes at attachment is within \
         it.",
        KMS.at("Creating grants > Granting CreateGrant permission");
}
