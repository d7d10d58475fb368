//! An error with its causes, for the log.
//!
//! The rule: log an error through [`error_chain`] alone. Most errors hide their cause from `Display`, because that
//! text may reach a caller.

use std::error::Error;

/// The text of an error and of each of its causes, separated by `: `.
///
/// A cause whose text ends the text before it is left out: some errors print their cause already.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the request failed")]
    struct Outer(#[source] std::num::ParseIntError);

    #[test]
    fn an_error_is_followed_by_its_causes() {
        let cause = "x".parse::<u8>().unwrap_err();
        assert_eq!(
            error_chain(&Outer(cause)),
            "the request failed: invalid digit found in string"
        );
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot save: {0}")]
    struct Printing(#[source] Outer);

    #[test]
    fn a_cause_that_an_error_prints_itself_is_not_repeated() {
        let cause = "x".parse::<u8>().unwrap_err();
        assert_eq!(
            error_chain(&Printing(Outer(cause))),
            "cannot save: the request failed: invalid digit found in string"
        );
    }
}
