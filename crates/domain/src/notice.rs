//! Notices: messages from Meta to an app about a person or about assets.
//!
//! The rule: a notice names a person or assets and no tenant; its effect on a tenant is decided in that tenant's own
//! transaction.

use std::fmt;

use crate::{AssetId, PersonId, Timestamp, closed_list};

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
        /// A business removed the provider or its app from a WhatsApp Business account or deleted it; or the account
        /// was updated, and Meta did not say how.
        PartnerRemoved = "partner_removed",
    }
}

/// Whom or what a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeSubject {
    /// A person, as the app sees them.
    Person(PersonId),
    /// Assets: every id under which Meta may mean the asset. Never empty.
    Assets(Vec<AssetId>),
}

/// One notice about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaNotice {
    /// What the notice is about.
    pub kind: NoticeKind,
    /// Whom or what it concerns.
    pub subject: NoticeSubject,
    /// The announced cut-off; migrations only, and only if the notice has a date.
    pub cut_off: Option<Timestamp>,
    /// When Meta sent it.
    pub sent_at: Timestamp,
}

impl MetaNotice {
    /// The person, if the notice is about one.
    #[must_use]
    pub const fn person_id(&self) -> Option<&PersonId> {
        match &self.subject {
            NoticeSubject::Person(id) => Some(id),
            NoticeSubject::Assets(_) => None,
        }
    }

    /// The assets that it names; empty where it is about a person.
    #[must_use]
    pub fn asset_ids(&self) -> &[AssetId] {
        match &self.subject {
            NoticeSubject::Person(_) => &[],
            NoticeSubject::Assets(ids) => ids,
        }
    }
}

/// The id, or the ids with commas between them.
impl fmt::Display for NoticeSubject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => out.write_str(id.as_str()),
            Self::Assets(ids) => {
                let ids: Vec<_> = ids.iter().map(AssetId::as_str).collect();
                out.write_str(&ids.join(","))
            }
        }
    }
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
