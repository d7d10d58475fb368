//! The faults that verifying a chain can find.

use std::fmt;

/// What is wrong at one number of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditFault {
    /// The row was changed, or was not written by the application.
    Edited,
    /// Rows from this number on are missing, up to the next one there is.
    Missing,
    /// A row from another number is here.
    Reordered,
    /// The number exists twice.
    Duplicated,
    /// The chain ends too early.
    Truncated,
    /// A row is after the chain's end.
    BeyondEnd,
    /// The chain's end does not name its last row.
    WrongEnd,
    /// Rows older than the chain were added or removed.
    Unchained,
    /// A checkpoint is not signed by this installation, or is about another tenant.
    BadCheckpoint,
    /// A checkpoint names another link than the row has.
    Rewritten,
    /// A sealed credential is not the one that was written last.
    RolledBack,
}

impl AuditFault {
    /// The name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Missing => "missing",
            Self::Reordered => "reordered",
            Self::Duplicated => "duplicated",
            Self::Truncated => "truncated",
            Self::BeyondEnd => "beyond_end",
            Self::WrongEnd => "wrong_end",
            Self::Unchained => "unchained",
            Self::BadCheckpoint => "bad_checkpoint",
            Self::Rewritten => "rewritten",
            Self::RolledBack => "rolled_back",
        }
    }
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
