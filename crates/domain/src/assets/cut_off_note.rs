//! The history of an asset's cut-off.

use crate::{AssetId, CutOffSource, PersonId, Timestamp};

/// One note about the cut-off of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOffNote {
    /// The asset.
    pub asset_id: AssetId,
    /// The person whose access ends.
    pub person_id: Option<PersonId>,
    /// The moment; `None` if a cut-off that was known is no longer reported.
    pub at: Option<Timestamp>,
    /// How it was learned.
    pub source: CutOffSource,
    /// When it was learned.
    pub learned_at: Timestamp,
}
