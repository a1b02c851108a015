//! Credentials of anybody, and what the authorization model says of a request that nobody makes.

use authz::{
    file::{NoFiles, case::Expected, request},
    principal::{Principal, RoleSession},
    request::Request,
    text::SourceText,
};
use aws_model::{AccountId, Arn};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::{Admin, Refused};
use crate::accounts::{Session, SessionContext, SessionIdentity, SessionTag};

/// How long a session lasts that is asked for here.
const LASTS: SignedDuration = SignedDuration::from_hours(1);
const UNNAMED: &str = "session";

impl Admin {
    /// A credential of a principal of the world.
    pub(super) async fn credential(&self, body: &[u8]) -> Result<Value, Refused> {
        let mut asked: Map<String, Value> = serde_json::from_slice(body).map_err(|error| no_principal(&error))?;
        // A request file names a principal and an action; what is asked for here is the principal alone.
        asked.insert("action".to_owned(), "sts:GetCallerIdentity".into());
        let principal = self.request(&Value::Object(asked).to_string())?.principal;
        let account = principal.account().ok_or_else(|| no_credential(&principal))?;
        self.accounts.keep(account).await?;
        match &principal {
            Principal::Root(account) => {
                let credential = self.accounts.root_credential(*account);
                Ok(long_term(&credential.access_key_id, credential.secret_access_key.expose()))
            }
            Principal::User(arn) => {
                self.must_be_there(&principal, arn)?;
                let (id, secret) = self.accounts.user_credential(account, arn);
                Ok(long_term(&id, secret.expose()))
            }
            Principal::Session(session) => {
                self.must_be_there(&principal, &session.role)?;
                self.session(account, session)
            }
            _ => Err(no_credential(&principal)),
        }
    }

    /// What the model says of a request, told as a case of the corpus tells it, and AWS's error for a denial.
    pub(super) fn decide(&self, body: &[u8]) -> Result<Value, Refused> {
        let text = std::str::from_utf8(body).map_err(|error| Refused::Malformed(error.to_string()))?;
        let request = self.request(text)?;
        let explanation = self.authorizer.explain(&request);
        let mut answer = json!({ "verdict": Expected::of(&explanation.verdict).to_string() });
        if let (Some(denied), Some(fields)) = (explanation.error, answer.as_object_mut()) {
            let code = denied.code.map(|code| code.name);
            fields.insert("error".into(), json!({ "code": code, "message": denied.message }));
        }
        Ok(answer)
    }

    fn request(&self, text: &str) -> Result<Request, Refused> {
        let source = SourceText::new("body", text);
        request::read(&source, &self.authorizer.world(), &NoFiles)
            .map_err(|error| Refused::Malformed(error.to_string()))
    }

    /// Declares who need not be declared, and refuses who is not there.
    fn must_be_there(&self, principal: &Principal, arn: &Arn) -> Result<(), Refused> {
        self.authorizer.admit(principal);
        if self.authorizer.world().identity(arn).is_some() {
            return Ok(());
        }
        Err(Refused::Malformed(format!(
            "there is no `{arn}`: its account has the users and roles that the world file tells and that IAM made"
        )))
    }

    fn session(&self, account: AccountId, of: &RoleSession) -> Result<Value, Refused> {
        let now = self.clock.now();
        let issued = of.issued.unwrap_or(now);
        let expires = of.expires.or_else(|| now.checked_add(LASTS).ok()).unwrap_or(now);
        let identity = SessionIdentity::Role {
            arn: of.role.clone(),
            id: self.accounts.unique_id(&of.role, "AROA"),
            session_name: of.name.clone().unwrap_or_else(|| UNNAMED.to_owned()),
        };
        let mut session = Session::new(account, identity, issued, expires);
        session.context = context(of);
        let begun = self.accounts.begin(&session)?;
        let mut answer = long_term(&begun.access_key_id, begun.secret_access_key.expose());
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("SessionToken".into(), begun.token.into());
            fields.insert("Expiration".into(), begun.expires.to_string().into());
        }
        Ok(answer)
    }
}

fn context(of: &RoleSession) -> SessionContext {
    let is_transitive =
        |key: &String| of.transitive_tag_keys.iter().any(|known| known.to_lowercase() == key.to_lowercase());
    let tags = of.tags.iter().map(|(key, value)| {
        let tag = SessionTag { key: key.clone(), value: value.clone(), transitive: is_transitive(key) };
        (key.to_lowercase(), tag)
    });
    SessionContext {
        policies: of.policies.iter().map(|policy| policy.source().text().to_owned()).collect(),
        tags: tags.collect(),
        source_identity: of.source_identity.clone(),
        chained: of.chained,
        federated_provider: of.federated_provider.as_deref().map(str::to_owned),
        ..SessionContext::default()
    }
}

fn long_term(id: &str, secret: &[u8]) -> Value {
    json!({ "AccessKeyId": id, "SecretAccessKey": String::from_utf8_lossy(secret) })
}

fn no_principal(error: &serde_json::Error) -> Refused {
    let takes = r#"it takes {"principal": "arn:aws:iam::111122223333:user/ann"}, for a role with a "session""#;
    Refused::Malformed(format!("nobody is named so: {error}; {takes}"))
}

fn no_credential(principal: &Principal) -> Refused {
    Refused::Malformed(format!("`{principal}` has no credential: name a root user, a user or a role"))
}
