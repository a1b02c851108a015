//! `claviger local-aws export`, `import`, `snapshot` and `restore`: the whole state of one that runs.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
};

use authz::text::{SourceText, Span};
use clap::{Args, Subcommand};
use daemon::secrecy::keep_memory_private;
use local_aws::{
    state::{self, Sealing},
    store::{Readers, replace_whole},
};
use serde::Serialize;

use crate::{
    embedded_aws,
    endpoint::{Asked, EndpointUrl, InvalidEndpoint, Untold},
    environment,
    exit::Exit,
    failure::{Failure, Problem},
    printer::{Format, Printer},
};

/// What is done with the state of an embedded AWS that runs.
#[derive(Debug, Subcommand)]
pub(super) enum StateCommand {
    /// Keep all of the state of a running one in a file, its secrets sealed: ids, key material, grants, credentials
    #[command(after_help = "Example:\n  claviger local-aws snapshot before.json")]
    Snapshot(Kept),
    /// Put a snapshot in place of the state of a running one: all of it, or nothing
    #[command(after_help = "Example:\n  claviger local-aws restore before.json")]
    Restore(Kept),
    /// Write the state of a running one as JSON, to be read and kept with sources; without secrets unless they are asked
    /// for
    #[command(after_help = "Example:\n  claviger local-aws export state.json")]
    Export(Export),
    /// Put an exported state in place of that of a running one: the same ids; all of it, or nothing
    ///
    /// Key material and credentials are made anew where the file has none.
    #[command(after_help = "Example:\n  claviger local-aws import state.json")]
    Import(Import),
}

#[derive(Args, Debug)]
pub(super) struct Kept {
    /// The snapshot
    file: PathBuf,

    /// File with the key that seals the secrets [default: FILE.key beside the snapshot, made with it]
    #[arg(long, value_name = "FILE", env = environment::MASTER_KEY, hide_env = true)]
    master_key: Option<PathBuf>,

    #[command(flatten)]
    of: Of,
}

#[derive(Args, Debug)]
pub(super) struct Export {
    /// The file [default: stdout]
    file: Option<PathBuf>,

    /// With key material, and what credentials and tokens grow from, for everybody to read who has the file
    #[arg(long)]
    with_secrets: bool,

    #[command(flatten)]
    of: Of,
}

#[derive(Args, Debug)]
pub(super) struct Import {
    /// What `export` wrote
    file: PathBuf,

    #[command(flatten)]
    of: Of,
}

/// Which embedded AWS, and how it is told.
#[derive(Args, Debug)]
struct Of {
    /// The endpoint that it prints [default: $AWS_ENDPOINT_URL, else http://127.0.0.1:4566]
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// What was done.
#[derive(Serialize)]
struct Done<'a> {
    event: &'static str,
    endpoint: String,
    file: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<String>,
}

/// What an import answers.
#[derive(serde::Deserialize)]
struct Imported {
    secrets: String,
}

impl StateCommand {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        keep_memory_private()?;
        match self {
            Self::Snapshot(kept) => kept.snapshot(),
            Self::Restore(kept) => kept.restore(),
            Self::Export(export) => export.run(),
            Self::Import(import) => import.of.put("imported", &import.file, read(&import.file)?),
        }
    }
}

impl Kept {
    fn snapshot(&self) -> Result<Exit, Failure> {
        let key = embedded_aws::master_key(self.master_key.as_deref())?;
        let state = self.of.ask(Asked::Export { secrets: true })?;
        let sealed = state::seal(&state, &key, &self.file)?;
        write(&self.file, &sealed, Readers::Owner)?;
        self.of.say("snapshot", &self.file, None)
    }

    fn restore(&self) -> Result<Exit, Failure> {
        let key = embedded_aws::master_key(self.master_key.as_deref())?;
        let sealed = read(&self.file)?;
        let state = state::unseal(&sealed, &key, &self.file).map_err(|error| of_file(&error, &self.file, &sealed))?;
        self.of.put("restored", &self.file, state)
    }
}

impl Export {
    fn run(&self) -> Result<Exit, Failure> {
        let state = self.of.ask(Asked::Export { secrets: self.with_secrets })?;
        let Some(file) = &self.file else {
            Printer::new(self.of.output).raw(state.as_bytes())?;
            return Ok(Exit::Done);
        };
        write(file, &state, if self.with_secrets { Readers::Owner } else { Readers::Usual })?;
        self.of.say("exported", file, None)
    }
}

impl Of {
    fn endpoint(&self) -> Result<EndpointUrl, Failure> {
        let of_variable = env::var(environment::ENDPOINT_URL).ok().filter(|url| !url.is_empty());
        let (of, url) = match (&self.endpoint_url, of_variable) {
            (Some(url), _) => ("--endpoint-url", url.clone()),
            (None, Some(url)) => (environment::ENDPOINT_URL, url),
            (None, None) => ("--endpoint-url", "http://127.0.0.1:4566".to_owned()),
        };
        url.parse().map_err(|error: InvalidEndpoint| {
            let problem = Problem::new(format_args!("{of}: {error}"));
            Failure::usage(vec![problem.help("give the endpoint that `claviger local-aws` prints")])
        })
    }

    fn ask(&self, asked: Asked) -> Result<String, Failure> {
        self.endpoint()?.ask(asked).map_err(|untold| {
            let help = untold.help("give the endpoint that `claviger local-aws` prints");
            Failure::new(untold).help(help)
        })
    }

    fn put(&self, event: &'static str, file: &Path, state: String) -> Result<Exit, Failure> {
        let asked = Asked::Import(state.clone());
        let answer = self.endpoint()?.ask(asked).map_err(|untold| match &untold {
            // Its text, so its place: the file's name comes first, as of any file that is wrong.
            Untold::Refused { refusal, .. } => match (refusal.line, refusal.column) {
                (Some(line), Some(column)) => placed(file, &state, line, column, &refusal.field, &refusal.error),
                _ => Failure::new(format_args!("`{}` is not imported: {}", file.display(), refusal.error)),
            },
            _ => {
                let help = untold.help("give the endpoint that `claviger local-aws` prints");
                Failure::new(&untold).help(help)
            }
        })?;
        let imported: Option<Imported> = serde_json::from_str(&answer).ok();
        self.say(event, file, imported.map(|imported| imported.secrets))
    }

    fn say(&self, event: &'static str, file: &Path, secrets: Option<String>) -> Result<Exit, Failure> {
        let endpoint = self.endpoint()?.to_string();
        Printer::new(self.output).say(&Done { event, endpoint, file, secrets })?;
        Ok(Exit::Done)
    }
}

/// Writes a file whole: beside it, synced, then in its place. What is there and no file (a pipe, a terminal) takes the text
/// itself.
fn write(file: &Path, text: &str, readers: Readers) -> Result<(), Failure> {
    let written = match fs::metadata(file) {
        Ok(other) if !other.is_file() && !other.is_dir() => fs::write(file, text),
        _ => replace_whole(file, text.as_bytes(), readers),
    };
    written.map_err(|error| Failure::new(format_args!("cannot write `{}`: {error}", file.display())))
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::new(format_args!("cannot read `{}`: {error}", file.display())))
}

fn of_file(error: &Sealing, file: &Path, text: &str) -> Failure {
    match error {
        Sealing::Text(refused) => placed(file, text, refused.line, refused.column, &refused.field, &refused.why),
        error => Failure::new(error),
    }
}

/// What is wrong with a file, with the place and its line.
fn placed(file: &Path, text: &str, line: usize, column: usize, field: &str, why: &str) -> Failure {
    let source = SourceText::new(file.display().to_string(), without_secrets(text));
    let before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let in_line = text.get(before..).unwrap_or_default().chars().take(column.saturating_sub(1));
    let at = before + in_line.map(char::len_utf8).sum::<usize>();
    let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
    let excerpt = source.excerpt(Span::from(at..at + 1));
    Failure::new(format_args!("{}:{line}:{column}: {field}{why}\n{excerpt}", file.display()))
        .help("nothing was imported; the state that was there still is")
}

/// As many letters and digits of base64 in a row may be key material: all of it has more.
const FEWEST_OF_A_SECRET: usize = 32;

/// The text with stars over what may be a secret, at the same places. Ids, which are hexadecimal, can be read.
fn without_secrets(text: &str) -> String {
    let is_of_base64 = |character: char| character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=');
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_of_base64) {
        let (before, from) = rest.split_at(begin);
        let (run, behind) = from.split_at(from.find(|character| !is_of_base64(character)).unwrap_or(from.len()));
        shown.push_str(before);
        let is_id = run.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'/'));
        match run.len() >= FEWEST_OF_A_SECRET && !is_id {
            true => shown.extend(std::iter::repeat_n('*', run.len())),
            false => shown.push_str(run),
        }
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

impl fmt::Display for Done<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, endpoint) = (self.file.display(), &self.endpoint);
        match self.event {
            "snapshot" => write!(f, "{file}: a snapshot of {endpoint}, its secrets sealed")?,
            "exported" => write!(f, "{file}: the state of {endpoint}")?,
            event => write!(f, "{endpoint}: {event} from {file}")?,
        }
        match self.secrets.as_deref() {
            Some("made anew") => f.write_str("; key material and credentials were made anew, since it has none"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_is_shown_has_no_secret_in_it() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEYw==";
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab/0123456789abcdef0123456789abcdef";
        let text = format!("{{\n  \"111122223333/{id}\": \"{secret}\" \"twice\"\n}}");
        let shown = without_secrets(&text);
        assert_eq!(shown, text.replace(secret, &"*".repeat(secret.len())));
        let failure = placed(Path::new("s.json"), &text, 2, 130, "", "this is no JSON");
        assert!(!format!("{failure:?}").contains("bPxRfi"), "{failure:?}");
    }
}
