//! The facts that a question is decided on: a world file, what the `aws` CLI printed, or both; or an embedded AWS's.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use authz::{
    file::{
        FileError, NoFiles,
        aws_cli::{self, Document},
        world,
    },
    text::SourceText,
    world::World,
};
use aws_model::{AccountId, KeyArn};
use clap::Args;

use crate::{
    endpoint::{self, EndpointUrl, InvalidEndpoint},
    environment,
    failure::{Failure, Problem},
    printer::note,
};

/// Where the facts are.
#[derive(Args, Debug)]
#[command(next_help_heading = "Facts")]
pub(crate) struct FactFlags {
    /// World file: accounts, roles, users, keys, grants, the organization; see docs/reference/world-files.md
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,

    /// What a command of the aws CLI printed, as JSON or YAML. ABOUT is the account whose credentials it was called
    /// with; for `kms get-key-policy` and `list-resource-tags` the key's ARN; for `organizations list-parents` and
    /// `list-targets-for-policy` `ACCOUNT:ID`, with the id that was asked about. Repeat it for more; which command it
    /// was is seen in the file
    #[arg(long, value_name = "ABOUT=FILE")]
    aws_output: Vec<String>,

    /// An embedded AWS of this machine that runs, as it is at this moment: the endpoint that `local-aws` and `up` print
    /// [default: $AWS_ENDPOINT_URL, where no other facts are given]
    #[arg(long, value_name = "URL", conflicts_with_all = ["world", "aws_output"])]
    endpoint_url: Option<String>,
}

/// A file that a command's output is in, and what it is about.
struct AwsOutput {
    account: AccountId,
    about: Option<String>,
    file: PathBuf,
}

impl FactFlags {
    /// Whether any are told; else real AWS has them, for who can ask it.
    #[cfg(feature = "diagnose")]
    pub(crate) fn are_told(&self) -> bool {
        self.world.is_some() || !self.aws_output.is_empty() || self.endpoint_url().is_some()
    }

    /// The endpoint of an embedded AWS, where one is named.
    #[cfg(feature = "diagnose")]
    pub(crate) fn endpoint_url(&self) -> Option<String> {
        let of_variable = || env::var(environment::ENDPOINT_URL).ok().filter(|url| !url.is_empty());
        let are_files = self.world.is_some() || !self.aws_output.is_empty();
        self.endpoint_url.clone().or_else(|| of_variable().filter(|_| !are_files))
    }

    /// Everything that is known.
    pub(crate) fn world(&self) -> Result<World, Failure> {
        if self.world.is_none() && self.aws_output.is_empty() {
            let world_file = self.endpoint()?.world_file()?;
            return world::read(&world_file, &NoFiles).map_err(|error| shown(&error).help(endpoint::SAME_VERSION));
        }
        let outputs = self.outputs()?;
        let mut world = match &self.world {
            Some(file) => world::read(&read(file)?, &beside(file)).map_err(|error| shown(&error))?,
            None => World::new(),
        };
        let documents = outputs.into_iter().map(AwsOutput::read).collect::<Result<Vec<_>, _>>()?;
        for remark in aws_cli::add(&mut world, &documents).map_err(|error| shown(&error))? {
            note(format_args!("note: {remark}"));
        }
        Ok(world)
    }

    /// The embedded AWS that the flag names, or else the variable that every SDK reads.
    fn endpoint(&self) -> Result<EndpointUrl, Failure> {
        let of_variable = || env::var(environment::ENDPOINT_URL).ok().filter(|url| !url.is_empty());
        let (of, url) = match (&self.endpoint_url, of_variable()) {
            (Some(url), _) => ("--endpoint-url", url.clone()),
            (None, Some(url)) => (environment::ENDPOINT_URL, url),
            (None, None) => {
                let problem = Problem::new("there is nothing to decide on");
                return Err(Failure::usage(vec![problem.help(
                    "give `--world FILE`, what the aws CLI printed with `--aws-output ABOUT=FILE`, or an embedded AWS \
                     that runs with `--endpoint-url URL`",
                )]));
            }
        };
        url.parse().map_err(|error: InvalidEndpoint| error.told(of))
    }

    fn outputs(&self) -> Result<Vec<AwsOutput>, Failure> {
        let mut problems = Vec::new();
        let mut outputs = Vec::new();
        for text in &self.aws_output {
            match text.parse() {
                Ok(output) => outputs.push(output),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(outputs) } else { Err(Failure::usage(problems)) }
    }
}

impl AwsOutput {
    fn read(self) -> Result<Document, Failure> {
        Ok(Document { account: self.account, about: self.about, source: read(&self.file)? })
    }
}

impl FromStr for AwsOutput {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let wrong = |about: &str| {
            Problem::new(format_args!("--aws-output: `{about}` is no account, no ARN of a key and no `ACCOUNT:ID`"))
                .help("write `111122223333=details.json`, or `arn:aws:kms:REGION:ACCOUNT:key/ID=key-policy.json`")
        };
        let Some((about, file)) = text.split_once('=').filter(|(_, file)| !file.is_empty()) else {
            return Err(Problem::new(format_args!("--aws-output: `{text}` names no file"))
                .help("write ABOUT=FILE, as in `111122223333=details.json`"));
        };
        let file = PathBuf::from(file);
        if let Ok(key) = about.parse::<KeyArn>() {
            return Ok(Self { account: key.account(), about: Some(about.to_owned()), file });
        }
        let (account, id) = match about.split_once(':') {
            Some((account, id)) => (account, Some(id.to_owned())),
            None => (about, None),
        };
        let account = account.parse().map_err(|_| wrong(about))?;
        Ok(Self { account, about: id, file })
    }
}

/// A file's text, named as the user names it.
pub(crate) fn read(file: &Path) -> Result<SourceText, Failure> {
    let name = file.display().to_string();
    match fs::read_to_string(file) {
        Ok(text) => Ok(SourceText::new(name, text)),
        Err(error) => Err(Failure::new(format_args!("cannot read `{name}`: {error}"))),
    }
}

/// Reads what a file refers to, beside it.
pub(crate) fn beside(file: &Path) -> impl Fn(&str) -> io::Result<String> {
    let directory = file.parent().map(Path::to_path_buf).unwrap_or_default();
    move |path| fs::read_to_string(directory.join(path))
}

/// What is wrong with a file, and the place.
pub(crate) fn shown(error: &FileError) -> Failure {
    Failure::new(format_args!("{error}\n{}", error.source_text().excerpt(error.span())))
}
