//! What an error of a log-in is to its person.

use regrant_domain::LoginNotice;

use crate::{CodeRefusal, Conflict, Error, TokenRefusal};

/// What the person is shown; `None` for an error that says nothing about the log-in.
pub(super) fn notice_of_error(error: &Error) -> Option<LoginNotice> {
    match error {
        Error::TokenRefused(TokenRefusal::OtherPerson(actual)) => Some(LoginNotice::WrongPerson {
            actual: actual.clone(),
        }),
        Error::CodeRefused(CodeRefusal::Spent) => Some(LoginNotice::CodeSpent),
        Error::TokenRefused(_) | Error::CodeRefused(_) => Some(LoginNotice::Refused),
        Error::ConsentFormNotAllowed(_) => Some(LoginNotice::FormNotAllowed),
        Error::Upstream { .. } => Some(LoginNotice::GraphDown),
        Error::Conflict(Conflict::SessionUsedUp) => Some(LoginNotice::UsedUp),
        _ => None,
    }
}
