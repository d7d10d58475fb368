//! The faults that verifying a chain can find.

use regrant_domain::closed_list;

closed_list! {
    /// What is wrong at one number of a chain.
    pub enum AuditFault: "fault of an audit chain" {
        /// The row was changed, or was not written by the application.
        Edited = "edited",
        /// Rows from this number on are missing, up to the next one there is.
        Missing = "missing",
        /// A row from another number is here.
        Reordered = "reordered",
        /// The number exists twice.
        Duplicated = "duplicated",
        /// The chain ends too early.
        Truncated = "truncated",
        /// A row is after the chain's end.
        BeyondEnd = "beyond_end",
        /// The chain's end does not name its last row.
        WrongEnd = "wrong_end",
        /// Rows older than the chain were added or removed.
        Unchained = "unchained",
        /// A checkpoint is not signed by this installation, or is about another tenant.
        BadCheckpoint = "bad_checkpoint",
        /// A checkpoint names another link than the row has.
        Rewritten = "rewritten",
        /// A sealed credential is not the one that was written last.
        RolledBack = "rolled_back",
        /// The chain ends under an older key although every chain was given a newer one.
        OutdatedKey = "outdated_key",
    }
}
