//! The work list: what is due, and who holds it.
//!
//! The rule: whoever claims a row raises its fencing number; whoever writes for it proves that number
//! first, in the same transaction ([`TenantTx::hold`]), so one that was paused past its lease writes nothing.

use std::collections::HashMap;

use regrant_domain::{AppId, ReconnectId, TenantId, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, Store, TenantScope, TenantTx,
    query::{CHUNK, Query, time},
    row::Row,
};

/// What kind of work is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DueKind {
    /// A reconnect has open items.
    Reconnect,
    /// Meta told something about a person this tenant knows.
    Inbox,
    /// A grant's token nears its end.
    Refresh,
    /// An event is on its way to a tenant's endpoint.
    Delivery,
}

impl DueKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Reconnect, Self::Inbox, Self::Refresh, Self::Delivery];

    /// Which tenants' work is done. What Meta tells is carried out for suspended ones too.
    pub(crate) const fn of_tenants(self) -> &'static str {
        match self {
            Self::Inbox => "t.deleted_at IS NULL",
            Self::Reconnect | Self::Refresh | Self::Delivery => "t.status = 'active'",
        }
    }

    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reconnect => "reconnect",
            Self::Inbox => "inbox",
            Self::Refresh => "refresh",
            Self::Delivery => "delivery",
        }
    }
}

/// The right to work on one due object, until somebody else claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What kind of work.
    pub kind: DueKind,
    /// The object.
    pub object: Uuid,
    /// Who holds it.
    pub owner: String,
    /// Grows with every claim.
    pub fencing: i64,
}

/// A claimed object and the scope of its tenant.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The tenant it belongs to.
    pub scope: TenantScope,
    /// The object.
    pub object: Uuid,
    /// The right to work on it.
    pub lease: Lease,
}

impl Lease {
    /// The reconnect that is leased, where the kind is [`DueKind::Reconnect`].
    #[must_use]
    pub const fn reconnect_id(&self) -> ReconnectId {
        ReconnectId::from_uuid(self.object)
    }
}

impl Store {
    /// Claims what is due and free: tenant by tenant in turn, and within a tenant share by share, the longest
    /// due first, so that the backlog of one holds up no other. Suspended tenants' work rests.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim_due(
        &self,
        kind: DueKind,
        now: Timestamp,
        owner: &str,
        lease_for: chrono::Duration,
        limit: u32,
    ) -> Result<Vec<Claim>, Error> {
        let until = now + lease_for;
        let free = |query: Query| {
            query
                .sql("(d.owner IS NULL OR d.leased_until <= ")
                .bind(time(now))
                .sql(")")
        };
        let query = Query::new(
            "WITH waiting AS MATERIALIZED (
                SELECT d.tenant_id, d.object_id, d.due_at,
                    row_number() OVER (PARTITION BY d.tenant_id, d.share ORDER BY d.due_at) AS turn
                FROM due d JOIN tenants t ON t.id = d.tenant_id WHERE ",
        )
        .sql(kind.of_tenants())
        .sql(" AND d.kind = ")
        .bind(kind.as_str())
        .sql(" AND d.due_at <= ")
        .bind(time(now))
        .sql(" AND ");
        let query = free(query)
            .sql(
                "), shared AS MATERIALIZED (
                SELECT tenant_id, object_id, due_at,
                    row_number() OVER (PARTITION BY tenant_id ORDER BY turn, due_at) AS turn
                FROM waiting
            ), picked AS MATERIALIZED (
                SELECT d.tenant_id, d.kind, d.object_id FROM due d
                JOIN (SELECT tenant_id, object_id FROM shared ORDER BY turn, due_at LIMIT ",
            )
            .bind(i64::from(limit))
            .sql(") w ON w.tenant_id = d.tenant_id AND w.object_id = d.object_id WHERE d.kind = ")
            .bind(kind.as_str())
            .sql(" AND ");
        let query = free(query)
            .sql(self.dialect.for_update_of_free_rows())
            .sql(") UPDATE due SET owner = ")
            .bind(owner)
            .sql(", leased_until = ")
            .bind(time(until))
            .sql(
                ", fencing = due.fencing + 1 FROM picked p
                 WHERE due.tenant_id = p.tenant_id AND due.kind = p.kind AND due.object_id = p.object_id
                 RETURNING due.tenant_id AS tenant_id, due.object_id AS object_id, due.due_at AS due_at,
                    due.fencing AS fencing",
            );
        let mut rows = {
            let _turn = self.turn().await;
            query.all(&self.connection).await?
        };
        rows.sort_by_cached_key(|row| row.get::<i64>("due_at").unwrap_or_default());
        let apps = self.apps_of(&rows).await?;
        rows.iter()
            .map(|row| claim(row, kind, owner, &apps))
            .collect()
    }

    /// Holds on to a lease until `until`.
    ///
    /// # Errors
    /// [`Error::Stale`]: somebody else claimed the object, or its tenant's work rests.
    pub async fn renew(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        until: Timestamp,
    ) -> Result<(), Error> {
        let query =
            Query::of_tenant(scope.tenant(), "UPDATE due SET leased_until = ").bind(time(until));
        // Work of a tenant that is suspended meanwhile ends with its lease, and waits.
        let served = held(query, lease)
            .sql(" AND EXISTS (SELECT 1 FROM tenants t WHERE t.id = due.tenant_id AND ");
        match self
            .write(served.sql(lease.kind.of_tenants()).sql(")"))
            .await?
        {
            0 => Err(Error::Stale),
            _ => Ok(()),
        }
    }

    /// Gives back everything a process holds, under its name or under a name that begins with it and `/`: it is
    /// due as it was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn release_leases(&self, process: &str) -> Result<u64, Error> {
        let mut freed = 0;
        for table in ["due", "probe_due"] {
            let sql =
                format!("UPDATE {table} SET owner = NULL, leased_until = NULL WHERE owner = ");
            let query = Query::new(sql)
                .bind(process)
                .sql(" OR owner LIKE ")
                .bind(format!("{process}/%"));
            freed += self.write(query).await?;
        }
        Ok(freed)
    }

    /// Frees every lease and tells how many there were: for a start on SQLite, where the one process that
    /// could hold them is gone.
    ///
    /// # Errors
    /// The database failed.
    pub async fn expire_leases(&self) -> Result<u64, Error> {
        let mut freed = 0;
        for table in ["due", "probe_due"] {
            let sql = format!(
                "UPDATE {table} SET owner = NULL, leased_until = NULL WHERE owner IS NOT NULL"
            );
            freed += self.write(Query::new(sql)).await?;
        }
        Ok(freed)
    }

    pub(crate) async fn apps_of(&self, rows: &[Row]) -> Result<HashMap<Uuid, AppId>, Error> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let tenants: Vec<Uuid> = rows
            .iter()
            .map(|row| row.get("tenant_id"))
            .collect::<Result<_, _>>()?;
        let query = Query::new("SELECT id, app_id FROM tenants WHERE id IN ").list(tenants);
        let rows = query.all(&self.connection).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.parsed("app_id")?)))
            .collect()
    }
}

impl TenantTx {
    /// Proves that the lease still holds and keeps it so until this transaction ends: the first act of
    /// every transaction that writes for it.
    ///
    /// # Errors
    /// [`Error::Stale`]: somebody else claimed the object, or its work is done.
    pub async fn hold(&self, lease: &Lease) -> Result<(), Error> {
        let query =
            held(self.query("SELECT fencing FROM due"), lease).sql(self.dialect.for_update());
        self.one(query).await?.map(drop).ok_or(Error::Stale)
    }

    /// Gives the lease back; the object is due again at `due_at`.
    ///
    /// # Errors
    /// [`Error::Stale`]: somebody else claimed the object.
    pub async fn reschedule(&self, lease: &Lease, due_at: Timestamp) -> Result<(), Error> {
        let query = self.query("UPDATE due SET owner = NULL, leased_until = NULL, due_at = ");
        self.run_exactly(1, held(query.bind(time(due_at)), lease))
            .await
    }

    /// Makes an object due; with a holder it is leased from the start.
    pub(crate) async fn insert_due(
        &self,
        kind: DueKind,
        object: Uuid,
        due_at: Timestamp,
        holder: (&str, Timestamp),
    ) -> Result<Lease, Error> {
        let (owner, until) = holder;
        let row: [Value; 6] = [
            kind.as_str().into(),
            object.into(),
            time(due_at).into(),
            owner.into(),
            time(until).into(),
            1_i64.into(),
        ];
        let query = self
            .query("INSERT INTO due (tenant_id, kind, object_id, due_at, owner, leased_until, fencing)")
            .tenant_rows([row]);
        self.run(query).await?;
        Ok(Lease {
            kind,
            object,
            owner: owner.to_owned(),
            fencing: 1,
        })
    }

    /// Makes objects due that are not on the work list yet.
    ///
    /// # Errors
    /// The database failed.
    pub async fn make_due(
        &self,
        kind: DueKind,
        objects: &[Uuid],
        due_at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in objects.chunks(CHUNK) {
            let rows = chunk.iter().map(|it| -> [Value; 3] {
                [kind.as_str().into(), (*it).into(), time(due_at).into()]
            });
            let query = self
                .query("INSERT INTO due (tenant_id, kind, object_id, due_at)")
                .tenant_rows(rows)
                .sql(" ON CONFLICT DO NOTHING");
            self.run(query).await?;
        }
        Ok(())
    }

    /// Takes work off the list that is done. Hold its lease first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn finish_due(&self, lease: &Lease) -> Result<(), Error> {
        self.delete_due(lease.kind, lease.object).await
    }

    pub(crate) async fn delete_due(&self, kind: DueKind, object: Uuid) -> Result<(), Error> {
        let query = self
            .query("DELETE FROM due WHERE tenant_id = $1 AND kind = ")
            .bind(kind.as_str())
            .sql(" AND object_id = ")
            .bind(object);
        self.run(query).await.map(drop)
    }
}

fn held(query: Query, lease: &Lease) -> Query {
    query
        .sql(" WHERE tenant_id = $1 AND kind = ")
        .bind(lease.kind.as_str())
        .sql(" AND object_id = ")
        .bind(lease.object)
        .sql(" AND owner = ")
        .bind(lease.owner.as_str())
        .sql(" AND fencing = ")
        .bind(lease.fencing)
}

fn claim(
    row: &Row,
    kind: DueKind,
    owner: &str,
    apps: &HashMap<Uuid, AppId>,
) -> Result<Claim, Error> {
    let tenant: Uuid = row.get("tenant_id")?;
    let object = row.get("object_id")?;
    let app = apps.get(&tenant).cloned().ok_or(Error::Corrupt("tenant"))?;
    Ok(Claim {
        scope: TenantScope::new(TenantId::from_uuid(tenant), app),
        object,
        lease: Lease {
            kind,
            object,
            owner: owner.to_owned(),
            fencing: row.get("fencing")?,
        },
    })
}
