//! Accepts a reconnect (design D3, step 1).
//!
//! The rule: accepting is ONE transaction, and after its commit a crash loses nothing.

use regrant_crypto::{Context, DataKey, Purpose};
use regrant_domain::{ReconnectId, Timestamp};
use regrant_storage::{
    AcceptedReconnect, AuditEvent, NewItem, NewReconnect, ReconnectCause, TenantTx,
};
use serde_json::json;
use tokio::sync::oneshot;

use crate::{
    Conflict, Error, Principal, Vault,
    call::idempotency::IdempotentCall,
    reconnect::{
        ReconnectRequest,
        plan::{Plan, PlanInput},
        verify_token::TokenVerdict,
    },
};

/// A reconnect that was accepted, by this request or by an earlier one with the same idempotency key.
pub(super) struct ReconnectHandle {
    pub(super) id: ReconnectId,
    /// Receives whether the token is valid; absent for a repeated request.
    pub(super) verdict: Option<oneshot::Receiver<TokenVerdict>>,
}

impl Vault {
    /// Accepts the reconnect in one transaction and starts its run.
    pub(super) async fn accept_reconnect(
        &self,
        caller: &Principal,
        request: &ReconnectRequest,
        call: Option<&IdempotentCall>,
    ) -> Result<ReconnectHandle, Error> {
        if let Some(call) = call
            && let Some(id) = self.find_replay(&caller.scope, call).await?
        {
            return Ok(ReconnectHandle { id, verdict: None });
        }
        let plan = match request.plan {
            Some(id) => Some(self.load_plan(&caller.scope, id).await?),
            None => None,
        };
        let permit = self.wait_for_list_permit(caller.tenant()).await?;
        let (id, accepted) = self.insert_reconnect(caller, request, call, plan).await?;
        drop(permit);
        Ok(self.start_run(caller, id, accepted))
    }

    async fn insert_reconnect(
        &self,
        caller: &Principal,
        request: &ReconnectRequest,
        call: Option<&IdempotentCall>,
        plan: Option<Plan>,
    ) -> Result<(ReconnectId, AcceptedReconnect), Error> {
        let records = self.check_record_quota(&caller.scope).await?;
        let key = self.data_keys.active(&caller.scope).await?;
        let (id, now) = (ReconnectId::mint(), self.clock.now());
        let token = request.access_token.expose().as_bytes();
        let reconnect = new_reconnect(&key, caller, request, id, now)?;
        // Resolved before the transaction that writes, because the list may be long and writers wait for each other. An
        // asset that is deleted in between gets its outcome when the item is settled.
        let tx = self.store.begin_read(&caller.scope).await?;
        let items = self
            .resolve_items(&tx, caller, &request.targets, now)
            .await?;
        tx.commit().await?;
        let tx = self.store.begin(&caller.scope).await?;
        if let Some(call) = call {
            tx.lock_tenant_row().await?;
            call.check_unused(&tx).await?;
        }
        let accepted = tx
            .accept_reconnect(&reconnect, &items, Some(self.lease_from_now()))
            .await?;
        // Store the key before any limit is checked: a repeated request must not run into the limits of the first.
        if let Some(call) = call {
            call.store_result(&tx, &id, Some(id), now).await?;
        }
        if let Some(plan) = plan {
            if tx.overlaps_older_reconnect(id, accepted.intent_seq).await? {
                return Err(Error::Conflict(Conflict::PlanOutdated));
            }
            let print = key.compute_fingerprint(token);
            self.check_plan(&tx, &plan, request, &items, print.as_bytes())
                .await?;
        }
        self.check_running_quota(&tx).await?;
        self.take_session_use(&tx, caller).await?;
        let detail = json!({ "items": items.len(), "intent_seq": accepted.intent_seq });
        let event = AuditEvent::new(caller.audit_name(), "reconnect.accepted", id, detail);
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        // The items, the reconnect and its idempotency key.
        records.add(items.len().saturating_add(2), 0);
        self.note_inserted_rows(items.len()).await;
        Ok((id, accepted))
    }

    /// Checks that the assets are still as the preview found them.
    ///
    /// # Errors
    /// `Conflict(PlanOutdated)`.
    async fn check_plan(
        &self,
        tx: &TenantTx,
        plan: &Plan,
        request: &ReconnectRequest,
        items: &[NewItem],
        print: &[u8],
    ) -> Result<(), Error> {
        let known: Vec<_> = items
            .iter()
            .filter(|it| it.result.is_none())
            .map(|it| it.asset_id.clone())
            .collect();
        let assets = tx.lock_assets(&known).await?;
        let now = self.clock.now();
        let standings = self.read_standings(tx, &assets, Some(print), now).await?;
        let items: Vec<_> = items.iter().map(|it| it.asset_id.clone()).collect();
        let input = PlanInput {
            token: &request.access_token,
            items: &items,
            assets: &assets,
            standings: &standings.by_asset,
        };
        plan.check_unchanged(&input, now)
    }

    fn start_run(
        &self,
        caller: &Principal,
        id: ReconnectId,
        accepted: AcceptedReconnect,
    ) -> ReconnectHandle {
        let (sender, verdict) = oneshot::channel();
        if let Some(lease) = accepted.lease {
            self.spawn_run(caller.scope.clone(), lease, Some(sender));
        }
        ReconnectHandle {
            id,
            verdict: Some(verdict),
        }
    }
}

fn new_reconnect(
    key: &DataKey,
    caller: &Principal,
    request: &ReconnectRequest,
    id: ReconnectId,
    created_at: Timestamp,
) -> Result<NewReconnect, Error> {
    let context = Context::of_row(caller.tenant(), id.uuid(), Purpose::SubmittedToken);
    let submitted = key.seal_record(&context, request.access_token.expose().as_bytes())?;
    Ok(NewReconnect {
        id,
        expect_person: request.expect_person.clone(),
        submitted: Some(submitted),
        created_by: caller.client(),
        session: caller.session(),
        cause: ReconnectCause::Call,
        undo: None,
        created_at,
    })
}
