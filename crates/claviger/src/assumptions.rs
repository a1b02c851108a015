//! `--assume`: which assumptions hold, of what nobody has published of AWS.

use authz::rules::{self, Assumptions, Turns};

use crate::failure::{Failure, Problem};

/// Reads `RULE=off` and `RULE=on`. A rule that turns nothing of what a command does is refused.
///
/// # Errors
/// Names each text that is none of these, and why.
pub(crate) fn of_flags(texts: &[String], takes: impl Fn(Turns) -> bool) -> Result<Assumptions, Failure> {
    let mut assumptions = Assumptions::default();
    let mut problems = Vec::new();
    for text in texts {
        let (id, holds) = match text.split_once('=') {
            Some((id, "off")) => (id, false),
            Some((id, "on")) => (id, true),
            _ => {
                problems.push(
                    Problem::new(format_args!("--assume: `{text}` neither ends in `=off` nor in `=on`"))
                        .help("write RULE=off, as in `kms-grant-scp=off`"),
                );
                continue;
            }
        };
        match assumptions.clone().with(id, holds) {
            Ok(with) => match rules::rule(id).and_then(rules::Rule::turns).filter(|turns| !takes(*turns)) {
                Some(turns) => problems.push(elsewhere(id, turns)),
                None => assumptions = with,
            },
            Err(error) => problems.push(Problem::new(format_args!("--assume: {error}"))),
        }
    }
    if problems.is_empty() { Ok(assumptions) } else { Err(Failure::usage(problems)) }
}

fn elsewhere(id: &str, turns: Turns) -> Problem {
    let problem = Problem::new(format_args!("--assume: `{id}` turns {turns}, and so nothing here"));
    if turns.is_of_embedded_aws() {
        problem.help(format_args!("`claviger local-aws --assume {id}=off` takes it"))
    } else {
        problem
    }
}
