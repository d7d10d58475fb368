//! What happened at a log-in that ended without a consent, as its person is shown it.

use serde::{Deserialize, Serialize};

use crate::PersonId;

/// A person as a page names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPerson {
    /// The id at Meta.
    pub id: PersonId,
    /// The name, if it is known.
    pub name: Option<String>,
}

/// Why a log-in ended without a consent. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LoginNotice {
    /// The person cancelled at Meta.
    Declined,
    /// Another person than the link's logged in.
    WrongPerson {
        /// Who logged in.
        actual: LinkPerson,
    },
    /// Whether the code was exchanged is not known, or it was used before.
    CodeSpent,
    /// Meta, or a check of the token, refused the log-in.
    Refused,
    /// The tenant accepts no log-ins on hosted pages.
    FormNotAllowed,
    /// Graph does not answer.
    GraphDown,
    /// The consent, or the session in which it was used, is over.
    Ended,
    /// The session has no previews or reconnects left.
    UsedUp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_reads_back_what_it_writes() {
        let actual = LinkPerson {
            id: "77".parse().unwrap(),
            name: Some("Person".to_owned()),
        };
        for notice in [LoginNotice::Declined, LoginNotice::WrongPerson { actual }] {
            let text = serde_json::to_string(&notice).unwrap();
            assert_eq!(serde_json::from_str::<LoginNotice>(&text).unwrap(), notice);
        }
    }
}
