//! Cases of the authorization corpus: a world and a request, a policy, or a launch; and what AWS documents for it.
//!
//! `tests/corpus/authorization/README.md` tells the format.

mod expect;
mod launch;
mod policy;

pub use expect::{Expected, ExpectedKeyState};
pub use launch::{ExpectedOutcome, ExpectedStep, LaunchCase, LaunchQuestion, Stop, seen};
pub use policy::{Document, ExpectedReading, PolicyCase, Refusal};

use super::{
    FileError, Files, Problem,
    field::{Field, Fields},
    merge::merge,
    node::Node,
    policy::Json,
    request, world, yaml,
};
use crate::{
    request::Request,
    text::{SourceText, Span},
    world::World,
};

/// The cases of a file, by what they ask; each kind in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    /// May somebody do something?
    pub requests: Vec<Case>,
    /// Does AWS take a policy?
    pub policies: Vec<PolicyCase>,
    /// Does a launch work?
    pub launches: Vec<LaunchCase>,
}

/// What every case tells of itself.
#[derive(Clone, Debug)]
pub struct About {
    /// What it shows.
    pub name: String,
    /// The file that it is in.
    pub source: SourceText,
    /// Where it is in the file.
    pub span: Span,
    /// The ids of the rules that must have had a say.
    pub rules: Vec<String>,
    /// The ids of the assumptions that are switched off.
    pub off: Vec<String>,
}

/// A case of a request.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, place and rules.
    pub about: About,
    /// Who asks what of which world.
    pub question: Question,
    /// The verdict.
    pub expect: Expected,
    /// Whether the key's state lets the operation through, where the case is about that.
    pub key_state: Option<ExpectedKeyState>,
    /// AWS's words for the denial, where the case is about them.
    pub message: Option<String>,
    /// For a denial, or an error of the key's state: the smallest change that lets it through.
    pub mutant: Option<Question>,
}

/// A request in a world.
#[derive(Clone, Debug)]
pub struct Question {
    /// The facts.
    pub world: World,
    /// What is asked.
    pub request: Request,
    /// The world file that tells these facts, as JSON, for a front end that reads it itself.
    pub world_file: String,
    /// The request file, likewise.
    pub request_file: String,
}

/// What a case is made of before it is read.
#[derive(Clone)]
struct Draft {
    world: Node,
    request: Node,
    launch: Node,
}

const FIELDS: [&str; 14] = [
    "name", "rules", "off", "base", "world", "request", "launch", "policy", "expect", "keyState", "message", "steps",
    "seen", "mutant",
];

/// Reads a file of cases. Shared worlds are fetched as `worlds/NAME.yaml`.
///
/// # Errors
/// [`FileError`], at the first place that is not right.
pub fn read(source: &SourceText, files: &dyn Files) -> Result<Cases, FileError> {
    let root = yaml::parse(source)?;
    let file = Field::root(&root).fields(&["base", "world", "request", "launch", "cases"])?;
    let mut cases = Cases::default();
    for field in file.need("cases")?.items()? {
        let fields = field.clone().fields(&FIELDS)?;
        let about = About::read(&field, &fields)?;
        if let Some(policy) = fields.get("policy") {
            cases.policies.push(PolicyCase::read(about, &policy, &fields)?);
            continue;
        }
        let draft = Draft::read(source, &file, &fields, files)?;
        if fields.get("launch").or_else(|| file.get("launch")).is_some() {
            cases.launches.push(LaunchCase::read(about, &draft, &field, &fields, files)?);
        } else {
            cases.requests.push(Case::read(about, &draft, &field, &fields, files)?);
        }
    }
    Ok(cases)
}

impl About {
    fn read(field: &Field<'_>, fields: &Fields<'_>) -> Result<Self, FileError> {
        let ids = |name| -> Result<Vec<String>, FileError> {
            fields.items(name)?.iter().map(|id| id.text().map(str::to_owned)).collect()
        };
        Ok(Self {
            name: fields.need("name")?.text()?.to_owned(),
            source: field.node.source.clone(),
            span: field.node.span,
            rules: ids("rules")?,
            off: ids("off")?,
        })
    }
}

impl Case {
    fn read(
        about: About,
        draft: &Draft,
        field: &Field<'_>,
        fields: &Fields<'_>,
        files: &dyn Files,
    ) -> Result<Self, FileError> {
        let mutant = match fields.get("mutant") {
            Some(changes) => Some(draft.clone().changed_by(&changes.fields(&["world", "request"])?).question(files)?),
            None => None,
        };
        let expect = Expected::read(&fields.need("expect")?)?;
        let key_state = fields.get("keyState").map(|field| ExpectedKeyState::read(&field)).transpose()?;
        let is_refused =
            matches!(expect, Expected::Denied { .. }) || matches!(key_state, Some(ExpectedKeyState::Error(_)));
        if is_refused != mutant.is_some() {
            let problem =
                "a case that is denied, or fails by the key's state, has a `mutant` that allows, no other has one";
            return Err(field.refuse(Problem::Value(problem.to_owned())));
        }
        let message = fields.text("message")?.map(str::to_owned);
        Ok(Self { about, question: draft.question(files)?, expect, key_state, message, mutant })
    }
}

fn shared_world(name: &Field<'_>, files: &dyn Files) -> Result<Node, FileError> {
    let path = format!("worlds/{}.yaml", name.text()?);
    let text = files
        .read(&path)
        .map_err(|error| name.refuse(Problem::Unreadable { path: path.clone(), reason: error.to_string() }))?;
    yaml::parse(&SourceText::new(path, text))
}

impl Draft {
    /// The shared world, changed by the file, changed by the case.
    fn read(source: &SourceText, file: &Fields<'_>, case: &Fields<'_>, files: &dyn Files) -> Result<Self, FileError> {
        let nothing = Node::nothing(source);
        let world = match case.get("base").or_else(|| file.get("base")) {
            Some(name) => shared_world(&name, files)?,
            None => nothing.clone(),
        };
        Ok(Self { world, request: nothing.clone(), launch: nothing }.changed_by(file).changed_by(case))
    }

    fn changed_by(self, changes: &Fields<'_>) -> Self {
        let change = |base, name| match changes.get(name) {
            Some(patch) => merge(base, patch.node),
            None => base,
        };
        Self {
            world: change(self.world, "world"),
            request: change(self.request, "request"),
            launch: change(self.launch, "launch"),
        }
    }

    fn question(&self, files: &dyn Files) -> Result<Question, FileError> {
        let world = world::of_node(&self.world, files)?;
        let request = request::of_node(&self.request, &world, files)?;
        Ok(Question { world, request, world_file: Json::of(&self.world), request_file: Json::of(&self.request) })
    }
}
