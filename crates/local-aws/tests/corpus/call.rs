//! A question of the corpus as a call that a client makes.

use authz::{
    context::Told,
    file::case::Question,
    principal::Principal,
    request::{NewGrant, Request},
    world::{ContextConstraint, GrantOperation, GrantPrincipal, World},
};
use aws_model::{Arn, EncryptionContext};
use serde_json::{Map, Value, json};

/// A call, and who makes it.
pub(crate) struct Call {
    pub(crate) service: &'static str,
    pub(crate) operation: String,
    pub(crate) region: String,
    /// The body.
    pub(crate) input: String,
    /// What the admin route makes a credential of.
    pub(crate) principal: String,
    /// Whether the case names no session, so that the message has another name than the library's.
    pub(crate) is_session_unnamed: bool,
    /// Whether the operation looks at the key's state.
    pub(crate) tells_key_state: bool,
    /// Errors that come behind the authorization.
    pub(crate) may_answer: &'static [&'static str],
}

/// No client can ask it, for this reason.
#[derive(Debug)]
pub(crate) struct Unaskable(#[expect(dead_code, reason = "for whoever debugs a case")] pub(crate) &'static str);

/// What the server tells of every request by itself.
const OF_SERVER: [&str; 8] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:multifactorauthpresent",
    "aws:securetransport",
    "aws:sourceip",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:userid",
];

impl Call {
    pub(crate) fn of(question: &Question) -> Result<Self, Unaskable> {
        let request = &question.request;
        if !request.through.is_empty() || request.kms.encryption_context_is_partial || request.resource.owner.is_some()
        {
            return Err(Unaskable("a service passes it on, or not all of it is known"));
        }
        for (key, told) in request.context.mentioned() {
            let is_of_input =
                ["kms:", "sts:", "aws:requesttag", "aws:tagkeys"].iter().any(|of| key.as_str().starts_with(of));
            match told {
                Told::Unknown => {}
                Told::Absent if !OF_SERVER.contains(&key.as_str()) && !is_of_input => {}
                Told::Absent | Told::Values(_) => return Err(Unaskable("a context key is told")),
            }
        }
        let file: Value = serde_json::from_str(&question.request_file).unwrap();
        let is_session_unnamed = match &request.principal {
            Principal::Root(_) | Principal::User(_) => false,
            Principal::Session(session) => {
                if session.expires.is_some() || session.issued.is_some() {
                    return Err(Unaskable("the session's times are told"));
                }
                session.name.is_none()
            }
            _ => return Err(Unaskable("no credential is of such a principal")),
        };
        let mut principal = json!({ "principal": file["principal"] });
        if !file["session"].is_null() {
            principal["session"] = file["session"].clone();
        }
        let region = request.region.as_ref().map_or("us-west-2", aws_model::Region::as_str).to_owned();
        let (service, (operation, input)) = match request.action.service() {
            "kms" => ("kms", kms(question)?),
            "sts" => ("sts", sts(request)?),
            _ => return Err(Unaskable("the server has no such service")),
        };
        let tells_key_state = !matches!(operation.as_str(), "PutKeyPolicy" | "CancelKeyDeletion" | "GetPublicKey");
        let may_answer: &[&str] = match operation.as_str() {
            // What is named or given is not there, which is seen only behind the authorization.
            "RetireGrant" | "RevokeGrant" | "GetParametersForImport" | "ImportKeyMaterial" => &["NotFoundException"],
            "PutKeyPolicy" => &["MalformedPolicyDocumentException"],
            "Sign" | "Verify" | "GenerateMac" | "VerifyMac" | "DeriveSharedSecret" => &["InvalidKeyUsageException"],
            "ReplicateKey" | "UpdatePrimaryRegion" | "GetPublicKey" => {
                &["UnsupportedOperationException", "NotFoundException"]
            }
            "AssumeRole" => &["ValidationError"],
            _ => &[],
        };
        Ok(Self {
            service,
            operation,
            region,
            input,
            principal: principal.to_string(),
            is_session_unnamed,
            tells_key_state,
            may_answer,
        })
    }
}

fn kms(question: &Question) -> Result<(String, String), Unaskable> {
    let request = &question.request;
    let name = request.action.name().to_owned();
    let arn = request.resource.arn.as_ref();
    let key = match &request.kms.request_alias {
        Some(alias) => {
            let known = arn.parse().ok().and_then(|arn| question.world.key(&arn));
            if !known.is_some_and(|key| key.aliases.contains(alias)) {
                return Err(Unaskable("the world does not know the alias"));
            }
            let (before, _) = arn.rsplit_once(":key/").ok_or(Unaskable("no key"))?;
            format!("{before}:{alias}")
        }
        None => arn.to_owned(),
    };
    if !arn.contains(":key/") {
        return Err(Unaskable("it is on no key"));
    }
    let in_region = arn.split(':').nth(3);
    if in_region != request.region.as_ref().map(aws_model::Region::as_str) {
        return Err(Unaskable("in another region there is no such key"));
    }
    let known = arn.parse().ok().and_then(|arn| question.world.key(&arn));
    let grant = request.kms.grant_id.as_deref();
    if let (Some(key), Some(grant)) = (known, grant)
        && key.grants.get(grant).is_none()
        && request.principal.account() == Some(key.arn.account())
    {
        return Err(Unaskable("the key's own account learns that there is no such grant"));
    }
    let tokens: Vec<&str> = request.kms.grant_tokens.iter().map(AsRef::as_ref).collect();
    if !tokens.is_empty() {
        return Err(Unaskable("the server's tokens are its own"));
    }
    let context = pairs(&request.kms.encryption_context);
    let mut input = json!({ "KeyId": key });
    let mut put = |name: &str, value: Value| input[name] = value;
    match name.as_str() {
        "Encrypt" => {
            put("Plaintext", "eA==".into());
            put("EncryptionContext", context);
            put("DryRun", true.into());
        }
        "Decrypt" => {
            put("EncryptionContext", context);
            put("DryRun", true.into());
            put("DryRunModifiers", json!(["IGNORE_CIPHERTEXT"]));
        }
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => {
            put("KeySpec", "AES_256".into());
            put("EncryptionContext", context);
            put("DryRun", true.into());
        }
        "CreateGrant" => {
            let grant = request.kms.new_grant.as_ref().ok_or(Unaskable("the new grant is not told"))?;
            for (name, value) in new_grant(grant, &question.world)? {
                put(&name, value);
            }
            put("DryRun", true.into());
        }
        "RetireGrant" | "RevokeGrant" => {
            let id = request.kms.grant_id.as_deref();
            put("GrantId", id.unwrap_or("none").into());
            put("DryRun", true.into());
        }
        "ScheduleKeyDeletion" => put("PendingWindowInDays", 7.into()),
        "PutKeyPolicy" => put("Policy", "{}".into()),
        "DescribeKey"
        | "DisableKey"
        | "EnableKey"
        | "CancelKeyDeletion"
        | "EnableKeyRotation"
        | "DisableKeyRotation"
        | "GetKeyRotationStatus"
        | "RotateKeyOnDemand"
        | "ListKeyRotations"
        | "GetKeyPolicy"
        | "ListKeyPolicies"
        | "ListGrants"
        | "ListResourceTags"
        | "GetPublicKey" => {}
        "UpdateKeyDescription" => put("Description", "new".into()),
        _ => return Err(Unaskable("the action is a part of an operation, or takes what the case does not tell")),
    }
    if ["RetireGrant", "RevokeGrant", "CreateGrant"].contains(&name.as_str()) && request.kms.request_alias.is_some() {
        return Err(Unaskable("the operation takes no alias"));
    }
    Ok((name, input.to_string()))
}

fn pairs(context: &EncryptionContext) -> Value {
    context.pairs().map(|(key, value)| (key.to_owned(), Value::from(value))).collect::<Map<_, _>>().into()
}

fn new_grant(grant: &NewGrant, world: &World) -> Result<Vec<(String, Value)>, Unaskable> {
    let is_there = |of: &GrantPrincipal| match of {
        GrantPrincipal::User(arn) | GrantPrincipal::Role(arn) => world.identity(arn).is_some(),
        _ => true,
    };
    if !std::iter::once(&grant.grantee).chain(&grant.retiring).all(is_there) {
        return Err(Unaskable("the server looks whether users and roles are there"));
    }
    let is_for_service = matches!(grant.grantee, GrantPrincipal::Service(_));
    if is_for_service && (grant.constraints.source_arn.is_none() || grant.retiring.is_none()) {
        return Err(Unaskable("a service's grant is told in part"));
    }
    let party = |kind: &str, of: &GrantPrincipal| match of {
        GrantPrincipal::Service(name) => (format!("{kind}ServicePrincipal"), Value::from(&**name)),
        GrantPrincipal::Account(account) => {
            (format!("{kind}Principal"), Value::from(format!("arn:aws:iam::{account}:root")))
        }
        other => (format!("{kind}Principal"), Value::from(other.to_string())),
    };
    let operations: Vec<&str> = grant.operations.iter().map(GrantOperation::as_str).collect();
    let mut members = vec![party("Grantee", &grant.grantee), ("Operations".to_owned(), json!(operations))];
    members.extend(grant.retiring.as_ref().map(|retiring| party("Retiring", retiring)));
    let mut constraints = Map::new();
    match &grant.constraints.encryption_context {
        Some(ContextConstraint::Equals(context)) => {
            constraints.insert("EncryptionContextEquals".to_owned(), pairs(context));
        }
        Some(ContextConstraint::Subset(context)) => {
            constraints.insert("EncryptionContextSubset".to_owned(), pairs(context));
        }
        None => {}
    }
    if let Some(source) = &grant.constraints.source_arn {
        constraints.insert("SourceArn".to_owned(), Value::from(&**source));
    }
    members.push(("Constraints".to_owned(), constraints.into()));
    Ok(members)
}

fn sts(request: &Request) -> Result<(String, String), Unaskable> {
    let arn = request.resource.arn.as_ref();
    match request.action.name() {
        "AssumeRole" if arn.parse::<Arn>().is_ok_and(|arn| arn.resource().starts_with("role/")) => {
            if let Principal::Session(session) = &request.principal
                && (session.source_identity.is_some() || !session.transitive_tag_keys.is_empty())
            {
                return Err(Unaskable("the call asks for more than the case does"));
            }
            let arn = arn.replace(':', "%3A").replace('/', "%2F").replace('@', "%40").replace('+', "%2B");
            let form = format!("Action=AssumeRole&RoleSessionName=corpus&RoleArn={arn}");
            Ok(("AssumeRole".to_owned(), form))
        }
        name @ ("GetCallerIdentity" | "GetSessionToken") => Ok((name.to_owned(), format!("Action={name}"))),
        _ => Err(Unaskable("the action is a part of an operation, or the server has no such operation")),
    }
}
