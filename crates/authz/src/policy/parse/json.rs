//! JSON as RFC 8259 has it, bounded. `jsonc-parser` keeps every value's place; what it takes beyond JSON is switched
//! off, and what cannot be switched off is refused in one pass before.

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Object, Value},
    common::Ranged,
    errors::{ParseError, ParseErrorKind},
    parse_to_ast,
};

use super::{Flaw, Refusal, in_short};
use crate::{
    policy::{PolicyKind, limits},
    text::Span,
};

/// How deep a text may nest. A policy needs seven levels; what recurses over more would need stack for it.
const DEPTH: usize = 32;

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
};

/// A JSON text that holds an object.
pub(super) struct Document<'a>(Object<'a>);

impl<'a> Document<'a> {
    pub(super) fn parse(text: &'a str, kind: PolicyKind) -> Result<Self, Refusal> {
        check(text, kind)?;
        let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| refusal(&error))?;
        match parsed.value {
            Some(Value::Object(object)) => Ok(Self(object)),
            Some(other) => Err((span_of(&other), Flaw::NoObject)),
            None => Err((Span::default(), Flaw::Json("there is nothing in it"))),
        }
    }

    pub(super) const fn object(&self) -> &Object<'a> {
        &self.0
    }
}

/// The place of a part of the text.
pub(super) fn span_of(ranged: &impl Ranged) -> Span {
    let range = ranged.range();
    (range.start..range.end).into()
}

/// A string, number or boolean, as text.
pub(super) fn scalar<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::StringLit(string) => Some(&string.value),
        Value::NumberLit(number) => Some(number.value),
        Value::BooleanLit(boolean) => Some(if boolean.value { "true" } else { "false" }),
        Value::NullKeyword(_) | Value::Object(_) | Value::Array(_) => None,
    }
}

/// A value in short, for an error that tells what was found.
pub(super) fn describe(value: &Value<'_>) -> String {
    match value {
        Value::NullKeyword(_) => "null".to_owned(),
        Value::Object(_) => "{...}".to_owned(),
        Value::Array(_) => "[...]".to_owned(),
        _ => scalar(value).map(in_short).unwrap_or_default(),
    }
}

/// The bounds, and what the parser would let through.
fn check(text: &str, kind: PolicyKind) -> Result<(), Refusal> {
    let (mut depth, mut string, mut is_escaped) = (0_usize, None, false);
    for (count, (at, character)) in text.char_indices().enumerate() {
        let here = || Span::from(at..at + character.len_utf8());
        if count == limits::CHARACTERS_OF_ANY {
            return Err((here(), Flaw::TooLong { limit: limits::CHARACTERS_OF_ANY }));
        }
        if !limits::may_hold(kind, character) {
            return Err((here(), Flaw::Character(character)));
        }
        if let Some(start) = string {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => string = None,
                '\n' | '\r' => return Err(((start..at).into(), Flaw::Json("this string does not end"))),
                '\0'..' ' => return Err((here(), Flaw::Json("a control character in a string has to be escaped"))),
                _ => {}
            }
            continue;
        }
        match character {
            '"' => string = Some(at),
            '{' | '[' if depth == DEPTH => return Err((here(), Flaw::TooDeep)),
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ' ' | '\t' | '\n' | '\r' => {}
            _ if character.is_whitespace() || character.is_control() => {
                return Err((here(), Flaw::Json("this character is no white space of JSON")));
            }
            _ => {}
        }
    }
    Ok(())
}

fn refusal(error: &ParseError) -> Refusal {
    use ParseErrorKind as Kind;
    let place = Span::from(error.range().start..error.range().end);
    let flaw = match error.kind() {
        Kind::CommentsNotAllowed | Kind::UnterminatedCommentBlock => "JSON has no comments",
        Kind::ExpectedColonAfterObjectKey => "a `:` is missing after the name",
        Kind::ExpectedObjectValue => "the value is missing",
        Kind::ExpectedStringObjectProperty => "names are written in double quotes",
        Kind::ExpectedComma => "a `,` is missing",
        Kind::TrailingCommasNotAllowed => "the last entry has no `,` after it",
        Kind::SingleQuotedStringsNotAllowed => "strings are written in double quotes",
        Kind::MultipleRootJsonValues => "something follows the end of the document",
        Kind::UnterminatedArray => "this list does not end",
        Kind::UnterminatedObject => "this object does not end",
        Kind::NestingDepthExceeded => return (place, Flaw::TooDeep),
        Kind::String(jsonc_parser::ParseStringErrorKind::UnterminatedStringLiteral) => "this string does not end",
        Kind::String(_) => "JSON has no such escape",
        Kind::ExpectedDigit
        | Kind::ExpectedDigitFollowingNegativeSign
        | Kind::ExpectedPlusMinusOrDigitInNumberLiteral
        | Kind::HexadecimalNumbersNotAllowed
        | Kind::UnaryPlusNumbersNotAllowed => "JSON has no such number",
        Kind::UnexpectedCloseBrace
        | Kind::UnexpectedCloseBracket
        | Kind::UnexpectedColon
        | Kind::UnexpectedComma
        | Kind::UnexpectedToken
        | Kind::UnexpectedTokenInObject
        | Kind::UnexpectedWord => "this does not belong here",
    };
    (place, Flaw::Json(flaw))
}
