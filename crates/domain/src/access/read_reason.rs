//! The reason that a caller gives when it reads a token.

use std::str::FromStr;

/// A reason of 1 to 200 characters. The audit stores it, so it must hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadReason(String);

/// The text is not a valid reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 200 characters without control characters")]
pub struct InvalidReadReason;

impl ReadReason {
    /// The reason as text.
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
    fn a_reason_is_trimmed_not_empty_and_limited() {
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
