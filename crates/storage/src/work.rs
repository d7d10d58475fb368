//! Due work and its leases, and the processes that do it.

pub(crate) mod backlog;
pub(crate) mod claim;
pub(crate) mod claim_query;
pub(crate) mod due;
pub(crate) mod erasure;
mod failure;
mod in_tenants;
pub(crate) mod node;
pub(crate) mod probe_due;
mod share;
mod share_claim;
pub(crate) mod sole;
mod statistics;

pub use backlog::{Backlog, TenantCounts, WaitingWork};
pub use claim_query::{Claimer, PassedOver};
pub use due::{Claim, DueKind, Lease};
pub use erasure::{ErasureCause, OwedErasures};
pub use node::Node;
pub use probe_due::{ProbeClaim, ProbeLease};
