//! Discoveries: what a token lists at Meta, compared with what the tenant has.
//!
//! The rule: a discovery runs in a task of the process under a lease, and all its state is in the database, so another
//! process continues one whose process died. The token is sealed while it runs and shredded at its end. A tenant runs
//! one at a time and keeps its last ones.
//! Start at [`Vault::discover_assets`]; `walk.rs` reads the lists, `register.rs` registers what is new.

mod register;
mod run;
mod view;
mod walk;

use std::time::Duration;

use regrant_crypto::{Context, Purpose};
use regrant_domain::{
    AccessToken, DiscoveryId, DiscoveryStatus, Permission, SealedRecord, TenantId,
};
use regrant_graph::{EdgeWalk, TokenInspection};
use regrant_permits::Limits;
use regrant_storage::{AuditEvent, DiscoveryToken, NewDiscovery};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

pub use self::view::{DiscoveryList, DiscoveryView};
pub use self::walk::UnreadList;
use super::inspection::lasting_refusal;
use crate::{
    Error, Principal, RepeatableRequest, Resource, Vault, call::idempotency::IdempotentCall,
    consents::source::TokenSource, watch::check,
};

/// How many discoveries run at the same time in a process, and how many of them of one tenant.
pub(crate) const LIMITS: Limits = Limits {
    total: 8,
    of_key: 1,
};
/// How many ended discoveries a tenant keeps.
const KEPT: u32 = 10;
/// How often a waiting caller reads the database when the discovery runs in another process.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// A request to discover what a token lists.
pub struct DiscoveryRequest {
    /// The token. A discovery does not use a consent up.
    pub source: TokenSource,
    /// Whether what is new is registered.
    pub registers: bool,
    /// How long the caller waits for the end.
    pub wait: Duration,
    /// The idempotency key, if the caller sent one.
    pub repeatable: Option<RepeatableRequest>,
}

impl Vault {
    /// Begins a discovery, and waits for its end as long as the caller asked for.
    ///
    /// # Errors
    /// `Restricted` for a session and a confined client; `Forbidden`: registering needs `assets:write`; `TokenRefused`;
    /// `Upstream`; `TooManyDiscoveries`: one of the tenant runs; `TooManyChecks`; `Conflict(OtherBody)`; `NotFound(Consent)`.
    pub async fn discover_assets(
        &self,
        caller: &Principal,
        request: DiscoveryRequest,
    ) -> Result<DiscoveryView, Error> {
        caller.require_whole_tenant()?;
        if request.registers {
            self.use_permission(caller, Permission::AssetsWrite)?;
        }
        let deadline = Instant::now() + request.wait;
        let DiscoveryRequest {
            source,
            registers,
            repeatable,
            ..
        } = request;
        let start = async |call: Option<&IdempotentCall>| {
            self.start_discovery(caller, &source, registers, call).await
        };
        let (scope, by) = (&caller.scope, caller.caller_id());
        let id = self.run_idempotent(scope, by, repeatable, start).await?;
        self.await_discovery(caller, id.value, deadline).await
    }

    async fn await_discovery(
        &self,
        caller: &Principal,
        id: DiscoveryId,
        deadline: Instant,
    ) -> Result<DiscoveryView, Error> {
        loop {
            // Subscribe before reading, so that no end between the two is missed.
            let mut moved = self.discovery_progress.subscribe_to(id);
            let view = self.find_discovery(caller, id, None, 0).await?;
            if view.status != DiscoveryStatus::Running || Instant::now() >= deadline {
                return self
                    .find_discovery(caller, id, None, view::FIRST_PAGE)
                    .await;
            }
            let until = deadline.min(Instant::now() + POLL_EVERY);
            let _lapsed = timeout_at(until, moved.changed()).await;
        }
    }

    /// Inspects the token, stores the discovery and starts its run.
    async fn start_discovery(
        &self,
        caller: &Principal,
        source: &TokenSource,
        registers: bool,
        call: Option<&IdempotentCall>,
    ) -> Result<DiscoveryId, Error> {
        let token = self.open_token_source(caller, source).await?;
        let inspected = self.inspect_discovery_token(caller, &token).await?;
        let (id, now) = (DiscoveryId::mint(), self.clock.now());
        let key = self.data_keys.active(&caller.scope).await?;
        let context = discovery_context(caller.tenant(), id);
        let submitted = key.seal_record(&context, token.expose().as_bytes())?;
        let new = new_discovery(caller, id, submitted, inspected, registers, now)?;
        let tx = self.store.begin(&caller.scope).await?;
        let inserted = tx.insert_discovery(&new, self.lease_from_now()).await;
        let lease = inserted.map_err(|error| match error {
            regrant_storage::Error::Taken(_) => Error::TooManyDiscoveries,
            other => other.into(),
        })?;
        tx.delete_old_discoveries(KEPT).await?;
        if let Some(call) = call {
            call.store_result(&tx, &id, None, now).await?;
        }
        let detail = json!({ "person": new.token.person_id, "register": registers });
        let event = AuditEvent::new(caller.audit_name(), "discovery.started", id, detail);
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        self.spawn_discovery(caller.scope.clone(), lease);
        Ok(id)
    }

    /// What Graph says about the token. It must be a person's or a system user's.
    async fn inspect_discovery_token(
        &self,
        caller: &Principal,
        token: &AccessToken,
    ) -> Result<TokenInspection, Error> {
        let _permit = self
            .check_permits
            .try_take(caller.tenant(), check::LIMITS.of_key)
            .ok_or(Error::TooManyChecks)?;
        let app = self.open_app_credentials(caller.scope.app_id()).await?;
        let graph = &self.for_tenant(caller.tenant()).graph;
        let patience = self.settings.reconnect.preview_patience;
        let asked = tokio::time::timeout(patience, graph.inspect_token(&app, token)).await;
        let inspected = asked.map_err(|_| Error::Upstream { retry_after: None })?;
        let inspected = inspected.and_then(TokenInspection::require_person_token);
        inspected.map_err(|error| match lasting_refusal(error) {
            Ok(refusal) => Error::TokenRefused(crate::TokenRefusal::NotAccepted(refusal.message)),
            Err(error) => error,
        })
    }

    /// Deletes a discovery; one that runs ends.
    ///
    /// # Errors
    /// `Restricted`; `NotFound`.
    pub async fn delete_discovery(&self, caller: &Principal, id: DiscoveryId) -> Result<(), Error> {
        caller.require_whole_tenant()?;
        let tx = self.store.begin(&caller.scope).await?;
        let deleted = tx.delete_discovery(id).await;
        deleted.map_err(Error::not_found_as(Resource::Discovery))?;
        let event = AuditEvent::new(caller.audit_name(), "discovery.deleted", id, json!({}));
        tx.write_audit_events(&[event], self.clock.now()).await?;
        tx.commit().await?;
        self.discovery_progress.notify_waiters(id);
        Ok(())
    }
}

fn new_discovery(
    caller: &Principal,
    id: DiscoveryId,
    submitted: SealedRecord,
    inspected: TokenInspection,
    registers: bool,
    created_at: regrant_domain::Timestamp,
) -> Result<NewDiscovery, Error> {
    let facts = inspected.facts;
    let frontier = EdgeWalk::start(facts.kind);
    Ok(NewDiscovery {
        id,
        created_by: caller.client(),
        registers,
        submitted,
        token: DiscoveryToken {
            kind: facts.kind,
            person_id: facts.person_id,
            person_name: facts.person_name,
            is_work_account: facts.is_work_account,
            scopes: facts.scopes,
        },
        frontier: serde_json::to_string(&frontier).map_err(Error::from_cause)?,
        created_at,
    })
}

/// What the ciphertext of a discovery's token is bound to.
fn discovery_context(tenant: TenantId, id: DiscoveryId) -> Context<'static> {
    Context::of_row(tenant, id.uuid(), Purpose::SubmittedToken)
}
