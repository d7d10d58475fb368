//! Accepts a reconnect (design D3, step 1).
//!
//! The rule: accepting is ONE transaction, and after its commit a crash loses nothing.

use regrant_crypto::{Context, DataKey, Purpose};
use regrant_domain::{AccessToken, LinkPerson, ReconnectId, Timestamp};
use regrant_storage::{
    AcceptedReconnect, AuditEvent, NewItem, NewReconnect, ReconnectCause, TenantTx,
};
use serde_json::json;
use tokio::sync::oneshot;

use crate::{
    Conflict, Error, Principal, TokenRefusal, Vault,
    call::idempotency::IdempotentCall,
    consents::source::SourceToken,
    credentials::token_prints::TokenPrints,
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
        if let Some(accepted) = self.find_accepted(caller, call).await? {
            return Ok(accepted);
        }
        let plan = match request.plan {
            Some(id) => Some(self.load_plan(&caller.scope, id).await?),
            None => None,
        };
        let token = match self.open_expected_source(caller, request).await {
            Ok(token) => token,
            // An equal request may have used the consent up meanwhile.
            Err(error) => return self.find_accepted(caller, call).await?.ok_or(error),
        };
        let permit = self.wait_for_list_permit(caller.tenant()).await?;
        let (id, accepted) = self
            .insert_reconnect(caller, request, &token, call, plan)
            .await?;
        drop(permit);
        Ok(self.start_run(caller, id, accepted))
    }

    /// The token of a request. A consent of another person than the request expects is refused before it is used up.
    async fn open_expected_source<'a>(
        &self,
        caller: &Principal,
        request: &'a ReconnectRequest,
    ) -> Result<SourceToken<'a>, Error> {
        let expected = request.expect_person.as_ref();
        if let Some((id, person)) = request.source.consent().zip(expected) {
            let consent = self.find_consent(caller, id).await?;
            if consent.person_id != *person {
                let refusal = TokenRefusal::OtherPerson(LinkPerson {
                    id: consent.person_id,
                    name: consent.person_name,
                });
                return Err(Error::TokenRefused(refusal));
            }
        }
        self.open_token_source(caller, &request.source).await
    }

    /// The reconnect that an earlier request with the same idempotency key started.
    async fn find_accepted(
        &self,
        caller: &Principal,
        call: Option<&IdempotentCall>,
    ) -> Result<Option<ReconnectHandle>, Error> {
        let Some(call) = call else { return Ok(None) };
        let id = self.find_replay(&caller.scope, call).await?;
        Ok(id.map(|id| ReconnectHandle { id, verdict: None }))
    }

    async fn insert_reconnect(
        &self,
        caller: &Principal,
        request: &ReconnectRequest,
        token: &AccessToken,
        call: Option<&IdempotentCall>,
        plan: Option<Plan>,
    ) -> Result<(ReconnectId, AcceptedReconnect), Error> {
        let records = self.check_record_quota(&caller.scope).await?;
        let key = self.data_keys.active(&caller.scope).await?;
        let (id, now) = (ReconnectId::mint(), self.clock.now());
        let reconnect = new_reconnect(&key, caller, request, token, id, now)?;
        let plan = match plan {
            Some(it) => Some((it, self.compute_token_prints(&caller.scope, token).await?)),
            None => None,
        };
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
        if let Some((plan, prints)) = &plan {
            if tx.overlaps_older_reconnect(id, accepted.intent_seq).await? {
                return Err(Error::Conflict(Conflict::PlanOutdated));
            }
            self.check_plan(&tx, (plan, prints), token, &items).await?;
        }
        self.check_running_quota(&tx).await?;
        self.take_session_use(&tx, caller).await?;
        self.use_token_source(&tx, caller, &request.source).await?;
        let detail = json!({
            "items": items.len(), "intent_seq": accepted.intent_seq,
            "consent": request.source.consent(),
        });
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
        (plan, prints): (&Plan, &TokenPrints),
        token: &AccessToken,
        items: &[NewItem],
    ) -> Result<(), Error> {
        let known: Vec<_> = items
            .iter()
            .filter(|it| it.result.is_none())
            .map(|it| it.asset_id.clone())
            .collect();
        let assets = tx.lock_assets(&known).await?;
        let now = self.clock.now();
        let standings = self.read_standings(tx, &assets, Some(prints), now).await?;
        let items: Vec<_> = items.iter().map(|it| it.asset_id.clone()).collect();
        let input = PlanInput {
            token,
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
    token: &AccessToken,
    id: ReconnectId,
    created_at: Timestamp,
) -> Result<NewReconnect, Error> {
    let context = Context::of_row(caller.tenant(), id.uuid(), Purpose::SubmittedToken);
    let submitted = key.seal_record(&context, token.expose().as_bytes())?;
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
