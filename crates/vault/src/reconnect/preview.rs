//! Previews: what a reconnect would do, before anything is written.
//!
//! The rule: a preview probes the token as a reconnect would, and judges by the same [`regrant_domain::settle`]. It
//! writes only its audit event. Previews are limited per process, per tenant and per browser session.
//! Start at [`Vault::preview_reconnect`]; `judge.rs` judges the probe results.

mod judge;
pub(crate) mod permission_losses;

use std::{collections::HashMap, pin::pin};

use futures_util::StreamExt;
use regrant_domain::{
    AccessToken, Asset, AssetId, Coverage, Grant, GrantId, PersonId, PlanId, ProbeResult, Reason,
    Refusal, RefusalKind,
};
use regrant_graph::{AppCredentials, Target};
use regrant_permits::Limits;
use regrant_storage::AuditEvent;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::{
    Conflict, Error, Principal, RepeatableRequest, SiblingLoss, Targets, Vault,
    call::idempotency::IdempotentCall,
    consents::source::TokenSource,
    credentials::{second_opinion::ReviewedToken, submitted::ValidationFailure},
    reconnect::targets::expected_person,
};

/// How many previews run at the same time in a process, and how many of them of one tenant.
pub(crate) const LIMITS: Limits = Limits {
    total: 32,
    of_key: 4,
};
/// A browser session gets a permit only while the tenant holds fewer than this, so that its backend gets the others.
const MAX_BESIDE_SESSION: usize = 2;

/// A request to preview a reconnect.
pub struct PreviewRequest {
    /// The new token.
    pub source: TokenSource,
    /// The assets.
    pub targets: Targets,
    /// Refuse the request unless the token belongs to this person.
    pub expect_person: Option<PersonId>,
    /// The idempotency key, if the caller sent one.
    pub repeatable: Option<RepeatableRequest>,
}

/// What a reconnect with this token would do now.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The id of this preview; a reconnect may require that it is still valid. `None` where Graph gave no answer about
    /// the token.
    pub plan: Option<PlanId>,
    /// The person and the facts of the token; `None` where Graph gave no answer about it.
    pub grant: Option<Grant>,
    /// The assets, in the request's order.
    pub items: Vec<PreviewItem>,
    /// Other assets of the person that would lose permissions by the new login.
    pub siblings: Vec<SiblingLoss>,
    /// Whether the person has more assets than were searched for that.
    pub has_more_siblings: bool,
}

/// What Graph said about the token and about the token on each asset.
struct GraphAnswers {
    grant: Option<Grant>,
    proofs: HashMap<AssetId, ProbeResult>,
}

/// What the reconnect would do to one asset.
#[derive(Debug, Clone)]
pub struct PreviewItem {
    /// The asset, in its canonical form.
    pub asset_id: AssetId,
    /// Whether the token would serve the asset.
    pub coverage: Coverage,
    /// Why, and who must act.
    pub reason: Option<Reason>,
    /// Graph's trace id.
    pub fbtrace_id: Option<String>,
}

impl Vault {
    /// Previews a reconnect.
    ///
    /// # Errors
    /// `TokenRefused` for a token that can serve nothing. `Invalid`, `TooMany`; `TooManyPreviews`;
    /// `Conflict(OtherBody)`, `Conflict(SessionUsedUp)`; `NotFound(Consent)`, `ConsentFormNotAllowed`.
    pub async fn preview_reconnect(
        &self,
        caller: &Principal,
        request: PreviewRequest,
    ) -> Result<Preview, Error> {
        let (vault, caller) = (self.clone(), caller.clone());
        self.run_apart(async move { vault.preview(&caller, request).await })
            .await
    }

    async fn preview(
        &self,
        caller: &Principal,
        mut request: PreviewRequest,
    ) -> Result<Preview, Error> {
        let deadline = Instant::now() + self.settings.reconnect.preview_patience;
        request.expect_person = expected_person(caller, request.expect_person)?;
        let max_of_tenant = if caller.session().is_some() {
            MAX_BESIDE_SESSION
        } else {
            LIMITS.of_key
        };
        let _permit = self
            .preview_permits
            .try_take(caller.tenant(), max_of_tenant)
            .ok_or(Error::TooManyPreviews)?;
        let token = self.open_token_source(caller, &request.source).await?;
        let (named, assets) = self.read_named_assets(caller, &request.targets).await?;
        self.count_preview(caller, named.len(), request.repeatable.take())
            .await?;
        let app = self.open_app_credentials(caller.scope.app_id()).await?;
        let vault = self.for_tenant(caller.tenant());
        let answers = tokio::select! {
            answers = vault.ask_graph(&app, &token, request.expect_person.as_ref(), &assets, deadline) => answers?,
            // The vault closes: the assets are reported as unknown.
            () = self.runs.stop.cancelled() => GraphAnswers::without_grant(&assets, &timeout_refusal()),
        };
        self.judge_answers(caller, &token, named, &assets, answers)
            .await
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

    /// Counts the preview and audits it. A repeated request counts too, because it asks Graph again.
    async fn count_preview(
        &self,
        caller: &Principal,
        items: usize,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<(), Error> {
        let repeatable = repeatable.map(RepeatableRequest::run_again);
        let count =
            async |call: Option<&IdempotentCall>| self.record_preview(caller, items, call).await;
        let done = self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, count)
            .await?;
        if done.is_replay {
            self.record_preview(caller, items, None).await
        } else {
            Ok(())
        }
    }

    async fn record_preview(
        &self,
        caller: &Principal,
        items: usize,
        call: Option<&IdempotentCall>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        if let Some(session) = caller.session()
            && !tx.take_session_preview(session, now).await?
        {
            return Err(Error::Conflict(Conflict::SessionUsedUp));
        }
        let event = AuditEvent::new(
            caller.audit_name(),
            "reconnect.previewed",
            caller.tenant(),
            json!({ "items": items }),
        );
        tx.write_audit_events(&[event], now).await?;
        if let Some(call) = call {
            call.store_result(&tx, &(), None, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Asks Graph about the token, then about the token on each asset. Assets without an answer by the deadline are
    /// unknown.
    async fn ask_graph(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        expected: Option<&PersonId>,
        assets: &[Asset],
        deadline: Instant,
    ) -> Result<GraphAnswers, Error> {
        let inspected = self.inspect_submitted_token(app, token, expected);
        let inspected = timeout_at(deadline, inspected).await;
        match inspected.unwrap_or(Err(ValidationFailure::ForEveryItem(timeout_refusal()))) {
            Ok(inspected) => {
                let grant = Grant {
                    id: GrantId::mint(),
                    facts: inspected.facts,
                };
                let proofs = self
                    .probe_assets(app, token, &grant, assets, deadline)
                    .await;
                Ok(GraphAnswers {
                    grant: Some(grant),
                    proofs,
                })
            }
            Err(ValidationFailure::Refused(refusal)) => Err(Error::TokenRefused(refusal)),
            Err(ValidationFailure::ForEveryItem(refusal)) => {
                Ok(GraphAnswers::without_grant(assets, &refusal))
            }
        }
    }

    /// Probes the token on each asset, until the deadline.
    async fn probe_assets(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        grant: &Grant,
        assets: &[Asset],
        deadline: Instant,
    ) -> HashMap<AssetId, ProbeResult> {
        let mut proofs = refuse_all(assets, &timeout_refusal());
        let targets: Vec<_> = assets.iter().map(Target::from).collect();
        let mut reviewed = ReviewedToken::new(app, token, grant);
        let mut chunks =
            pin!(
                self.graph
                    .stream_probes(app, token, &grant.facts.person_id, &targets)
            );
        while let Ok(Some(chunk)) = timeout_at(deadline, chunks.next()).await {
            let of_chunk: Vec<_> = chunk
                .indices
                .iter()
                .filter_map(|it| targets.get(*it))
                .collect();
            let probed = of_chunk.iter().copied().zip(chunk.results).collect();
            let Ok(reviewed) =
                timeout_at(deadline, self.review_results(&mut reviewed, probed)).await
            else {
                break;
            };
            let ids = of_chunk.iter().map(|it| it.id.clone());
            proofs.extend(ids.zip(reviewed));
        }
        proofs
    }
}

impl GraphAnswers {
    /// The same refusal for every asset, where nothing is known of the token.
    fn without_grant(assets: &[Asset], refusal: &Refusal) -> Self {
        Self {
            grant: None,
            proofs: refuse_all(assets, refusal),
        }
    }
}

fn refuse_all(assets: &[Asset], refusal: &Refusal) -> HashMap<AssetId, ProbeResult> {
    assets
        .iter()
        .map(|it| (it.id.clone(), ProbeResult::Refused(refusal.clone())))
        .collect()
}

/// The refusal where Graph gave no answer by the deadline.
pub(crate) fn timeout_refusal() -> Refusal {
    Refusal {
        kind: RefusalKind::Unavailable,
        message: "Graph did not answer in time.".to_owned(),
        fbtrace_id: None,
    }
}
