//! `application/x-www-form-urlencoded`: read once into sorted parameters, so that everything under a path is one
//! contiguous run; and written.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use crate::protocol::DecodeError;

/// The parameters of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form<'a> {
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Form<'a> {
    /// Reads a form body or a query string.
    ///
    /// # Errors
    /// When a name or value is not UTF-8, or a name is given twice: nobody should have to guess which one was
    /// meant.
    pub fn parse(form: &'a [u8]) -> Result<Self, DecodeError> {
        let mut parameters = Vec::new();
        for pair in form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |&byte| byte == b'=');
            let name = unescape(halves.next().unwrap_or_default())?;
            parameters.push((name, unescape(halves.next().unwrap_or_default())?));
        }
        parameters.sort_unstable();
        if parameters.is_sorted_by(|(earlier, _), (later, _)| earlier < later) {
            Ok(Self { parameters })
        } else {
            Err(DecodeError::Malformed("a parameter is given twice".into()))
        }
    }

    /// The value of the parameter of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters().get(name)
    }

    pub(super) fn parameters(&self) -> Parameters<'_> {
        Parameters(&self.parameters)
    }
}

/// A run of parameters, sorted by name.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'f>(&'f [(Cow<'f, str>, Cow<'f, str>)]);

impl<'f> Parameters<'f> {
    pub(super) fn get(self, name: &str) -> Option<&'f str> {
        let at = self.0.binary_search_by(|(candidate, _)| candidate.as_ref().cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value.as_ref())
    }

    /// Those whose names begin with `prefix`.
    pub(super) fn under(self, prefix: &str) -> Self {
        let from = self.0.partition_point(|(name, _)| name.as_ref() < prefix);
        let run = self.0.get(from..).unwrap_or_default();
        let length = run.partition_point(|(name, _)| name.starts_with(prefix));
        Self(run.get(..length).unwrap_or_default())
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The numbers that follow `prefix` in these names, each once, in order: the indices of a list's elements.
    pub(super) fn indices(self, prefix: &str) -> Vec<u32> {
        let index = |name: &str| name.strip_prefix(prefix)?.split('.').next()?.parse().ok();
        let mut indices: Vec<u32> = self.0.iter().filter_map(|(name, _)| index(name)).collect();
        indices.sort_unstable();
        indices.dedup();
        indices
    }
}

pub(in crate::protocol) fn unescape(text: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    let refused = |_| DecodeError::Malformed("a parameter is not UTF-8".into());
    if !text.contains(&b'+') {
        return percent_decode(text).decode_utf8().map_err(refused);
    }
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8().map_err(refused)?;
    Ok(Cow::Owned(decoded.into_owned()))
}

/// What needs an escape in a form: all but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A form being written.
#[derive(Default)]
pub(super) struct FormWriter(String);

impl FormWriter {
    pub(super) fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(utf8_percent_encode(name, ESCAPED));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, ESCAPED));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}
