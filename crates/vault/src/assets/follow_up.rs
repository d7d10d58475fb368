//! What follows each change of an asset: its next probe, and the event of a changed state.
//!
//! The rule: code that changes an asset calls [`Vault::follow_up`] at the end of the same transaction, so that each
//! asset has a planned probe and each change of state is reported.

use regrant_domain::{
    Asset, AssetId, EventKind, Timestamp,
    schedule::{ScheduledProbe, schedule_next_probe},
    state::AssetState,
};
use regrant_storage::{NewEvent, TenantTx};
use serde_json::{Value, json};

use crate::{Error, Vault};

impl Vault {
    /// Plans the next probes of assets that were written, and emits their changes of state. A probe that was planned before
    /// the write is not put off.
    pub(crate) async fn follow_up(
        &self,
        tx: &TenantTx,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<(), Error> {
        let assets = find_readable_assets(tx, ids).await?;
        self.plan_next_probes(tx, &assets, now).await?;
        self.emit_state_changes(tx, &assets, now).await
    }

    /// Plans the next probes of assets whose probe has just ended, and emits their changes of state.
    pub(crate) async fn follow_up_probes(
        &self,
        tx: &TenantTx,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<(), Error> {
        let assets = find_readable_assets(tx, ids).await?;
        let plan = |it: &Asset| (it.id.clone(), self.next_probe_of(it, now));
        tx.plan_probes(&assets.iter().map(plan).collect::<Vec<_>>())
            .await?;
        self.emit_state_changes(tx, &assets, now).await
    }

    /// Plans the next probes of assets as they are stored now.
    pub(crate) async fn plan_next_probes(
        &self,
        tx: &TenantTx,
        assets: &[Asset],
        now: Timestamp,
    ) -> Result<(), Error> {
        let plan = |it: &Asset| {
            let probe = self.next_probe_of(it, now);
            (
                it.id.clone(),
                probe.map(|probe| probe.or_planned(&it.facts)),
            )
        };
        let plans: Vec<_> = assets.iter().map(plan).collect();
        Ok(tx.plan_probes(&plans).await?)
    }

    fn next_probe_of(&self, asset: &Asset, now: Timestamp) -> Option<ScheduledProbe> {
        let (notice, pace) = (self.settings.assets.notice, &self.settings.watch.pace);
        schedule_next_probe(&asset.facts, now, notice, pace, probe_spread(&asset.id))
    }

    /// Emits the assets' changes of state, including those by time alone; their planned probes stay.
    pub(crate) async fn emit_due_state_changes(
        &self,
        tx: &TenantTx,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let assets = find_readable_assets(tx, ids).await?;
        self.emit_state_changes(tx, &assets, now).await
    }

    async fn emit_state_changes(
        &self,
        tx: &TenantTx,
        assets: &[Asset],
        now: Timestamp,
    ) -> Result<(), Error> {
        let notice = self.settings.assets.notice;
        let (mut notified, mut events) = (Vec::new(), Vec::new());
        for asset in assets {
            let state = asset.state_at(now, notice);
            let before = asset.notified_status;
            if before == Some(state.status) {
                continue;
            }
            if EventKind::notes_status(before, state.status) {
                notified.push((asset.id.clone(), state.status));
            }
            if let Some(kind) = EventKind::from_status_change(before, state.status) {
                events.push(NewEvent {
                    kind,
                    subject: asset.id.to_string(),
                    data: state_event_data(asset, &state),
                });
            }
        }
        tx.note_notified_states(&notified).await?;
        tx.emit_events(&events, now).await?;
        Ok(())
    }
}

/// The assets without those that a stored column makes unreadable: nothing is planned or reported from placeholders.
async fn find_readable_assets(tx: &TenantTx, ids: &[AssetId]) -> Result<Vec<Asset>, Error> {
    let mut assets = tx.find_assets(ids).await?;
    assets.retain(|it| !it.facts.is_unreadable);
    Ok(assets)
}

/// The data of an event about an asset's state.
pub(super) fn state_event_data(asset: &Asset, state: &AssetState) -> Value {
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

/// A number that is constant for an asset and differs between assets; it spreads their probes in time.
fn probe_spread(id: &AssetId) -> u8 {
    id.as_str()
        .bytes()
        .fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(byte))
}
