//! Checks assets now, because a caller asks: "my call got a 190".
//!
//! The rule: a check runs the probes of the worker under leases of their own, in a task of the process, so a caller that
//! disconnects changes nothing. Refusals count only if they are spaced, however often a caller checks.
//! Start at [`Vault::check_assets`]; `check/run.rs` claims the probes and runs them.

mod run;

use std::time::Duration;

use regrant_domain::{Asset, AssetId, Timestamp, state::AssetState};
use regrant_permits::Limits;
use regrant_storage::{AuditEvent, TenantTx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use crate::{
    Error, Principal, RepeatableRequest, Resource, Vault,
    assets::spellings::{fold_spellings, list_spellings},
    call::idempotency::IdempotentCall,
};

/// How many checks run at the same time in a process, and how many of them of one tenant.
pub(crate) const LIMITS: Limits = Limits {
    total: 32,
    of_key: 4,
};
/// How often a repeated call, which did not start the check, reads its results.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// A request to check assets now.
pub struct CheckRequest {
    /// The assets.
    pub asset_ids: Vec<AssetId>,
    /// How long the caller waits for the results.
    pub wait: Duration,
    /// The idempotency key, if the caller sent one.
    pub repeatable: Option<RepeatableRequest>,
}

/// The result of a check for one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedAsset {
    /// The asset was probed since the call, or it has no token to probe with.
    Checked {
        /// The asset.
        asset_id: AssetId,
        /// Its state at the call.
        before: Box<AssetState>,
        /// Its state now.
        after: Box<AssetState>,
        /// When it was last probed.
        checked_at: Option<Timestamp>,
    },
    /// The asset was not probed yet: Graph is slow, or another process is about to probe it.
    Running {
        /// The asset.
        asset_id: AssetId,
        /// Its state at the call.
        before: Box<AssetState>,
        /// When it was last probed.
        checked_at: Option<Timestamp>,
    },
    /// The caller has no such asset.
    Unknown(AssetId),
}

/// A check as its call began. Stored under the idempotency key.
#[derive(Serialize, Deserialize)]
struct StartedCheck {
    at: Timestamp,
    items: Vec<StartedItem>,
}

#[derive(Serialize, Deserialize)]
struct StartedItem {
    asset_id: AssetId,
    /// `None` for an unknown asset.
    before: Option<AssetState>,
}

impl Vault {
    /// Probes an asset now and waits for the result as long as the caller asked for.
    ///
    /// # Errors
    /// `NotFound`; `TooManyChecks`; `Conflict(OtherBody)`.
    pub async fn check_asset(
        &self,
        caller: &Principal,
        request: CheckRequest,
    ) -> Result<CheckedAsset, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let known = find_reached_assets(&tx, caller, &request.asset_ids).await?;
        tx.commit().await?;
        if known.is_empty() {
            return Err(Error::NotFound(Resource::Asset));
        }
        match self.check_assets(caller, request).await?.pop() {
            Some(CheckedAsset::Unknown(_)) | None => Err(Error::NotFound(Resource::Asset)),
            Some(checked) => Ok(checked),
        }
    }

    /// Probes assets now and waits for the results as long as the caller asked for: one result for each distinct asset,
    /// in the request's order.
    ///
    /// # Errors
    /// `TooMany`; `Invalid` for an empty list; `TooManyChecks`; `Conflict(OtherBody)`.
    pub async fn check_assets(
        &self,
        caller: &Principal,
        request: CheckRequest,
    ) -> Result<Vec<CheckedAsset>, Error> {
        self.check_checked_count(request.asset_ids.len())?;
        let deadline = Instant::now() + request.wait;
        let mut running = None;
        let start = async |call: Option<&IdempotentCall>| {
            let (started, done) = self.start_check(caller, &request.asset_ids, call).await?;
            running = Some(done);
            Ok(started)
        };
        let started = self
            .run_idempotent(&caller.scope, caller.caller_id(), request.repeatable, start)
            .await?
            .value;
        match running {
            Some(done) => {
                let _elapsed = timeout_at(deadline, done).await;
                self.view_check(caller, &started).await
            }
            None => self.await_repeated_check(caller, &started, deadline).await,
        }
    }

    /// Waits on behalf of a repeated call: the first one, or the worker, runs the probes.
    async fn await_repeated_check(
        &self,
        caller: &Principal,
        started: &StartedCheck,
        deadline: Instant,
    ) -> Result<Vec<CheckedAsset>, Error> {
        loop {
            let results = self.view_check(caller, started).await?;
            if Instant::now() >= deadline || !results.iter().any(CheckedAsset::is_running) {
                return Ok(results);
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Stores that the check began, claims its probes, and starts its run.
    async fn start_check(
        &self,
        caller: &Principal,
        ids: &[AssetId],
        call: Option<&IdempotentCall>,
    ) -> Result<(StartedCheck, oneshot::Receiver<()>), Error> {
        let permit = self
            .check_permits
            .try_take(caller.tenant(), LIMITS.of_key)
            .ok_or(Error::TooManyChecks)?;
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        let reached = find_reached_assets(&tx, caller, ids).await?;
        let reached: Vec<_> = reached.into_iter().map(|it| it.id).collect();
        let assets = tx.lock_assets(&reached).await?;
        let started = self.note_states(ids, &assets, now);
        let run = self.claim_check(&tx, &caller.scope, &assets, now).await?;
        tx.write_audit_events(&[check_event(caller, &assets)], now)
            .await?;
        if let Some(call) = call {
            call.store_result(&tx, &started, None, now).await?;
        }
        tx.commit().await?;
        Ok((started, self.spawn_check(run, permit)))
    }

    fn note_states(&self, ids: &[AssetId], assets: &[Asset], now: Timestamp) -> StartedCheck {
        let notice = self.settings.assets.notice;
        let state_of = |id: &AssetId| {
            let asset = assets.iter().find(|it| it.id == *id);
            asset.map(|it| it.state_at(now, notice))
        };
        let items = fold_spellings(ids, assets).into_iter().map(|it| {
            let before = it.known.as_ref().and_then(state_of);
            StartedItem {
                asset_id: it.known.unwrap_or(it.requested),
                before,
            }
        });
        StartedCheck {
            at: now,
            items: items.collect(),
        }
    }

    /// The results so far.
    async fn view_check(
        &self,
        caller: &Principal,
        started: &StartedCheck,
    ) -> Result<Vec<CheckedAsset>, Error> {
        let known = started.items.iter().filter(|it| it.before.is_some());
        let known: Vec<_> = known.map(|it| it.asset_id.clone()).collect();
        let tx = self.store.begin_read(&caller.scope).await?;
        let assets = tx.find_assets(&known).await?;
        tx.commit().await?;
        let result = |it: &StartedItem| {
            let asset = assets.iter().find(|asset| asset.id == it.asset_id);
            let asset = asset.filter(|asset| caller.can_reach(asset));
            self.checked_asset(it, asset, started.at)
        };
        Ok(started.items.iter().map(result).collect())
    }

    fn checked_asset(
        &self,
        item: &StartedItem,
        asset: Option<&Asset>,
        started_at: Timestamp,
    ) -> CheckedAsset {
        let asset_id = item.asset_id.clone();
        let Some((before, asset)) = item.before.clone().zip(asset) else {
            return CheckedAsset::Unknown(asset_id);
        };
        let (before, checked_at) = (Box::new(before), asset.facts.checked_at);
        // An asset without a token has no planned probe.
        let is_idle = before.next_check_at.is_none();
        if is_idle || checked_at.is_some_and(|it| it >= started_at) {
            let after = asset.state_at(self.clock.now(), self.settings.assets.notice);
            CheckedAsset::Checked {
                asset_id,
                before,
                after: Box::new(after),
                checked_at,
            }
        } else {
            CheckedAsset::Running {
                asset_id,
                before,
                checked_at,
            }
        }
    }

    fn check_checked_count(&self, n: usize) -> Result<(), Error> {
        let limit = self.settings.assets.max_checked;
        match n {
            0 => Err(Error::Invalid {
                field: "asset_ids".to_owned(),
                reason: "expected at least one asset".to_owned(),
            }),
            n if n > limit => Err(Error::TooMany {
                field: "asset_ids",
                limit,
            }),
            _ => Ok(()),
        }
    }
}

impl CheckedAsset {
    /// Whether the asset was not probed yet.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }
}

/// Those of the assets that the caller reaches, in any spelling.
async fn find_reached_assets(
    tx: &TenantTx,
    caller: &Principal,
    ids: &[AssetId],
) -> Result<Vec<Asset>, Error> {
    let mut assets = tx.find_assets(&list_spellings(ids)).await?;
    assets.retain(|it| caller.can_reach(it));
    let named: Vec<_> = fold_spellings(ids, &assets)
        .into_iter()
        .filter_map(|it| it.known)
        .collect();
    // Both spellings of an id may be assets: keep the one that the request names.
    assets.retain(|it| named.contains(&it.id));
    Ok(assets)
}

fn check_event(caller: &Principal, assets: &[Asset]) -> AuditEvent {
    let subject = match assets {
        [one] => one.id.to_string(),
        _ => "assets".to_owned(),
    };
    let detail = json!({ "assets": assets.len() });
    AuditEvent::new(caller.audit_name(), "asset.checked", subject, detail)
}
