//! Texts with wildcards, as IAM's: `*` stands for any characters, also none, `?` for one.

/// Whether a text is what a pattern says.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where the last run began, and how much of the text it stands for.
    let mut run: Option<(usize, usize)> = None;
    while let Some(character) = text.get(read) {
        match pattern.get(at) {
            Some('*') => {
                run = Some((at, read));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == character => {
                at += 1;
                read += 1;
            }
            _ => match &mut run {
                Some((star, stands_to)) => {
                    *stands_to += 1;
                    (at, read) = (*star + 1, *stands_to);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|left| *left == '*')
}

/// The same for names whose case says nothing.
pub(crate) fn fits_any_case(pattern: &str, text: &str) -> bool {
    fits(&pattern.to_lowercase(), &text.to_lowercase())
}

/// Whether it may stand for several texts.
pub(crate) fn has_wildcards(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_single_characters() {
        for (pattern, text, wanted) in [
            ("", "", true),
            ("*", "", true),
            ("*", "anything", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("arn:*:role/Node*", "arn:aws:iam::1:role/NodeRole", true),
            ("arn:*:role/Node*", "arn:aws:iam::1:role/Other", false),
            ("*ab*ab", "ababab", true),
            ("*ab", "aba", false),
            ("eu-*", "eu-west-1", true),
            ("EU-*", "eu-west-1", false),
        ] {
            assert_eq!(fits(pattern, text), wanted, "{pattern} {text}");
        }
        assert!(fits_any_case("KMS:decrypt", "kms:Decrypt"));
    }
}
