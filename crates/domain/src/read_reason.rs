//! Why a token is read, in the words of whoever reads it.

use std::str::FromStr;

/// A reason of 1 to 200 characters; it is kept in the audit and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadReason(String);

/// The text is not a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 200 characters without control characters")]
pub struct InvalidReadReason;

impl ReadReason {
    /// The reason's words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReadReason {
    type Err = InvalidReadReason;

    fn from_str(text: &str) -> Result<Self, InvalidReadReason> {
        let text = text.trim();
        let fits = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidReadReason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_words_and_an_end() {
        assert_eq!(
            " ticket 42 ".parse::<ReadReason>().unwrap().as_str(),
            "ticket 42"
        );
        for text in ["", "  ", "a\u{0}b", "a\nb", &"x".repeat(201)] {
            assert_eq!(
                text.parse::<ReadReason>(),
                Err(InvalidReadReason),
                "{text:?}"
            );
        }
    }
}
