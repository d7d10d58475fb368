//! The business that owns an asset, as Graph names it.
//!
//! The rule: what a client of the whole tenant set stays; every other business is Graph's newest word.

use regrant_domain::{AssetId, BusinessSource};
use sea_orm::Value;

use crate::{Error, TenantTx, sql::CHUNK};

/// The business that Graph named for an asset; `None` where Graph names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessProof {
    /// The asset.
    pub asset_id: AssetId,
    /// Its business.
    pub business_id: Option<AssetId>,
}

impl TenantTx {
    /// Writes the businesses that probes read. Lock the assets first.
    pub async fn write_business_proofs(&self, proofs: &[BusinessProof]) -> Result<(), Error> {
        for chunk in proofs.chunks(CHUNK) {
            let query = self
                .query(
                    "WITH proof (asset_id, business_id) AS (VALUES :proofs)
                     UPDATE assets AS a SET business_id = proof.business_id,
                         business_source = CASE WHEN proof.business_id IS NULL
                             THEN NULL ELSE :probe END
                     FROM proof WHERE a.tenant_id = :tenant AND a.id = proof.asset_id
                         AND coalesce(a.business_source <> :client, 0 = 0)
                         AND (proof.business_id IS NOT NULL OR a.business_source = :probe)
                         AND (a.business_id IS DISTINCT FROM proof.business_id
                             OR a.business_source IS NULL)",
                )
                .bind_rows("proofs", chunk.iter().map(to_row))
                .bind("probe", BusinessSource::Probe.as_str())
                .bind("client", BusinessSource::Client.as_str());
            self.execute(query).await?;
        }
        Ok(())
    }
}

fn to_row(proof: &BusinessProof) -> [Value; 2] {
    let business = proof.business_id.as_ref();
    [
        proof.asset_id.as_str().into(),
        business.map(|id| id.as_str().to_owned()).into(),
    ]
}
