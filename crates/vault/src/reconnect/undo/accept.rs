//! Accepts an undo.
//!
//! The rule: as for a reconnect, accepting is ONE transaction, and after its commit a crash loses nothing. The outcomes of
//! a reconnect that has ended do not change, so they are read before.

use std::collections::{HashMap, HashSet};

use regrant_domain::{AssetId, Outcome, ReconnectId, ReconnectStatus, Timestamp};
use regrant_storage::{
    AuditEvent, NewItem, NewReconnect, Reconnect, ReconnectCause, TenantTx, UndoneReconnect,
};
use serde_json::json;

use super::{MAX_SESSION_UNDOS, MAX_UNDOS, UndoRequest};
use crate::{
    Conflict, Error, Principal, Resource, Vault,
    assets::spellings::{NamedAsset, fold_spellings, list_spellings},
    call::idempotency::IdempotentCall,
    reconnect::results::{not_changed_result, undo_of_unknown_result},
};

/// What is undone: the reconnect and its items.
struct Undone {
    reconnect: UndoneReconnect,
    items: Vec<NewItem>,
}

impl Vault {
    /// Accepts the undo in one transaction and starts its run; or finds the earlier one that took up the same assets.
    pub(super) async fn accept_undo(
        &self,
        caller: &Principal,
        request: &UndoRequest,
        call: Option<&IdempotentCall>,
    ) -> Result<ReconnectId, Error> {
        if let Some(call) = call
            && let Some(id) = self.find_replay(&caller.scope, call).await?
        {
            return Ok(id);
        }
        let _permit = self.wait_for_list_permit(caller.tenant()).await?;
        let undone = self.read_undone(caller, request).await?;
        self.insert_undo(caller, undone, call).await
    }

    /// Reads the reconnect to undo, and resolves the assets of the request to items.
    async fn read_undone(
        &self,
        caller: &Principal,
        request: &UndoRequest,
    ) -> Result<Undone, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let found = tx.find_reconnect(request.reconnect).await;
        let reconnect = found.map_err(Error::not_found_as(Resource::Reconnect))?;
        let reconnect = caller.authorize_reconnect(reconnect)?;
        if reconnect.status == ReconnectStatus::Running {
            return Err(Error::Conflict(Conflict::StillRunning));
        }
        let items = self.resolve_undo(&tx, caller, request, &reconnect).await?;
        tx.commit().await?;
        let (id, intent_seq) = (reconnect.id, reconnect.intent_seq);
        Ok(Undone {
            reconnect: UndoneReconnect { id, intent_seq },
            items,
        })
    }

    async fn resolve_undo(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        request: &UndoRequest,
        reconnect: &Reconnect,
    ) -> Result<Vec<NewItem>, Error> {
        let items = tx.list_items(reconnect.id).await?;
        let ids: Vec<_> = match &request.asset_ids {
            Some(ids) => {
                self.check_asset_count("asset_ids", ids.len())?;
                ids.clone()
            }
            None => items.iter().map(|it| it.asset_id.clone()).collect(),
        };
        let mut known = tx.find_assets_alone(&list_spellings(&ids)).await?;
        known.retain(|it| caller.can_reach(it));
        let outcomes: HashMap<_, _> = items
            .into_iter()
            .map(|it| (it.asset_id, it.result.map(|it| it.outcome)))
            .collect();
        let named = fold_spellings(&ids, &known).into_iter();
        Ok(named.map(|it| undo_item(it, &outcomes)).collect())
    }

    async fn insert_undo(
        &self,
        caller: &Principal,
        undone: Undone,
        call: Option<&IdempotentCall>,
    ) -> Result<ReconnectId, Error> {
        let records = self.check_record_quota(&caller.scope).await?;
        let (id, now) = (ReconnectId::mint(), self.clock.now());
        let tx = self.store.begin(&caller.scope).await?;
        // Undos of one reconnect are accepted one after the other.
        tx.lock_tenant_row().await?;
        if let Some(call) = call {
            call.check_unused(&tx).await?;
        }
        let (items, first) = leave_earlier_undos(&tx, caller, &undone).await?;
        if let Some(first) = first.filter(|_| items.is_empty()) {
            if let Some(call) = call {
                call.store_result(&tx, &first, Some(first), now).await?;
            }
            tx.commit().await?;
            return Ok(first);
        }
        check_undo_limits(&tx, caller, undone.reconnect.id).await?;
        let undo = new_undo(caller, id, undone.reconnect, now);
        let accepted = tx
            .accept_reconnect(&undo, &items, Some(self.lease_from_now()))
            .await?;
        if let Some(call) = call {
            call.store_result(&tx, &id, Some(id), now).await?;
        }
        self.check_running_quota(&tx).await?;
        let event = accepted_event(caller, &undo, items.len(), accepted.intent_seq);
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        // The items, the undo and its idempotency key.
        records.add(items.len().saturating_add(2), 0);
        self.note_inserted_rows(items.len()).await;
        if let Some(lease) = accepted.lease {
            self.spawn_run(caller.scope.clone(), lease, None);
        }
        Ok(id)
    }
}

fn new_undo(
    caller: &Principal,
    id: ReconnectId,
    undone: UndoneReconnect,
    created_at: Timestamp,
) -> NewReconnect {
    NewReconnect {
        id,
        expect_person: None,
        submitted: None,
        created_by: caller.client(),
        session: caller.session(),
        cause: ReconnectCause::Call,
        undo: Some(undone),
        created_at,
    }
}

fn accepted_event(
    caller: &Principal,
    undo: &NewReconnect,
    items: usize,
    intent_seq: i64,
) -> AuditEvent {
    let undo_of = undo.undo.map(|it| it.id);
    let detail = json!({ "items": items, "intent_seq": intent_seq, "undo_of": undo_of });
    AuditEvent::new(
        caller.audit_name(),
        "reconnect.undo_accepted",
        undo.id,
        detail,
    )
}

/// The item of an asset; it has its result where there is nothing to undo.
fn undo_item(named: NamedAsset, outcomes: &HashMap<AssetId, Option<Outcome>>) -> NewItem {
    let requested_id = named.requested.as_str().to_owned();
    let Some(asset_id) = named.known else {
        return NewItem {
            asset_id: named.requested,
            requested_id,
            result: Some(undo_of_unknown_result()),
        };
    };
    let outcome = outcomes.get(&asset_id).copied().flatten();
    let is_undoable = outcome.is_some_and(Outcome::is_undoable);
    NewItem {
        result: (!is_undoable).then(not_changed_result),
        asset_id,
        requested_id,
    }
}

/// The items that no earlier undo took up, and the first undo that took up one of the others.
async fn leave_earlier_undos(
    tx: &TenantTx,
    caller: &Principal,
    undone: &Undone,
) -> Result<(Vec<NewItem>, Option<ReconnectId>), Error> {
    let earlier = tx
        .list_earlier_undos(undone.reconnect.id, caller.visible_reconnects())
        .await?;
    let taken: HashSet<_> = earlier.iter().flat_map(|it| &it.asset_ids).collect();
    let requested: HashSet<_> = undone.items.iter().map(|it| &it.asset_id).collect();
    let first = earlier
        .iter()
        .find(|it| it.asset_ids.iter().any(|id| requested.contains(id)));
    let left = undone.items.iter();
    let left = left.filter(|it| !taken.contains(&it.asset_id)).cloned();
    Ok((left.collect(), first.map(|it| it.id)))
}

async fn check_undo_limits(
    tx: &TenantTx,
    caller: &Principal,
    undone: ReconnectId,
) -> Result<(), Error> {
    if tx.count_undos(undone).await? >= MAX_UNDOS {
        return Err(Error::Conflict(Conflict::UndoLimit(MAX_UNDOS)));
    }
    match caller.session() {
        Some(session) if tx.count_session_undos(session).await? >= MAX_SESSION_UNDOS => {
            Err(Error::Conflict(Conflict::SessionUsedUp))
        }
        _ => Ok(()),
    }
}
