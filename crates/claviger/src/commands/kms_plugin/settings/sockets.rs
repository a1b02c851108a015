//! Which socket serves which key.

use daemon::unix_socket::Endpoint;

use super::{Problems, keys::KeySource};
use crate::{commands::kms_plugin::flags::Flags, failure::Problem};

/// A socket and the key behind it.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) endpoint: Endpoint,
    pub(crate) key: KeySource,
}

/// Every `--listen`, `None` where one is wrong.
pub(super) fn endpoints(flags: &Flags, problems: &mut Problems) -> Vec<Option<Endpoint>> {
    let mut endpoints: Vec<Option<Endpoint>> = Vec::new();
    for text in &flags.listen {
        let endpoint = problems.check("--listen", text.parse());
        if endpoint.is_some() && endpoints.contains(&endpoint) {
            problems.add(Problem::new(format_args!("--listen: `{text}` is named twice: a socket serves one key")));
        }
        endpoints.push(endpoint);
    }
    endpoints
}

/// Pairs them in their order. Where the numbers differ, says both.
pub(super) fn pair(
    flags: &Flags,
    endpoints: Vec<Option<Endpoint>>,
    keys: Vec<Option<KeySource>>,
    problems: &mut Problems,
) -> Vec<Socket> {
    if !keys.is_empty() && keys.len() != endpoints.len() {
        let (of_key, of_keyring) = (flags.key.len(), flags.keyring.len());
        let problem = Problem::new(format_args!(
            "{} ({of_key} of --key, {of_keyring} of --keyring) and {} (--listen): each key has its own socket",
            counted(keys.len(), "key"),
            counted(endpoints.len(), "socket"),
        ));
        problems.add(problem.help("give --listen once for each key, in the same order"));
    }
    let paired = endpoints.into_iter().zip(keys);
    paired.filter_map(|(endpoint, key)| Some(Socket { endpoint: endpoint?, key: key? })).collect()
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
