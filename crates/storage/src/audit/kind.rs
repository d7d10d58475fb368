//! The kinds of audit rows, by which their retention differs.
//!
//! The rule: a row's action alone tells its kind. The action stays when the row's words go, and the link covers it,
//! so that whoever verifies a chain can still tell whether the row was due. Rows that verifying needs are of no
//! kind and never go. What tells of sealed credentials is an act, whoever did it: until it goes, a credential
//! put back is found.

use crate::sql::Query;

/// Tells that rows went past retention; others are believed to have gone by its word.
pub(crate) const PRUNED: &str = "audit.pruned";
/// The first event of a chain that began after rows without one.
pub(crate) const CHAIN_STARTED: &str = "audit.chain_started";

/// What verifying needs.
const LASTING: [&str; 2] = [PRUNED, CHAIN_STARTED];
/// Reads of tokens, and looks at what a token would do.
const READS: [&str; 2] = ["token.read", "reconnect.previewed"];
/// What the vault does by itself and tells of in more than one place.
const WORKER: [&str; 5] = [
    "reconnect.proved",
    "reconnect.refused",
    "reconnect.completed",
    "records.purged",
    "webhook_endpoint.disabled",
];

/// A kind of audit rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditKind {
    /// Reads of tokens, and previews.
    Reads,
    /// What the worker does by itself.
    Worker,
    /// Everything else that was done.
    Acts,
}

impl AuditKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Reads, Self::Worker, Self::Acts];

    /// The kind of a row; none where it never goes.
    pub(crate) fn of(action: &str) -> Option<Self> {
        if LASTING.contains(&action) {
            return None;
        }
        let of_lists = [Self::Reads, Self::Worker]
            .into_iter()
            .find(|it| it.list().contains(&action));
        Some(of_lists.unwrap_or(Self::Acts))
    }

    /// The name in the audit.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Worker => "worker",
            Self::Acts => "acts",
        }
    }

    /// Appends that the column `action` is of this kind.
    pub(crate) fn filter(self, query: Query) -> Query {
        match self {
            Self::Reads | Self::Worker => query
                .sql(" AND action IN ")
                .list(self.list().iter().copied()),
            Self::Acts => {
                let others = LASTING.iter().chain(&READS).chain(&WORKER);
                query.sql(" AND action NOT IN ").list(others.copied())
            }
        }
    }

    const fn list(self) -> &'static [&'static str] {
        match self {
            Self::Reads => &READS,
            Self::Worker => &WORKER,
            Self::Acts => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_tells_the_kind_and_what_verifying_needs_is_of_none() {
        assert_eq!(AuditKind::of("token.read"), Some(AuditKind::Reads));
        assert_eq!(AuditKind::of("records.purged"), Some(AuditKind::Worker));
        for action in ["credential.activated", "tenant.created", "", "token.reads"] {
            assert_eq!(AuditKind::of(action), Some(AuditKind::Acts), "{action}");
        }
        assert_eq!(
            (AuditKind::of(PRUNED), AuditKind::of(CHAIN_STARTED)),
            (None, None)
        );
    }
}
