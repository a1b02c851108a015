//! `--prepare-directories`: what root does for a plugin that is not root.

use std::collections::BTreeSet;

use daemon::unix_socket::{
    Endpoint,
    directory::{Ownership, prepare as prepare_one},
};

use crate::{
    exit::Exit,
    failure::{Failure, Problem},
};

/// Makes the directory of each socket and gives it to `owner`.
pub(super) fn prepare(owner: &str, sockets: &[String]) -> Result<Exit, Failure> {
    let mut problems = Vec::new();
    let owner = owner
        .parse::<Ownership>()
        .map_err(|error| problems.push(Problem::new(format_args!("--prepare-directories: {error}"))))
        .ok();
    let mut directories = BTreeSet::new();
    for socket in sockets {
        match socket.parse::<Endpoint>() {
            Ok(endpoint) => directories.extend(endpoint.path().and_then(|path| path.parent()).map(ToOwned::to_owned)),
            Err(error) => problems.push(Problem::new(format_args!("--listen: {error}"))),
        }
    }
    let Some(owner) = owner.filter(|_| problems.is_empty()) else { return Err(Failure::usage(problems)) };
    for directory in directories {
        prepare_one(&directory, owner)?;
        tracing::info!(directory = %directory.display(), %owner, "prepared");
    }
    Ok(Exit::Done)
}
