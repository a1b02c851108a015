//! The canonical path.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode};

use super::rules::PathRule;

/// Everything but RFC 3986's unreserved characters and the slash.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The path as the canonical request shows it.
///
/// Source: IAM User Guide, "Create a signed AWS API request", step 1: normalized after RFC 3986 and, except for S3,
/// encoded twice: the wire's encoding is the first.
pub(super) fn canonical(path: &str, rule: PathRule) -> String {
    match rule {
        PathRule::Normalized => utf8_percent_encode(&normalized(path), PATH).to_string(),
        PathRule::Unnormalized => utf8_percent_encode(absolute(path), PATH).to_string(),
        PathRule::EncodedOnce => {
            let key: Vec<u8> = percent_decode_str(absolute(path)).collect();
            percent_encode(&key, PATH).to_string()
        }
    }
}

fn absolute(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
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
        let path = "/a%3Ab/ü /~-_.%40";
        assert_eq!(canonical(path, PathRule::Normalized), "/a%253Ab/%C3%BC%20/~-_.%2540");
        assert_eq!(canonical(path, PathRule::EncodedOnce), "/a%3Ab/%C3%BC%20/~-_.%40");
        assert_eq!(canonical("/%7e@%zz", PathRule::EncodedOnce), "/~%40%25zz");
        assert_eq!(canonical("/a//../b", PathRule::EncodedOnce), "/a//../b");
        assert_eq!(canonical("/a//../b%20", PathRule::Unnormalized), "/a//../b%2520");
    }
}
