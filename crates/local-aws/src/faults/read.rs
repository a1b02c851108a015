//! Reading faults: a file, a list of them, or one in a line.

use std::{fmt::Display, str::FromStr, time::Duration};

use authz::{
    file::{Document, Field, Fields, FileError, Problem},
    text::SourceText,
};
use aws_model::{AccountId, Region};
use aws_wire::model::{self, Operation, ServiceId};

use super::{
    FaultPlan, LONGEST_DELAY, MOST_FAULTS, codes,
    codes::Injected,
    fault::{Effect, Fault, ForcedState, KeyPattern, Loss, Moment, Scope, Silence},
};
use crate::{clock, glob, operations::supported};

const FIELDS: [&str; 18] = [
    "on", "account", "region", "caller", "key", "error", "message", "status", "throttle", "latency", "gone", "lost",
    "keyState", "share", "after", "times", "from", "until",
];
const NAME: &str = "name";

const EFFECTS: [&str; 6] = ["error", "throttle", "latency", "gone", "lost", "keyState"];

const SILENCES: [(&str, Silence); 2] = [("closed", Silence::Closed), ("silent", Silence::Silent)];
const LOSSES: [(&str, Loss); 3] =
    [("closed", Loss::Silence(Silence::Closed)), ("silent", Loss::Silence(Silence::Silent)), ("error", Loss::Error)];
const STATES: [(&str, ForcedState); 4] = [
    ("Enabled", ForcedState::Enabled),
    ("Disabled", ForcedState::Disabled),
    ("PendingDeletion", ForcedState::PendingDeletion),
    ("Unavailable", ForcedState::Unavailable),
];

impl FaultPlan {
    /// Reads a file of faults, YAML or JSON.
    ///
    /// # Errors
    /// [`FileError`], at the first place that is not right.
    pub fn read(source: &SourceText) -> Result<Self, FileError> {
        let document = Document::read(source)?;
        let fields = document.root().fields(&["seed", "faults"])?;
        let items = fields.need("faults")?.items()?;
        if items.len() > MOST_FAULTS {
            let problem =
                Problem::Value(format!("there are at most {MOST_FAULTS} faults, and here are {}", items.len()));
            return Err(fields.whole().refuse(problem));
        }
        let faults = items.into_iter().map(item).collect::<Result<_, _>>()?;
        Ok(Self { seed: fields.parse("seed")?, faults })
    }

    /// Reads one fault from a line: `kms:Decrypt error=ThrottlingException times=3`.
    ///
    /// # Errors
    /// [`FileError`], at the first place that is not right.
    pub fn of_line(source: &SourceText) -> Result<Self, FileError> {
        Ok(Self { seed: None, faults: vec![line(source)?] })
    }
}

/// One fault from a line.
impl FromStr for FaultPlan {
    type Err = FileError;

    fn from_str(text: &str) -> Result<Self, FileError> {
        Self::of_line(&SourceText::new("this line", text))
    }
}

/// A fault of a list, which may be a line, too.
fn item(field: Field<'_>) -> Result<Fault, FileError> {
    match field.text() {
        Ok(text) => {
            let inside = line(&SourceText::new("this line", text));
            inside.map_err(|error| field.refuse(Problem::Value(format!("in {error}"))))
        }
        Err(_) => fault(field),
    }
}

fn line(source: &SourceText) -> Result<Fault, FileError> {
    let document = Document::of_line(source, "on")?;
    fault(document.root())
}

fn fault(field: Field<'_>) -> Result<Fault, FileError> {
    let known: Vec<&str> = [NAME].into_iter().chain(FIELDS).collect();
    let fields = field.fields(&known)?;
    let effect = effect(&fields)?;
    let name = fields.get(NAME).map(|field| name(&field)).transpose()?;
    let (from, until) = (fields.get("from"), fields.get("until"));
    let fault = Fault {
        name,
        line: as_line(&fields)?,
        scope: if matches!(effect, Effect::KeyState(..)) { Scope::default() } else { scope(&fields, &effect)? },
        effect,
        share: fields.get("share").map(|field| share(&field)).transpose()?,
        times: fields.parse("times")?,
        after: fields.parse("after")?.unwrap_or_default(),
        from: from.map(|field| moment(&field)).transpose()?,
        until: until.map(|field| moment(&field)).transpose()?,
    };
    Ok(fault)
}

fn effect(fields: &Fields<'_>) -> Result<Effect, FileError> {
    let mut given = EFFECTS.iter().filter_map(|name| Some((*name, fields.get(name)?)));
    let (Some((name, field)), None) = (given.next(), given.next()) else {
        let effects = EFFECTS.join("`, `");
        return Err(fields.whole().refuse(Problem::Value(format!("a fault does one thing: write one of `{effects}`"))));
    };
    refuse_strays(fields, name)?;
    let message = fields.get("message").map(|field| message(&field)).transpose()?;
    Ok(match name {
        "error" => {
            let status = fields.get("status").map(|field| status(&field)).transpose()?;
            Effect::Error(Injected { code: field.text()?.to_owned(), status, message })
        }
        "throttle" => Effect::Throttle { per_second: rate(&field)?, message },
        "latency" => latency(&field)?,
        "gone" => Effect::Gone(field.word(&SILENCES)?),
        "lost" => Effect::Lost(field.word(&LOSSES)?),
        _ => {
            fields.need("key")?;
            Effect::KeyState(keys(fields)?, field.word(&STATES)?)
        }
    })
}

/// Refuses what would have no effect beside this one.
fn refuse_strays(fields: &Fields<'_>, effect: &str) -> Result<(), FileError> {
    let strays: &[&str] = match effect {
        "error" => &[],
        "throttle" => &["status"],
        "keyState" => &["message", "status", "on", "account", "region", "caller", "share", "after", "times"],
        _ => &["message", "status"],
    };
    match strays.iter().find_map(|stray| Some((stray, fields.get(stray)?))) {
        Some((stray, field)) => {
            Err(field.refuse_name(Problem::Value(format!("`{stray}` says nothing beside `{effect}`: leave it out"))))
        }
        None => Ok(()),
    }
}

fn scope(fields: &Fields<'_>, effect: &Effect) -> Result<Scope, FileError> {
    let mut scope = Scope {
        accounts: checked::<AccountId>(fields, "account")?,
        regions: checked::<Region>(fields, "region")?,
        callers: patterns(fields, "caller")?,
        keys: fields.get("key").map(|_| keys(fields)).transpose()?,
        ..Scope::default()
    };
    let on = fields.need("on")?;
    for (field, pattern) in texts(fields, "on")? {
        scope.operations.extend(operations(&field, pattern)?.into_iter().map(|(id, known)| (id, known.name())));
    }
    if scope.keys.is_some() && scope.operations.iter().all(|(service, _)| *service != ServiceId::Kms) {
        let problem = Problem::Value("`key` is for calls of KMS, and this fault is about none".to_owned());
        return Err(on.refuse(problem));
    }
    if let (Effect::Error(injected), Some(field)) = (effect, fields.get("error")) {
        only_with_code(&mut scope, &field, &injected.code)?;
    }
    Ok(scope)
}

/// Of the operations those that may answer a code: an SDK would make nothing of another.
fn only_with_code(scope: &mut Scope, field: &Field<'_>, code: &str) -> Result<(), FileError> {
    let of = |(id, name): &(ServiceId, &'static str)| model::service(*id).operation(name).map(|known| (*id, known));
    let about: Vec<(ServiceId, &Operation)> = scope.operations.iter().filter_map(of).collect();
    scope.operations = about
        .iter()
        .filter(|(id, known)| codes::may_answer(*id, known, code))
        .map(|(id, it)| (*id, it.name()))
        .collect();
    if !scope.operations.is_empty() {
        return Ok(());
    }
    let mut known: Vec<&str> = about.iter().flat_map(|(id, operation)| codes::of_operation(*id, operation)).collect();
    known.sort_unstable();
    known.dedup();
    // The protocols name the same thing `Throttling` and `ThrottlingException`.
    let other = code.strip_suffix("Exception").map_or_else(|| format!("{code}Exception"), str::to_owned);
    Err(match known.contains(&other.as_str()) {
        true => field.refuse(Problem::UnknownWord { name: code.to_owned(), nearest: Some(other), known: Vec::new() }),
        false => field.unknown_word(code, &known),
    })
}

/// The operations that a pattern `service:Operation` means, or `*`.
fn operations(field: &Field<'_>, pattern: &str) -> Result<Vec<(ServiceId, &'static Operation)>, FileError> {
    let whole = if pattern == "*" { "*:*" } else { pattern };
    let all = || {
        ServiceId::ALL.into_iter().flat_map(|id| {
            let service = model::service(id);
            supported(id).iter().filter_map(move |name| Some((id, service, service.operation(name)?)))
        })
    };
    let named = |service: &model::ServiceModel, operation: &Operation| {
        format!("{}:{}", service.metadata().signing_name, operation.name())
    };
    let meant: Vec<_> = all()
        .filter(|(_, service, operation)| glob::fits_any_case(whole, &named(service, operation)))
        .map(|(id, _, operation)| (id, operation))
        .collect();
    if !meant.is_empty() {
        return Ok(meant);
    }
    let names: Vec<String> = all().map(|(_, service, operation)| named(service, operation)).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let error = field.unknown_word(pattern, &known);
    Err(match error.problem() {
        // There are too many to list.
        Problem::UnknownWord { nearest: None, .. } => field.refuse(Problem::Value(format!(
            "`{pattern}` is no operation here: it looks like `kms:Decrypt`, `iam:*` or `*`, and \
             `GET /_claviger/health` lists them"
        ))),
        _ => error,
    })
}

/// How long a pattern or a message is at most, and all of a fault: every call is held against each.
const LONGEST_TEXT: usize = 2048;
const LONGEST_FAULT: usize = 16 << 10;

/// The texts of a field, each with its place: what stands between commas, or the items of a list.
fn texts<'a>(fields: &Fields<'a>, name: &str) -> Result<Vec<(Field<'a>, &'a str)>, FileError> {
    let items = fields.get(name).map_or_else(|| Ok(Vec::new()), |field| field.items_or_one())?;
    let mut texts = Vec::new();
    for item in items {
        let text = item.text()?;
        let parts = if name == "caller" { callers(&item, text)? } else { text.split(',').collect() };
        texts.extend(parts.into_iter().map(|text| (item.clone(), text.trim())));
    }
    match texts.iter().find(|(_, text)| text.is_empty() || text.len() > LONGEST_TEXT) {
        Some((field, _)) => Err(field.refuse(Problem::Value(format!("each has 1 to {LONGEST_TEXT} characters")))),
        None => Ok(texts),
    }
}

/// Callers between commas. The names of sessions may have commas, too: only one before another ARN divides.
///
/// Source: AWS STS API Reference, "AssumeRole", `RoleSessionName`.
fn callers<'a>(field: &Field<'_>, text: &'a str) -> Result<Vec<&'a str>, FileError> {
    let mut parts = Vec::new();
    let mut begin = 0;
    for (comma, _) in text.match_indices(',') {
        let behind = text.get(comma + 1..).unwrap_or_default().trim_start();
        if behind.starts_with("arn:") {
            parts.push(text.get(begin..comma).unwrap_or_default());
            begin = comma + 1;
        } else if behind.starts_with(['*', '?']) {
            let problem = "a comma before a wildcard may belong to a session's name or divide two callers: write a list, or \
                           begin the second with `arn:`";
            return Err(field.refuse(Problem::Value(problem.to_owned())));
        }
    }
    parts.push(text.get(begin..).unwrap_or_default());
    Ok(parts)
}

fn patterns(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, FileError> {
    Ok(texts(fields, name)?.into_iter().map(|(_, text)| text.to_owned()).collect())
}

/// Patterns that read as something where they have no wildcards.
fn checked<T: FromStr<Err: Display>>(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, FileError> {
    for (field, text) in texts(fields, name)?.iter().filter(|(_, text)| !glob::has_wildcards(text)) {
        text.parse::<T>().map_err(|error| field.refuse(Problem::Value(error.to_string())))?;
    }
    patterns(fields, name)
}

fn keys(fields: &Fields<'_>) -> Result<KeyPattern, FileError> {
    Ok(KeyPattern(patterns(fields, "key")?))
}

fn name(field: &Field<'_>) -> Result<String, FileError> {
    let text = field.text()?;
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if text.is_empty() || text.len() > 64 || !text.chars().all(fits) {
        let problem = Problem::Value("a name has 1 to 64 letters, digits, `-`, `_` and `.`".to_owned());
        return Err(field.refuse(problem));
    }
    Ok(text.to_owned())
}

fn message(field: &Field<'_>) -> Result<String, FileError> {
    let text = field.text()?;
    if text.len() > LONGEST_TEXT {
        return Err(field.refuse(Problem::Value(format!("a message has at most {LONGEST_TEXT} bytes"))));
    }
    Ok(text.to_owned())
}

fn share(field: &Field<'_>) -> Result<f64, FileError> {
    let read = field.text()?.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    read.ok_or_else(|| field.refuse(Problem::Value("a share is a number from 0 to 1, such as `0.1`".to_owned())))
}

fn status(field: &Field<'_>) -> Result<u16, FileError> {
    let read = field.text()?.parse().ok().filter(|status| (400..600).contains(status));
    read.ok_or_else(|| field.refuse(Problem::Value("the status of an error is from 400 to 599".to_owned())))
}

/// `5/s`
fn rate(field: &Field<'_>) -> Result<u64, FileError> {
    let read = field.text()?.strip_suffix("/s").and_then(|calls| calls.trim().parse().ok());
    let problem = "a rate is how many calls a second pass, such as `5/s`; `0/s` lets none pass";
    read.ok_or_else(|| field.refuse(Problem::Value(problem.to_owned())))
}

/// `250ms`, or `100ms..2s`
fn latency(field: &Field<'_>) -> Result<Effect, FileError> {
    let text = field.text()?;
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let read = |text: &str| Duration::try_from(clock::duration(text).ok()?).ok();
    match (read(least), read(most)) {
        (Some(least), Some(most)) if least <= most && most <= LONGEST_DELAY => Ok(Effect::Latency { least, most }),
        _ => {
            let most = LONGEST_DELAY.as_secs();
            let problem = format!("a latency is a time such as `250ms` or `100ms..2s`, of up to {most} seconds");
            Err(field.refuse(Problem::Value(problem)))
        }
    }
}

/// A time, or `+10m`.
fn moment(field: &Field<'_>) -> Result<Moment, FileError> {
    let text = field.text()?;
    let read = match text.strip_prefix('+') {
        Some(wait) => clock::duration(wait).ok().map(Moment::After),
        None => text.parse().ok().map(Moment::At),
    };
    let problem =
        "a moment is a time such as `2026-01-31T00:00:00Z`, or a while after the fault was set, such as `+10m`";
    read.ok_or_else(|| field.refuse(Problem::Value(problem.to_owned())))
}

/// The fault as one line.
fn as_line(fields: &Fields<'_>) -> Result<String, FileError> {
    let mut words = Vec::new();
    for name in FIELDS {
        let Some(field) = fields.get(name) else { continue };
        let items = field.items_or_one()?;
        let texts = items.iter().map(Field::text).collect::<Result<Vec<_>, _>>()?.join(",");
        let texts = if texts.contains(char::is_whitespace) { format!("\"{texts}\"") } else { texts };
        words.push(if name == "on" { texts } else { format!("{name}={texts}") });
    }
    let line = words.join(" ");
    if line.len() > LONGEST_FAULT {
        let problem = format!("a fault has at most {LONGEST_FAULT} bytes in one line: write several");
        return Err(fields.whole().refuse(Problem::Value(problem)));
    }
    Ok(line)
}
