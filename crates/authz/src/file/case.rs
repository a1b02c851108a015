//! Cases of the authorization corpus: a world, a request, and what AWS documents for it.
//!
//! `tests/corpus/authorization/README.md` tells the format.

mod expect;

pub use expect::{Expected, ExpectedKeyState};

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

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
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

/// What a world and a request are made of before they are read.
#[derive(Clone)]
struct Draft {
    world: Node,
    request: Node,
}

/// Reads a file of cases. Shared worlds are fetched as `worlds/NAME.yaml`.
///
/// # Errors
/// [`FileError`], at the first place that is not right.
pub fn read(source: &SourceText, files: &dyn Files) -> Result<Vec<Case>, FileError> {
    let root = yaml::parse(source)?;
    let fields = Field::root(&root).fields(&["base", "world", "request", "cases"])?;
    let shared = Draft { world: Node::nothing(source), request: Node::nothing(source) };
    fields.need("cases")?.items()?.into_iter().map(|field| case(field, &fields, &shared, files)).collect()
}

fn case(field: Field<'_>, file: &Fields<'_>, empty: &Draft, files: &dyn Files) -> Result<Case, FileError> {
    let known = ["name", "rules", "off", "base", "world", "request", "expect", "keyState", "message", "mutant"];
    let fields = field.clone().fields(&known)?;
    let based = match fields.get("base").or_else(|| file.get("base")) {
        Some(name) => Draft { world: shared_world(&name, files)?, request: empty.request.clone() },
        None => empty.clone(),
    };
    let draft = based.changed_by(file).changed_by(&fields);
    let mutant = match fields.get("mutant") {
        Some(changes) => Some(draft.clone().changed_by(&changes.fields(&["world", "request"])?).read(files)?),
        None => None,
    };
    let expect = Expected::read(&fields.need("expect")?)?;
    let key_state = fields.get("keyState").map(|field| ExpectedKeyState::read(&field)).transpose()?;
    let is_refused = matches!(expect, Expected::Denied { .. }) || matches!(key_state, Some(ExpectedKeyState::Error(_)));
    if is_refused != mutant.is_some() {
        let problem =
            "a case that is denied, or fails by the key's state, has a `mutant` that allows, no other has one";
        return Err(field.refuse(Problem::Value(problem.to_owned())));
    }
    let ids = |name| -> Result<Vec<String>, FileError> {
        fields.items(name)?.iter().map(|id| id.text().map(str::to_owned)).collect()
    };
    Ok(Case {
        name: fields.need("name")?.text()?.to_owned(),
        source: field.node.source.clone(),
        span: field.node.span,
        rules: ids("rules")?,
        off: ids("off")?,
        question: draft.read(files)?,
        expect,
        key_state,
        message: fields.text("message")?.map(str::to_owned),
        mutant,
    })
}

fn shared_world(name: &Field<'_>, files: &dyn Files) -> Result<Node, FileError> {
    let path = format!("worlds/{}.yaml", name.text()?);
    let text = files
        .read(&path)
        .map_err(|error| name.refuse(Problem::Unreadable { path: path.clone(), reason: error.to_string() }))?;
    yaml::parse(&SourceText::new(path, text))
}

impl Draft {
    fn changed_by(self, changes: &Fields<'_>) -> Self {
        let change = |base, name| match changes.get(name) {
            Some(patch) => merge(base, patch.node),
            None => base,
        };
        Self { world: change(self.world, "world"), request: change(self.request, "request") }
    }

    fn read(&self, files: &dyn Files) -> Result<Question, FileError> {
        let world = world::of_node(&self.world, files)?;
        let request = request::of_node(&self.request, &world, files)?;
        Ok(Question { world, request, world_file: Json::of(&self.world), request_file: Json::of(&self.request) })
    }
}
