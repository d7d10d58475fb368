//! The standing of each asset: which credential serves it before a reconnect settles it.

use std::collections::{HashMap, HashSet};

use regrant_domain::{Asset, AssetId, Grant, GrantId, Timestamp, settle::Standing};
use regrant_storage::{StoredCredential, TenantTx};

use crate::{Error, Vault, credentials::token_prints::TokenPrints};

/// The standings of assets, but for those with a row that does not parse.
#[derive(Default)]
pub(super) struct Standings {
    pub(super) by_asset: HashMap<AssetId, Standing>,
    pub(super) unreadable: HashSet<AssetId>,
}

impl Vault {
    /// Reads the standing of each asset. `offered` recognises the token that is to replace the serving one.
    pub(super) async fn read_standings(
        &self,
        tx: &TenantTx,
        assets: &[Asset],
        offered: Option<&TokenPrints>,
        now: Timestamp,
    ) -> Result<Standings, Error> {
        let ids: Vec<_> = assets.iter().map(|it| it.id.clone()).collect();
        let active = tx.find_active_credentials(&ids).await?;
        let grant_ids: Vec<_> = active
            .iter()
            .filter_map(|it| it.credential.grant_id)
            .collect();
        let grants = tx.find_grants(&grant_ids).await?.into_iter();
        let grants: HashMap<GrantId, Grant> = grants.map(|it| (it.id, it)).collect();
        let active = active.into_iter();
        let mut active: HashMap<_, _> = active
            .map(|it| (it.credential.asset_id.clone(), it))
            .collect();
        let (notice, mut standings) = (self.settings.assets.notice, Standings::default());
        let pause = self.settings.watch.pace.doubt;
        for asset in assets {
            let held = active.remove(&asset.id);
            if asset.facts.is_unreadable || held.as_ref().is_some_and(|it| it.is_unreadable) {
                standings.unreadable.insert(asset.id.clone());
                continue;
            }
            let standing = match held {
                Some(held) => Standing {
                    serves: asset.state_at(now, notice).is_serving(),
                    next_refusal_ends: asset.facts.next_refusal_ends(now, pause),
                    ..standing_of(asset, held, &grants, offered, now)
                },
                None => Standing {
                    cut_off_passed: asset.facts.has_passed_cut_off(now),
                    ..Standing::default()
                },
            };
            standings.by_asset.insert(asset.id.clone(), standing);
        }
        Ok(standings)
    }
}

fn standing_of(
    asset: &Asset,
    held: StoredCredential,
    grants: &HashMap<GrantId, Grant>,
    offered: Option<&TokenPrints>,
    now: Timestamp,
) -> Standing {
    let grant = held.credential.grant_id.and_then(|id| grants.get(&id));
    Standing {
        // A page token ranks as the grant that it was minted from; a credential that was never probed has no rank.
        working_kind: held
            .credential
            .proved_at
            .map(|_| grant.map_or(held.credential.kind, |grant| grant.facts.kind)),
        same_token: offered.is_some_and(|it| it.matches(&held.credential.fingerprint)),
        tasks: held.tasks,
        cut_off_passed: asset.facts.has_passed_cut_off(now),
        ..Standing::default()
    }
}
