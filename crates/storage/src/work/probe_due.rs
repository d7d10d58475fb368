//! When each asset is probed, and who holds the right to probe it.
//!
//! The rule: as for other due work, claiming a row raises its fencing number, and a transaction that
//! writes for a lease first calls [`TenantTx::hold_probes`]. Every transaction locks assets before their
//! rows here, so that two transactions never wait for each other.

use std::collections::{BTreeMap, HashMap, HashSet};

use regrant_domain::{
    AssetId, TenantId, Timestamp,
    schedule::{ProbeQueue, ScheduledProbe},
};
use sea_orm::Value;

use crate::{
    Claimer, Error, Store, TenantScope, TenantTx,
    sql::{CHUNK, Query, Row, decode_rows, to_micros},
    work::claim_query::{ClaimTable, ClaimedWork, PassedOver},
};

/// The right to probe one asset, until another process claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeLease {
    /// The asset.
    pub asset_id: AssetId,
    /// Grows with every claim.
    pub fencing: i64,
    /// How many probes in a row gave no result.
    pub tries: u32,
}

/// Claimed probes of one tenant, the most urgent first.
#[derive(Debug, Clone)]
pub struct ProbeClaim {
    /// The tenant the assets belong to.
    pub scope: TenantScope,
    /// The assets to probe.
    pub leases: Vec<ProbeLease>,
}

const PROBE_DUE: ClaimTable = ClaimTable {
    table: "probe_due",
    object: "asset_id",
    urgency: "harm_at",
    column: "lane",
    share: "",
    read_object: |row| Ok(row.get::<String>("object")?.into()),
    tries: "probe_due.tries",
};

impl Store {
    /// Claims due probes of one queue: tenants take turns, each tenant's most urgent asset first. Work of
    /// suspended tenants rests.
    pub async fn claim_probes(
        &self,
        lane: ProbeQueue,
        claimer: Claimer<'_>,
        limit: u32,
    ) -> Result<Vec<ProbeClaim>, Error> {
        let work = ClaimedWork {
            table: &PROBE_DUE,
            which: lane.as_str(),
            tenants: "t.status = 'active'",
            passed_over: PassedOver::default(),
            claimer,
        };
        let rows = self.claim_rows(work, limit).await?;
        Ok(group_by_tenant(&rows))
    }

    /// Extends those of the claimed leases that this owner still holds until `until`.
    pub async fn renew_probes(
        &self,
        owner: &str,
        claims: &[ProbeClaim],
        until: Timestamp,
    ) -> Result<u64, Error> {
        let renew = |query: Query| {
            query
                .fill("change", "leased_until = :until")
                .bind("until", to_micros(until))
        };
        self.change_leases(owner, claims, renew).await
    }

    /// Gives back those of the claimed leases that this owner still holds; the rows stay due as they were.
    pub async fn release_probes(&self, owner: &str, claims: &[ProbeClaim]) -> Result<u64, Error> {
        let release = |query: Query| query.fill("change", "owner = NULL, leased_until = NULL");
        self.change_leases(owner, claims, release).await
    }

    async fn change_leases(
        &self,
        owner: &str,
        claims: &[ProbeClaim],
        change: impl Fn(Query) -> Query,
    ) -> Result<u64, Error> {
        let mut statements = Vec::new();
        for claim in claims {
            let tenant = claim.scope.tenant();
            for leases in claim.leases.chunks(CHUNK) {
                let query = change(Query::tenant(tenant, OF_OWNER))
                    .bind("owner", owner)
                    .bind_list("ids", leases.iter().map(|it| it.asset_id.as_str()));
                statements.push((tenant, query));
            }
        }
        let changed = self.run_in_tenants(statements).await?;
        Ok(u64::try_from(changed.len()).unwrap_or(u64::MAX))
    }
}

/// Changes the leases of an owner in a tenant. It leaves out rows that a transaction is settling, because these are done
/// anyway, and waiting for one while holding others could deadlock.
const OF_OWNER: &str = "
    UPDATE probe_due SET {change} WHERE tenant_id = :tenant AND asset_id IN (
        SELECT d.asset_id FROM probe_due d
        WHERE d.tenant_id = :tenant AND d.asset_id IN :ids AND d.owner = :owner
        {for_update_of_d_skip_locked})
    RETURNING asset_id";

fn group_by_tenant(rows: &[(TenantScope, Row)]) -> Vec<ProbeClaim> {
    let mut claims = BTreeMap::<TenantId, ProbeClaim>::new();
    let decode = |(scope, row): &(TenantScope, Row)| Ok((scope.clone(), lease_from_row(row)?));
    for (scope, lease) in decode_rows("probe_due", rows, decode) {
        let claim = claims.entry(scope.tenant()).or_insert(ProbeClaim {
            scope,
            leases: Vec::new(),
        });
        claim.leases.push(lease);
    }
    claims.into_values().collect()
}

impl TenantTx {
    /// Returns the assets whose leases still hold, and keeps these leases until this transaction ends.
    /// Lock the assets first.
    pub async fn hold_probes(
        &self,
        owner: &str,
        leases: &[ProbeLease],
    ) -> Result<HashSet<AssetId>, Error> {
        let mut held = HashSet::with_capacity(leases.len());
        for chunk in leases.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT asset_id, fencing FROM probe_due
                     WHERE tenant_id = :tenant AND asset_id IN :ids AND owner = :owner
                     ORDER BY asset_id {for_update}",
                )
                .bind_list("ids", chunk.iter().map(|it| it.asset_id.as_str()))
                .bind("owner", owner);
            let fencing: HashMap<_, _> =
                chunk.iter().map(|it| (&it.asset_id, it.fencing)).collect();
            for row in self.fetch_all(query).await? {
                let id: AssetId = row.parse("asset_id")?;
                if fencing.get(&id) == Some(&row.get("fencing")?) {
                    held.insert(id);
                }
            }
        }
        Ok(held)
    }

    /// Makes the probes of these assets due at `claimer.now`, and claims those that no live lease holds. Lock the
    /// assets first.
    pub async fn claim_probes_of(
        &self,
        ids: &[AssetId],
        claimer: Claimer<'_>,
    ) -> Result<Vec<ProbeLease>, Error> {
        let mut leases = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let ids = || chunk.iter().map(AssetId::as_str);
            let hurry = self
                .query(
                    "UPDATE probe_due SET due_at = :now
                     WHERE tenant_id = :tenant AND asset_id IN :ids AND due_at > :now",
                )
                .bind("now", to_micros(claimer.now))
                .bind_list("ids", ids());
            self.execute(hurry).await?;
            let claim = self
                .query(
                    "UPDATE probe_due SET owner = :owner, leased_until = :until,
                         fencing = fencing + 1
                     WHERE tenant_id = :tenant AND asset_id IN :ids
                         AND (owner IS NULL OR leased_until <= :wall)
                     RETURNING asset_id AS object, fencing, tries",
                )
                .bind("owner", claimer.owner)
                .bind("until", to_micros(claimer.until))
                .bind("wall", to_micros(claimer.wall))
                .bind_list("ids", ids());
            let rows = self.fetch_all(claim).await?;
            leases.extend(decode_rows("probe_due", &rows, lease_from_row));
        }
        Ok(leases)
    }

    /// Plans the next probes and keeps the leases there are. Assets without a plan are not probed any
    /// more.
    pub async fn plan_probes(
        &self,
        plans: &[(AssetId, Option<ScheduledProbe>)],
    ) -> Result<(), Error> {
        let mut planned = Vec::with_capacity(plans.len());
        let mut idle = Vec::new();
        for (id, check) in plans {
            match check {
                Some(check) => planned.push((id, *check)),
                None => idle.push(id.as_str()),
            }
        }
        planned.sort_unstable_by_key(|(id, _)| *id);
        for chunk in planned.chunks(CHUNK) {
            self.upsert_plans(chunk).await?;
        }
        for chunk in idle.chunks(CHUNK) {
            let query = self
                .query("DELETE FROM probe_due WHERE tenant_id = :tenant AND asset_id IN :ids")
                .bind_list("ids", chunk.iter().copied());
            self.execute(query).await?;
        }
        Ok(())
    }

    async fn upsert_plans(&self, plans: &[(&AssetId, ScheduledProbe)]) -> Result<(), Error> {
        let rows = plans.iter().map(|(id, it)| -> [Value; 4] {
            [
                id.as_str().into(),
                it.queue.as_str().into(),
                to_micros(it.at).into(),
                to_micros(it.harm_at).into(),
            ]
        });
        let query = self
            .query(
                "INSERT INTO probe_due (tenant_id, asset_id, lane, due_at, harm_at) VALUES :rows
                 ON CONFLICT (tenant_id, asset_id) DO UPDATE SET lane = excluded.lane,
                     due_at = excluded.due_at, harm_at = excluded.harm_at, tries = 0",
            )
            .bind_tenant_rows("rows", rows);
        self.execute(query).await.map(drop)
    }

    /// Gives back leases whose work is done.
    pub async fn finish_probes(&self, ids: &[AssetId]) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "UPDATE probe_due SET owner = NULL, leased_until = NULL
                     WHERE tenant_id = :tenant AND asset_id IN :ids",
                )
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Gives back leases whose probes gave no result; each asset is due again at its moment.
    pub async fn postpone_probes(&self, later: &[(AssetId, Timestamp)]) -> Result<(), Error> {
        for chunk in later.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|(id, at)| -> [Value; 2] { [id.as_str().into(), to_micros(*at).into()] });
            let query = self
                .query(
                    "WITH later (asset_id, due_at) AS (VALUES :later)
                     UPDATE probe_due AS d SET owner = NULL, leased_until = NULL,
                         tries = d.tries + 1, due_at = later.due_at
                     FROM later WHERE d.tenant_id = :tenant AND d.asset_id = later.asset_id",
                )
                .bind_rows("later", rows);
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Makes probes due by `at`; those that are due earlier stay so. A probe under way loses its lease:
    /// a result from before this moment must not count after it.
    pub async fn hurry_probes(&self, ids: &[AssetId], at: Timestamp) -> Result<(), Error> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "UPDATE probe_due SET lane = 'normal', owner = NULL, leased_until = NULL,
                         fencing = fencing + 1,
                         due_at = CASE WHEN due_at > :at THEN :at ELSE due_at END
                     WHERE tenant_id = :tenant AND asset_id IN :ids
                         AND (owner IS NOT NULL OR due_at > :at)",
                )
                .bind("at", to_micros(at))
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            self.execute(query).await?;
        }
        Ok(())
    }
}

fn lease_from_row(row: &Row) -> Result<ProbeLease, Error> {
    Ok(ProbeLease {
        asset_id: row.parse("object")?,
        fencing: row.get("fencing")?,
        tries: row.unsigned("tries")?,
    })
}
