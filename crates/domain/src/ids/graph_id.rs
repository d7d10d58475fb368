//! Identifiers of Graph: asset, person, app, configuration of a log-in.
//!
//! The rule: only `^(act_)?[0-9]{1,20}$` may get into a Graph path or batch, never `1/../me` or `1?fields=`.
//! Ids are text everywhere because they exceed 2^53.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

const AD_ACCOUNT: &str = "act_";
const MAX_DIGITS: usize = 20;

/// The text is not an identifier of Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 20 digits{}", if *.ad_account_allowed { ", with `act_` in front for an ad account" } else { "" })]
pub struct InvalidGraphId {
    ad_account_allowed: bool,
}

macro_rules! graph_id {
    ($($(#[$doc:meta])* $name:ident ad_account_allowed: $allowed:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The text as Graph writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidGraphId;

            fn from_str(text: &str) -> Result<Self, InvalidGraphId> {
                let digits = if $allowed { text.strip_prefix(AD_ACCOUNT).unwrap_or(text) } else { text };
                if is_number(digits) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidGraphId { ad_account_allowed: $allowed })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidGraphId;

            fn try_from(text: String) -> Result<Self, InvalidGraphId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }
    )+};
}

graph_id! {
    /// The Graph id of an asset. The id of an ad account is `act_` and digits.
    AssetId ad_account_allowed: true,
    /// The app-scoped id of a person.
    PersonId ad_account_allowed: false,
    /// The id of a Meta app.
    AppId ad_account_allowed: false,
    /// The id of a configuration of Facebook Login for Business.
    LoginConfigId ad_account_allowed: false,
}

impl AssetId {
    /// Whether the id has the form of an ad account.
    #[must_use]
    pub fn is_ad_account(&self) -> bool {
        self.0.starts_with(AD_ACCOUNT)
    }

    /// The id in the form of an ad account: `123` becomes `act_123`.
    #[must_use]
    pub fn to_ad_account(&self) -> Self {
        if self.is_ad_account() {
            self.clone()
        } else {
            Self(format!("{AD_ACCOUNT}{}", self.0).into())
        }
    }

    /// The digits without `act_`, as `granular_scopes` lists its targets.
    #[must_use]
    pub fn as_digits(&self) -> &str {
        self.0.strip_prefix(AD_ACCOUNT).unwrap_or(&self.0)
    }
}

fn is_number(text: &str) -> bool {
    (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_ad_accounts_are_asset_ids() {
        for text in ["1", "17841400000000001", "act_42", "12345678901234567890"] {
            assert_eq!(
                text.parse::<AssetId>().map(String::from),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn a_text_that_could_leave_its_path_segment_is_refused() {
        for text in [
            "",
            "act_",
            "1/../me",
            "1?fields=id",
            "1,2",
            "1\n",
            " 1",
            "act_act_1",
            "ACT_1",
            "１",
            "123456789012345678901",
        ] {
            assert!(text.parse::<AssetId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_person_is_never_an_ad_account() {
        assert!("act_1".parse::<PersonId>().is_err());
    }
}
