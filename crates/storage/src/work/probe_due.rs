//! Which asset is probed when, and who holds the right to do it.
//!
//! The rule: as in the work list, whoever claims a row raises its fencing number, and whoever writes for it
//! proves that number first ([`TenantTx::hold_probes`]), after locking the asset itself: every
//! transaction locks assets before their rows here, so that two never wait for each other.

use std::collections::{BTreeMap, HashSet};

use regrant_domain::{
    AssetId, TenantId, Timestamp,
    schedule::{Check, Lane},
};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, Store, TenantScope, TenantTx,
    sql::{CHUNK, Query, Row, time},
};

/// The right to probe one asset, until somebody else claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeLease {
    /// The asset.
    pub asset_id: AssetId,
    /// Grows with every claim.
    pub fencing: i64,
    /// How often in a row nobody could say.
    pub tries: u32,
}

/// Claimed probes of one tenant, the most urgent first.
#[derive(Debug, Clone)]
pub struct ProbeClaim {
    /// The tenant they belong to.
    pub scope: TenantScope,
    /// The assets to probe.
    pub leases: Vec<ProbeLease>,
}

/// Whose claims, from when on and until when.
#[derive(Debug, Clone, Copy)]
pub struct Claimer<'a> {
    /// Who claims.
    pub owner: &'a str,
    /// What is due by this moment, on the clock that records live by.
    pub now: Timestamp,
    /// The system's time: leases that ended by it are free.
    pub wall: Timestamp,
    /// Until when the claim holds, in the system's time.
    pub until: Timestamp,
}

impl Store {
    /// Claims due probes of one lane: tenant by tenant in turn, each tenant's most urgent first, so that the
    /// backlog of one does not hold up another. Suspended tenants' work rests.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim_probes(
        &self,
        lane: Lane,
        claimer: Claimer<'_>,
        limit: u32,
    ) -> Result<Vec<ProbeClaim>, Error> {
        let free = |query: Query| {
            query
                .sql("(d.owner IS NULL OR d.leased_until <= ")
                .bind(time(claimer.wall))
                .sql(")")
        };
        let query = Query::new(
            "WITH waiting AS MATERIALIZED (
                SELECT d.tenant_id, d.asset_id, d.harm_at,
                    row_number() OVER (PARTITION BY d.tenant_id ORDER BY d.harm_at, d.due_at) AS turn
                FROM probe_due d JOIN tenants t ON t.id = d.tenant_id
                WHERE t.status = 'active' AND d.lane = '",
        )
        .sql(lane.as_str())
        .sql("' AND d.due_at <= ")
        .bind(time(claimer.now))
        .sql(" AND ");
        let query = free(query)
            .sql(
                "), picked AS MATERIALIZED (
                SELECT d.tenant_id, d.asset_id FROM probe_due d
                JOIN (SELECT tenant_id, asset_id FROM waiting ORDER BY turn, harm_at LIMIT ",
            )
            .bind(i64::from(limit))
            .sql(") w ON w.tenant_id = d.tenant_id AND w.asset_id = d.asset_id WHERE ");
        let query = free(query)
            .sql(self.dialect.for_update_of_free_rows())
            .sql(") UPDATE probe_due SET owner = ")
            .bind(claimer.owner)
            .sql(", leased_until = ")
            .bind(time(claimer.until))
            .sql(
                ", fencing = probe_due.fencing + 1 FROM picked p
                 WHERE probe_due.tenant_id = p.tenant_id AND probe_due.asset_id = p.asset_id
                 RETURNING probe_due.tenant_id AS tenant_id, probe_due.asset_id AS asset_id,
                    probe_due.fencing AS fencing, probe_due.tries AS tries, probe_due.harm_at AS harm_at",
            );
        let mut rows = {
            let _turn = self.turn().await;
            query.all(&self.connection).await?
        };
        rows.sort_by_cached_key(|row| row.get::<i64>("harm_at").unwrap_or_default());
        self.by_tenant(&rows).await
    }

    /// Keeps every probe this owner holds until `until`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn renew_probes(&self, owner: &str, until: Timestamp) -> Result<u64, Error> {
        let query = Query::new("UPDATE probe_due SET leased_until = ").bind(time(until));
        self.write(self.of_owner(query, owner)).await
    }

    /// Gives back every probe this owner holds: they are due as they were.
    ///
    /// # Errors
    /// The database failed.
    pub async fn release_probes(&self, owner: &str) -> Result<u64, Error> {
        let query = Query::new("UPDATE probe_due SET owner = NULL, leased_until = NULL");
        self.write(self.of_owner(query, owner)).await
    }

    /// Those rows of an owner that nobody is just settling: those are done anyway, and waiting for them
    /// while others are held could be for ever.
    fn of_owner(&self, query: Query, owner: &str) -> Query {
        query
            .sql(
                " WHERE (tenant_id, asset_id) IN
                 (SELECT d.tenant_id, d.asset_id FROM probe_due d WHERE d.owner = ",
            )
            .bind(owner)
            .sql(self.dialect.for_update_of_free_rows())
            .sql(")")
    }

    async fn by_tenant(&self, rows: &[Row]) -> Result<Vec<ProbeClaim>, Error> {
        let apps = self.apps_of(rows).await?;
        let mut claims = BTreeMap::<Uuid, Vec<ProbeLease>>::new();
        for row in rows {
            let (asset_id, fencing) = (row.parsed("asset_id")?, row.get("fencing")?);
            let lease = ProbeLease {
                asset_id,
                fencing,
                tries: row.unsigned("tries")?,
            };
            claims.entry(row.get("tenant_id")?).or_default().push(lease);
        }
        let claim = |(tenant, leases): (Uuid, _)| {
            let app = apps.get(&tenant).cloned().ok_or(Error::Corrupt("tenant"))?;
            Ok(ProbeClaim {
                scope: TenantScope::new(TenantId::from_uuid(tenant), app),
                leases,
            })
        };
        claims.into_iter().map(claim).collect()
    }
}

impl TenantTx {
    /// Those of the leases that still hold; they hold until this transaction ends. Lock the assets first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hold_probes(
        &self,
        owner: &str,
        leases: &[ProbeLease],
    ) -> Result<HashSet<AssetId>, Error> {
        let mut held = HashSet::with_capacity(leases.len());
        for chunk in leases.chunks(CHUNK) {
            let query =
                self.query("SELECT d.asset_id FROM probe_due d JOIN")
                    .table(chunk.iter().map(|it| -> [Value; 2] {
                        [it.asset_id.as_str().into(), it.fencing.into()]
                    }))
                    .sql(
                        " ON v.column1 = d.asset_id AND v.column2 = d.fencing
                     WHERE d.tenant_id = $1 AND d.owner = ",
                    )
                    .bind(owner)
                    .sql(" ORDER BY d.asset_id")
                    .sql(self.dialect.for_update_of_rows());
            for row in self.all(query).await? {
                held.insert(row.parsed("asset_id")?);
            }
        }
        Ok(held)
    }

    /// Plans the next probes; who holds one keeps it. Assets without a plan leave the list.
    ///
    /// # Errors
    /// The database failed.
    pub async fn plan_probes(&self, plans: &[(AssetId, Option<Check>)]) -> Result<(), Error> {
        let mut planned: Vec<_> = plans
            .iter()
            .filter_map(|(id, it)| it.map(|it| (id, it)))
            .collect();
        planned.sort_unstable_by_key(|(id, _)| *id);
        for chunk in planned.chunks(CHUNK) {
            let rows = chunk.iter().map(|(id, it)| -> [Value; 4] {
                [
                    id.as_str().into(),
                    it.lane.as_str().into(),
                    time(it.at).into(),
                    time(it.harm_at).into(),
                ]
            });
            let query = self
                .query("INSERT INTO probe_due (tenant_id, asset_id, lane, due_at, harm_at)")
                .tenant_rows(rows)
                .sql(
                    " ON CONFLICT (tenant_id, asset_id) DO UPDATE SET lane = excluded.lane,
                      due_at = excluded.due_at, harm_at = excluded.harm_at, tries = 0",
                );
            self.run(query).await?;
        }
        let idle: Vec<_> = plans
            .iter()
            .filter(|(_, it)| it.is_none())
            .map(|(id, _)| id.as_str())
            .collect();
        for chunk in idle.chunks(CHUNK) {
            let query = self.query("DELETE FROM probe_due WHERE tenant_id = $1 AND asset_id IN ");
            self.run(query.list(chunk.iter().copied())).await?;
        }
        Ok(())
    }

    /// Gives leases back whose work is done.
    ///
    /// # Errors
    /// The database failed.
    pub async fn finish_probes(&self, ids: &[AssetId]) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query("UPDATE probe_due SET owner = NULL, leased_until = NULL WHERE tenant_id = $1 AND asset_id IN ")
                .list(chunk.iter().map(AssetId::as_str));
            self.run(query).await?;
        }
        Ok(())
    }

    /// Gives leases back whose work nobody could do; each is due again at its moment.
    ///
    /// # Errors
    /// The database failed.
    pub async fn postpone_probes(&self, later: &[(AssetId, Timestamp)]) -> Result<(), Error> {
        for chunk in later.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|(id, at)| -> [Value; 2] { [id.as_str().into(), time(*at).into()] });
            let query = self
                .query("UPDATE probe_due AS d SET owner = NULL, leased_until = NULL, tries = d.tries + 1, due_at = v.column2 FROM")
                .table(rows)
                .sql(" WHERE d.tenant_id = $1 AND d.asset_id = v.column1");
            self.run(query).await?;
        }
        Ok(())
    }

    /// Makes probes due by `at`; those that are due earlier stay. One under way loses its lease: what it asked
    /// before this moment must not count after it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hurry_probes(&self, ids: &[AssetId], at: Timestamp) -> Result<(), Error> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "UPDATE probe_due SET lane = 'normal', owner = NULL, leased_until = NULL,
                     fencing = fencing + 1, due_at = CASE WHEN due_at > ",
                )
                .bind(time(at))
                .sql(" THEN ")
                .bind(time(at))
                .sql(" ELSE due_at END WHERE tenant_id = $1 AND (owner IS NOT NULL OR due_at > ")
                .bind(time(at))
                .sql(") AND asset_id IN ")
                .list(chunk.iter().map(AssetId::as_str));
            self.run(query).await?;
        }
        Ok(())
    }
}
