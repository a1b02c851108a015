//! The canonical path.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::rules::PathRule;

/// Everything but RFC 3986's unreserved characters and the slash.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// As [`PATH`], and existing escapes stay what they are.
const PATH_ONCE: &AsciiSet = &PATH.remove(b'%');

/// The path as the canonical request shows it.
///
/// Source: IAM User Guide, "Create a signed AWS API request", step 1: normalized after RFC 3986 and, except for S3,
/// encoded twice: the wire's encoding is the first.
pub(super) fn canonical(path: &str, rule: PathRule) -> String {
    let path = match rule {
        PathRule::Normalized => normalized(path),
        PathRule::Unnormalized | PathRule::EncodedOnce if path.is_empty() => Cow::Borrowed("/"),
        PathRule::Unnormalized | PathRule::EncodedOnce => Cow::Borrowed(path),
    };
    let encoded = if rule == PathRule::EncodedOnce { PATH_ONCE } else { PATH };
    utf8_percent_encode(&path, encoded).to_string()
}

/// Removes dot segments (RFC 3986, section 5.2.4) and empty ones; the result is absolute.
fn normalized(path: &str) -> Cow<'_, str> {
    if path.starts_with('/') && !path.contains("//") && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            name => kept.push(name),
        }
    }
    let names_a_directory = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    let end = if names_a_directory && !kept.is_empty() { "/" } else { "" };
    Cow::Owned(format!("/{}{end}", kept.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_and_empty_ones_go() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/..", "/"),
            ("/../../a", "/a"),
            ("/a/./b/../c", "/a/c"),
            ("/a//b/", "/a/b/"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/.hidden/..b", "/.hidden/..b"),
            ("a", "/a"),
        ] {
            assert_eq!(canonical(path, PathRule::Normalized), expected, "{path}");
        }
    }

    #[test]
    fn escapes_are_encoded_again_but_not_for_s3() {
        let path = "/a%2Fb/ü /~-_.";
        assert_eq!(canonical(path, PathRule::Normalized), "/a%252Fb/%C3%BC%20/~-_.");
        assert_eq!(canonical(path, PathRule::EncodedOnce), "/a%2Fb/%C3%BC%20/~-_.");
        assert_eq!(canonical("/a//../b", PathRule::EncodedOnce), "/a//../b");
        assert_eq!(canonical("/a//../b%20", PathRule::Unnormalized), "/a//../b%2520");
    }
}
