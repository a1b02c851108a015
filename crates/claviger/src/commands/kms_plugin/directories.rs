//! `--prepare-directories`: what root does for a plugin that is not root.

use std::{collections::BTreeSet, path::Path};

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
            Ok(endpoint) => match endpoint.path().map(Path::parent) {
                // An abstract socket needs none.
                None => {}
                Some(Some(directory)) if directory != Path::new("") => drop(directories.insert(directory.to_owned())),
                // The current directory is whatever it is, and not ours to give away.
                Some(_) => problems.push(Problem::new(format_args!(
                    "--prepare-directories: the socket `{socket}` names no directory; give its whole path"
                ))),
            },
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
