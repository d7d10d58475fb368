//! Judges the answers of a preview by what serves the assets now.

use std::collections::{HashMap, HashSet};

use regrant_domain::{
    Asset, AssetId, Coverage, CredentialKind, LeftOutAsset, NextStep, Outcome, PlanId, PreviewItem,
    ReasonCode, Timestamp,
    settle::{Decision, Standing, decide_outcome},
};
use regrant_storage::{ItemResult, TenantTx};

use super::{
    left_out::LeftOut,
    run::{GraphAnswers, PreviewRun},
};
use crate::{
    Error,
    credentials::token_prints::TokenPrints,
    reconnect::{
        plan::{Plan, PlanInput},
        results::{unknown_asset_result, unreadable_result},
        standings::Standings,
    },
};

/// What a preview comes to.
pub(super) struct JudgedPreview {
    /// `None` where nothing is known of the token.
    pub(super) plan: Option<PlanId>,
    /// The assets, in the request's order.
    pub(super) items: Vec<PreviewItem>,
    pub(super) left_out: Vec<LeftOutAsset>,
    pub(super) has_more_left_out: bool,
}

impl PreviewRun {
    /// Judges all answers, by one reading of the database.
    pub(super) async fn judge_preview(
        &self,
        answers: &GraphAnswers,
    ) -> Result<JudgedPreview, Error> {
        let scope = &self.caller.scope;
        let key = self.vault.data_keys.active(scope).await?;
        let prints = self.vault.compute_token_prints(scope, &self.token).await?;
        let now = self.vault.clock.now();
        let tx = self.vault.store.begin_read(scope).await?;
        let probed: Vec<_> = answers.proofs.keys().cloned().collect();
        let (assets, standings) = self.read_probed_assets(&tx, &probed, &prints, now).await?;
        let left_out = match &answers.grant {
            Some(grant) => self.find_left_out(&tx, grant, &answers.proofs, now).await?,
            None => LeftOut::default(),
        };
        tx.commit().await?;
        let input = PlanInput {
            token: &self.token,
            items: &self.named,
            assets: &assets,
            standings: &standings.by_asset,
        };
        let plan = answers.grant.as_ref();
        let plan = plan.map(|_| Plan::id_for(&key, &input, now)).transpose()?;
        Ok(JudgedPreview {
            plan,
            items: judge_items(&self.named, answers, &assets, &standings),
            left_out: left_out.found,
            has_more_left_out: left_out.has_more,
        })
    }

    /// Judges the answers about some of the assets.
    pub(super) async fn judge_some(
        &self,
        answers: &GraphAnswers,
        ids: &[AssetId],
    ) -> Result<Vec<PreviewItem>, Error> {
        let scope = &self.caller.scope;
        let prints = self.vault.compute_token_prints(scope, &self.token).await?;
        let now = self.vault.clock.now();
        let tx = self.vault.store.begin_read(scope).await?;
        let (assets, standings) = self.read_probed_assets(&tx, ids, &prints, now).await?;
        tx.commit().await?;
        Ok(judge_items(ids, answers, &assets, &standings))
    }

    /// The assets as they are now and their standings. An asset that was deleted and registered again is not the asset that
    /// was probed; another may be out of reach.
    async fn read_probed_assets(
        &self,
        tx: &TenantTx,
        ids: &[AssetId],
        prints: &TokenPrints,
        now: Timestamp,
    ) -> Result<(Vec<Asset>, Standings), Error> {
        let wanted: HashSet<_> = ids.iter().collect();
        let was = self.assets.iter().filter(|it| wanted.contains(&it.id));
        let was: HashMap<_, _> = was.map(|it| (&it.id, it)).collect();
        let mut assets = tx.find_assets(ids).await?;
        assets.retain(|it| {
            self.caller.can_reach(it) && was.get(&it.id).is_some_and(|was| is_the_same(was, it))
        });
        let standings = self
            .vault
            .read_standings(tx, &assets, Some(prints), now)
            .await?;
        Ok((assets, standings))
    }
}

fn judge_items(
    ids: &[AssetId],
    answers: &GraphAnswers,
    assets: &[Asset],
    standings: &Standings,
) -> Vec<PreviewItem> {
    let grant = answers.grant.as_ref();
    let kind = grant.map_or(CredentialKind::User, |it| it.facts.kind);
    let offered = grant.map(|it| &it.facts.person_id);
    let serving = assets.iter().map(|it| (&it.id, it.person_id.as_ref()));
    let serving: HashMap<_, _> = serving.collect();
    let item = |id: &AssetId| match answers.proofs.get(id).zip(standings.by_asset.get(id)) {
        _ if standings.unreadable.contains(id) => item_of_result(id, unreadable_result()),
        Some((proof, standing)) => {
            let serving = serving.get(id).copied().flatten();
            // A preview counts no refusal, so none takes a token out of service.
            let standing = Standing {
                next_refusal_ends: false,
                ..standing.for_person(offered, serving)
            };
            item_of_decision(id, decide_outcome(kind, proof, &standing))
        }
        None => item_of_result(id, unknown_asset_result()),
    };
    ids.iter().map(item).collect()
}

/// Whether a probe of one is a probe of the other.
fn is_the_same(was: &Asset, is: &Asset) -> bool {
    (was.kind, was.created_at) == (is.kind, is.created_at)
}

fn item_of_decision(id: &AssetId, decision: Decision) -> PreviewItem {
    let coverage = Coverage::from_decision(&decision);
    let is_deferred = decision.outcome == Outcome::Deferred;
    let mut reason = decision.reason;
    // A reconnect tries a deferred item again by itself, but a preview does not.
    if let Some(reason) = reason.as_mut().filter(|_| is_deferred) {
        reason.next_step = match reason.code {
            ReasonCode::AppFault => NextStep::CorrectAppThenPreview,
            _ => NextStep::PreviewLater,
        };
    }
    PreviewItem {
        asset_id: id.clone(),
        coverage,
        reason,
        fbtrace_id: decision.fbtrace_id,
    }
}

fn item_of_result(id: &AssetId, result: ItemResult) -> PreviewItem {
    PreviewItem {
        asset_id: id.clone(),
        coverage: Coverage::Unknown,
        reason: result.reason,
        fbtrace_id: result.fbtrace_id,
    }
}

#[cfg(test)]
mod tests {
    use regrant_domain::{ProbeResult, Refusal, RefusalKind};

    use super::*;
    use crate::reconnect::preview::timeout_refusal;

    fn next_step(kind: RefusalKind) -> NextStep {
        let proof = ProbeResult::Refused(Refusal {
            kind,
            ..timeout_refusal()
        });
        let decision = decide_outcome(CredentialKind::User, &proof, &Standing::default());
        item_of_decision(&"1".parse().unwrap(), decision)
            .reason
            .unwrap()
            .next_step
    }

    #[test]
    fn a_deferred_item_asks_for_another_preview() {
        assert_eq!(next_step(RefusalKind::Unavailable), NextStep::PreviewLater);
        assert_eq!(
            next_step(RefusalKind::AppFault),
            NextStep::CorrectAppThenPreview
        );
    }
}
