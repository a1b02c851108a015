//! `claviger local-aws export`, `import`, `snapshot` and `restore`: the whole state of one that runs.

use std::{
    env, fmt, fs, io,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use authz::text::{SourceText, Span};
use clap::{Args, Subcommand};
use daemon::secrecy::keep_memory_private;
use local_aws::state::{self, Sealing};
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
        let sealed = state::seal(&state, &key, &self.file).map_err(|error| of_file(&error, &self.file, &state))?;
        write(&self.file, &sealed, Mode::Owner)?;
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
        write(file, &state, if self.with_secrets { Mode::Owner } else { Mode::Usual })?;
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

/// Who may read a file that is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Its owner alone: it has secrets.
    Owner,
    /// Whom the umask lets.
    Usual,
}

/// Writes a file whole: beside it, synced, then in its place.
fn write(file: &Path, text: &str, mode: Mode) -> Result<(), Failure> {
    let mut draft = file.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = PathBuf::from(draft);
    let written = || -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let bits = if mode == Mode::Owner { 0o600 } else { 0o666 };
        let mut open = options.mode(bits).open(&draft)?;
        if mode == Mode::Owner {
            open.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        fs::rename(&draft, file)
    };
    written().map_err(|error| {
        // Whatever is left of it is of no use.
        let _ = fs::remove_file(&draft);
        Failure::new(format_args!("cannot write `{}`: {error}", file.display()))
    })
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
    let source = SourceText::new(file.display().to_string(), text);
    let before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let in_line = text.get(before..).unwrap_or_default().chars().take(column.saturating_sub(1));
    let at = before + in_line.map(char::len_utf8).sum::<usize>();
    let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
    let excerpt = source.excerpt(Span::from(at..at + 1));
    Failure::new(format_args!("{}:{line}:{column}: {field}{why}\n{excerpt}", file.display()))
        .help("nothing was imported; the state that was there still is")
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
