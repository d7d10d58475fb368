//! The audit of each tenant: events linked into a chain.

mod append;
mod chain;
mod event;
mod fault;
mod head;
mod key;
mod key_change;
mod kind;
mod last_read;
mod list;
mod prune;
mod row;
mod walk;

pub use chain::AuditChain;
pub(crate) use event::Ledger;
pub use event::{AuditEvent, EventDetail};
pub use fault::AuditFault;
pub use head::AuditHead;
pub use kind::AuditKind;
pub use list::{AuditFilter, StoredCheckpoint};
pub use row::AuditRow;
pub use walk::ChainReport;
