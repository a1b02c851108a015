//! JSON as it is written, two blanks a level, within what may be written and what would be read again.

use super::{NotWritten, Written, no_form};
use crate::file::yaml::{MAX_BYTES, MAX_DEPTH, MAX_VALUES};

/// How many characters a name may have, as it is written.
///
/// Source: YAML 1.2.2, 7.4.2 "Flow Mappings": what stands before the `:` is restricted to 1024 characters.
const MOST_IN_NAME: usize = 1024;

/// A text that is not complete yet.
pub(super) struct Json {
    text: String,
    most_bytes: usize,
    values: usize,
    level: usize,
    /// Whether nothing stands yet in the innermost list or mapping.
    is_empty: bool,
}

impl Json {
    pub(super) fn new(most_bytes: usize) -> Self {
        let most_bytes = most_bytes.min(MAX_BYTES);
        Self { text: String::new(), most_bytes, values: 0, level: 0, is_empty: true }
    }

    pub(super) fn into_text(mut self) -> Result<String, NotWritten> {
        self.text.push('\n');
        if self.text.len() > self.most_bytes { Err(self.too_large()) } else { Ok(self.text) }
    }

    /// A mapping as the value that comes next.
    pub(super) fn map(&mut self, inside: impl FnOnce(&mut Self) -> Written) -> Written {
        self.block('{', '}', inside)
    }

    /// A list as the value that comes next.
    pub(super) fn items<V>(
        &mut self,
        items: impl IntoIterator<Item = V>,
        mut item: impl FnMut(&mut Self, V) -> Written,
    ) -> Written {
        self.block('[', ']', |json| {
            items.into_iter().try_for_each(|of| {
                json.next();
                item(json, of)
            })
        })
    }

    /// A text as the value that comes next.
    pub(super) fn text(&mut self, text: &str) -> Written {
        self.value(&quoted(text))
    }

    /// A number as the value that comes next.
    pub(super) fn number(&mut self, number: i64) -> Written {
        self.value(&number.to_string())
    }

    /// Begins an entry of the innermost mapping: its value comes next.
    pub(super) fn entry(&mut self, name: &str) -> Result<&mut Self, NotWritten> {
        self.next();
        let quoted = quoted(name);
        if quoted.chars().count() > MOST_IN_NAME {
            let beginning: String = name.chars().take(40).collect();
            return Err(no_form(&format!("{beginning}..."), "a name has up to 1,024 characters"));
        }
        self.value(&quoted)?;
        self.text.push_str(": ");
        Ok(self)
    }

    /// An entry, if there is a text for it.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) -> Written {
        text.map_or(Ok(()), |text| self.entry(name)?.text(text))
    }

    /// An entry that is a mapping, if there is anything in it.
    pub(super) fn mapping<K: AsRef<str>, V>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (K, V)>,
        mut value: impl FnMut(&mut Self, V) -> Written,
    ) -> Written {
        let mut entries = entries.into_iter().peekable();
        if entries.peek().is_none() {
            return Ok(());
        }
        self.entry(name)?.map(|json| entries.try_for_each(|(name, of)| value(json.entry(name.as_ref())?, of)))
    }

    /// An entry that is a mapping of texts, if there is anything in it.
    pub(super) fn texts<K: AsRef<str>, V: AsRef<str>>(
        &mut self,
        name: &str,
        texts: impl IntoIterator<Item = (K, V)>,
    ) -> Written {
        self.mapping(name, texts, |json, text| json.text(text.as_ref()))
    }

    /// An entry that is a list, if there is anything in it.
    pub(super) fn list<V>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = V>,
        item: impl FnMut(&mut Self, V) -> Written,
    ) -> Written {
        let mut items = items.into_iter().peekable();
        if items.peek().is_none() {
            return Ok(());
        }
        self.entry(name)?.items(items, item)
    }

    /// An entry that is a list of texts, if there is anything in it.
    pub(super) fn words<V: AsRef<str>>(&mut self, name: &str, words: impl IntoIterator<Item = V>) -> Written {
        self.list(name, words, |json, word| json.text(word.as_ref()))
    }

    fn block(&mut self, open: char, close: char, inside: impl FnOnce(&mut Self) -> Written) -> Written {
        if self.level == MAX_DEPTH {
            return Err(no_form("organization", "it nests deeper than is read"));
        }
        self.level += 1;
        self.is_empty = true;
        self.value(open.encode_utf8(&mut [0; 4]))?;
        inside(self)?;
        self.level -= 1;
        if !self.is_empty {
            self.line();
        }
        self.is_empty = false;
        self.text.push(close);
        Ok(())
    }

    /// Goes on to the next entry or item.
    fn next(&mut self) {
        if !self.is_empty {
            self.text.push(',');
        }
        self.is_empty = false;
        self.line();
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.level));
    }

    fn value(&mut self, text: &str) -> Written {
        self.values += 1;
        if self.text.len() + text.len() > self.most_bytes || self.values > MAX_VALUES {
            return Err(self.too_large());
        }
        self.text.push_str(text);
        Ok(())
    }

    fn too_large(&self) -> NotWritten {
        NotWritten::TooLarge { most_bytes: self.most_bytes }
    }
}

/// A text as JSON has it, without what YAML's readers take for no character.
///
/// Source: YAML 1.2.2, 5.1 "Character Set".
fn quoted(text: &str) -> String {
    // A string becomes JSON whatever it holds.
    let json = serde_json::Value::from(text).to_string();
    let is_odd =
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    if !json.contains(is_odd) {
        return json;
    }
    json.chars().fold(String::new(), |mut text, c| {
        if is_odd(c) {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
        text
    })
}
