//! Other files than those of this crate, written and refused as they are: YAML or JSON, or a line of words.

use std::collections::HashSet;

use super::{
    FileError, Problem,
    field::Field,
    node::{Entry, Node, Value},
    yaml,
};
use crate::text::{SourceText, Span};

/// A text, taken apart into values that know their places.
#[derive(Clone, Debug)]
pub struct Document(Node);

impl Document {
    /// Reads YAML, and with it JSON.
    ///
    /// # Errors
    /// [`FileError`], when the text is neither, or larger than is read.
    pub fn read(source: &SourceText) -> Result<Self, FileError> {
        yaml::parse(source).map(Self)
    }

    /// Reads a line: the value of the field `first`, then `field=value` for each other one. What has spaces stands
    /// between double quotes.
    ///
    /// # Errors
    /// [`FileError`], when a word stands where a field should, or a quote does not end.
    pub fn of_line(source: &SourceText, first: &str) -> Result<Self, FileError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut named = HashSet::new();
        for word in words(source)? {
            let text = source.slice(word);
            let (name, name_span, value_span) = match text.split_once('=') {
                Some((name, _)) if !name.contains(['"', ':']) => {
                    let at = word.start + u32::try_from(name.len()).unwrap_or(u32::MAX);
                    (name, Span { end: at, ..word }, Span { start: at.saturating_add(1), ..word })
                }
                _ if entries.is_empty() => (first, word, word),
                _ => {
                    let problem = Problem::Syntax(format!("`{text}` stands where `field=value` should"));
                    return Err(FileError::new(source.clone(), word, "", problem));
                }
            };
            if !named.insert(name) {
                return Err(FileError::new(source.clone(), name_span, "", Problem::Twice(name.to_owned())));
            }
            let value = Value::Scalar { text: source.slice(value_span).replace('"', ""), plain: false };
            let value = Node { source: source.clone(), span: value_span, line: 1, value };
            entries.push(Entry { key: name.to_owned(), key_span: name_span, value });
        }
        let end = u32::try_from(source.text().len()).unwrap_or(u32::MAX);
        let span = Span { start: 0, end };
        Ok(Self(Node { source: source.clone(), span, line: 1, value: Value::Map(entries) }))
    }

    /// The whole of it.
    #[must_use]
    pub fn root(&self) -> Field<'_> {
        Field::root(&self.0)
    }
}

/// The places of the words of a line; spaces between double quotes divide none.
fn words(source: &SourceText) -> Result<Vec<Span>, FileError> {
    let mut words = Vec::new();
    let (mut start, mut quote) = (None, None);
    for (at, character) in source.text().char_indices() {
        if character == '"' {
            quote = if quote.is_none() { Some(at) } else { None };
        }
        if character.is_whitespace() && quote.is_none() {
            words.extend(start.take().map(|start| Span::from(start..at)));
        } else {
            start.get_or_insert(at);
        }
    }
    if let Some(at) = quote {
        let problem = Problem::Syntax("this quote does not end".to_owned());
        return Err(FileError::new(source.clone(), Span::from(at..at + 1), "", problem));
    }
    words.extend(start.map(|start| Span::from(start..source.text().len())));
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<Vec<(String, String)>, String> {
        let document = Document::of_line(&SourceText::new("--fault", text), "on").map_err(|error| error.to_string())?;
        document.root().texts().map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_is_a_mapping() {
        let read = line(r#" kms:Decrypt  error=Throttling message="Slow down = please" "#).unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, [("on", "kms:Decrypt"), ("error", "Throttling"), ("message", "Slow down = please")]);
        assert_eq!(line("key=arn:aws:kms:x:1:key/a=b").unwrap().len(), 1, "the first field need not be there");
    }

    /// Whoever may send a line may send a long one: each field is looked at once, not beside all others, which takes
    /// minutes of this one.
    #[test]
    fn a_line_is_read_in_time_that_grows_as_it_does() {
        let text: String = (0..150_000).map(|at| format!("f{at}=x ")).collect();
        let started = std::time::Instant::now();
        assert_eq!(line(&text).unwrap().len(), 150_000);
        assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", started.elapsed());
    }

    #[test]
    fn what_is_no_line_is_refused_at_its_place() {
        for (text, told) in [
            ("kms:Decrypt lost", "--fault:1:13: this is neither YAML nor JSON: `lost` stands where"),
            ("kms:Decrypt a=1 a=2", "--fault:1:17: `a` is there twice"),
            ("kms:Decrypt message=\"oh", "--fault:1:21: this is neither YAML nor JSON: this quote"),
        ] {
            let refused = line(text).unwrap_err();
            assert!(refused.starts_with(told), "{refused}");
        }
    }
}
