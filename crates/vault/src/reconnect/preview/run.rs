//! The run of a preview: asks Graph about the token and about the token on each asset, and shows the coverage of each asset
//! as soon as it is known.
//!
//! The rule: what is shown meanwhile is judged again at the end, together with the plan; an asset whose coverage has
//! changed by then gets another event.
//! Start at [`Vault::spawn_preview`].

use std::{collections::HashMap, sync::Arc};

use regrant_domain::{
    AccessToken, Asset, AssetId, Grant, GrantId, PersonId, PreviewFinding, PreviewId, PreviewItem,
    PreviewStatus, ProbeResult, ReachableAsset, Refusal, TenantId, error_chain,
};
use regrant_graph::AppCredentials;
use regrant_permits::Permit;
use regrant_storage::{PreviewEnding, PreviewPerson};
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, info_span, warn};

use super::{
    LIFETIME, PreviewFailure, judge::JudgedPreview, reachable::ReachableSearch, timeout_refusal,
};
use crate::{Error, Principal, Resource, Vault, credentials::submitted::ValidationFailure};

/// What a run of a preview needs.
pub(super) struct PreviewRun {
    pub(super) vault: Vault,
    pub(super) caller: Principal,
    pub(super) id: PreviewId,
    pub(super) app: Arc<AppCredentials>,
    pub(super) token: AccessToken,
    pub(super) expected: Option<PersonId>,
    /// The assets in the request's order.
    pub(super) named: Vec<AssetId>,
    /// Those that exist for the caller.
    pub(super) assets: Vec<Asset>,
    pub(super) finds_new: bool,
    pub(super) deadline: Instant,
}

/// The items that readers of a preview see, by asset.
pub(super) struct ShownItems {
    /// The positions of all assets in the request's order.
    pub(super) positions: HashMap<AssetId, i64>,
    pub(super) items: HashMap<AssetId, PreviewItem>,
}

/// What Graph said about the token and about the token on each asset.
pub(super) struct GraphAnswers {
    pub(super) grant: Option<Grant>,
    pub(super) proofs: HashMap<AssetId, ProbeResult>,
}

impl Vault {
    /// Runs a preview in the background.
    pub(super) fn spawn_preview(&self, run: PreviewRun, permit: Permit<TenantId>) {
        let (vault, id, tenant) = (self.clone(), run.id, run.caller.tenant());
        let span = info_span!("preview", tenant.id = %tenant, preview.id = %id);
        let task = async move {
            match run.run_to_end().await {
                // It was deleted.
                Ok(()) | Err(Error::Stale | Error::NotFound(Resource::Preview)) => {}
                Err(error) => {
                    warn!(error = error_chain(&error), "a preview stopped");
                    let failed = run.fail(&PreviewFailure::Interrupted).await;
                    failed.unwrap_or_else(|error| {
                        warn!(
                            error = error_chain(&error),
                            "a stopped preview is not marked"
                        );
                    });
                }
            }
            // Before a waiting caller can ask for another preview.
            drop(permit);
            vault.preview_progress.notify_waiters(id);
        };
        self.runs
            .tracker
            .spawn_on(task.instrument(span), &self.runs.runtime);
    }
}

impl PreviewRun {
    async fn run_to_end(&self) -> Result<(), Error> {
        let mut shown = ShownItems {
            positions: self.named.iter().cloned().zip(0..).collect(),
            items: HashMap::new(),
        };
        let answers = match self.inspect_token().await {
            Ok(grant) => self.probe_assets(grant, &mut shown).await?,
            Err(ValidationFailure::ForEveryItem(refusal)) => GraphAnswers {
                grant: None,
                proofs: refuse_all(&self.assets, &refusal),
            },
            Err(ValidationFailure::Refused(refusal)) => {
                return self.fail(&PreviewFailure::TokenRefused(refusal)).await;
            }
        };
        let search = self.search_reachable(answers.grant.as_ref()).await?;
        self.finish(&answers, search, &shown).await
    }

    /// Asks Graph about the token. Where it says nothing in time, or the vault closes, nothing is known of it.
    async fn inspect_token(&self) -> Result<Grant, ValidationFailure> {
        let expected = self.expected.as_ref();
        let asked = self
            .vault
            .inspect_submitted_token(&self.app, &self.token, expected);
        let unanswered = || ValidationFailure::ForEveryItem(timeout_refusal());
        let inspected = tokio::select! {
            inspected = timeout_at(self.deadline, asked) => inspected.unwrap_or_else(|_| Err(unanswered())),
            () = self.vault.runs.stop.cancelled() => Err(unanswered()),
        };
        Ok(Grant {
            id: GrantId::mint(),
            facts: inspected?.facts,
        })
    }

    /// Judges all answers, stores what is new, and ends the preview.
    async fn finish(
        &self,
        answers: &GraphAnswers,
        search: Option<ReachableSearch>,
        shown: &ShownItems,
    ) -> Result<(), Error> {
        let judged = self.judge_preview(answers).await?;
        let (reachable, is_complete) = match search {
            Some(search) => (search.found, Some(search.is_complete)),
            None => (Vec::new(), None),
        };
        let now = self.vault.clock.now();
        let ending = PreviewEnding {
            status: PreviewStatus::Completed,
            plan: judged.plan,
            person: answers.grant.as_ref().map(person_of),
            has_more: judged.has_more_left_out,
            is_search_complete: is_complete,
            failure: None,
            expires_at: judged.plan.map_or(now + LIFETIME, |it| it.expires_at),
        };
        let findings = collect_findings(judged, reachable, shown);
        let tx = self.vault.store.begin(&self.caller.scope).await?;
        let added = tx.add_preview_findings(self.id, &findings).await;
        added.map_err(Error::not_found_as(Resource::Preview))?;
        tx.finish_preview(self.id, &ending, now).await?;
        Ok(tx.commit().await?)
    }

    /// Ends the preview without a result.
    async fn fail(&self, failure: &PreviewFailure) -> Result<(), Error> {
        let now = self.vault.clock.now();
        let ending = PreviewEnding {
            status: PreviewStatus::Failed,
            plan: None,
            person: None,
            has_more: false,
            is_search_complete: None,
            failure: Some(serde_json::to_string(failure).map_err(Error::from_cause)?),
            expires_at: now + LIFETIME,
        };
        let tx = self.vault.store.begin(&self.caller.scope).await?;
        tx.finish_preview(self.id, &ending, now).await?;
        Ok(tx.commit().await?)
    }
}

/// Items that are not shown as they are, and everything else.
fn collect_findings(
    judged: JudgedPreview,
    reachable: Vec<ReachableAsset>,
    shown: &ShownItems,
) -> Vec<(i64, PreviewFinding)> {
    let is_new = |(_, it): &(i64, PreviewItem)| shown.items.get(&it.asset_id) != Some(it);
    let items = (0_i64..).zip(judged.items).filter(is_new);
    let items = items.map(|(at, it)| (at, PreviewFinding::Item(it)));
    let left_out = judged.left_out.into_iter().map(PreviewFinding::LeftOut);
    let reachable = reachable.into_iter().map(PreviewFinding::Reachable);
    items
        .chain((0_i64..).zip(left_out))
        .chain((0_i64..).zip(reachable))
        .collect()
}

fn person_of(grant: &Grant) -> PreviewPerson {
    PreviewPerson {
        id: grant.facts.person_id.clone(),
        name: grant.facts.person_name.clone(),
        is_work_account: grant.facts.is_work_account,
    }
}

/// The same refusal for every asset.
pub(super) fn refuse_all(assets: &[Asset], refusal: &Refusal) -> HashMap<AssetId, ProbeResult> {
    assets
        .iter()
        .map(|it| (it.id.clone(), ProbeResult::Refused(refusal.clone())))
        .collect()
}
