//! What Meta tells an app about a person.
//!
//! The rule: a message names a person and no tenant; what it means for a tenant is decided in that
//! tenant's own transaction.

use std::{fmt, str::FromStr};

use crate::{PersonId, Timestamp};

/// The kinds of messages (closed list).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InboxKind {
    /// The person's access ends at a cut-off, or the cut-off moved.
    Migration,
    /// A permission was granted or revoked.
    Permissions,
    /// The person removed the app.
    Deauthorize,
    /// The person asks for their data to be deleted.
    DataDeletion,
}

impl InboxKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Migration,
        Self::Permissions,
        Self::Deauthorize,
        Self::DataDeletion,
    ];

    /// The name in the database and the audit trail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Migration => "migration",
            Self::Permissions => "permissions",
            Self::Deauthorize => "deauthorize",
            Self::DataDeletion => "data_deletion",
        }
    }
}

impl fmt::Display for InboxKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for InboxKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or("unknown kind of message")
    }
}

/// One message about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What it is about.
    pub kind: InboxKind,
    /// The person, as the app sees them.
    pub person_id: PersonId,
    /// The cut-off; migrations only, and `None` where the message tells no date.
    pub cut_off: Option<Timestamp>,
    /// When Meta sent it.
    pub told_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_its_name() {
        for kind in InboxKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
