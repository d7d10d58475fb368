//! Notices: messages from Meta to an app about a person.
//!
//! The rule: a notice names a person and no tenant; its effect on a tenant is decided in that tenant's own
//! transaction.

use crate::{PersonId, Timestamp, closed_list};

closed_list! {
    /// The kinds of notices.
    pub enum NoticeKind: "kind of notice" {
        /// A cut-off of the person was set or moved.
        Migration = "migration",
        /// A permission was granted or revoked.
        Permissions = "permissions",
        /// The person removed the app.
        Deauthorize = "deauthorize",
        /// The person asked for the deletion of their data.
        DataDeletion = "data_deletion",
    }
}

/// One notice about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaNotice {
    /// What the notice is about.
    pub kind: NoticeKind,
    /// The person, as the app sees them.
    pub person_id: PersonId,
    /// The announced cut-off; migrations only, and only if the notice has a date.
    pub cut_off: Option<Timestamp>,
    /// When Meta sent it.
    pub sent_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_its_name() {
        for kind in NoticeKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
