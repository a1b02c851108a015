//! Cases of launches: which calls to KMS one makes, whether it works, and what people see.

use aws_model::{AccountId, Arn, KeyArn};

use super::{About, Draft, Fields, FileError, Files, Problem, expect};
use crate::{
    decision::{Gate, Verdict},
    file::{field::Field, keys, launch, world},
    launch::{Forecast, KeyNeedsEncrypted, Launch, Obstacle, Outcome, Step, Symptom},
    principal::Principal,
    world::{GrantOperations, World},
};

/// A case of a launch.
#[derive(Clone, Debug)]
pub struct LaunchCase {
    /// Its name, place and rules.
    pub about: About,
    /// What is launched in which world.
    pub question: LaunchQuestion,
    /// What becomes of it.
    pub expect: ExpectedOutcome,
    /// The calls up to the one that fails, where the case is about them.
    pub steps: Option<Vec<ExpectedStep>>,
    /// What people see, as `WHERE: CODE`, or words where there is no code; where the case is about it.
    pub seen: Option<Vec<String>>,
    /// For a launch that does not work: the smallest change with which it does.
    pub mutant: Option<LaunchQuestion>,
}

/// A launch in a world.
#[derive(Clone, Debug)]
pub struct LaunchQuestion {
    /// The facts.
    pub world: World,
    /// What is launched, if EC2 takes it.
    pub launch: Result<Launch, KeyNeedsEncrypted>,
}

/// What becomes of a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedOutcome {
    /// It works, whatever is unknown.
    Works,
    /// It works exactly if this holds, as the residual prints itself.
    WorksIff(String),
    /// Something surely stops it.
    Stops(Stop),
    /// EC2 does not take it, or it cannot be told as calls: a part of the reason.
    Refused(String),
}

/// What stops a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The kind of obstacle.
    pub by: String,
    /// The call that fails, where one does (`CreateGrant`).
    pub call: Option<String>,
    /// The gate that denies it.
    pub gate: Option<Gate>,
    /// Whose policies those are.
    pub account: Option<AccountId>,
}

/// A call that is expected; what is left out may be any.
#[derive(Clone, Debug)]
pub struct ExpectedStep {
    /// The operation (`CreateGrant`).
    pub call: String,
    /// The role or user that calls.
    pub caller: Option<Arn>,
    /// The key.
    pub key: Option<KeyArn>,
    /// The service through which it comes.
    pub via: Option<String>,
    /// The encryption context, whole.
    pub context: Option<Vec<(String, String)>>,
    /// The operations of the grant that it makes.
    pub operations: Option<GrantOperations>,
}

impl LaunchCase {
    pub(super) fn read(
        about: About,
        draft: &Draft,
        field: &Field<'_>,
        fields: &Fields<'_>,
        files: &dyn Files,
    ) -> Result<Self, FileError> {
        let mutant = match fields.get("mutant") {
            Some(changes) => {
                Some(draft.clone().changed_by(&changes.fields(&["world", "launch"])?).launch_question(files)?)
            }
            None => None,
        };
        let expect = ExpectedOutcome::read(&fields.need("expect")?)?;
        let works = matches!(expect, ExpectedOutcome::Works | ExpectedOutcome::WorksIff(_));
        if works != mutant.is_none() {
            let problem = "a launch that does not work has a `mutant` that works, no other has one";
            return Err(field.refuse(Problem::Value(problem.to_owned())));
        }
        let steps = fields.get("steps").map(|steps| steps.items()?.into_iter().map(ExpectedStep::read).collect());
        let seen = fields.get("seen").map(|seen| seen.items()?.iter().map(|one| Ok(one.text()?.to_owned())).collect());
        Ok(Self {
            about,
            question: draft.launch_question(files)?,
            expect,
            steps: steps.transpose()?,
            seen: seen.transpose()?,
            mutant,
        })
    }
}

impl Draft {
    fn launch_question(&self, files: &dyn Files) -> Result<LaunchQuestion, FileError> {
        let world = world::of_node(&self.world, files)?;
        let launch = launch::of_node(&self.launch, &world)?;
        Ok(LaunchQuestion { world, launch })
    }
}

impl ExpectedOutcome {
    fn read(field: &Field<'_>) -> Result<Self, FileError> {
        if field.text().is_ok() {
            return field.word(&[("works", ())]).map(|()| Self::Works);
        }
        let fields = field.clone().fields(&["worksIff", "stops", "call", "gate", "account", "refused"])?;
        match (fields.text("worksIff")?, fields.text("stops")?, fields.text("refused")?) {
            (Some(iff), None, None) => Ok(Self::WorksIff(iff.trim().to_owned())),
            (None, Some(by), None) => Ok(Self::Stops(Stop {
                by: by.to_owned(),
                call: fields.text("call")?.map(str::to_owned),
                gate: fields.get("gate").map(|gate| expect::gate(&gate)).transpose()?,
                account: fields.parse("account")?,
            })),
            (None, None, Some(reason)) => Ok(Self::Refused(reason.to_owned())),
            _ => {
                let problem = "write one of `worksIff`, `stops` and `refused`";
                Err(field.refuse(Problem::Value(problem.to_owned())))
            }
        }
    }

    /// Whether a forecast, or the reason why there is none, is the expected.
    #[must_use]
    pub fn is_met_by(&self, forecast: Result<&Forecast, &str>) -> bool {
        match (self, forecast) {
            (Self::Refused(part), Err(reason)) => reason.contains(part.as_str()),
            (Self::Works, Ok(forecast)) => forecast.outcome() == Outcome::Works,
            (Self::WorksIff(text), Ok(forecast)) => match forecast.outcome() {
                Outcome::WorksIff(residual) => residual.to_string() == *text,
                Outcome::Works | Outcome::Fails => false,
            },
            (Self::Stops(stop), Ok(forecast)) => stop.is_met_by(forecast),
            _ => false,
        }
    }
}

impl Stop {
    fn is_met_by(&self, forecast: &Forecast) -> bool {
        let Some(obstacle) = &forecast.obstacle else { return false };
        let call = forecast.failing().map(|failing| failing.step.call.action().trim_start_matches("kms:"));
        let denial = forecast.failing().and_then(|failing| match &failing.explanation.verdict {
            Verdict::Denied(denial) => Some(denial),
            Verdict::Allowed | Verdict::AllowedIff(_) => None,
        });
        self.by == word(obstacle)
            && self.call.as_ref().is_none_or(|expected| Some(expected.as_str()) == call)
            && self.gate.is_none_or(|expected| denial.is_some_and(|denial| denial.gate == expected))
            && self.account.is_none_or(|expected| denial.is_some_and(|denial| denial.account == Some(expected)))
    }
}

/// An obstacle as a case writes it; the error for a key's state.
fn word(obstacle: &Obstacle) -> &str {
    match obstacle {
        Obstacle::ImageNotShared(_) => "imageNotShared",
        Obstacle::SnapshotNotShared(_) => "snapshotNotShared",
        Obstacle::ManagedKeyNotShared(_) => "managedKeyNotShared",
        Obstacle::OtherRegion(_) => "otherRegion",
        Obstacle::NotSymmetric(_) => "notSymmetric",
        Obstacle::NoCaller(_) => "noCaller",
        Obstacle::Denied => "denied",
        Obstacle::KeyState(state) => state.error.unwrap_or("keyState"),
    }
}

impl ExpectedStep {
    fn read(field: Field<'_>) -> Result<Self, FileError> {
        let fields = field.fields(&["call", "caller", "key", "via", "context", "operations"])?;
        Ok(Self {
            call: fields.need("call")?.text()?.to_owned(),
            caller: fields.parse("caller")?,
            key: fields.parse("key")?,
            via: fields.text("via")?.map(str::to_owned),
            context: fields.get("context").map(|context| context.texts()).transpose()?,
            operations: fields.get("operations").map(|operations| keys::operations(&operations)).transpose()?,
        })
    }

    /// Whether a call is the expected one.
    #[must_use]
    pub fn is_met_by(&self, step: &Step) -> bool {
        let caller = match &step.request.principal {
            Principal::Session(session) => Some(&session.role),
            Principal::User(arn) => Some(arn),
            _ => None,
        };
        let pairs =
            || step.request.kms.encryption_context.pairs().map(|(key, value)| (key.to_owned(), value.to_owned()));
        let grant = step.request.kms.new_grant.as_ref();
        step.call.action().trim_start_matches("kms:") == self.call
            && self.caller.as_ref().is_none_or(|expected| Some(expected) == caller)
            && self.key.as_ref().is_none_or(|expected| expected.as_str() == &*step.request.resource.arn)
            && self
                .via
                .as_ref()
                .is_none_or(|expected| step.request.through.last().is_some_and(|service| **service == **expected))
            && self.context.as_ref().is_none_or(|expected| pairs().eq(expected.iter().cloned()))
            && self.operations.as_ref().is_none_or(|expected| grant.is_some_and(|grant| grant.operations == *expected))
    }
}

/// What is seen as a case writes it: `StateReason: Client.InvalidKMSKey.InvalidState`.
#[must_use]
pub fn seen(symptom: &Symptom) -> String {
    format!("{:?}: {}", symptom.shown, symptom.code.unwrap_or(symptom.text))
}
