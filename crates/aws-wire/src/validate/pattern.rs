//! AWS's patterns are Java regular expressions, matched against the whole value. Here they are translated into
//! the `regex` crate's syntax, which runs in linear time whatever the input.
//!
//! What is translated:
//! - the whole value must match, whether or not the pattern has `^` and `$`;
//! - `\w`, `\d` and `\s` (and their negations outside brackets) are ASCII in Java;
//! - `.` excludes all of Java's line ends, not just `\n`;
//! - `\uD800\uDC00`, two halves of one character, is that character;
//! - `\p{ASCII}`, `\p{Alpha}`, `\p{Digit}`, `\p{Alnum}`, `\p{Upper}`, `\p{Lower}` and `\p{Space}` are ASCII.
//!
//! What both have alike and passes unchanged: the general categories (`\p{L}`), `\uXXXX`, `\xXX`, and unions and
//! intersections in brackets. What only Java has (look-around, back references) does not compile, and neither do
//! the operators in brackets that only `regex` has. The one pattern of the embedded models with a look-ahead is
//! rewritten by hand.

use regex::{Regex, RegexBuilder};

/// Why a pattern cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PatternError {
    /// Java and `regex` would disagree on what it means.
    #[error("`{0}` means something else to Java than to the regex crate")]
    Ambiguous(String),
    /// The regex crate refuses the translation.
    #[error(transparent)]
    Syntax(#[from] regex::Error),
}

/// IAM's account aliases: no two hyphens beside one another. The length that the look-ahead's repetition bounds is in
/// the shape's own bounds, too.
///
/// Organizations' names and documents: anything at all.
const REWRITTEN: [(&str, &str); 2] =
    [("^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", "[a-z0-9](?:-?[a-z0-9])+"), ("[\\s\\S]*", "(?s:.*)")];

/// Compiles a pattern that a whole value must match.
pub(crate) fn compile(java: &str) -> Result<Regex, PatternError> {
    let by_hand = REWRITTEN.iter().find(|(pattern, _)| *pattern == java).map(|(_, rewritten)| (*rewritten).to_owned());
    let translated = by_hand.map_or_else(|| translate(java), Ok)?;
    Ok(RegexBuilder::new(&format!("^(?:{translated})$")).build()?)
}

fn translate(java: &str) -> Result<String, PatternError> {
    let mut out = String::with_capacity(java.len() * 2);
    let mut rest = java.chars();
    // Brackets may be nested.
    let mut depth = 0_usize;
    let mut previous = ' ';
    while let Some(character) = rest.next() {
        match character {
            '\\' => {
                let escaped = rest.next().ok_or_else(|| PatternError::Ambiguous(java.to_owned()))?;
                match escaped {
                    'p' | 'P' => property(escaped, &mut rest, &mut out, java)?,
                    'u' => character_at(&mut rest, &mut out).ok_or_else(|| PatternError::Ambiguous(java.to_owned()))?,
                    escaped => escape(escaped, depth > 0, &mut out, java)?,
                }
                previous = ' ';
                continue;
            }
            '[' => {
                depth += 1;
                out.push('[');
            }
            ']' => {
                depth = depth.saturating_sub(1);
                out.push(']');
            }
            '.' if depth == 0 => out.push_str(r"[^\n\r\x{85}\x{2028}\x{2029}]"),
            // In brackets, `--` and `~~` subtract for `regex` and are plain characters for Java.
            '-' | '~' if depth > 0 && previous == character => {
                return Err(PatternError::Ambiguous(java.to_owned()));
            }
            character => out.push(character),
        }
        previous = character;
    }
    Ok(out)
}

fn escape(escaped: char, in_brackets: bool, out: &mut String, java: &str) -> Result<(), PatternError> {
    let class = match escaped.to_ascii_lowercase() {
        'w' => "A-Za-z0-9_",
        'd' => "0-9",
        's' => r" \t\n\x0B\f\r",
        _ => {
            out.extend(['\\', escaped]);
            return Ok(());
        }
    };
    match (escaped.is_ascii_uppercase(), in_brackets) {
        (false, true) => out.push_str(class),
        (false, false) => out.extend(["[", class, "]"]),
        (true, false) => out.extend(["[^", class, "]"]),
        (true, true) => return Err(PatternError::Ambiguous(java.to_owned())),
    }
    Ok(())
}

/// What follows `\u`: a character, or half of one that the next escape completes.
fn character_at(rest: &mut std::str::Chars<'_>, out: &mut String) -> Option<()> {
    let unit = |rest: &mut std::str::Chars<'_>| {
        let digits: String = rest.by_ref().take(4).collect();
        u16::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4)
    };
    let first = unit(rest)?;
    let mut units = vec![first];
    if (0xD800..0xDC00).contains(&first) {
        (rest.next() == Some('\\') && rest.next() == Some('u')).then_some(())?;
        units.push(unit(rest)?);
    }
    let character = char::decode_utf16(units).next()?.ok()?;
    out.push_str(&format!(r"\x{{{:X}}}", u32::from(character)));
    Some(())
}

/// `\p{..}` and `\pL`: Java's ASCII classes are spelled out, general categories stay.
fn property(escaped: char, rest: &mut std::str::Chars<'_>, out: &mut String, java: &str) -> Result<(), PatternError> {
    let ambiguous = || PatternError::Ambiguous(java.to_owned());
    let name: String = match rest.next().ok_or_else(ambiguous)? {
        '{' => rest.by_ref().take_while(|&character| character != '}').collect(),
        letter => letter.to_string(),
    };
    let ascii = match name.as_str() {
        "ASCII" => r"\x00-\x7F",
        "Alpha" => "A-Za-z",
        "Digit" => "0-9",
        "Alnum" => "A-Za-z0-9",
        "Upper" => "A-Z",
        "Lower" => "a-z",
        "Space" => r" \t\n\x0B\f\r",
        name => {
            out.extend(["\\", escaped.encode_utf8(&mut [0; 4]), "{", name, "}"]);
            return Ok(());
        }
    };
    // A class inside a class is a union, so that the brackets do no harm there.
    out.extend([if escaped == 'P' { "[^" } else { "[" }, ascii, "]"]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::compile;
    use crate::model::{self, Kind, ServiceId};

    #[test]
    fn every_pattern_of_the_embedded_models_compiles() {
        let mut patterns = 0;
        for shape in ServiceId::ALL.into_iter().flat_map(|id| model::service(id).shapes()) {
            let Kind::String(text) = &shape.kind else { continue };
            let Some(pattern) = &text.pattern else { continue };
            patterns += 1;
            if let Err(error) = compile(pattern.source()) {
                panic!("{} `{}`: {error}", shape.name, pattern.source());
            }
        }
        assert!(patterns > 30, "the models have patterns: {patterns}");
    }

    #[test]
    fn the_whole_value_must_match() {
        let matches = |pattern: &str, text: &str| compile(pattern).unwrap().is_match(text);
        assert!(matches("[\\w]+", "abc"));
        assert!(!matches("[\\w]+", "abc "));
        assert!(!matches("[\\w]+", ""));
        assert!(!matches("^[a-z]+$", "abc\n"), "Java's matches() takes a final line feed no more than any other");
        assert!(matches("a|ab", "ab"), "an alternative that matches less does not end the search");
        assert!(!matches("^(x)$|^y$", "xy"));
    }

    #[test]
    fn classes_mean_what_they_mean_to_java() {
        let matches = |pattern: &str, text: &str| compile(pattern).unwrap().is_match(text);
        assert!(!matches("\\w+", "é"), "\\w is ASCII");
        assert!(!matches("\\d+", "٣"), "\\d is ASCII");
        assert!(!matches("[\\s]", "\u{a0}"), "\\s is ASCII");
        assert!(matches("\\W", "é") && !matches("\\W", "e"));
        assert!(matches("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+", "Größe キー ٣=½"));
        assert!(!matches("[\\p{L}]+", "का"), "a vowel sign is a mark, not a letter");
        assert!(!matches("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+", "a*b"));
        assert!(matches("^\\p{ASCII}+$", "key-1!") && !matches("^\\p{ASCII}+$", "キー"));
        assert!(matches(".+", "a b") && !matches(".+", "a\u{2028}b") && !matches(".+", "a\rb"));
        assert!(matches("[a-zA-Z0-9-_.]+", "a-b_c.d"), "a hyphen after a range is a hyphen");
        assert!(matches("[\\u0020-\\u00FF]*", "ÿ ") && !matches("[\\u0020-\\u00FF]*", "Ā"));
        let beyond = "[a\\uD800\\uDC00-\\uD83D\\uDE00]+";
        assert!(matches(beyond, "a\u{10000}\u{1F600}") && !matches(beyond, "\u{1F601}") && !matches(beyond, "b"));
    }

    #[test]
    fn a_pattern_that_was_rewritten_by_hand_means_the_same() {
        let alias = compile("^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$").unwrap();
        for (text, fits) in [("abc", true), ("a-b-c", true), ("a--b", false), ("-ab", false), ("ab-", false)] {
            assert_eq!(alias.is_match(text), fits, "{text}");
        }
    }

    #[test]
    fn what_java_and_regex_read_differently_is_refused() {
        for pattern in ["[a--b]", "[a~~b]", "[\\W]", "(?=a)b", "(a)\\1", "a\\", "\\uD800", "\\uDC00", "\\u00"] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
    }
}
