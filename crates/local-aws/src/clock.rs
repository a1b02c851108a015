//! The embedded AWS's time, which tests can move.
//!
//! Key deletion, rotation and session expiry follow this clock, so that a test need not wait thirty days.
//! Whether a *signature* is fresh does not: clients sign with the time of their own machine.

use std::{
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A clock shared by everything in one embedded AWS: clones move together.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Whether somebody said how it goes.
    is_told: bool,
    mode: Mutex<Mode>,
    moves: watch::Sender<()>,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// The machine's time and this much on top (or less); it goes on ticking.
    Ticking { ahead: SignedDuration },
    /// Stands until it is moved.
    Frozen(Timestamp),
}

/// How a clock goes, as an exported state tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Setting {
    /// So much ahead of the machine's time, or behind it.
    Ahead(SignedDuration),
    /// Stands there.
    Frozen(Timestamp),
}

impl Default for Setting {
    /// The machine's time.
    fn default() -> Self {
        Self::Ahead(SignedDuration::ZERO)
    }
}

/// How far from the machine's time the clock may be moved, either way. Every rotation that a move passes happens, so a
/// leap of millennia would keep the embedded AWS busy with nothing but that.
const REACH_YEARS: i64 = 100;
const REACH: SignedDuration = SignedDuration::from_hours(REACH_YEARS * 8766);

/// A text is no duration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is no duration: write weeks, days, hours, minutes and seconds, such as `30d`, `1h 30m`, `250ms` or `P30D`"
)]
pub struct InvalidDuration(String);

/// Reads a duration of weeks, days of 24 hours, and shorter: months differ.
///
/// # Errors
/// [`InvalidDuration`].
pub fn duration(text: &str) -> Result<SignedDuration, InvalidDuration> {
    let read = text.trim().parse::<Span>().ok();
    let read = read.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    read.ok_or_else(|| InvalidDuration(text.to_owned()))
}

/// The clock would be too far from the machine's time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("cannot move the clock there: it goes at most {REACH_YEARS} years from the machine's time; move it by less")]
pub struct OutOfRange;

/// A text says no clock.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidClock {
    /// None of the forms.
    #[error(
        "`{0}` is no clock: write `real`, `frozen`, `frozen=2026-01-31T00:00:00Z`, `2026-01-31T00:00:00Z` to begin there, or \
         `+30d` to be ahead"
    )]
    Form(String),
    /// Too far.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// `real`, `frozen`, `frozen=TIME`, `TIME` to tick from there, `+DURATION` or `-DURATION` to be that much ahead or
/// behind.
impl FromStr for Clock {
    type Err = InvalidClock;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let clock = Self::real();
        let form = || InvalidClock::Form(text.to_owned());
        let time = |text: &str| text.parse::<Timestamp>().map_err(|_| form());
        match (text, text.split_once('=')) {
            ("real", _) => {}
            ("frozen", _) => clock.freeze_at(Timestamp::now())?,
            (_, Some(("frozen", at))) => clock.freeze_at(time(at)?)?,
            _ if text.starts_with(['+', '-']) => {
                clock.advance(duration(text).map_err(|_| form())?)?;
            }
            _ => clock.set(time(text)?)?,
        }
        Ok(clock)
    }
}

impl Clock {
    /// The machine's time.
    pub fn real() -> Self {
        Self::in_mode(true, Mode::Ticking { ahead: SignedDuration::ZERO })
    }

    /// Goes as it went when the state was left; where there is none that tells, it is the machine's time.
    pub fn of_state() -> Self {
        Self::in_mode(false, Mode::Ticking { ahead: SignedDuration::ZERO })
    }

    /// A clock that stands at `at` until it is moved.
    pub fn frozen_at(at: Timestamp) -> Self {
        Self::in_mode(true, Mode::Frozen(at))
    }

    fn in_mode(is_told: bool, mode: Mode) -> Self {
        Self(Arc::new(Inner { is_told, mode: Mutex::new(mode), moves: watch::Sender::new(()) }))
    }

    /// The time it is.
    pub fn now(&self) -> Timestamp {
        self.mode().now()
    }

    /// Moves the time forward (backward when `by` is negative): a frozen clock stays frozen, a ticking one ticks on.
    /// Returns the time it is then.
    ///
    /// # Errors
    /// [`OutOfRange`]; the clock has not moved then.
    pub fn advance(&self, by: SignedDuration) -> Result<Timestamp, OutOfRange> {
        let mut mode = self.0.mode.lock().unwrap_or_else(PoisonError::into_inner);
        let to = mode.now().checked_add(by).map_err(|_| OutOfRange)?;
        within_reach(to)?;
        *mode = match *mode {
            Mode::Frozen(_) => Mode::Frozen(to),
            Mode::Ticking { .. } => Mode::ticking_from(to),
        };
        drop(mode);
        self.0.moves.send_replace(());
        Ok(to)
    }

    /// Sets the time; the clock ticks on from there.
    ///
    /// # Errors
    /// [`OutOfRange`]; the clock has not moved then.
    pub fn set(&self, to: Timestamp) -> Result<(), OutOfRange> {
        within_reach(to)?;
        self.switch(Mode::ticking_from(to));
        Ok(())
    }

    /// Sets the time; the clock stands there until it is moved.
    ///
    /// # Errors
    /// [`OutOfRange`]; the clock has not moved then.
    pub fn freeze_at(&self, at: Timestamp) -> Result<(), OutOfRange> {
        within_reach(at)?;
        self.switch(Mode::Frozen(at));
        Ok(())
    }

    /// Back to the machine's time.
    pub fn follow_the_machine(&self) {
        self.switch(Mode::Ticking { ahead: SignedDuration::ZERO });
    }

    /// Whether somebody said how it goes, so that the state does not.
    pub(crate) fn is_told(&self) -> bool {
        self.0.is_told
    }

    /// How it goes.
    pub(crate) fn setting(&self) -> Setting {
        self.mode().setting()
    }

    /// Tells how it goes; nobody moves it meanwhile.
    pub(crate) fn told<R>(&self, to: impl FnOnce(Setting) -> R) -> R {
        let mode = self.0.mode.lock().unwrap_or_else(PoisonError::into_inner);
        to(mode.setting())
    }

    /// Makes it go so.
    ///
    /// # Errors
    /// [`OutOfRange`]; the clock has not moved then.
    pub(crate) fn follow(&self, setting: Setting) -> Result<(), OutOfRange> {
        let mode = match setting {
            Setting::Ahead(ahead) => Mode::Ticking { ahead },
            Setting::Frozen(at) => Mode::Frozen(at),
        };
        within_reach(mode.now())?;
        self.switch(mode);
        Ok(())
    }

    /// Told whenever somebody moves the clock, so that what waits for a time can look again.
    pub fn moves(&self) -> watch::Receiver<()> {
        self.0.moves.subscribe()
    }

    fn switch(&self, to: Mode) {
        *self.0.mode.lock().unwrap_or_else(PoisonError::into_inner) = to;
        self.0.moves.send_replace(());
    }

    fn mode(&self) -> Mode {
        *self.0.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn within_reach(to: Timestamp) -> Result<(), OutOfRange> {
    if to.duration_since(Timestamp::now()).abs() <= REACH { Ok(()) } else { Err(OutOfRange) }
}

impl Mode {
    fn setting(self) -> Setting {
        match self {
            Self::Ticking { ahead } => Setting::Ahead(ahead),
            Self::Frozen(at) => Setting::Frozen(at),
        }
    }

    fn ticking_from(now: Timestamp) -> Self {
        Self::Ticking { ahead: now.duration_since(Timestamp::now()) }
    }

    fn now(self) -> Timestamp {
        match self {
            Self::Frozen(at) => at,
            // Saturates at the end of time, where `advance` refuses to go but a clock may tick to.
            Self::Ticking { ahead } => Timestamp::now().saturating_add(ahead).unwrap_or(Timestamp::MAX),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::of_state()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together_and_a_frozen_clock_stays_frozen() {
        let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
        let other = clock.clone();
        clock.advance(SignedDuration::from_hours(24)).unwrap();
        assert_eq!(other.now().to_string(), "2026-01-02T00:00:00Z");
        assert_eq!(other.now(), clock.now());
    }

    #[test]
    fn a_set_clock_ticks_on_and_can_go_back_to_the_machines_time() {
        let clock = Clock::real();
        let then: Timestamp = "2030-06-01T00:00:00Z".parse().unwrap();
        clock.set(then).unwrap();
        assert!(clock.now() >= then && clock.now().duration_since(then) < SignedDuration::from_secs(60));
        clock.follow_the_machine();
        assert!(Timestamp::now().duration_since(clock.now()).abs() < SignedDuration::from_secs(60));
    }

    #[test]
    fn a_clock_reads_from_its_flag() {
        let now = |text: &str| text.parse::<Clock>().unwrap().now();
        let is_near = |at: Timestamp, of: Timestamp| at.duration_since(of).abs() < SignedDuration::from_secs(60);
        let (machine, day) = (Timestamp::now(), SignedDuration::from_hours(24));
        let then: Timestamp = "2026-01-31T00:00:00Z".parse().unwrap();
        assert!(is_near(now("real"), machine) && is_near(now("frozen"), machine));
        assert_eq!(now("frozen=2026-01-31T00:00:00Z"), then);
        assert!(now("2026-01-31T00:00:00Z") >= then && is_near(now("2026-01-31T00:00:00Z"), then));
        for (text, ahead) in [("+30d", 30), ("+P30D", 30), ("-1d", -1), ("+1w", 7)] {
            assert!(is_near(now(text), machine + day * ahead), "{text}");
        }
        let frozen: Clock = "frozen".parse().unwrap();
        assert_eq!(frozen.now(), frozen.now());
        for text in ["", "Real", "frozen=", "frozen=noon", "30d", "+1mo", "+", "2026-01-31"] {
            assert_eq!(text.parse::<Clock>().unwrap_err(), InvalidClock::Form(text.to_owned()));
        }
        assert_eq!("+5300w".parse::<Clock>().unwrap_err(), InvalidClock::OutOfRange(OutOfRange));
    }

    #[test]
    fn a_move_out_of_reach_is_refused_and_changes_nothing() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock::frozen_at(start);
        for by in [SignedDuration::MAX, SignedDuration::MIN, SignedDuration::from_hours(24 * 366 * 102)] {
            assert_eq!(clock.advance(by), Err(OutOfRange), "{by:?}");
        }
        assert_eq!(clock.set(Timestamp::MAX), Err(OutOfRange));
        assert_eq!(clock.freeze_at(Timestamp::MIN), Err(OutOfRange));
        assert_eq!(clock.now(), start);
    }

    #[test]
    fn whoever_waits_is_told_of_a_move() {
        let clock = Clock::real();
        let moves = clock.moves();
        assert!(!moves.has_changed().unwrap());
        clock.advance(SignedDuration::from_secs(1)).unwrap();
        assert!(moves.has_changed().unwrap());
    }
}
