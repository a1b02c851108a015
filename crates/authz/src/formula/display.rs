//! A formula as people read it, and as the cases of the corpus write it:
//! `kms:viaservice StringEquals ["ec2.us-west-2.amazonaws.com"] and not (aws:principaltag/team Null ["true"])`.

use std::fmt::{self, Display, Formatter};

use super::{Asks, Atom, Formula};

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::True => f.write_str("true"),
            Self::False => f.write_str("false"),
            Self::Atom(atom) => atom.fmt(f),
            Self::All(all) => joined(f, all, " and "),
            Self::Any(any) => joined(f, any, " or "),
            Self::Not(inner) => write!(f, "not ({inner})"),
        }
    }
}

impl Display for Atom {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.asks {
            Asks::Condition { operator, values, .. } => write!(f, "{} {operator} {values:?}", self.key),
            Asks::Variable { pattern, text, .. } => write!(f, "{pattern:?} matches {text:?}"),
            Asks::Fact(fact) => f.write_str(fact),
        }
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Formula], by: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(by)?;
        }
        match part {
            Formula::All(_) | Formula::Any(_) => write!(f, "({part})")?,
            _ => part.fmt(f)?,
        }
    }
    Ok(())
}
