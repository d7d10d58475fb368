//! Operators: the people who run the installation, and their roles.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::closed_list;

closed_list! {
    /// The role of an operator. No role can read the tokens of a tenant.
    pub enum OperatorRole: "role: expected `owner` or `support`", serde {
        /// May use the whole admin API.
        Owner = "owner",
        /// May read, and may change only the own password.
        Support = "support",
    }
}

/// The name that an operator logs in with: 1 to 64 of `a-z 0-9 . _ @ + -`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct OperatorName(String);

/// The text is not a valid operator name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 64 of a-z, 0-9, `.`, `_`, `@`, `+` and `-`")]
pub struct InvalidOperatorName;

impl OperatorName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OperatorName {
    type Err = InvalidOperatorName;

    fn from_str(text: &str) -> Result<Self, InvalidOperatorName> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._@+-".contains(&b);
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidOperatorName)
        }
    }
}

impl TryFrom<String> for OperatorName {
    type Error = InvalidOperatorName;

    fn try_from(text: String) -> Result<Self, InvalidOperatorName> {
        text.parse()
    }
}

impl From<OperatorName> for String {
    fn from(name: OperatorName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_lower_case() {
        assert_eq!(
            "ada@example.com".parse::<OperatorName>().unwrap().as_str(),
            "ada@example.com"
        );
        for text in ["", "Ada", "a b", "a\n", "ä", &"a".repeat(65)] {
            assert_eq!(
                text.parse::<OperatorName>(),
                Err(InvalidOperatorName),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_role_reads_back_what_it_writes() {
        for role in OperatorRole::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert!("root".parse::<OperatorRole>().is_err());
    }
}
