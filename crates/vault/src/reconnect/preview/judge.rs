//! Judges the probe results of a preview by what serves the assets now.

use std::collections::HashMap;

use regrant_domain::{
    AccessToken, Asset, AssetId, Coverage, CredentialKind, NextStep, Outcome, ProbeResult,
    ReasonCode,
    settle::{Decision, decide_outcome},
};
use regrant_storage::ItemResult;

use crate::{
    Error, Principal, Vault,
    reconnect::{
        plan::{Plan, PlanInput},
        preview::{GraphAnswers, Preview, PreviewItem, permission_losses::PermissionLosses},
        results::{unknown_asset_result, unreadable_result},
        standings::Standings,
    },
};

impl Vault {
    /// Judges the answers; `probed` are the assets as they were before they were probed.
    pub(super) async fn judge_answers(
        &self,
        caller: &Principal,
        token: &AccessToken,
        named: Vec<AssetId>,
        probed: &[Asset],
        GraphAnswers { grant, proofs }: GraphAnswers,
    ) -> Result<Preview, Error> {
        let key = self.data_keys.active(&caller.scope).await?;
        let print = key.compute_fingerprint(token.expose().as_bytes());
        let (now, was) = (self.clock.now(), by_id(probed));
        let tx = self.store.begin_read(&caller.scope).await?;
        let ids: Vec<_> = proofs.keys().cloned().collect();
        let mut assets = tx.find_assets(&ids).await?;
        // An asset that was deleted and registered again is not the asset that was probed; another may be out of reach.
        assets.retain(|it| {
            caller.can_reach(it) && was.get(&it.id).is_some_and(|was| is_the_same(was, it))
        });
        let standings = self
            .read_standings(&tx, &assets, Some(print.as_bytes()), now)
            .await?;
        let losses = match &grant {
            Some(grant) => {
                self.find_permission_losses(&tx, caller, grant, &named, now)
                    .await?
            }
            None => PermissionLosses::default(),
        };
        tx.commit().await?;
        let input = PlanInput {
            token,
            items: &named,
            assets: &assets,
            standings: &standings.by_asset,
        };
        let plan = grant
            .as_ref()
            .map(|_| Plan::id_for(&key, &input, now))
            .transpose()?;
        let kind = grant
            .as_ref()
            .map_or(CredentialKind::User, |it| it.facts.kind);
        let items = preview_items(named, kind, &proofs, &standings);
        Ok(Preview {
            plan,
            grant,
            items,
            siblings: losses.found,
            has_more_siblings: losses.has_more,
        })
    }
}

fn preview_items(
    named: Vec<AssetId>,
    kind: CredentialKind,
    proofs: &HashMap<AssetId, ProbeResult>,
    standings: &Standings,
) -> Vec<PreviewItem> {
    let item = |id: AssetId| match proofs.get(&id).zip(standings.by_asset.get(&id)) {
        _ if standings.unreadable.contains(&id) => {
            PreviewItem::from_result(id, unreadable_result())
        }
        Some((proof, standing)) => {
            PreviewItem::from_decision(id, decide_outcome(kind, proof, standing))
        }
        None => PreviewItem::from_result(id, unknown_asset_result()),
    };
    named.into_iter().map(item).collect()
}

fn by_id(assets: &[Asset]) -> HashMap<&AssetId, &Asset> {
    assets.iter().map(|it| (&it.id, it)).collect()
}

/// Whether a probe of one is a probe of the other.
fn is_the_same(was: &Asset, is: &Asset) -> bool {
    (was.kind, was.created_at) == (is.kind, is.created_at)
}

impl PreviewItem {
    fn from_decision(asset_id: AssetId, decision: Decision) -> Self {
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
        Self {
            asset_id,
            coverage,
            reason,
            fbtrace_id: decision.fbtrace_id,
        }
    }

    fn from_result(asset_id: AssetId, result: ItemResult) -> Self {
        Self {
            asset_id,
            coverage: Coverage::Unknown,
            reason: result.reason,
            fbtrace_id: result.fbtrace_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use regrant_domain::{Refusal, RefusalKind};

    use super::*;
    use crate::reconnect::preview::timeout_refusal;

    fn next_step(kind: RefusalKind) -> NextStep {
        let proof = ProbeResult::Refused(Refusal {
            kind,
            ..timeout_refusal()
        });
        let decision = decide_outcome(
            CredentialKind::User,
            &proof,
            &regrant_domain::settle::Standing::default(),
        );
        PreviewItem::from_decision("1".parse().unwrap(), decision)
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
