//! The kinds of audit rows, which differ in retention.
//!
//! The rule: a row's kind follows from its action alone. The action stays when the content is deleted, and
//! the link covers it, so that verifying a chain can check whether the row was past retention. Rows that
//! verifying needs have no kind and are never pruned. Events about sealed credentials are of kind acts,
//! even if the worker caused them: until they are pruned, a credential that was put back is found.

use regrant_domain::closed_list;

use crate::sql::Query;

/// The event that records a pruning.
pub(crate) const PRUNED: &str = "audit.pruned";
/// The first event of a chain that began after rows that are older than it.
pub(crate) const CHAIN_STARTED: &str = "audit.chain_started";

/// The event after which another key links the chain.
pub(crate) const KEY_REPLACED: &str = "audit.key_replaced";

/// The event of seals that no other event names.
pub(crate) const ROWS_SEALED: &str = "rows.sealed";

/// Actions that verifying needs.
const UNPRUNABLE: [&str; 3] = [PRUNED, CHAIN_STARTED, KEY_REPLACED];
/// Reads of tokens, previews of reconnects, and checks of assets.
const READS: [&str; 3] = ["token.read", "reconnect.previewed", "asset.checked"];
/// Actions of the worker that other events record too.
const WORKER: [&str; 5] = [
    "reconnect.proved",
    "reconnect.refused",
    "reconnect.completed",
    "records.purged",
    "webhook_endpoint.disabled",
];

closed_list! {
    /// A kind of audit rows.
    pub enum AuditKind: "kind of audit event" {
        /// Reads of tokens, previews of reconnects, and checks of assets.
        Reads = "reads",
        /// Actions of the worker.
        Worker = "worker",
        /// Every other action.
        Acts = "acts",
    }
}

impl AuditKind {
    /// The kind of a row; `None` if it is never pruned.
    pub(crate) fn of_action(action: &str) -> Option<Self> {
        if UNPRUNABLE.contains(&action) {
            return None;
        }
        let of_lists = [Self::Reads, Self::Worker]
            .into_iter()
            .find(|it| it.actions().contains(&action));
        Some(of_lists.unwrap_or(Self::Acts))
    }

    /// Fills the part `{of_kind}`: the column `action` is of this kind.
    pub(crate) fn fill_of_kind(self, query: Query) -> Query {
        let (sql, actions) = match self {
            Self::Reads | Self::Worker => ("action IN :actions", self.actions().to_vec()),
            Self::Acts => {
                let others = UNPRUNABLE.iter().chain(&READS).chain(&WORKER);
                ("action NOT IN :actions", others.copied().collect())
            }
        };
        query.fill("of_kind", sql).bind_list("actions", actions)
    }

    const fn actions(self) -> &'static [&'static str] {
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
    fn the_kind_follows_from_the_action_and_needed_rows_have_none() {
        assert_eq!(AuditKind::of_action("token.read"), Some(AuditKind::Reads));
        assert_eq!(
            AuditKind::of_action("records.purged"),
            Some(AuditKind::Worker)
        );
        for action in ["credential.activated", "tenant.created", "", "token.reads"] {
            assert_eq!(
                AuditKind::of_action(action),
                Some(AuditKind::Acts),
                "{action}"
            );
        }
        assert_eq!(
            (
                AuditKind::of_action(PRUNED),
                AuditKind::of_action(CHAIN_STARTED)
            ),
            (None, None)
        );
    }
}
