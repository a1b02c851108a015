//! JSON with the place of every value, for texts that people write; a name that is twice in one object is refused.

use std::{collections::HashSet, iter::Peekable, str::CharIndices};

use serde::de::IgnoredAny;

/// How deep values may nest: as deep as `serde_json` reads records, which it does not hold against what it skips.
const MOST_DEPTH: usize = 127;

/// How many values a text may have: each takes more memory here than the text of a short one does.
pub const MOST_VALUES: usize = 4_000_000;

/// A value and where it stands, in bytes from the beginning of the text.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) end: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Map(Vec<Entry>),
    List(Vec<Node>),
    Text(String),
    /// A number, a truth or nothing.
    Other {
        is_null_or_false: bool,
    },
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: usize,
    pub(crate) value: Node,
}

/// A text that is no JSON, or has a name twice in one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoJson {
    pub(crate) at: usize,
    pub(crate) why: String,
}

impl Node {
    /// Reads a text. Whether it is JSON, `serde_json` says; here only places are found, as deep and as many as are taken.
    pub(crate) fn read(text: &str) -> Result<Self, NoJson> {
        Self::read_within(text, MOST_VALUES)
    }

    fn read_within(text: &str, most: usize) -> Result<Self, NoJson> {
        serde_json::from_str::<IgnoredAny>(text).map_err(|wrong| NoJson {
            at: offset(text.as_bytes(), wrong.line(), wrong.column()),
            why: format!("this is no JSON: {}", without_place(&wrong)),
        })?;
        Reader { text, chars: text.char_indices().peekable(), room: most, depth: MOST_DEPTH }.value()
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        if let Kind::Map(entries) = &self.kind { entries } else { &[] }
    }

    pub(crate) fn items(&self) -> &[Self] {
        if let Kind::List(items) = &self.kind { items } else { &[] }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The field in it, however deep, whose name is nearly this one; and where its name stands.
    pub(crate) fn nearest_field(&self, name: &str) -> Option<(&str, usize)> {
        let here = nearest(name, self.entries().iter().map(|entry| entry.key.as_str()).filter(|key| *key != name));
        let here = here.and_then(|found| self.entries().iter().find(|entry| entry.key == found));
        let deeper = || self.entries().iter().map(|entry| &entry.value).chain(self.items());
        here.map(|entry| (entry.key.as_str(), entry.key_at))
            .or_else(|| deeper().find_map(|node| node.nearest_field(name)))
    }

    /// Whether it says no more than its absence would: `null`, `false`, `[]`, `{}`.
    pub(crate) fn says_nothing(&self) -> bool {
        match &self.kind {
            Kind::Map(entries) => entries.is_empty(),
            Kind::List(items) => items.is_empty(),
            Kind::Text(_) => false,
            Kind::Other { is_null_or_false } => *is_null_or_false,
        }
    }
}

/// Reads what is known to be JSON.
struct Reader<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    /// How many more values are taken.
    room: usize,
    /// How much deeper values may nest.
    depth: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Node, NoJson> {
        self.blanks();
        let at = self.at();
        self.room = self.room.checked_sub(1).ok_or_else(|| NoJson {
            at,
            why: format!("this is one value too many: a text has at most {MOST_VALUES}"),
        })?;
        let kind = match self.chars.peek().map(|(_, c)| *c) {
            Some(opening @ ('{' | '[')) => {
                self.depth = self.depth.checked_sub(1).ok_or_else(|| NoJson {
                    at,
                    why: format!("this is nested too deep: values nest {MOST_DEPTH} deep at most"),
                })?;
                let kind = if opening == '{' { self.map()? } else { self.list()? };
                self.depth += 1;
                kind
            }
            Some('"') => Kind::Text(self.string()),
            _ => {
                while self.chars.next_if(|(_, c)| !matches!(c, ',' | ']' | '}') && !c.is_ascii_whitespace()).is_some() {
                }
                let word = self.text.get(at..self.at()).unwrap_or_default();
                Kind::Other { is_null_or_false: matches!(word, "null" | "false") }
            }
        };
        Ok(Node { at, end: self.at(), kind })
    }

    fn map(&mut self) -> Result<Kind, NoJson> {
        self.chars.next();
        let (mut entries, mut known) = (Vec::new(), HashSet::new());
        while self.is_more('}') {
            let key_at = self.at();
            let key = self.string();
            if !known.insert(key.clone()) {
                return Err(NoJson { at: key_at, why: format!("`{key}` is there twice; keep one") });
            }
            self.blanks();
            self.chars.next_if(|(_, c)| *c == ':');
            entries.push(Entry { key, key_at, value: self.value()? });
        }
        Ok(Kind::Map(entries))
    }

    fn list(&mut self) -> Result<Kind, NoJson> {
        self.chars.next();
        let mut items = Vec::new();
        while self.is_more(']') {
            items.push(self.value()?);
        }
        Ok(Kind::List(items))
    }

    /// Goes to the next member, or behind the end.
    fn is_more(&mut self, end: char) -> bool {
        self.blanks();
        self.chars.next_if(|(_, c)| *c == ',');
        self.blanks();
        self.chars.peek().is_some() && self.chars.next_if(|(_, c)| *c == end).is_none()
    }

    fn string(&mut self) -> String {
        let at = self.at();
        self.chars.next();
        while let Some((_, c)) = self.chars.next() {
            match c {
                '\\' => drop(self.chars.next()),
                '"' => break,
                _ => {}
            }
        }
        let quoted = self.text.get(at..self.at()).unwrap_or_default();
        serde_json::from_str(quoted).unwrap_or_default()
    }

    fn blanks(&mut self) {
        while self.chars.next_if(|(_, c)| c.is_ascii_whitespace()).is_some() {}
    }

    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }
}

/// What the decoder says, without where: that is told of the whole text. And without long texts that it quotes: a secret
/// may stand where something else belongs.
pub(crate) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    without_long_quotes(text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what))
}

/// As long as the longest name of a field, and shorter than any secret.
const LONGEST_QUOTE: usize = 27;

fn without_long_quotes(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(['"', '`']) {
        let (before, quoted) = rest.split_at(begin);
        shown.push_str(before);
        let mark = quoted.chars().next().unwrap_or('"');
        let inside = quoted.get(mark.len_utf8()..).unwrap_or_default();
        // What has no end goes to the end.
        let end = closing(inside, mark).unwrap_or(inside.len());
        let (inside, after) = inside.split_at(end);
        match inside.chars().count() {
            length if length > LONGEST_QUOTE => shown.push_str(&format!("of {length} characters")),
            _ => {
                shown.push(mark);
                shown.push_str(inside);
                shown.extend(after.chars().next());
            }
        }
        rest = after.get(mark.len_utf8()..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

/// Where a quoted text ends: in double quotes the decoder writes a mark as `\\"`.
fn closing(inside: &str, mark: char) -> Option<usize> {
    let mut is_escaped = false;
    inside.char_indices().find_map(|(at, character)| {
        let ends = character == mark && !is_escaped;
        is_escaped = character == '\\' && mark == '"' && !is_escaped;
        ends.then_some(at)
    })
}

/// The byte at a line and a column, both counted from 1, as the decoder counts them.
pub(crate) fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1));
    let at = lines.map(<[u8]>::len).sum::<usize>() + column.saturating_sub(1);
    at.min(bytes.len())
}

/// The name that was probably meant: at most three slips of the finger away, and less than half of the name.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.map(|candidate| (strsim::osa_distance(name, candidate), candidate));
    distances.filter(|(slips, _)| *slips <= 3 && slips * 2 < name.len()).min().map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_value_has_its_place() {
        let text = r#" {"a": [1, "x\"y", {"b": null}], "c": {}, "d": 1e3} "#;
        let node = Node::read(text).unwrap();
        let at = |node: &Node| text.get(node.at..node.end).unwrap().to_owned();
        assert_eq!(at(&node), text.trim());
        let list = node.get("a").unwrap();
        assert_eq!(list.items().iter().map(at).collect::<Vec<_>>(), ["1", r#""x\"y""#, r#"{"b": null}"#]);
        assert_eq!(list.items()[1].text(), Some("x\"y"));
        assert!(list.items()[2].get("b").unwrap().says_nothing() && node.get("c").unwrap().says_nothing());
        assert_eq!(at(node.get("d").unwrap()), "1e3");
        assert_eq!(text.get(node.entries()[1].key_at..).unwrap().get(..3), Some("\"c\""));
    }

    #[test]
    fn a_name_that_is_there_twice_and_a_text_that_is_cut_are_refused_where_they_are() {
        let twice = Node::read(r#"{"a": 1, "b": {"\u0061": 1, "a": 2}}"#).unwrap_err();
        assert_eq!((twice.at, twice.why.as_str()), (28, "`a` is there twice; keep one"));
        let text = r#"{"a": [1, "x"]}"#;
        for len in 0..text.len() {
            assert!(Node::read(text.get(..len).unwrap()).is_err(), "{len}");
        }
        assert!(Node::read(&"[".repeat(100_000)).is_err(), "and does not overflow the stack");
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Node::read(&nested(MOST_DEPTH)).is_ok());
        for deep in [MOST_DEPTH + 1, 100_000] {
            assert_eq!(Node::read(&nested(deep)).unwrap_err().at, MOST_DEPTH);
        }
    }

    #[test]
    fn as_many_values_are_read_as_there_is_room_for() {
        let text = r#"{"a": [1, "x", {"b": null}]}"#;
        assert!(Node::read_within(text, 6).is_ok());
        let refused = Node::read_within(text, 5).unwrap_err();
        assert_eq!(text.get(refused.at..), Some("null}]}"));
    }

    #[test]
    fn the_nearest_name_is_a_few_slips_away() {
        let known = ["enabled", "description", "policy"];
        assert_eq!(nearest("descripton", known.into_iter()), Some("description"));
        assert_eq!(nearest("Enabled", known.into_iter()), Some("enabled"));
        assert_eq!(nearest("owner", known.into_iter()), None);
    }

    #[test]
    fn a_long_text_is_not_quoted_in_what_is_wrong_with_it() {
        let of = |text: &str| without_place(&serde_json::from_str::<u8>(text).unwrap_err());
        assert_eq!(of(r#""yes""#), r#"invalid type: string "yes", expected u8"#);
        let secret = format!("{}\\\"{}", "s".repeat(20), "s".repeat(20));
        let told = of(&format!("\"{secret}\""));
        assert_eq!(told, "invalid type: string of 42 characters, expected u8");
        #[derive(Debug, serde::Deserialize)]
        enum Word {
            One,
        }
        let told = without_place(&serde_json::from_str::<Word>(&format!("\"{}\"", "s".repeat(44))).unwrap_err());
        assert_eq!(told, "unknown variant of 44 characters, expected `One`");
        assert!(matches!(serde_json::from_str(r#""One""#), Ok(Word::One)));
    }

    proptest! {
        #[test]
        fn what_is_json_is_read_and_nothing_panics(text in r#"[\[\]{}",:\\a1 \n]{0,40}"#) {
            let is_json = serde_json::from_str::<Value>(&text).is_ok();
            let read = Node::read(&text);
            prop_assert!(is_json || read.is_err());
            if let Ok(node) = read {
                prop_assert_eq!(text.get(node.at..node.end), Some(text.trim()));
            }
        }
    }
}
