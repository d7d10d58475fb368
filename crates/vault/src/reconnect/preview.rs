//! Previews: what a reconnect would do, before anything is written.
//!
//! The rule: a preview probes the token as a reconnect would, and judges by the same [`regrant_domain::settle`]. It runs
//! in a task of the process, never in the request, and is no longer than its time: one whose process died has failed
//! then. It belongs to the client or session that asked, keeps nothing of the token, and is forgotten when its plan
//! expires. Previews are limited per process, per tenant and per browser session.
//! Start at [`Vault::preview_reconnect`]; `run.rs` asks Graph, `judge.rs` judges what it said, `left_out.rs` and
//! `reachable.rs` compare with what the tenant has, `view.rs` reads.

mod judge;
mod left_out;
mod probe;
mod reachable;
mod run;
pub(crate) mod view;

use std::time::Duration;

use regrant_domain::{
    AccessToken, Asset, AssetId, Clock, ConsentId, PersonId, PreviewId, Refusal, RefusalKind,
};
use regrant_permits::{Limits, Permit};
use regrant_storage::{AuditEvent, NewPreview};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

pub use self::view::{PreviewFailure, PreviewList, PreviewPage, PreviewView};
use self::{run::PreviewRun, view::is_over};
use crate::{
    Conflict, Error, Principal, RepeatableRequest, Resource, Targets, Vault,
    call::idempotency::IdempotentCall, consents::source::TokenSource,
    reconnect::targets::expected_person,
};

/// How many previews run at the same time in a process, and how many of them of one tenant.
pub(crate) const LIMITS: Limits = Limits {
    total: 32,
    of_key: 4,
};
/// A browser session gets a permit only while the tenant holds fewer than this, so that its backend gets the others.
const MAX_BESIDE_SESSION: usize = 2;
/// For every this many assets, Graph gets the patience of a preview once more.
const ASSETS_A_PATIENCE: usize = 2_500;
/// How long a preview is kept: as long as its plan is valid.
const LIFETIME: chrono::Duration = chrono::Duration::minutes(15);
/// What a run needs after its deadline to judge and to store, at most.
const SETTLING: Duration = Duration::from_mins(1);
/// A tenant keeps its newest previews that together name at most this many assets, and at most this many previews.
const KEPT: (i64, i64) = (200_000, 200);
/// How often a waiting caller reads the database when the preview runs in another process.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// A request to preview a reconnect.
pub struct PreviewRequest {
    /// The new token.
    pub source: TokenSource,
    /// The assets.
    pub targets: Targets,
    /// Refuse the request unless the token belongs to this person.
    pub expect_person: Option<PersonId>,
    /// Whether assets are searched that the token reaches and the caller does not have.
    pub finds_new: bool,
    /// How long the caller waits for the end.
    pub wait: Duration,
    /// The idempotency key, if the caller sent one.
    pub repeatable: Option<RepeatableRequest>,
}

/// What a preview asks for.
pub(crate) struct PreviewOrder {
    pub(crate) source: TokenSource,
    pub(crate) targets: Targets,
    pub(crate) expect_person: Option<PersonId>,
    pub(crate) finds_new: bool,
    /// The consent whose hosted page shows the preview.
    pub(crate) page_consent: Option<ConsentId>,
}

impl Vault {
    /// Begins a preview, and waits for its end as long as the caller asked for.
    ///
    /// # Errors
    /// `TokenRefused` for a token that can serve nothing, if that is known in time. `Invalid`, `TooMany`;
    /// `TooManyPreviews`; `Conflict(OtherBody)`, `Conflict(SessionUsedUp)`; `NotFound(Consent)`, `ConsentFormNotAllowed`;
    /// `PreviewInterrupted`: the process that ran it stopped.
    pub async fn preview_reconnect(
        &self,
        caller: &Principal,
        request: PreviewRequest,
    ) -> Result<PreviewView, Error> {
        let (vault, caller) = (self.clone(), caller.clone());
        self.run_apart(async move { vault.begin_and_wait(&caller, request).await })
            .await
    }

    async fn begin_and_wait(
        &self,
        caller: &Principal,
        request: PreviewRequest,
    ) -> Result<PreviewView, Error> {
        let deadline = Instant::now() + request.wait;
        let order = PreviewOrder {
            source: request.source,
            targets: request.targets,
            expect_person: expected_person(caller, request.expect_person)?,
            finds_new: request.finds_new,
            page_consent: None,
        };
        let begin =
            async |call: Option<&IdempotentCall>| self.begin_preview(caller, order, call).await;
        let (scope, by) = (&caller.scope, caller.caller_id());
        let stored = self
            .run_idempotent(scope, by, request.repeatable, begin)
            .await?;
        let view = self.await_preview(caller, stored.value, deadline).await?;
        match view.failure {
            Some(PreviewFailure::TokenRefused(refusal)) => Err(Error::TokenRefused(refusal)),
            Some(PreviewFailure::Interrupted) => Err(Error::PreviewInterrupted),
            None => Ok(view),
        }
    }

    /// Stores a preview and starts its run.
    pub(crate) async fn begin_preview(
        &self,
        caller: &Principal,
        order: PreviewOrder,
        call: Option<&IdempotentCall>,
    ) -> Result<PreviewId, Error> {
        let permit = self.take_preview_permit(caller)?;
        let token = self.take_token_source(caller, order.source).await?;
        let (named, assets) = self.read_named_assets(caller, &order.targets).await?;
        let app = self.open_app_credentials(caller.scope.app_id()).await?;
        let patience = self.preview_patience(named.len());
        let new = self.new_preview(caller, named.len(), order.page_consent, patience)?;
        self.store_preview(caller, &new, call).await?;
        let vault = self.in_background().for_tenant(caller.tenant());
        let run = PreviewRun {
            deadline: Instant::now() + patience,
            vault,
            caller: caller.clone(),
            id: new.id,
            app,
            token,
            expected: order.expect_person,
            named,
            assets,
            finds_new: order.finds_new,
        };
        self.spawn_preview(run, permit);
        Ok(new.id)
    }

    fn take_preview_permit(
        &self,
        caller: &Principal,
    ) -> Result<Permit<regrant_domain::TenantId>, Error> {
        let max_of_tenant = if caller.session().is_some() {
            MAX_BESIDE_SESSION
        } else {
            LIMITS.of_key
        };
        self.preview_permits
            .try_take(caller.tenant(), max_of_tenant)
            .ok_or(Error::TooManyPreviews)
    }

    /// How long Graph is asked about this many assets.
    fn preview_patience(&self, assets: usize) -> Duration {
        let times = u32::try_from(1 + assets / ASSETS_A_PATIENCE).unwrap_or(u32::MAX);
        let patience = self.settings.reconnect.preview_patience;
        patience.saturating_mul(times)
    }

    fn new_preview(
        &self,
        caller: &Principal,
        named: usize,
        page_consent: Option<ConsentId>,
        patience: Duration,
    ) -> Result<NewPreview, Error> {
        let runs_for =
            chrono::Duration::from_std(patience + SETTLING).map_err(Error::from_cause)?;
        let now = self.clock.now();
        Ok(NewPreview {
            id: PreviewId::mint(),
            owner: caller.caller_id(),
            page_consent,
            total: i64::try_from(named).map_err(Error::from_cause)?,
            created_at: now,
            run_until: Clock::system_time() + runs_for,
            expires_at: now + runs_for + LIFETIME,
        })
    }

    /// Counts the preview, audits it and stores it. Of the tenant's older ones, those beyond what it keeps are deleted.
    async fn store_preview(
        &self,
        caller: &Principal,
        new: &NewPreview,
        call: Option<&IdempotentCall>,
    ) -> Result<(), Error> {
        let now = new.created_at;
        let tx = self.store.begin(&caller.scope).await?;
        if let Some(session) = caller.session()
            && !tx.take_session_preview(session, now).await?
        {
            return Err(Error::Conflict(Conflict::SessionUsedUp));
        }
        let detail = json!({ "items": new.total });
        let event = AuditEvent::new(caller.audit_name(), "reconnect.previewed", new.id, detail);
        tx.write_audit_events(&[event], now).await?;
        tx.insert_preview(new).await?;
        tx.delete_excess_previews(KEPT.0, KEPT.1).await?;
        if let Some(call) = call {
            call.store_result(&tx, &new.id, None, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The ids that the request names, and the assets that exist for the caller.
    async fn read_named_assets(
        &self,
        caller: &Principal,
        targets: &Targets,
    ) -> Result<(Vec<AssetId>, Vec<Asset>), Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let (items, assets) = self
            .resolve_targets(&tx, caller, targets, self.clock.now())
            .await?;
        tx.commit().await?;
        Ok((items.into_iter().map(|it| it.asset_id).collect(), assets))
    }

    /// The preview once it has ended, or as it is at the deadline.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) async fn await_preview(
        &self,
        caller: &Principal,
        id: PreviewId,
        deadline: Instant,
    ) -> Result<PreviewView, Error> {
        // Subscribe before reading, so that no end between the two is missed.
        let mut moved = self.preview_progress.subscribe_to(id);
        loop {
            let is_over = is_over(&self.find_stored_preview(caller, id).await?);
            if is_over || Instant::now() >= deadline {
                return self.find_preview(caller, id).await;
            }
            // A wake-up is only a hint: the database is read again in either case.
            let until = deadline.min(Instant::now() + POLL_EVERY);
            let _elapsed = timeout_at(until, moved.changed()).await;
        }
    }

    /// Deletes a preview of the caller. One that runs ends; its plan stays valid.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_preview(&self, caller: &Principal, id: PreviewId) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        let found = tx.find_preview(caller.caller_id(), id, now).await;
        found.map_err(Error::not_found_as(Resource::Preview))?;
        tx.delete_preview(caller.caller_id(), id).await?;
        let event = AuditEvent::new(
            caller.audit_name(),
            "reconnect_preview.deleted",
            id,
            json!({}),
        );
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        self.preview_progress.notify_waiters(id);
        Ok(())
    }

    /// The token of a request, which is given away.
    ///
    /// # Errors
    /// `NotFound(Consent)`; `ConsentFormNotAllowed`.
    async fn take_token_source(
        &self,
        caller: &Principal,
        source: TokenSource,
    ) -> Result<AccessToken, Error> {
        let opened = self.open_token_source(caller, &source).await?.into_opened();
        match (opened, source) {
            (Some(token), _) | (None, TokenSource::Token(token)) => Ok(token),
            (None, TokenSource::Consent(_)) => Err(Error::NotFound(Resource::Consent)),
        }
    }
}

/// The refusal where Graph gave no answer by the deadline.
pub(crate) fn timeout_refusal() -> Refusal {
    Refusal {
        kind: RefusalKind::Unavailable,
        message: "Graph did not answer in time.".to_owned(),
        fbtrace_id: None,
    }
}
