//! What Meta tells an app about a person.
//!
//! The rule: a message names a person and no tenant; what it means for a tenant is decided in that
//! tenant's own transaction.

use crate::{PersonId, Timestamp, closed_list};

closed_list! {
    /// The kinds of messages (closed list).
    pub enum InboxKind: "kind of notice" {
        /// The person's access ends at a cut-off, or the cut-off moved.
        Migration = "migration",
        /// A permission was granted or revoked.
        Permissions = "permissions",
        /// The person removed the app.
        Deauthorize = "deauthorize",
        /// The person asks for their data to be deleted.
        DataDeletion = "data_deletion",
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
