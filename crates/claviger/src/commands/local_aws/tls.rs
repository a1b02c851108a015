//! How `local-aws` speaks TLS.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::Args;
use local_aws::{Running, Tls};
use tempfile::NamedTempFile;

use crate::failure::{Failure, Problem};

#[derive(Args, Debug)]
pub(super) struct TlsFlags {
    /// Speak TLS, and nothing else, by an authority that is made for it; what is printed names it (AWS_CA_BUNDLE)
    ///
    /// The authority (ca.pem, ca.key) is kept beside the state (FILE.tls), or in --tls-dir, and so trusted once. Without
    /// either it ends with the process. Trust it in the shell that works with the embedded AWS, and nowhere else.
    #[arg(long)]
    tls: bool,

    /// Keep the authority in this directory, which several can share [default: FILE.tls beside the state]
    #[arg(long, value_name = "DIRECTORY")]
    tls_dir: Option<PathBuf>,

    /// Another name or address that it is reached under, beside localhost, 127.0.0.1, ::1 and --listen's; `*.` may stand
    /// for one label. Repeat it for more
    #[arg(long, value_name = "NAME")]
    tls_name: Vec<String>,

    /// Speak TLS by this certificate (PEM, with those that lead to whom clients trust) instead
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<PathBuf>,

    /// The key of --tls-certificate (PEM)
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
}

/// Where clients find whom to trust.
pub(super) enum Trust {
    /// In a file that stays.
    Kept(PathBuf),
    /// In one that goes with this.
    While(NamedTempFile),
}

impl TlsFlags {
    /// What the flags ask for, with a state file's name.
    pub(super) fn named(&self, state: Option<&Path>) -> Result<Option<Tls>, Problem> {
        let is_made = self.tls_dir.is_some() || !self.tls_name.is_empty();
        match (&self.tls_certificate, &self.tls_key) {
            (Some(_), Some(_)) if is_made => Err(Problem::new(
                "--tls-dir and --tls-name are about a certificate that is made, and --tls-certificate is there already",
            )),
            (Some(certificate), Some(key)) => {
                Ok(Some(Tls::Given { certificate: certificate.clone(), key: key.clone() }))
            }
            (Some(_), None) => Err(Problem::new("--tls-certificate takes its key: --tls-key FILE")),
            (None, Some(_)) => Err(Problem::new("--tls-key is of a certificate: --tls-certificate FILE")),
            (None, None) if self.tls || is_made => {
                let directory = self.tls_dir.clone().or_else(|| state.map(beside));
                Ok(Some(Tls::Generated { directory, names: self.tls_name.clone() }))
            }
            (None, None) => Ok(None),
        }
    }
}

/// Where the authority of a state file is: `STATE.tls`.
fn beside(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(".tls");
    path.into()
}

impl Trust {
    /// The authority of one that runs, if it has one, where clients can read it.
    pub(super) fn of(running: &Running, directory: Option<&Path>) -> Result<Option<Self>, Failure> {
        let Some(authority) = running.authority() else { return Ok(None) };
        match directory {
            Some(directory) => Ok(Some(Self::Kept(std::path::absolute(directory.join("ca.pem"))?))),
            None => Ok(Some(Self::While(written(authority).map_err(|error| {
                Failure::new(format_args!("cannot write whom clients are to trust to the temporary directory: {error}"))
                    .help("name a directory for it: --tls-dir DIRECTORY")
            })?))),
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::While(file) => file.path(),
        }
    }
}

fn written(authority: &str) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("claviger-ca-").suffix(".pem").tempfile()?;
    file.write_all(authority.as_bytes())?;
    file.flush()?;
    Ok(file)
}
