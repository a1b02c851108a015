//! Where an operation is on HTTP: its method and the template of its path.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The method and path of an operation. Where a protocol has one for all, that is `POST` to `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    method: String,
    head: Vec<Segment>,
    /// `{name+}`: whatever is between head and tail, slashes included.
    greedy: Option<(String, Vec<Segment>)>,
}

/// What stands between two slashes of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// `{name}`: any text that is not empty.
    Label(String),
}

/// What a path has in place of a template's labels: name and decoded text.
pub type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

impl Http {
    /// What a model tells; `None` when it is no template of whole segments with one greedy label at most.
    pub(super) fn parse(method: &str, template: &str) -> Option<Self> {
        let mut http = Self { method: method.to_owned(), head: Vec::new(), greedy: None };
        for text in template.strip_prefix('/')?.split('/').filter(|text| !text.is_empty()) {
            let label = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
            let segment = match label.map(|label| (label, label.strip_suffix('+'))) {
                Some((_, Some(_))) if http.greedy.is_some() => return None,
                Some((_, Some(greedy))) => {
                    http.greedy = Some((greedy.to_owned(), Vec::new()));
                    continue;
                }
                Some((label, None)) => Segment::Label(label.to_owned()),
                None if text.contains(['{', '}', '?']) => return None,
                None => Segment::Literal(text.to_owned()),
            };
            http.greedy.as_mut().map_or(&mut http.head, |(_, tail)| tail).push(segment);
        }
        Some(http)
    }

    /// `POST`
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// What stands in a path (with its escapes) for each label; `None`: the path is another one.
    ///
    /// An escaped slash is part of its label: paths are taken apart before they are decoded.
    #[must_use]
    pub fn labels<'a>(&'a self, path: &'a str) -> Option<Labels<'a>> {
        let mut labels = Vec::new();
        let mut take = |segment: &'a Segment, given: &'a str| match segment {
            Segment::Literal(literal) => (literal == given).then_some(()),
            Segment::Label(name) if given.is_empty() || name.is_empty() => None,
            Segment::Label(name) => {
                labels.push((name.as_str(), percent_decode_str(given).decode_utf8().ok()?));
                Some(())
            }
        };
        let mut given = path.strip_prefix('/')?.split('/');
        for segment in &self.head {
            take(segment, given.next()?)?;
        }
        let Some((greedy, tail)) = &self.greedy else {
            let rest = given.next();
            let is_root = self.head.is_empty() && rest == Some("");
            return (rest.is_none() || is_root).then_some(labels);
        };
        for segment in tail.iter().rev() {
            take(segment, given.next_back()?)?;
        }
        let rest = given.collect::<Vec<_>>().join("/");
        let rest = percent_decode_str(&rest).decode_utf8().ok().filter(|rest| !rest.is_empty())?;
        labels.push((greedy, Cow::Owned(rest.into_owned())));
        Some(labels)
    }

    /// The path with its labels filled and escaped; `None` when one has no text.
    pub(crate) fn path<'v>(
        &self,
        text_of: impl Fn(&str) -> Option<Cow<'v, str>>,
        escape: impl Fn(&str) -> String,
    ) -> Option<String> {
        let text_of = |name: &str| text_of(name).filter(|text| !text.is_empty());
        let written = |segment: &Segment| match segment {
            Segment::Literal(literal) => Some(literal.clone()),
            Segment::Label(name) => text_of(name).map(|text| escape(&text)),
        };
        let mut parts: Vec<String> = self.head.iter().map(&written).collect::<Option<_>>()?;
        if let Some((name, tail)) = &self.greedy {
            parts.push(text_of(name)?.split('/').map(&escape).collect::<Vec<_>>().join("/"));
            parts.extend(tail.iter().map(&written).collect::<Option<Vec<_>>>()?);
        }
        Some(format!("/{}", parts.join("/")))
    }
}
