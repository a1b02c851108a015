//! The files whose change is a reason to reload.

use std::{env, path::PathBuf};

use super::super::settings::Settings;
use crate::environment;

/// The settings file, keyrings, and the files of the AWS credentials chain. Token files of web identities and
/// containers are not among them: the SDK reads those anew each time it renews.
pub(super) fn files(settings: &Settings) -> Vec<PathBuf> {
    let keyrings = settings.sockets.iter().filter_map(|socket| socket.key.file().cloned());
    let uses_aws = settings.sockets.iter().any(|socket| socket.key.file().is_none());
    let shared = environment::AWS_FILES.iter().filter(|_| uses_aws).filter_map(|(variable, default)| {
        let named = env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
        named.or_else(|| Some(env::home_dir()?.join(default)))
    });
    let own = settings.file.iter().map(|file| file.path().to_owned());
    own.chain(keyrings).chain(shared).collect()
}
