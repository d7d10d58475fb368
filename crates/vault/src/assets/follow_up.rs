//! What follows every change of an asset: its next probe, and the news of its state.
//!
//! The rule: whoever changes an asset calls [`Vault::follow_up`] at the end of the same transaction, so
//! that no asset is without a plan and no change of state goes untold.

use regrant_domain::{
    Asset, AssetId, EventKind, Timestamp, schedule::next_check, state::AssetState,
};
use regrant_storage::{NewEvent, TenantTx};
use serde_json::{Value, json};

use crate::{Error, Vault};

impl Vault {
    /// Plans the next probes of these assets and tells what changed about them.
    pub(crate) async fn follow_up(
        &self,
        tx: &TenantTx,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<(), Error> {
        let notice = self.settings.assets.notice;
        let assets = tx.assets(ids).await?;
        let plan = |it: &Asset| {
            let check = next_check(
                &it.facts,
                now,
                notice,
                &self.settings.watch.pace,
                spread(&it.id),
            );
            (it.id.clone(), check)
        };
        tx.plan_probes(&assets.iter().map(plan).collect::<Vec<_>>())
            .await?;
        self.tell(tx, &assets, now).await
    }

    /// Tells what changed about these assets, by time alone perhaps; their probes stay as they are planned.
    pub(crate) async fn tell_changes(
        &self,
        tx: &TenantTx,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let assets = tx.assets(ids).await?;
        self.tell(tx, &assets, now).await
    }

    async fn tell(&self, tx: &TenantTx, assets: &[Asset], now: Timestamp) -> Result<(), Error> {
        let notice = self.settings.assets.notice;
        let (mut told, mut events) = (Vec::new(), Vec::new());
        for asset in assets {
            let state = asset.state(now, notice);
            if asset.told == Some(state.status) {
                continue;
            }
            told.push((asset.id.clone(), state.status));
            if let Some(kind) = EventKind::of_change(asset.told, state.status) {
                events.push(NewEvent {
                    kind,
                    subject: asset.id.to_string(),
                    data: news(asset, &state),
                });
            }
        }
        tx.note_told(&told).await?;
        tx.emit(&events, now).await?;
        Ok(())
    }
}

/// What an event about an asset's state says.
pub(super) fn news(asset: &Asset, state: &AssetState) -> Value {
    json!({
        "asset_id": asset.id,
        "kind": asset.kind,
        "business_id": asset.business_id,
        "person_id": asset.person_id,
        "state": state.status,
        "since": state.since,
        "reason": state.reason,
        "ending": state.ending.map(|it| json!({
            "at": it.at, "cause": it.cause, "confidence": it.confidence, "since": it.since, "who": it.who,
        })),
    })
}

/// A number that stays the same for an asset and differs between assets.
fn spread(id: &AssetId) -> u8 {
    id.as_str()
        .bytes()
        .fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(byte))
}
