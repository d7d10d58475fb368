//! Claims the next due rows of one share of a tenant's work, and gives claimed rows back.
//!
//! The rule: the statements name their tenant, so that row-level security confines them. Rows that another process is
//! claiming are skipped. Rows that are due at the same moment are claimed in the order of their ids.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    Claimer, DueKind, Error, Lease, TenantTx,
    sql::{CHUNK, Query, Row, to_micros},
};

impl TenantTx {
    /// Claims due rows of a share, the longest due first. Work of a suspended tenant rests.
    pub async fn claim_due_of_share(
        &self,
        kind: DueKind,
        share: Uuid,
        claimer: Claimer<'_>,
        limit: u32,
    ) -> Result<Vec<Lease>, Error> {
        if !self.has_working_tenant(kind).await? {
            return Ok(Vec::new());
        }
        let query = self
            .query(
                "WITH free AS MATERIALIZED (
                     SELECT d.object_id FROM due d
                     WHERE d.tenant_id = :tenant AND d.share = :share AND d.kind = :kind
                         AND d.due_at <= :now AND (d.owner IS NULL OR d.leased_until <= :wall)
                     ORDER BY d.due_at, d.object_id LIMIT :limit {for_update_of_d_skip_locked}
                 )
                 UPDATE due SET owner = :owner, leased_until = :until, fencing = due.fencing + 1
                 FROM free f
                 WHERE due.tenant_id = :tenant AND due.kind = :kind AND due.object_id = f.object_id
                 RETURNING due.object_id AS object, due.fencing AS fencing",
            )
            .bind("kind", kind.as_str())
            .bind("share", share)
            .bind("owner", claimer.owner)
            .bind("now", to_micros(claimer.now))
            .bind("wall", to_micros(claimer.wall))
            .bind("until", to_micros(claimer.until))
            .bind("limit", i64::from(limit));
        let rows = self.fetch_all(query).await?;
        let lease = |row: &Row| {
            Ok(Lease {
                kind,
                object: row.get("object")?,
                owner: claimer.owner.to_owned(),
                fencing: row.get("fencing")?,
            })
        };
        rows.iter().map(lease).collect()
    }

    /// Whether work of this kind is done for the tenant. A statement of its own: a distributed database cannot lock rows
    /// of a tenant beside the table of tenants.
    async fn has_working_tenant(&self, kind: DueKind) -> Result<bool, Error> {
        let sql = "SELECT t.id FROM tenants t WHERE t.id = :tenant AND {tenants}";
        let query = Query::tenant(self.tenant, sql).fill("tenants", kind.tenant_condition());
        let found = self.health.note(query.fetch_one(&self.transaction).await)?;
        Ok(found.is_some())
    }

    /// Checks which leases still hold, and keeps those until this transaction ends. All must be of one kind and owner.
    pub async fn hold_leases(&self, leases: Vec<Lease>) -> Result<Vec<Lease>, Error> {
        let mut held = HashMap::with_capacity(leases.len());
        for chunk in leases.chunks(CHUNK) {
            let Some(first) = chunk.first() else { continue };
            let query = self
                .query(
                    "SELECT object_id, fencing FROM due
                     WHERE tenant_id = :tenant AND kind = :kind AND owner = :owner
                         AND object_id IN :objects
                     ORDER BY object_id {for_update}",
                )
                .bind("kind", first.kind.as_str())
                .bind("owner", first.owner.as_str())
                .bind_list("objects", chunk.iter().map(|it| it.object));
            for row in self.fetch_all(query).await? {
                held.insert(row.get::<Uuid>("object_id")?, row.get::<i64>("fencing")?);
            }
        }
        let holds = |it: &Lease| held.get(&it.object) == Some(&it.fencing);
        Ok(leases.into_iter().filter(holds).collect())
    }

    /// Gives leases back; their rows stay due as they were. Leases that no longer hold are left alone.
    pub async fn return_leases(&self, leases: Vec<Lease>) -> Result<(), Error> {
        let held = self.hold_leases(leases).await?;
        for chunk in held.chunks(CHUNK) {
            let Some(first) = chunk.first() else { continue };
            let query = self
                .query(
                    "UPDATE due SET owner = NULL, leased_until = NULL
                     WHERE tenant_id = :tenant AND kind = :kind AND object_id IN :objects",
                )
                .bind("kind", first.kind.as_str())
                .bind_list("objects", chunk.iter().map(|it| it.object));
            self.execute(query).await?;
        }
        Ok(())
    }
}
