//! From the written text to the pieces of a pattern.

use super::{Pattern, Piece, Syntax, Variable};
use crate::context::ContextKey;

impl Pattern {
    /// Compiles a text of one syntax.
    pub(crate) fn read(text: &str, syntax: Syntax) -> Self {
        Self::read_parts([(text, syntax)])
    }

    /// Compiles a text whose parts differ in their syntax.
    ///
    /// What begins like a variable but is none, is a text.
    pub(crate) fn read_parts<'t>(parts: impl IntoIterator<Item = (&'t str, Syntax)>) -> Self {
        let (mut pieces, mut wildcards) = (Pieces::default(), false);
        for (text, syntax) in parts {
            pieces.read(text, syntax);
            wildcards |= syntax.wildcards;
        }
        Self { pieces: pieces.finish(), wildcards }
    }
}

/// Collects pieces; joins texts, and runs.
#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    text: String,
}

impl Pieces {
    fn read(&mut self, text: &str, syntax: Syntax) {
        let mut rest = text;
        loop {
            let plain = rest.find(['*', '?', '$']).unwrap_or(rest.len());
            self.text.push_str(rest.get(..plain).unwrap_or_default());
            rest = rest.get(plain..).unwrap_or_default();
            let Some(first) = rest.chars().next() else { return };
            if syntax.variables
                && let Some((meaning, after)) = dollar(rest)
            {
                match meaning {
                    Dollar::Character(character) => self.text.push(character),
                    Dollar::Variable(variable) => self.push(Piece::Variable(variable)),
                }
                rest = after;
                continue;
            }
            match first {
                '*' if syntax.wildcards => {
                    if !(self.text.is_empty() && self.done.last() == Some(&Piece::Run)) {
                        self.push(Piece::Run);
                    }
                }
                '?' if syntax.wildcards => self.push(Piece::One),
                other => self.text.push(other),
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }

    fn push(&mut self, piece: Piece) {
        if !self.text.is_empty() {
            self.done.push(Piece::Text(std::mem::take(&mut self.text).into()));
        }
        self.done.push(piece);
    }

    fn finish(mut self) -> Box<[Piece]> {
        if !self.text.is_empty() {
            self.done.push(Piece::Text(self.text.into()));
        }
        self.done.into()
    }
}

/// What `${...}` stands for.
enum Dollar {
    /// `${*}`, `${?}` and `${$}`: the character itself.
    Character(char),
    Variable(Variable),
}

/// Reads `${...}` at the beginning of a text; also returns what follows it.
///
/// Source: IAM User Guide, "IAM policy elements: Variables and tags", sections "Special characters" and "Specifying
/// default values".
fn dollar(text: &str) -> Option<(Dollar, &str)> {
    let inside = text.strip_prefix("${")?;
    let end = inside.find(['}', ','])?;
    let (name, after) = inside.split_at_checked(end)?;
    if let Some(after) = after.strip_prefix('}') {
        let meaning = match name {
            "*" => Dollar::Character('*'),
            "?" => Dollar::Character('?'),
            "$" => Dollar::Character('$'),
            _ => Dollar::Variable(variable(name, None)?),
        };
        return Some((meaning, after));
    }
    let quoted = after.strip_prefix(',')?.trim_start_matches(' ').strip_prefix('\'')?;
    let (default, after) = quoted.split_once('\'')?;
    let after = after.trim_start_matches(' ').strip_prefix('}')?;
    Some((Dollar::Variable(variable(name, Some(default))?), after))
}

fn variable(name: &str, default: Option<&str>) -> Option<Variable> {
    let is_name = !name.is_empty() && !name.contains(['{', '$', '\'']);
    is_name.then(|| Variable { key: ContextKey::new(name), default: default.map(Into::into) })
}
