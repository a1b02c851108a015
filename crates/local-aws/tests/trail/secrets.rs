//! No event holds a secret.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    wire::{self, ACCOUNT},
    world::{ann, assume, events, kms, kms_as, root_of, start, sts_as},
};

/// What is looked for: the octets as text, in hex and in base64 at each of its three alignments.
pub(crate) fn forms(secret: &[u8]) -> Vec<String> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let inner = |lead: usize| {
        let text = BASE64_STANDARD.encode([&vec![0; lead][..], secret].concat());
        // The outer characters depend on what stands around.
        text[4 * lead.div_ceil(3)..text.len() - 4].to_owned()
    };
    let mut forms = vec![hex.to_uppercase(), hex, inner(0), inner(1), inner(2)];
    forms.extend(String::from_utf8(secret.to_vec()));
    forms
}

#[tokio::test]
async fn plaintexts_keys_and_tokens_are_in_no_event() {
    let aws = start().await;
    let marked = b"MARKED-plaintext-0123456789abcdef";
    let plain = BASE64_STANDARD.encode(marked);
    let mut secrets = vec![marked.to_vec()];
    let mut keep = |answer: &Value, member: &str| {
        let text = answer[member].as_str().unwrap();
        secrets.push(BASE64_STANDARD.decode(text).unwrap());
    };

    let key = kms(&aws, &ann(), "CreateKey", json!({})).await["KeyMetadata"]["Arn"].take();
    let sealed = kms(&aws, &ann(), "Encrypt", json!({"KeyId": key, "Plaintext": plain})).await;
    keep(&sealed, "CiphertextBlob");
    kms(&aws, &ann(), "Decrypt", json!({"CiphertextBlob": sealed["CiphertextBlob"], "KeyId": key})).await;
    let moved = json!({"CiphertextBlob": sealed["CiphertextBlob"], "DestinationKeyId": key});
    keep(&kms(&aws, &ann(), "ReEncrypt", moved).await, "CiphertextBlob");
    let data_key = kms(&aws, &ann(), "GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})).await;
    keep(&data_key, "Plaintext");
    keep(&data_key, "CiphertextBlob");
    let bare = json!({"KeyId": key, "NumberOfBytes": 64});
    keep(&kms(&aws, &ann(), "GenerateDataKeyWithoutPlaintext", bare).await, "CiphertextBlob");
    keep(&kms(&aws, &ann(), "GenerateRandom", json!({"NumberOfBytes": 32})).await, "Plaintext");
    let grant =
        json!({"KeyId": key, "GranteePrincipal": "arn:aws:iam::111122223333:user/bob", "Operations": ["Decrypt"]});
    let token = kms(&aws, &ann(), "CreateGrant", grant).await["GrantToken"].take();
    let with_token = json!({"KeyId": key, "Plaintext": plain, "GrantTokens": [token]});
    kms(&aws, &ann(), "Encrypt", with_token).await;

    // Refused ones, too: by the model, by the key, by nobody's permission.
    let signer = wire::of(&ann(), "kms");
    for (operation, input) in [
        ("Encrypt", json!({"KeyId": "alias/none", "Plaintext": plain})),
        ("Encrypt", json!({"KeyId": key, "Plaintext": plain.repeat(300)})),
        ("Encrypt", json!({"KeyId": key, "Plaintext": plain, "EncryptionAlgorithm": "ROT13"})),
        ("Encrypt", json!({"KeyId": key, "Plaintext": format!("{plain}!")})),
        ("Sign", json!({"KeyId": key, "Message": plain, "SigningAlgorithm": "ECDSA_SHA_256"})),
        ("Verify", json!({"KeyId": key, "Message": plain, "Signature": plain, "SigningAlgorithm": "ECDSA_SHA_256"})),
        ("GenerateMac", json!({"KeyId": key, "Message": plain, "MacAlgorithm": "HMAC_SHA_256"})),
        ("ImportKeyMaterial", json!({"KeyId": key, "ImportToken": plain, "EncryptedKeyMaterial": plain})),
    ] {
        let refused = kms_as(&aws, &signer, operation, input).await;
        assert_ne!(refused.status, 200, "{operation}: {refused:?}");
    }

    let role = "arn:aws:iam::111122223333:role/path/Reader";
    let (session, begun) = assume(&aws, &wire::of(&ann(), "sts"), role, "").await;
    let own = sts_as(&aws, &wire::of(&ann(), "sts"), "Action=GetSessionToken").await;
    let mfa = "Action=GetSessionToken&SerialNumber=arn%3Aaws%3Aiam%3A%3A111122223333%3Amfa%2Fann&TokenCode=918273";
    sts_as(&aws, &wire::of(&ann(), "sts"), mfa).await;
    kms_as(&aws, &session, "ListKeys", json!({})).await;
    for answer in [&begun, &own] {
        secrets.push(answer.element("SecretAccessKey").into_bytes());
        secrets.push(answer.element("SessionToken").into_bytes());
    }
    secrets.push(b"ann-secret".to_vec());
    secrets.push(root_of(&aws, ACCOUNT).secret_access_key.expose().to_vec());
    secrets.push(token.as_str().unwrap().as_bytes().to_vec());

    let events = events(&aws, ACCOUNT, json!({})).await;
    let names: Vec<&str> = events.iter().map(|event| event["eventName"].as_str().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| **name == "Encrypt").count(), 6, "{names:?}");
    assert!(events.len() >= 20, "{names:?}");
    let text = serde_json::to_string(&events).unwrap();
    for secret in &secrets {
        for form in forms(secret) {
            assert!(!text.contains(&form), "an event holds {form}");
        }
    }
    assert!(!text.contains("918273"), "an event holds a code of an MFA device");
    assert!(!text.contains("grantToken"), "{text}");
    aws.shutdown().await;
}
