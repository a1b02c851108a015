//! No event and no row of the state file holds a secret of IAM.

use base64::{Engine, prelude::BASE64_STANDARD};
use local_aws::{Options, Running, State, store::MasterKey};
use serde_json::json;

use crate::{
    secrets::forms,
    wire::{self, ACCOUNT, Answer, start_with},
    world::listed_of_iam,
};

/// A call of IAM by the account's root user, which must succeed.
async fn done(aws: &Running, operation: &str, parameters: &[(&str, &str)]) -> Answer {
    let answer = iam(aws, operation, parameters).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    answer
}

/// One that must be refused so.
async fn refused(aws: &Running, operation: &str, parameters: &[(&str, &str)], expected: &str) {
    let (_, code, message) = iam(aws, operation, parameters).await.query_error();
    assert_eq!(code, expected, "{operation}: {message}");
}

/// A call of IAM by the account's root user.
pub(crate) async fn iam(aws: &Running, operation: &str, parameters: &[(&str, &str)]) -> Answer {
    request(operation, parameters).signed(aws, &wire::root(aws, "iam")).send(aws).await
}

fn request(operation: &str, parameters: &[(&str, &str)]) -> wire::Request {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let parameters: String = parameters.iter().map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
    wire::Request { body: format!("Action={operation}&Version=2010-05-08{parameters}").into(), ..wire::sts("") }
}

#[tokio::test]
async fn passwords_seeds_and_keys_are_in_no_event_and_in_no_file() {
    const PASSWORD: &str = "Marked-Passw0rd-1";
    const OTHER: &str = "Marked-Passw0rd-2";
    const REFUSED: &str = "markedpasswordthatisrefused";
    // Characters that the model does not take: its message must not tell the value.
    const INVALID: &str = "Marked-Passw0rd-\u{1F511}";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let state = State::File { path: path.clone(), master_key: MasterKey::Beside };
    let aws = start_with(Options { accounts: vec![ACCOUNT.parse().unwrap()], state, ..Options::default() }).await;
    let ann = ("UserName", "ann");
    let mut secrets: Vec<Vec<u8>> = [PASSWORD, OTHER, REFUSED, INVALID].map(|text| text.as_bytes().to_vec()).to_vec();
    done(&aws, "CreateUser", &[ann]).await;
    let key = done(&aws, "CreateAccessKey", &[ann]).await;
    secrets.push(key.element("SecretAccessKey").into_bytes());
    for (operation, password, code) in [
        ("CreateLoginProfile", REFUSED, Some("PasswordPolicyViolation")),
        ("CreateLoginProfile", INVALID, Some("ValidationError")),
        ("CreateLoginProfile", PASSWORD, None),
        ("UpdateLoginProfile", OTHER, None),
        ("UpdateLoginProfile", REFUSED, Some("PasswordPolicyViolation")),
    ] {
        let parameters = [ann, ("Password", password)];
        match code {
            Some(code) => refused(&aws, operation, &parameters, code).await,
            None => drop(done(&aws, operation, &parameters).await),
        }
    }
    let change = [("OldPassword", OTHER), ("NewPassword", PASSWORD)];
    refused(&aws, "ChangePassword", &change, "InvalidUserType").await;
    done(&aws, "UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await;
    let text = format!("{}:{}:{ACCOUNT}", key.element("AccessKeyId"), key.element("SecretAccessKey"));
    let own = wire::of(&text.parse().unwrap(), "iam");
    let changed = request("ChangePassword", &change).signed(&aws, &own).send(&aws).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    for service in ["codecommit.amazonaws.com", "bedrock.amazonaws.com"] {
        let made = done(&aws, "CreateServiceSpecificCredential", &[ann, ("ServiceName", service)]).await;
        let id = made.element("ServiceSpecificCredentialId");
        let reset = [ann, ("ServiceSpecificCredentialId", &*id)];
        let member = if service.starts_with("bedrock") { "ServiceCredentialSecret" } else { "ServicePassword" };
        for answer in [made, done(&aws, "ResetServiceSpecificCredential", &reset).await] {
            secrets.push(answer.element(member).into_bytes());
        }
    }
    let device = done(&aws, "CreateVirtualMFADevice", &[("VirtualMFADeviceName", "phone")]).await;
    secrets.push(BASE64_STANDARD.decode(device.element("Base32StringSeed")).unwrap());
    let serial = device.element("SerialNumber");
    let codes = [("AuthenticationCode1", "918273"), ("AuthenticationCode2", "645546")];
    let enable = [ann, ("SerialNumber", &*serial), codes[0], codes[1]];
    refused(&aws, "EnableMFADevice", &enable, "InvalidAuthenticationCode").await;
    done(&aws, "GenerateCredentialReport", &[]).await;
    done(&aws, "GetCredentialReport", &[]).await;

    let events = listed_of_iam(&aws, ACCOUNT, json!({})).await;
    let names: Vec<&str> = events.iter().map(|event| event["EventName"].as_str().unwrap()).collect();
    assert!(names.contains(&"EnableMFADevice") && names.contains(&"ChangePassword"), "{names:?}");
    let text = serde_json::to_string(&events).unwrap();
    aws.shutdown().await;
    let file = std::fs::read(&path).unwrap();
    for form in secrets.iter().flat_map(|secret| forms(secret)) {
        assert!(!text.contains(&form), "an event holds {form}");
        assert!(!file.windows(form.len()).any(|bytes| bytes == form.as_bytes()), "the state file holds {form}");
    }
    for code in ["918273", "645546"] {
        assert!(!text.contains(code), "an event holds a code of an MFA device");
    }
}
