//! Assets at risk: those that end without a cover, or have ended.

use crate::{AssetId, AssetKind, PersonId, Timestamp};

/// An asset at risk, and the persons who may keep it working.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetAtRisk {
    /// The asset.
    pub id: AssetId,
    /// The kind of asset.
    pub kind: AssetKind,
    /// Its first ending that nothing covers; `None` if it has stopped working.
    pub ends_at: Option<Timestamp>,
    /// When the access of the person who serves it ends, or has ended, unless that is later than the plan reaches.
    pub cut_off: Option<Timestamp>,
    /// The person whose credential serves it, if known.
    pub serving: Option<PersonId>,
    /// The persons whose credentials serve or served it or stand by, in no order. A parked one does not reach it.
    pub persons: Vec<PersonId>,
}
