//! Reading a probe's text.

use super::{Answer, Call, Given, Probe, Step};

/// A text is no probe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the probe: {problem}")]
pub struct ProbeError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Probe {
    /// Reads a probe.
    ///
    /// # Errors
    ///
    /// [`ProbeError`], at the first line that is none of one.
    pub fn read(text: &str) -> Result<Self, ProbeError> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader.line(line).map_err(|problem| ProbeError { line: index + 1, problem })?;
        }
        reader.end().map_err(|problem| ProbeError { line: text.lines().count(), problem })
    }
}

#[derive(Default)]
struct Reader {
    givens: Vec<Given>,
    set_up: Vec<Step>,
    look_for: Option<String>,
    calls: Vec<Step>,
    holds: Option<Answer>,
    otherwise: Option<Answer>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        if line.is_empty() {
            return Ok(());
        }
        if let Some(below) = line.strip_prefix("  ") {
            let steps = if self.look_for.is_some() { &mut self.calls } else { &mut self.set_up };
            let Some(Step::Call(call)) = steps.last_mut() else { return Err("no call stands before it") };
            match below.strip_prefix("undone by ") {
                Some(undo) => call.undone_by.push(self::call(undo)?),
                None => call.must = answer(below)?,
            }
        } else if let Some(given) = line.strip_prefix("given ") {
            let (name, is) = given.split_once(": ").ok_or("`given NAME: WHAT` says what is given")?;
            self.givens.push(Given { name: name.to_owned(), is: is.to_owned() });
        } else if let Some(what) = line.strip_prefix("look for ") {
            self.look_for = Some(what.to_owned());
        } else if let Some(holds) = line.strip_prefix("holds if it ") {
            self.holds = Some(answer(holds)?);
        } else if let Some(otherwise) = line.strip_prefix("does not if it ") {
            self.otherwise = Some(answer(otherwise)?);
        } else {
            let step = step(line)?;
            if self.look_for.is_some() { &mut self.calls } else { &mut self.set_up }.push(step);
        }
        Ok(())
    }

    fn end(self) -> Result<Probe, &'static str> {
        let Some(Step::Call(last)) = self.calls.last() else { return Err("it ends in no call that decides") };
        if last.must != Answer::Succeeds {
            return Err("what the last call answers is told by `holds if it` alone");
        }
        Ok(Probe {
            givens: self.givens,
            set_up: self.set_up,
            look_for: self.look_for.ok_or("`look for` does not say what decides")?,
            calls: self.calls,
            holds: self.holds.ok_or("`holds if it` is missing")?,
            otherwise: self.otherwise.ok_or("`does not if it` is missing")?,
        })
    }
}

fn step(line: &str) -> Result<Step, &'static str> {
    if let Some(minutes) = line.strip_prefix("wait ").and_then(|rest| rest.strip_suffix(" minutes")) {
        return minutes.parse().map(Step::Wait).map_err(|_| "`wait N minutes` takes a number");
    }
    call(line).map(Step::Call)
}

fn call(line: &str) -> Result<Call, &'static str> {
    let (head, command) = line.split_once(": aws ").ok_or("a call is `WHO: aws ..`, `NAME = WHO: aws ..`")?;
    let (kept, by) = match head.split_once(" = ") {
        Some((kept, by)) => (Some(kept.to_owned()), by),
        None => (None, head),
    };
    let words = words(command)?;
    let (must, undone_by) = (Answer::Succeeds, Vec::new());
    Ok(Call { by: by.to_owned(), words, kept, must, undone_by, text: line.to_owned() })
}

fn answer(text: &str) -> Result<Answer, &'static str> {
    if text == "succeeds" {
        return Ok(Answer::Succeeds);
    }
    let behind = |start| text.strip_prefix(start).map(str::to_owned);
    let code = behind("fails with ").map(Answer::FailsWith);
    let reads = || behind("reads ").map(Answer::Reads);
    let ends = || behind("ends in ").map(Answer::EndsIn);
    code.or_else(reads)
        .or_else(ends)
        .ok_or("an answer is `succeeds`, `fails with CODE`, `reads TEXT` or `ends in TEXT`")
}

/// Words as a shell divides them, with single quotes and no other.
fn words(command: &str) -> Result<Vec<String>, &'static str> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for character in command.chars() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    if quoted { Err("a quote does not end") } else { Ok(words) }
}
