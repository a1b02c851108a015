//! Cases of policies: whether AWS takes a text where it is to be attached.

use std::borrow::Cow;

use super::{About, Fields, FileError, Problem};
use crate::{
    file::{field::Field, merge::merge, policy::Json},
    policy::{
        MalformedPolicy, Policy, PolicyKind,
        limits::{self, Oversized, SizeQuota},
    },
    rules::{Assumptions, Rule},
    text::SourceText,
};

/// A case of a policy.
#[derive(Clone, Debug)]
pub struct PolicyCase {
    /// Its name, place and rules.
    pub about: About,
    /// The policy.
    pub document: Document,
    /// Whether AWS takes it.
    pub expect: ExpectedReading,
    /// For a policy that is refused: the smallest change with which it is taken.
    pub mutant: Option<Document>,
}

/// A policy's text, and where it is to be attached.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text.
    pub text: SourceText,
    /// What it is to be attached to, which decides its grammar.
    pub kind: PolicyKind,
    /// What bounds it there, where the case is about that.
    pub quota: Option<SizeQuota>,
}

/// Whether AWS takes a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedReading {
    /// It does.
    Reads,
    /// It answers with an error.
    Refused {
        /// The error's code.
        code: String,
        /// Where it begins, as `LINE:COLUMN`.
        at: Option<String>,
        /// AWS's words, or a part of them.
        message: Option<String>,
    },
}

/// Why AWS does not take a policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// It does not read.
    Malformed(MalformedPolicy),
    /// It is too large for where it is to be attached.
    Oversized(Oversized),
}

const KINDS: [(&str, PolicyKind); 7] = [
    ("identity", PolicyKind::Identity),
    ("session", PolicyKind::Session),
    ("trust", PolicyKind::Trust),
    ("key", PolicyKind::Key),
    ("resource", PolicyKind::Resource),
    ("scp", PolicyKind::ServiceControl),
    ("rcp", PolicyKind::ResourceControl),
];

const QUOTAS: [(&str, SizeQuota); 9] = [
    ("managed", SizeQuota::Managed),
    ("user-inline", SizeQuota::UserInline),
    ("group-inline", SizeQuota::GroupInline),
    ("role-inline", SizeQuota::RoleInline),
    ("trust", SizeQuota::Trust),
    ("session", SizeQuota::Session),
    ("key", SizeQuota::Key),
    ("scp", SizeQuota::ServiceControl),
    ("rcp", SizeQuota::ResourceControl),
];

/// In a text, what is replaced by as many letters as make it as large as the case says.
const FILL: &str = "FILL";
/// The largest that a case may be filled up to.
const MAX_SIZE: usize = 200_000;

impl PolicyCase {
    pub(super) fn read(about: About, policy: &Field<'_>, fields: &Fields<'_>) -> Result<Self, FileError> {
        let document = Document::read(policy)?;
        let mutant = match fields.get("mutant") {
            Some(changes) => {
                let changes = changes.fields(&["policy"])?.need("policy")?;
                let changed = merge(policy.node.clone(), changes.node);
                Some(Document::read(&changes.holding(&changed))?)
            }
            None => None,
        };
        let expect = ExpectedReading::read(&fields.need("expect")?)?;
        if (expect == ExpectedReading::Reads) != mutant.is_none() {
            let problem = "a policy that is refused has a `mutant` that reads, no other has one";
            return Err(policy.refuse_name(Problem::Value(problem.to_owned())));
        }
        Ok(Self { about, document, expect, mutant })
    }
}

impl Document {
    fn read(policy: &Field<'_>) -> Result<Self, FileError> {
        let fields = policy.clone().fields(&["kind", "for", "text", "document", "size"])?;
        let kind = fields.need("kind")?.word(&KINDS)?;
        let quota = fields.get("for").map(|field| field.word(&QUOTAS)).transpose()?;
        let mut text = match (fields.text("text")?, fields.get("document")) {
            (Some(text), None) => text.to_owned(),
            (None, Some(document)) => Json::of(document.node),
            _ => return Err(policy.refuse(Problem::Value("write one of `text` and `document`".to_owned()))),
        };
        if let Some(size) = fields.get("size") {
            let wanted: usize = size.parse()?;
            let have = quota.map_or(text.len(), |quota| quota.size_of(&text));
            let letters = (wanted + FILL.len()).checked_sub(have).filter(|_| wanted <= MAX_SIZE);
            let Some(letters) = letters.filter(|_| text.contains(FILL)) else {
                let problem = format!("the text holds `{FILL}`, and is smaller without it, than at most {MAX_SIZE}");
                return Err(size.refuse(Problem::Value(problem)));
            };
            text = text.replacen(FILL, &"x".repeat(letters), 1);
        }
        Ok(Self { text: SourceText::new(policy.name(), text), kind, quota })
    }

    /// Takes the policy as AWS does where it is to be attached.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub fn take(&self, assumptions: &Assumptions) -> Result<Policy, Refusal> {
        let policy = Policy::parse_under(self.text.clone(), self.kind, assumptions).map_err(Refusal::Malformed)?;
        if self.quota == Some(SizeQuota::Managed) && assumptions.iam_policy_version_managed {
            limits::check_new_managed(&policy).map_err(Refusal::Malformed)?;
        }
        if let Some(quota) = self.quota {
            quota.check_policy(&self.text).map_err(Refusal::Oversized)?;
        }
        Ok(policy)
    }
}

impl Refusal {
    /// The rule by which it is refused, if the ledger has it.
    #[must_use]
    pub fn rule(&self) -> Option<&'static Rule> {
        match self {
            Self::Malformed(malformed) => malformed.rule(),
            Self::Oversized(oversized) => oversized.too_large().rule(),
        }
    }

    /// The code of AWS's error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.aws_code(),
            Self::Oversized(oversized) => oversized.too_large().aws_code(),
        }
    }

    /// AWS's words.
    #[must_use]
    pub fn message(&self) -> Cow<'static, str> {
        match self {
            Self::Malformed(malformed) => malformed.aws_message(),
            Self::Oversized(oversized) => oversized.too_large().aws_message("NAME").into(),
        }
    }

    /// Where it begins, as `LINE:COLUMN`.
    #[must_use]
    pub fn at(&self) -> String {
        match self {
            Self::Malformed(malformed) => malformed.place().to_string(),
            Self::Oversized(oversized) => oversized.place().to_string(),
        }
    }
}

impl ExpectedReading {
    fn read(field: &Field<'_>) -> Result<Self, FileError> {
        if field.text().is_ok() {
            return field.word(&[("reads", ())]).map(|()| Self::Reads);
        }
        let fields = field.clone().fields(&["refused", "at", "message"])?;
        Ok(Self::Refused {
            code: fields.need("refused")?.text()?.to_owned(),
            at: fields.text("at")?.map(str::to_owned),
            message: fields.text("message")?.map(str::to_owned),
        })
    }

    /// Whether what became of the policy is the expected.
    #[must_use]
    pub fn is_met_by(&self, taken: Result<&Policy, &Refusal>) -> bool {
        match (self, taken) {
            (Self::Reads, Ok(_)) => true,
            (Self::Refused { code, at, message }, Err(refusal)) => {
                *code == refusal.code()
                    && at.as_ref().is_none_or(|at| *at == refusal.at())
                    && message.as_ref().is_none_or(|part| refusal.message().contains(part.as_str()))
            }
            _ => false,
        }
    }
}
