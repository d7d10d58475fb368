//! Until when each item of a reconnect can be undone.

use std::collections::HashMap;

use regrant_domain::{AssetId, Outcome, Timestamp};
use regrant_storage::{Item, Reconnect, TenantTx};

use crate::{Error, Vault};

impl Vault {
    /// Until when each of these items can be undone, as far as is known now: the first known end of the token that served
    /// before, or the end of the reconnect's retention. An asset that cannot be undone is absent.
    pub(in crate::reconnect) async fn read_undo_ends(
        &self,
        tx: &TenantTx,
        reconnect: &Reconnect,
        items: &[Item],
    ) -> Result<HashMap<AssetId, Timestamp>, Error> {
        let now = self.clock.now();
        let changed = |it: &&Item| {
            let outcome = it.result.as_ref().map(|it| it.outcome);
            outcome.is_some_and(Outcome::is_undoable)
        };
        let ids: Vec<_> = items
            .iter()
            .filter(changed)
            .map(|it| it.asset_id.clone())
            .collect();
        let kept_until = reconnect.finished_at.unwrap_or(now) + self.settings.retention.reconnects;
        let found = tx.find_undoable_assets(&ids, reconnect.intent_seq).await?;
        let undoable = found
            .into_iter()
            .filter(|(_, it)| it.standing.is_undoable());
        let until = undoable.map(|(id, it)| {
            let end = it
                .previous_ends_at
                .filter(|_| it.standing.active == Some(reconnect.intent_seq));
            (id, end.map_or(kept_until, |end| end.min(kept_until)))
        });
        Ok(until.filter(|(_, until)| *until > now).collect())
    }
}
