//! What a gate came to.

use anstyle::Style;

use crate::decision::{GateReport, Verdict};

use super::page::Theme;

/// What a gate came to for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// One of its statements denies.
    Denies,
    /// It had to let through and does not.
    Missing,
    /// It lets through.
    Ok,
    /// It does not let through, and nothing hung on it.
    NotNeeded,
    /// It hangs on what nobody told.
    Unknown,
}

impl Outcome {
    pub(super) fn of(gate: &GateReport, verdict: &Verdict) -> Self {
        let is_what_stopped_it = matches!(verdict, Verdict::Denied(denial) if denial.gate == gate.gate);
        match (gate.denies.is_true(), gate.denies.is_false()) {
            (true, _) => Self::Denies,
            (false, false) => Self::Unknown,
            (false, true) if gate.allows.is_true() => Self::Ok,
            (false, true) if !gate.allows.is_false() => Self::Unknown,
            (false, true) if gate.decisive || is_what_stopped_it => Self::Missing,
            (false, true) => Self::NotNeeded,
        }
    }

    /// The word for it in JSON.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Denies => "denies",
            Self::Missing => "missing",
            Self::Ok => "ok",
            Self::NotNeeded => "notNeeded",
            Self::Unknown => "unknown",
        }
    }

    /// The label before its line: loud where the eye is to stop.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Denies => "DENIES",
            Self::Missing => "MISSING",
            Self::Ok => "ok",
            Self::NotNeeded => "no",
            Self::Unknown => "unknown",
        }
    }

    pub(super) const fn style(self, theme: &Theme) -> Style {
        match self {
            Self::Denies | Self::Missing => theme.bad,
            Self::Ok => theme.good,
            Self::NotNeeded => theme.faint,
            Self::Unknown => theme.open,
        }
    }
}
