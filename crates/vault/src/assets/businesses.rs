//! The businesses that own assets, as probes read them.
//!
//! The rule: a probe that did not ask says nothing; one that asked and got none says that Graph names none.

use regrant_domain::{AssetId, BusinessReading, ProbeResult};
use regrant_storage::BusinessProof;

/// What a probe showed about the business of an asset; `None` where it did not ask.
pub(crate) fn business_proof(asset_id: &AssetId, result: &ProbeResult) -> Option<BusinessProof> {
    let ProbeResult::Works(facts) = result else {
        return None;
    };
    let business_id = match &facts.business {
        BusinessReading::Unread => return None,
        BusinessReading::Absent => None,
        BusinessReading::Named(id) => Some(id.clone()),
    };
    Some(BusinessProof {
        asset_id: asset_id.clone(),
        business_id,
    })
}
