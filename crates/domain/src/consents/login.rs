//! How an app sends people to Meta's log-in dialog.
//!
//! The rule: a configuration of Facebook Login for Business says by itself which permissions it asks for; the list of
//! scopes is for apps without one, and for finding out what was declined.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{LoginConfigId, PageUrl};

/// The most permissions that an app asks for.
const MAX_SCOPES: usize = 60;
/// The longest name of a permission.
const MAX_SCOPE_LENGTH: usize = 80;

/// How an app sends people to Meta's log-in dialog, and what it asks them for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginSettings {
    /// The configuration of Facebook Login for Business.
    pub config_id: Option<LoginConfigId>,
    /// The permissions that the app asks for.
    pub scopes: LoginScopes,
    /// Where the dialog is; `None` is Meta's own address.
    pub dialog_base_url: Option<PageUrl>,
    /// The page of the provider to which people are led who come from Meta without a link.
    pub landing_url: Option<PageUrl>,
}

/// Permissions of the Graph API, each once, in order; as text, separated by spaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<String>", try_from = "Vec<String>")]
pub struct LoginScopes(Vec<String>);

/// The list is not one of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at most {MAX_SCOPES} names of permissions, such as pages_show_list")]
pub struct InvalidLoginScope;

impl LoginScopes {
    /// The names.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Vec<String>> for LoginScopes {
    type Error = InvalidLoginScope;

    fn try_from(mut names: Vec<String>) -> Result<Self, InvalidLoginScope> {
        names.sort_unstable();
        names.dedup();
        if names.len() <= MAX_SCOPES && names.iter().all(|it| is_scope(it)) {
            Ok(Self(names))
        } else {
            Err(InvalidLoginScope)
        }
    }
}

impl From<LoginScopes> for Vec<String> {
    fn from(scopes: LoginScopes) -> Self {
        scopes.0
    }
}

impl FromStr for LoginScopes {
    type Err = InvalidLoginScope;

    fn from_str(text: &str) -> Result<Self, InvalidLoginScope> {
        let names: Vec<_> = text
            .split_ascii_whitespace()
            .map(ToOwned::to_owned)
            .collect();
        names.try_into()
    }
}

impl fmt::Display for LoginScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

fn is_scope(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=MAX_SCOPE_LENGTH).contains(&name.len()) && name.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_what_they_write_and_are_named_once() {
        let scopes: LoginScopes = "pages_show_list ads_read ads_read".parse().unwrap();
        assert_eq!(scopes.to_string(), "ads_read pages_show_list");
        assert_eq!(scopes.to_string().parse(), Ok(scopes));
    }

    #[test]
    fn other_texts_are_no_scopes() {
        for text in ["Ads_read", "ads-read", "a,b", "é"] {
            assert_eq!(
                text.parse::<LoginScopes>(),
                Err(InvalidLoginScope),
                "{text}"
            );
        }
        let many: Vec<_> = (0..=MAX_SCOPES).map(|it| format!("s{it}")).collect();
        assert!(LoginScopes::try_from(many).is_err());
    }
}
