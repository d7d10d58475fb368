//! Why Graph does not exchange an authorization code.
//!
//! The rule: these errors are rows of the table as well, because they say nothing about a token or an object.

/// What is wrong with a code that Graph refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeFault {
    /// It was exchanged before.
    Used,
    /// It has expired.
    Expired,
    /// The `redirect_uri` is not the one of the dialog.
    OtherRedirect,
    /// It is no code of this app.
    Unreadable,
}

/// The subcodes of these errors, all under code 100.
pub(super) const SUBCODES: (i64, i64) = (USED - 2, USED);
const USED: i64 = 36_009;
const OTHER_REDIRECT: i64 = 36_008;
const EXPIRED: i64 = 36_007;
/// Texts of these errors where the subcode is absent.
pub(super) const TEXTS: &[&str] = &["verification code", "authorization code"];

impl CodeFault {
    /// The fault that an error of an exchange names, if it names one.
    #[must_use]
    pub fn of_error(code: Option<i64>, subcode: Option<i64>, message: &str) -> Option<Self> {
        let text = message.to_lowercase();
        match (code, subcode) {
            (Some(100), Some(USED)) => Some(Self::Used),
            (Some(100), Some(OTHER_REDIRECT)) => Some(Self::OtherRedirect),
            (Some(100), Some(EXPIRED)) => Some(Self::Expired),
            (Some(100), _) if TEXTS.iter().any(|it| text.contains(it)) => Some(Self::Unreadable),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_a_code_names_its_fault() {
        for (subcode, message, fault) in [
            (
                Some(36_007),
                "This authorization code has expired.",
                CodeFault::Expired,
            ),
            (
                Some(36_008),
                "Error validating verification code. Please make sure your redirect_uri is identical",
                CodeFault::OtherRedirect,
            ),
            (
                Some(36_009),
                "This authorization code has been used.",
                CodeFault::Used,
            ),
            (
                None,
                "Invalid verification code format.",
                CodeFault::Unreadable,
            ),
        ] {
            assert_eq!(
                CodeFault::of_error(Some(100), subcode, message),
                Some(fault)
            );
        }
    }

    #[test]
    fn other_errors_say_nothing_of_the_code() {
        for (code, message) in [
            (Some(4), "Application request limit reached"),
            (Some(1), "Error validating client secret."),
            (None, "verification code"),
        ] {
            assert_eq!(CodeFault::of_error(code, None, message), None);
        }
    }
}
