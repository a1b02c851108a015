//! What users sign in with: how it is named, reported, and changed by themselves.

use aws_model::SecretBytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use local_aws::{Credential, Running};

use crate::{
    support::{ACCOUNT, allow, as_signer, done, iam},
    wire::{self, Answer, Signer, of, start},
};

const PASSWORDS: [(&str, &str); 2] = [("OldPassword", "Passw0rd-1"), ("NewPassword", "Passw0rd-2")];

/// A new access key of a user.
async fn key(aws: &Running, user: &str) -> Signer {
    let key = done(aws, "CreateAccessKey", &[("UserName", user)]).await;
    let text = format!("{}:{}:{ACCOUNT}", key.element("AccessKeyId"), key.element("SecretAccessKey"));
    of(&text.parse::<Credential>().unwrap(), "iam")
}

/// Why a user may not change its password; nothing if it may.
async fn denied(aws: &Running, signer: &Signer) -> Option<String> {
    let answer: Answer = as_signer(aws, signer, "ChangePassword", &PASSWORDS).await;
    let (_, code, message) = answer.query_error();
    // The user has no password, and is told so when it may.
    (code != "NoSuchEntity").then(|| format!("{code}: {message}"))
}

#[tokio::test]
async fn what_the_password_policy_allows_stands_for_a_policy_of_the_users_own() {
    let aws = start().await;
    done(&aws, "UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await;
    done(&aws, "CreateUser", &[("UserName", "ann")]).await;
    let ann = key(&aws, "ann").await;
    assert_eq!(denied(&aws, &ann).await, None);
    // A boundary that does not allow it binds, and one that does lets it through.
    done(&aws, "CreatePolicy", &[("PolicyName", "limit"), ("PolicyDocument", &allow("s3:*"))]).await;
    done(&aws, "CreatePolicy", &[("PolicyName", "wide"), ("PolicyDocument", &allow("iam:*"))]).await;
    for (boundary, is_denied) in [("limit", true), ("wide", false)] {
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{boundary}");
        done(&aws, "PutUserPermissionsBoundary", &[("UserName", "ann"), ("PermissionsBoundary", &arn)]).await;
        let denied = denied(&aws, &ann).await;
        assert_eq!(denied.is_some(), is_denied, "{boundary}: {denied:?}");
    }
    // A session of GetSessionToken without a device's code calls no operation of IAM.
    let session = wire::sts("Action=GetSessionToken").signed(&aws, &Signer { service: "sts", ..ann.clone() });
    let session = session.send(&aws).await;
    let session = Signer {
        access_key_id: session.element("AccessKeyId"),
        secret: SecretBytes::new(session.element("SecretAccessKey").into_bytes()),
        token: Some(SecretBytes::new(session.element("SessionToken").into_bytes())),
        ..ann.clone()
    };
    let denied_session = denied(&aws, &session).await;
    assert!(denied_session.as_ref().is_some_and(|told| told.starts_with("AccessDenied")), "{denied_session:?}");
    let deny = allow("iam:ChangePassword").replace("Allow", "Deny");
    let put = [("UserName", "ann"), ("PolicyName", "p"), ("PolicyDocument", &*deny)];
    done(&aws, "PutUserPolicy", &put).await;
    let denied = denied(&aws, &ann).await;
    assert!(denied.as_ref().is_some_and(|told| told.contains("explicit deny")), "{denied:?}");
    aws.shutdown().await;
}

#[tokio::test]
async fn a_virtual_device_has_a_serial_number_by_which_it_can_be_named() {
    let aws = start().await;
    let path = format!("/{}/", "p".repeat(200));
    let prefix = format!("arn:aws:iam::{ACCOUNT}:mfa{path}");
    for (length, fits) in [(256, true), (257, false)] {
        let name = "n".repeat(length - prefix.len());
        let made = iam(&aws, "CreateVirtualMFADevice", &[("Path", &path), ("VirtualMFADeviceName", &name)]).await;
        if fits {
            let serial = made.element("SerialNumber");
            done(&aws, "DeleteVirtualMFADevice", &[("SerialNumber", &serial)]).await;
        } else {
            let (status, code, message) = made.query_error();
            assert_eq!((status, code.as_str()), (400, "InvalidInput"));
            assert!(message.contains("257 characters of 256"), "{message}");
        }
    }
    let listed = done(&aws, "ListVirtualMFADevices", &[]).await;
    assert!(!listed.body.contains("SerialNumber"), "{listed:?}");
    aws.shutdown().await;
}

#[tokio::test]
async fn the_credential_report_quotes_names_and_paths_that_hold_commas() {
    let aws = start().await;
    done(&aws, "CreateUser", &[("UserName", "a,b"), ("Path", r#"/x,"y/"#)]).await;
    done(&aws, "GenerateCredentialReport", &[]).await;
    let report = done(&aws, "GetCredentialReport", &[]).await.element("Content");
    let report = String::from_utf8(BASE64_STANDARD.decode(report).unwrap()).unwrap();
    let row = report.lines().find(|row| row.contains("user/x")).unwrap();
    let expected = format!(r#""a,b","arn:aws:iam::{ACCOUNT}:user/x,""y/a,b",20"#);
    assert!(row.starts_with(&expected), "{row}");
    aws.shutdown().await;
}
