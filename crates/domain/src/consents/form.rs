//! In which forms the browsers of a tenant may hand over a consent.
//!
//! The rule: a tenant without a list of its own accepts every form.

use std::{fmt, str::FromStr};

use crate::{UnknownItem, closed_list};

closed_list! {
    /// A form in which a browser hands over a consent.
    pub enum ConsentForm: "form of a consent", serde {
        /// On a page of Regrant, behind a link.
        Hosted = "hosted",
        /// As an authorization code.
        Code = "code",
        /// As an access token.
        Token = "token",
    }
}

/// A set of forms; its text is a list separated by spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentForms {
    hosted: bool,
    code: bool,
    token: bool,
}

impl ConsentForms {
    /// Every form.
    pub const ALL: Self = Self {
        hosted: true,
        code: true,
        token: true,
    };

    /// Whether the form is in the set.
    #[must_use]
    pub const fn contains(self, form: ConsentForm) -> bool {
        match form {
            ConsentForm::Hosted => self.hosted,
            ConsentForm::Code => self.code,
            ConsentForm::Token => self.token,
        }
    }

    /// Whether no form is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.hosted && !self.code && !self.token
    }

    /// The forms of the set, in order of declaration.
    pub fn iter(self) -> impl Iterator<Item = ConsentForm> {
        ConsentForm::ALL
            .into_iter()
            .filter(move |it| self.contains(*it))
    }
}

impl Default for ConsentForms {
    fn default() -> Self {
        Self::ALL
    }
}

impl FromIterator<ConsentForm> for ConsentForms {
    fn from_iter<T: IntoIterator<Item = ConsentForm>>(forms: T) -> Self {
        let none = Self {
            hosted: false,
            code: false,
            token: false,
        };
        forms.into_iter().fold(none, |set, form| match form {
            ConsentForm::Hosted => Self {
                hosted: true,
                ..set
            },
            ConsentForm::Code => Self { code: true, ..set },
            ConsentForm::Token => Self { token: true, ..set },
        })
    }
}

impl FromStr for ConsentForms {
    type Err = UnknownItem;

    fn from_str(text: &str) -> Result<Self, UnknownItem> {
        text.split_ascii_whitespace().map(str::parse).collect()
    }
}

impl fmt::Display for ConsentForms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(ConsentForm::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_back_what_it_writes() {
        for forms in [
            ConsentForms::ALL,
            [ConsentForm::Hosted].into_iter().collect(),
            [ConsentForm::Token, ConsentForm::Code]
                .into_iter()
                .collect(),
        ] {
            assert_eq!(forms.to_string().parse(), Ok(forms));
        }
        assert!("".parse::<ConsentForms>().is_ok_and(ConsentForms::is_empty));
        assert!("code cookie".parse::<ConsentForms>().is_err());
    }
}
