//! `--settings FILE`: a JSON object whose members have the names and the units of the flags that they replace.
//! `docs/reference/settings.md` describes it.

mod entries;
mod values;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use self::{
    entries::{Entry, Position, entries},
    values::SETTINGS,
};
use super::Changeable;

/// How like a known name an unknown one must be (Jaro-Winkler, 0 to 1) to be taken for a slip of the pen.
const ALIKE: f64 = 0.8;

/// The file, and what holds where it says nothing.
#[derive(Clone, Debug)]
pub(crate) struct SettingsFile {
    path: PathBuf,
    flags: Changeable,
}

/// One thing that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileProblem {
    file: PathBuf,
    at: Option<Position>,
    message: String,
}

impl SettingsFile {
    pub(super) fn new(path: PathBuf, flags: Changeable) -> Self {
        Self { path, flags }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What holds by the file as it is now: its settings, and the flags' for the others.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn read(&self) -> Result<Changeable, Vec<FileProblem>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => self.parse(&text),
            Err(error) => Err(vec![self.problem(None, format!("cannot be read: {error}"))]),
        }
    }

    fn parse(&self, text: &str) -> Result<Changeable, Vec<FileProblem>> {
        let entries = entries(text).map_err(|(at, message)| vec![self.problem(Some(at), message)])?;
        let mut settings = self.flags.clone();
        let mut problems = Vec::new();
        let mut seen: Vec<&Entry> = Vec::new();
        for entry in &entries {
            let Entry { name, name_at, value, value_at } = entry;
            if seen.iter().any(|former| former.name == *name) {
                problems.push(self.problem(Some(*name_at), format!("`{name}` is set twice")));
            }
            seen.push(entry);
            let Some((_, set)) = SETTINGS.iter().find(|(known, _)| known == name) else {
                problems.push(self.problem(Some(*name_at), unknown(name)));
                continue;
            };
            if let Err(wanted) = set(&mut settings, value) {
                problems.push(self.problem(Some(*value_at), format!("`{name}` is {wanted}, not `{value}`")));
            }
        }
        if problems.is_empty() && settings.lacks_burst() {
            let limit = entries.iter().find(|entry| matches!(entry.name.as_str(), "qps-limit" | "burst-limit"));
            let message = "`qps-limit` needs a `burst-limit` above 0".to_owned();
            problems.push(self.problem(limit.map(|entry| entry.name_at), message));
        }
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    fn problem(&self, at: Option<Position>, message: String) -> FileProblem {
        FileProblem { file: self.path.clone(), at, message }
    }
}

fn unknown(name: &str) -> String {
    let likeness = |known: &&str| strsim::jaro_winkler(name, known);
    let names = SETTINGS.map(|(name, _)| name);
    let nearest = names.into_iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    match nearest.filter(|nearest| likeness(nearest) >= ALIKE) {
        Some(nearest) => format!("`{name}` is no setting; the nearest is `{nearest}`"),
        None => format!("`{name}` is no setting; there are {}", names.join(", ")),
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, at, message } = self;
        match at {
            Some(Position { line, column }) => write!(f, "{}:{line}:{column}: {message}", file.display()),
            None => write!(f, "{}: {message}", file.display()),
        }
    }
}

#[cfg(test)]
mod tests;
