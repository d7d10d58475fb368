//! The names of the parties that act.

use super::{Locale, choose};
use crate::Who;

impl Who {
    /// The name of the party.
    #[must_use]
    pub const fn name(self, locale: Locale) -> &'static str {
        match self {
            Self::Person => choose(
                locale,
                "the person who granted the token",
                "die Person, die das Token erteilt hat",
            ),
            Self::BusinessAdmin => choose(
                locale,
                "an administrator of the business",
                "ein Administrator des Unternehmens",
            ),
            Self::Provider => choose(locale, "the provider of the app", "der Anbieter der App"),
            Self::NoOne => choose(locale, "no one", "niemand"),
        }
    }
}
