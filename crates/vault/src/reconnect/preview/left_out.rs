//! The assets that the person's log-in before reached and the new one leaves out, and which of them are used.
//!
//! The rule: this only warns. Whether an asset is reached comes from its probe, the causes from what `debug_token` returned
//! for both log-ins. Assets outside of the caller's reach are not shown. A page learns only whether there are any that its
//! client reaches: it asks a person to tick its own list, and what is not ticked beside it may stop.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use regrant_domain::{
    Asset, AssetId, CredentialKind, Grant, GrantId, LeftOutAsset, ProbeResult, ReachLimit,
    Timestamp, coverage::find_lost_scopes, left_out::find_left_out_cause,
};
use regrant_storage::{AssetFilter, TenantTx};

use super::run::PreviewRun;
use crate::{Error, Selection, Subject};

/// How far back a read of a token counts as use.
const LATELY: chrono::Duration = chrono::Duration::days(30);

/// The assets that were found.
#[derive(Default)]
pub(super) struct LeftOut {
    pub(super) found: Vec<LeftOutAsset>,
    /// Whether there are others, or may be: the person has more assets than were searched, or the client of the page
    /// reaches such assets beyond the page's own.
    pub(super) has_more: bool,
}

/// The two log-ins' facts that are compared, and the moment.
struct Comparison<'a> {
    offered: &'a Grant,
    proofs: &'a HashMap<AssetId, ProbeResult>,
    now: Timestamp,
}

impl PreviewRun {
    /// Finds the assets that a token of the same person serves and that the new log-in leaves out. Searches at most as many
    /// assets as one request may name.
    pub(super) async fn find_left_out(
        &self,
        tx: &TenantTx,
        offered: &Grant,
        proofs: &HashMap<AssetId, ProbeResult>,
        now: Timestamp,
    ) -> Result<LeftOut, Error> {
        if offered.facts.kind == CredentialKind::SystemUser {
            return Ok(LeftOut::default());
        }
        let comparison = Comparison {
            offered,
            proofs,
            now,
        };
        let own = self.caller.reach_limit();
        let mut left_out = self.search_left_out(tx, &comparison, own).await?;
        let ids = left_out.found.iter().map(|it| it.asset_id.clone());
        let ids: Vec<_> = ids.collect();
        let mut reads = tx.find_last_reads(&ids, now - LATELY).await?;
        for it in &mut left_out.found {
            it.last_read_at = reads.remove(&it.asset_id);
        }
        left_out.has_more = left_out.has_more || self.has_hidden(tx, &comparison).await?;
        Ok(left_out)
    }

    /// Whether the client of a page reaches assets that are left out and that the page does not reach, or may do so.
    async fn has_hidden(&self, tx: &TenantTx, comparison: &Comparison<'_>) -> Result<bool, Error> {
        let Subject::Session { client_reach, .. } = self.caller.subject() else {
            return Ok(false);
        };
        let within = client_reach.as_limit().cloned();
        let all = self.search_left_out(tx, comparison, within).await?;
        let is_hidden = |it: &LeftOutAsset| !self.caller.reach.lists_asset(&it.asset_id);
        Ok(all.has_more || all.found.iter().any(is_hidden))
    }

    /// Compares the log-ins on the assets within a reach that a token of the person serves.
    async fn search_left_out(
        &self,
        tx: &TenantTx,
        comparison: &Comparison<'_>,
        within: Option<ReachLimit>,
    ) -> Result<LeftOut, Error> {
        let Comparison {
            offered,
            proofs,
            now,
        } = *comparison;
        let of_person = Selection {
            person_id: Some(offered.facts.person_id.clone()),
            ..Selection::default()
        };
        let filter = AssetFilter {
            within,
            ..self.vault.selection_filter(&self.caller, &of_person, now)
        };
        let listed = tx.list_assets(&filter).await?;
        let has_more = listed.found >= usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let mut served = listed.rows;
        let notice = self.vault.settings.assets.notice;
        served.retain(|it| it.state_at(now, notice).is_serving());
        let held = read_serving_grants(tx, &served).await?;
        let named: HashSet<_> = self.named.iter().collect();
        let compare = |it: Asset| {
            let (held, probe) = (held.get(&it.id)?, proofs.get(&it.id));
            let is_named = named.contains(&it.id);
            compare_grants(it, is_named, probe, held, offered)
        };
        let found = served.into_iter().filter_map(compare).collect();
        Ok(LeftOut { found, has_more })
    }
}

fn compare_grants(
    asset: Asset,
    is_named: bool,
    probe: Option<&ProbeResult>,
    held: &Grant,
    offered: &Grant,
) -> Option<LeftOutAsset> {
    let cause = find_left_out_cause((asset.kind, &asset.id), probe, held, offered)?;
    let lost = find_lost_scopes(asset.kind, &asset.id, held, offered);
    Some(LeftOutAsset {
        lost_scopes: lost.into_iter().map(ToOwned::to_owned).collect(),
        asset_id: asset.id,
        kind: asset.kind,
        name: asset.name,
        cause,
        is_named,
        last_read_at: None,
    })
}

/// The grant that serves each asset, where it is known.
async fn read_serving_grants(
    tx: &TenantTx,
    assets: &[Asset],
) -> Result<HashMap<AssetId, Arc<Grant>>, Error> {
    let ids: Vec<_> = assets.iter().map(|it| it.id.clone()).collect();
    let serving = tx
        .find_active_credentials(&ids)
        .await?
        .into_iter()
        .map(|it| it.credential);
    let serving: Vec<_> = serving
        .filter_map(|it| Some((it.asset_id, it.grant_id?)))
        .collect();
    let distinct: HashSet<GrantId> = serving.iter().map(|(_, grant)| *grant).collect();
    let grants = tx
        .find_grants(&distinct.into_iter().collect::<Vec<_>>())
        .await?;
    let grants: HashMap<_, _> = grants.into_iter().map(|it| (it.id, Arc::new(it))).collect();
    let found = |(asset, grant)| Some((asset, Arc::clone(grants.get(&grant)?)));
    Ok(serving.into_iter().filter_map(found).collect())
}
