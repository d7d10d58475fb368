//! The audit of each tenant, a chain of linked rows.

pub(crate) mod event;
pub(crate) mod key;
pub(crate) mod kind;
pub(crate) mod list;
pub(crate) mod prune;
pub(crate) mod walk;

pub use event::{AuditChain, AuditEvent, AuditHead};
pub use kind::AuditKind;
pub use list::{AuditFilter, StoredCheckpoint};
pub use walk::{AuditFault, AuditRow, Walked};
