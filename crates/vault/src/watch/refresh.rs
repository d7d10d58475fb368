//! Refreshes tokens before they expire (design D6): persons' long-lived tokens, and system users' 60-day tokens.
//!
//! The rule: an exchange counts only if the end moved; one that did not move is reported once and not repeated. One that
//! failed for the moment is tried again well before the token ends. Of all processes, one exchanges a token: it claims the
//! grant, proves that the database can be written, exchanges, and starts a reconnect of the assets that the old token
//! serves. The reconnect probes and settles as any other; the old token stays valid until it expires.
//! Start at [`Vault::refresh_due_tokens`].

use regrant_crypto::{Context, Purpose};
use regrant_domain::{
    AccessToken, AssetId, ClientId, Clock, CredentialKind, EventKind, Grant, GrantId, ReconnectId,
    RefusalKind, Timestamp, TokenFacts, Who, error_chain,
    refresh::{has_moved_end, may_refresh_later},
    retry::refresh_pause,
};
use regrant_graph::{AppCredentials, InspectError, IssuedToken};
use regrant_storage::{
    AuditEvent, Claim, DueKind, NewEvent, NewItem, NewReconnect, ReconnectCause, RefreshableGrant,
    TenantTx,
};
use serde_json::json;
use tracing::{info, warn};

use crate::{Error, Vault};

/// How long a claim lasts: long enough for an exchange with all its attempts.
const LEASE: chrono::Duration = chrono::Duration::minutes(5);
/// How long a refresh waits for a tenant's reconnect of the same assets.
const YIELD_FOR: chrono::Duration = chrono::Duration::minutes(1);

impl Vault {
    /// Refreshes tokens that end soon, at most `limit`; returns how many were refreshed.
    pub async fn refresh_due_tokens(&self, limit: u32) -> Result<usize, Error> {
        let mut refreshed = 0;
        // One claim at a time, because its lease runs from the claim on.
        for _ in 0..limit {
            let (kind, wall) = (DueKind::Refresh, Clock::system_time());
            let claims = self
                .store
                .claim_due(kind, wall, &self.runs.owner, LEASE, 1)
                .await?;
            let Some(claim) = claims.into_iter().next() else {
                break;
            };
            match self.refresh_grant(&claim).await {
                Ok(done) => refreshed += usize::from(done),
                Err(error) => {
                    warn!(tenant.id = %claim.scope.tenant(), error = error_chain(&error), "a refresh failed");
                }
            }
        }
        Ok(refreshed)
    }

    /// Makes the refresh of grants due, except of those that were tried recently.
    pub(super) async fn plan_refreshes(
        &self,
        tx: &TenantTx,
        grants: &[GrantId],
        now: Timestamp,
    ) -> Result<(), Error> {
        if grants.is_empty() {
            return Ok(());
        }
        let was_tried_recently = |it: &RefreshableGrant| {
            let pause = refresh_pause(None, it.expires_at.map(|at| at - now));
            it.tried_at.is_some_and(|tried| now - tried < pause)
        };
        let refreshable = tx.find_refreshable_grants(grants).await?;
        let due = refreshable.iter().filter(|it| !was_tried_recently(it));
        let due: Vec<_> = due.map(|it| it.id.uuid()).collect();
        Ok(tx
            .make_due(DueKind::Refresh, &due, Clock::system_time())
            .await?)
    }

    /// Refreshes the token of a claimed grant; returns whether a reconnect was started with a new token.
    async fn refresh_grant(&self, claim: &Claim) -> Result<bool, Error> {
        let grant_id = GrantId::from_uuid(claim.object);
        let Some((grant, token)) = self.open_refreshable_token(claim, grant_id).await? else {
            return Ok(false);
        };
        let app = self.open_app_credentials(claim.scope.app_id()).await?;
        let person = &grant.facts.person_id;
        let exchanged = if grant.facts.kind == CredentialKind::SystemUser {
            self.graph
                .refresh_system_user_token(&app, &token, person)
                .await
        } else {
            self.graph.exchange_token(&app, &token, person).await
        };
        match exchanged {
            Ok(exchanged) => {
                self.use_exchanged_token(claim, &app, &grant, &token, exchanged)
                    .await
            }
            Err(error) => {
                let refusal = self.review_exchange(&app, &token, error.into()).await;
                if may_refresh_later(&refusal.kind) {
                    self.retry_refresh(claim, &grant, Some(&refusal.kind))
                        .await?;
                } else {
                    self.report_failed_refresh(claim, &grant, &refusal.message)
                        .await?;
                }
                Ok(false)
            }
        }
    }

    /// Opens the grant's token if it is still to be refreshed. The transaction also proves that the database can be
    /// written before a token is exchanged.
    async fn open_refreshable_token(
        &self,
        claim: &Claim,
        id: GrantId,
    ) -> Result<Option<(Grant, AccessToken)>, Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&claim.scope).await?;
        tx.hold_lease(&claim.lease).await?;
        if tx.is_grant_being_replaced(id).await? {
            // A tenant's own reconnect goes first; exchanging now would be in vain.
            tx.reschedule_due(&claim.lease, Clock::system_time() + YIELD_FOR)
                .await?;
            tx.commit().await?;
            return Ok(None);
        }
        let stored = tx.find_grant_token(id).await?;
        let leads = &self.settings.watch.refresh;
        let sealed = stored
            .sealed
            .filter(|_| leads.is_refresh_due(&stored.grant, now));
        if sealed.is_some() {
            tx.note_refresh_tried(id, now).await?;
        } else {
            tx.finish_due(&claim.lease).await?;
        }
        tx.commit().await?;
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let token = self.open_grant_token(&claim.scope, id, &sealed).await?;
        Ok(Some((stored.grant, token)))
    }

    /// Uses the token that an exchange returned, if its end is later than that of the old one.
    async fn use_exchanged_token(
        &self,
        claim: &Claim,
        app: &AppCredentials,
        grant: &Grant,
        old: &AccessToken,
        exchanged: IssuedToken,
    ) -> Result<bool, Error> {
        // Where neither response says when the new token ends, its end counts as not moved.
        let known = TokenFacts {
            expires_at: exchanged.expires_at.or(grant.facts.expires_at),
            ..grant.facts.clone()
        };
        let facts = match self.graph.read_dates(app, &exchanged.token, &known).await {
            Ok(facts) => facts,
            Err(error) => {
                self.retry_refresh(claim, grant, refusal_kind(&error))
                    .await?;
                return Ok(false);
            }
        };
        if !has_moved_end(grant.facts.expires_at, facts.expires_at) {
            let why = "Graph returned a token that ends no later than the old one.";
            self.report_failed_refresh(claim, grant, why).await?;
            return Ok(false);
        }
        if exchanged.token.expose() == old.expose() {
            return self.record_moved_end(claim, grant, facts).await;
        }
        self.start_refresh_reconnect(claim, grant, &exchanged.token)
            .await
    }

    /// Stores that the same token ends later now. Its assets take over the date at their next probe, which is due now.
    async fn record_moved_end(
        &self,
        claim: &Claim,
        grant: &Grant,
        facts: TokenFacts,
    ) -> Result<bool, Error> {
        let (now, limit) = (self.clock.now(), self.settings.reconnect.max_assets);
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let moved = Grant {
            id: grant.id,
            facts: TokenFacts {
                expires_at: facts.expires_at,
                data_access_expires_at: facts.data_access_expires_at,
                read_at: facts.read_at,
                ..grant.facts.clone()
            },
        };
        let tx = self.store.begin(&claim.scope).await?;
        tx.hold_lease(&claim.lease).await?;
        tx.write_grant_dates(std::slice::from_ref(&moved)).await?;
        let assets = tx.list_assets_of_grant(grant.id, limit).await?;
        tx.hurry_probes(&assets, now).await?;
        tx.finish_due(&claim.lease).await?;
        let detail = json!({ "grant_id": grant.id, "person_id": grant.facts.person_id, "assets": assets.len() });
        record_grant_event(&tx, EventKind::GrantRefreshed, grant, detail, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Starts the reconnect that brings the new token to the assets of the old one.
    async fn start_refresh_reconnect(
        &self,
        claim: &Claim,
        grant: &Grant,
        token: &AccessToken,
    ) -> Result<bool, Error> {
        let (now, scope) = (self.clock.now(), &claim.scope);
        let reconnect = self.new_refresh_reconnect(claim, grant, token).await?;
        let id = reconnect.id;
        let limit = u32::try_from(self.settings.reconnect.max_assets).unwrap_or(u32::MAX);
        let tx = self.store.begin(scope).await?;
        tx.hold_lease(&claim.lease).await?;
        let assets = tx.list_assets_of_grant(grant.id, limit).await?;
        if assets.is_empty() {
            tx.finish_due(&claim.lease).await?;
            tx.commit().await?;
            return Ok(false);
        }
        let items: Vec<_> = assets.into_iter().map(open_item).collect();
        let accepted = tx
            .accept_reconnect(&reconnect, &items, Some(self.lease_from_now()))
            .await?;
        // A tenant's own reconnect goes first: a refreshed old token must not replace its token.
        if tx.overlaps_older_reconnect(id, accepted.intent_seq).await? {
            drop(tx);
            self.reschedule_refresh(claim, Clock::system_time() + YIELD_FOR)
                .await?;
            return Ok(false);
        }
        tx.finish_due(&claim.lease).await?;
        let detail = json!({ "grant_id": grant.id, "person_id": grant.facts.person_id, "reconnect_id": id, "assets": items.len() });
        record_grant_event(&tx, EventKind::GrantRefreshed, grant, detail, now).await?;
        tx.commit().await?;
        info!(tenant.id = %scope.tenant(), grant.id = %grant.id, reconnect.id = %id, "a token was refreshed");
        if let Some(lease) = accepted.lease {
            self.spawn_run(scope.clone(), lease, None);
        }
        Ok(true)
    }

    async fn new_refresh_reconnect(
        &self,
        claim: &Claim,
        grant: &Grant,
        token: &AccessToken,
    ) -> Result<NewReconnect, Error> {
        let (id, scope) = (ReconnectId::mint(), &claim.scope);
        let key = self.data_keys.active(scope).await?;
        let context = Context::of_row(scope.tenant(), id.uuid(), Purpose::SubmittedToken);
        Ok(NewReconnect {
            id,
            expect_person: Some(grant.facts.person_id.clone()),
            submitted: Some(key.seal_record(&context, token.expose().as_bytes())?),
            created_by: ClientId::from_uuid(uuid::Uuid::nil()),
            session: None,
            cause: ReconnectCause::Refresh,
            undo: None,
            created_at: self.clock.now(),
        })
    }

    /// Plans another attempt after a failure that may pass: when the limit of Graph ends, if one refused it.
    async fn retry_refresh(
        &self,
        claim: &Claim,
        grant: &Grant,
        refused: Option<&RefusalKind>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let limit_left = match refused {
            Some(RefusalKind::Throttled { retry_at }) => Some(*retry_at - now),
            _ => None,
        };
        // What a person must clear, as a checkpoint, is not tried ever more often.
        let may_pass = refused.is_none_or(RefusalKind::is_transient);
        let time_left = grant.facts.expires_at.filter(|_| may_pass);
        let time_left = time_left.map(|at| at - now);
        // These moments are by the vault's clock, while due work goes by the system's.
        let until = Clock::system_time() + refresh_pause(limit_left, time_left);
        self.reschedule_refresh(claim, until).await
    }

    /// Reports a refresh that failed for good, because a person must act.
    async fn report_failed_refresh(
        &self,
        claim: &Claim,
        grant: &Grant,
        why: &str,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let (who, next_step) = match grant.facts.kind {
            CredentialKind::SystemUser => (
                Who::BusinessAdmin,
                "Generate a token of the system user and replace before the end.",
            ),
            _ => (Who::Person, "Log in again and replace before the end."),
        };
        let tx = self.store.begin(&claim.scope).await?;
        tx.hold_lease(&claim.lease).await?;
        tx.finish_due(&claim.lease).await?;
        tx.note_refresh_failed(grant.id, now).await?;
        let detail = json!({
            "grant_id": grant.id, "person_id": grant.facts.person_id, "ends_at": grant.facts.expires_at, "detail": why,
            "who": who, "next_step": next_step,
        });
        record_grant_event(&tx, EventKind::GrantRefreshFailed, grant, detail, now).await?;
        Ok(tx.commit().await?)
    }

    async fn reschedule_refresh(&self, claim: &Claim, until: Timestamp) -> Result<(), Error> {
        let tx = self.store.begin(&claim.scope).await?;
        tx.reschedule_due(&claim.lease, until).await?;
        Ok(tx.commit().await?)
    }
}

/// Why Graph gave no answer about a token, if it said so.
const fn refusal_kind(error: &InspectError) -> Option<&RefusalKind> {
    match error {
        InspectError::Call(error) | InspectError::Unsettled { error, .. } => {
            Some(&error.refusal().kind)
        }
        InspectError::Dead { .. }
        | InspectError::ForeignApp
        | InspectError::Undecipherable
        | InspectError::NotAPersonToken
        | InspectError::Invalid { .. } => None,
    }
}

/// Writes the audit event, and the event to the tenant with the same content.
async fn record_grant_event(
    tx: &TenantTx,
    kind: EventKind,
    grant: &Grant,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), Error> {
    let audit = AuditEvent::new("worker", kind.as_str(), grant.id, detail.clone());
    tx.write_audit_events(&[audit], now).await?;
    let event = NewEvent {
        kind,
        subject: grant.id.to_string(),
        data: detail,
    };
    Ok(tx.emit_events(&[event], now).await?)
}

fn open_item(asset_id: AssetId) -> NewItem {
    NewItem {
        requested_id: asset_id.to_string(),
        asset_id,
        result: None,
    }
}
