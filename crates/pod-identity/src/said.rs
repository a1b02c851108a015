//! What the other side's errors say, as others are told.

use std::error::Error;

/// A message holds no more of the other side's words.
const LONGEST: usize = 1024;

pub(crate) fn cut(message: String) -> String {
    message.chars().take(LONGEST).filter(|c| !c.is_control()).collect()
}

/// What each error of the chain displays. Never `Debug`: the SDK's shows the whole response.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        next = error.source();
    }
    text
}
