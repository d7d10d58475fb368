//! An error with its causes, for the log.
//!
//! The rule: log an error through [`error_chain`] alone. Most errors hide their cause from `Display`, because that
//! text may reach a caller.

use std::error::Error;

/// The text of an error and of each of its causes, separated by `: `.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
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
}
