//! Due work and its leases: which object of which tenant is worked on next.
//!
//! The rule: claiming a row raises its fencing number. A transaction that writes for a lease first calls
//! [`TenantTx::hold_lease`], so that a process that was paused beyond its lease writes nothing.

use regrant_domain::{DiscoveryId, ReconnectId, TenantId, Timestamp, closed_list};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Claimer, Error, PassedOver, Store, TenantScope, TenantTx,
    sql::{CHUNK, Query, Row, decode_rows, to_micros},
    work::claim_query::{ClaimTable, ClaimedWork},
};

closed_list! {
    /// A kind of due work.
    pub enum DueKind: "kind of due work" {
        /// A reconnect has open items.
        Reconnect = "reconnect",
        /// A notice from Meta is about a person this tenant knows.
        Inbox = "inbox",
        /// A grant's token expires soon.
        Refresh = "refresh",
        /// A discovery has lists to read.
        Discovery = "discovery",
        /// An event is to be delivered to a tenant's endpoint.
        Delivery = "delivery",
    }
}

impl DueKind {
    /// A condition on the tenants `t` whose work is done. Notices from Meta are applied for suspended
    /// tenants too.
    pub(crate) const fn tenant_condition(self) -> &'static str {
        match self {
            Self::Inbox => "t.deleted_at IS NULL",
            Self::Reconnect | Self::Refresh | Self::Discovery | Self::Delivery => {
                "t.status = 'active'"
            }
        }
    }
}

/// The right to work on one due object, until another process claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The kind of work.
    pub kind: DueKind,
    /// The id of the object.
    pub object: Uuid,
    /// The process that holds the lease.
    pub owner: String,
    /// Grows with every claim.
    pub fencing: i64,
}

impl Lease {
    /// The leased reconnect, if the kind is [`DueKind::Reconnect`].
    #[must_use]
    pub const fn reconnect_id(&self) -> ReconnectId {
        ReconnectId::from_uuid(self.object)
    }

    /// The leased discovery, if the kind is [`DueKind::Discovery`].
    #[must_use]
    pub const fn discovery_id(&self) -> DiscoveryId {
        DiscoveryId::from_uuid(self.object)
    }
}

/// A claimed object and the scope of its tenant.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The tenant the object belongs to.
    pub scope: TenantScope,
    /// The id of the object.
    pub object: Uuid,
    /// The right to work on the object.
    pub lease: Lease,
}

const DUE: ClaimTable = ClaimTable {
    table: "due",
    object: "object_id",
    urgency: "due_at",
    column: "kind",
    share: ", d.share",
    read_object: |row| Ok(row.get::<Uuid>("object")?.into()),
    tries: "0",
};

impl Store {
    /// Claims due rows that are free: tenants take turns, and the shares of a tenant take turns, the
    /// longest due first. Work of suspended tenants rests.
    pub async fn claim_due(
        &self,
        kind: DueKind,
        now: Timestamp,
        owner: &str,
        lease_for: chrono::Duration,
        limit: u32,
    ) -> Result<Vec<Claim>, Error> {
        self.claim_due_except(kind, now, owner, lease_for, limit, PassedOver::default())
            .await
    }

    /// The same without the work that is passed over.
    pub async fn claim_due_except(
        &self,
        kind: DueKind,
        now: Timestamp,
        owner: &str,
        lease_for: chrono::Duration,
        limit: u32,
        passed_over: PassedOver<'_>,
    ) -> Result<Vec<Claim>, Error> {
        let claimer = Claimer {
            owner,
            now,
            wall: now,
            until: now + lease_for,
        };
        let work = ClaimedWork {
            table: &DUE,
            which: kind.as_str(),
            tenants: kind.tenant_condition(),
            passed_over,
            claimer,
        };
        let rows = self.claim_rows(work, limit).await?;
        let decode = |(scope, row): &(TenantScope, Row)| claim_from(row, kind, owner, scope);
        Ok(decode_rows("due", &rows, decode))
    }

    /// Extends a lease until `until`.
    ///
    /// # Errors
    /// [`Error::Stale`]: another process claimed the object, or work of its tenant rests.
    pub async fn renew_lease(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        until: Timestamp,
    ) -> Result<(), Error> {
        // If the tenant was suspended, the lease ends as it is and the work waits.
        let sql = "UPDATE due SET leased_until = :until
                   WHERE tenant_id = :tenant AND {held} AND EXISTS (
                       SELECT 1 FROM tenants t WHERE t.id = :tenant AND {tenants})";
        let query = Query::tenant(scope.tenant(), sql)
            .bind("until", to_micros(until))
            .fill("tenants", lease.kind.tenant_condition());
        let tx = self.begin(scope).await?;
        let renewed = tx.execute(bind_held(query, lease)).await?;
        tx.commit().await?;
        match renewed {
            0 => Err(Error::Stale),
            _ => Ok(()),
        }
    }

    /// Gives back every lease of a process, of names that begin with its name and `/` too. The rows stay
    /// due as they were.
    pub async fn release_leases(&self, process: &str) -> Result<u64, Error> {
        self.release_matching(process, &format!("{process}/%"))
            .await
    }

    async fn release_matching(&self, process: &str, parts: &str) -> Result<u64, Error> {
        let mut statements = Vec::new();
        for table in ["due", "probe_due"] {
            let of_process = |query: Query| {
                query
                    .fill("table", table)
                    .bind("process", process)
                    .bind("parts", parts)
            };
            let look = of_process(Query::new(
                "SELECT DISTINCT tenant_id FROM {table} WHERE owner = :process OR owner LIKE :parts",
            ));
            for row in look.fetch_all(&self.connection).await? {
                let tenant = TenantId::from_uuid(row.get("tenant_id")?);
                statements.push((tenant, of_process(Query::tenant(tenant, RELEASE))));
            }
        }
        // The two statements of a tenant stand side by side.
        statements.sort_by_key(|(tenant, _)| *tenant);
        let released = self.run_in_tenants(statements).await?;
        Ok(u64::try_from(released.len()).unwrap_or(u64::MAX))
    }

    /// Frees every lease and returns how many there were. For a start on SQLite, where the one process
    /// that could hold leases is gone.
    pub async fn expire_leases(&self) -> Result<u64, Error> {
        self.release_matching("", "%").await
    }
}

/// Gives back the leases of a process that are a tenant's.
const RELEASE: &str = "
    UPDATE {table} SET owner = NULL, leased_until = NULL
    WHERE tenant_id = :tenant AND (owner = :process OR owner LIKE :parts) RETURNING tenant_id";

impl TenantTx {
    /// Checks that the lease still holds, and keeps it until this transaction ends. Call it first in
    /// every transaction that writes for the lease; several may hold it at the same time.
    ///
    /// # Errors
    /// [`Error::Stale`]: another process claimed the object, or its work is done.
    pub async fn hold_lease(&self, lease: &Lease) -> Result<(), Error> {
        let query =
            self.query("SELECT fencing FROM due WHERE tenant_id = :tenant AND {held} {for_share}");
        let row = self.fetch_one(bind_held(query, lease)).await?;
        row.map(drop).ok_or(Error::Stale)
    }

    /// Gives the lease back; the object is due again at `due_at`.
    ///
    /// # Errors
    /// [`Error::Stale`]: another process claimed the object.
    pub async fn reschedule_due(&self, lease: &Lease, due_at: Timestamp) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE due SET owner = NULL, leased_until = NULL, due_at = :due_at, failures = 0
                 WHERE tenant_id = :tenant AND {held}",
            )
            .bind("due_at", to_micros(due_at));
        self.execute_exactly(1, bind_held(query, lease)).await
    }

    /// Makes an object due, leased to `holder` (owner, leased until) from the start.
    pub(crate) async fn insert_due(
        &self,
        kind: DueKind,
        object: Uuid,
        due_at: Timestamp,
        holder: (&str, Timestamp),
    ) -> Result<Lease, Error> {
        let (owner, until) = holder;
        let query = self
            .query(
                "INSERT INTO due (tenant_id, kind, object_id, due_at, owner, leased_until, fencing)
                 VALUES (:tenant, :kind, :object, :due_at, :owner, :until, 1)",
            )
            .bind("kind", kind.as_str())
            .bind("object", object)
            .bind("due_at", to_micros(due_at))
            .bind("owner", owner)
            .bind("until", to_micros(until));
        self.execute(query).await?;
        Ok(Lease {
            kind,
            object,
            owner: owner.to_owned(),
            fencing: 1,
        })
    }

    /// Makes objects due, except those that are due already.
    pub async fn make_due(
        &self,
        kind: DueKind,
        objects: &[Uuid],
        due_at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in objects.chunks(CHUNK) {
            let rows = chunk.iter().map(|it| -> [Value; 3] {
                [kind.as_str().into(), (*it).into(), to_micros(due_at).into()]
            });
            let query = self
                .query(
                    "INSERT INTO due (tenant_id, kind, object_id, due_at) VALUES :rows
                     ON CONFLICT DO NOTHING",
                )
                .bind_tenant_rows("rows", rows);
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Removes work that is done. Hold its lease first.
    pub async fn finish_due(&self, lease: &Lease) -> Result<(), Error> {
        self.delete_due(lease.kind, lease.object).await
    }

    pub(crate) async fn delete_due(&self, kind: DueKind, object: Uuid) -> Result<(), Error> {
        let query = self
            .query(
                "DELETE FROM due WHERE tenant_id = :tenant AND kind = :kind AND object_id = :object",
            )
            .bind("kind", kind.as_str())
            .bind("object", object);
        self.execute(query).await.map(drop)
    }
}

/// Fills the part `{held}`: the row of a lease, if the lease still holds.
pub(super) fn bind_held(query: Query, lease: &Lease) -> Query {
    query
        .fill(
            "held",
            "kind = :kind AND object_id = :object AND owner = :owner AND fencing = :fencing",
        )
        .bind("kind", lease.kind.as_str())
        .bind("object", lease.object)
        .bind("owner", lease.owner.as_str())
        .bind("fencing", lease.fencing)
}

fn claim_from(row: &Row, kind: DueKind, owner: &str, scope: &TenantScope) -> Result<Claim, Error> {
    let object = row.get("object")?;
    Ok(Claim {
        scope: scope.clone(),
        object,
        lease: Lease {
            kind,
            object,
            owner: owner.to_owned(),
            fencing: row.get("fencing")?,
        },
    })
}
