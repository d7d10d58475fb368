//! Audit events appended in one round trip, for reads.
//!
//! The rule: events are linked to an end of the chain that this process remembers, and are written only if it still is the
//! end. On PostgreSQL a function of the schema compares, writes and moves the end in one transaction (step 53); it runs
//! with the rights of the caller. The nodes of a distributed database do not learn the tenant that it names.

use regrant_domain::Timestamp;

use crate::{
    AuditEvent, AuditHead, Error, Store, TenantScope,
    audit::event::{LinkedEvent, link_event, to_values},
    sql::Query,
};

const APPEND: &str = "
    SELECT append_audit(:tenant, :end_seq, :end_hash, :new_seq, :new_hash, array_agg(id), array_agg(at),
        array_agg(actor), array_agg(action), array_agg(subject), array_agg(detail), array_agg(seq),
        array_agg(hash)) AS appended
    FROM (VALUES :rows) AS linked (id, at, actor, action, subject, detail, seq, hash)";

impl Store {
    /// Appends events after `end`, and returns the new end; `None` if `end` is not the end, or if the database is
    /// distributed: nothing is written. PostgreSQL only.
    ///
    /// # Errors
    /// They may be committed or not where the database does not answer.
    pub async fn append_audit_events(
        &self,
        scope: &TenantScope,
        end: &AuditHead,
        events: &[(AuditEvent, Timestamp)],
    ) -> Result<Option<AuditHead>, Error> {
        if self.is_distributed {
            return Ok(None);
        }
        let (chain, mut head) = (self.audit_chain()?, end.clone());
        let rows = events
            .iter()
            .map(|(event, at)| link_event(chain, scope.tenant(), &mut head, event, *at))
            .collect::<Result<Vec<LinkedEvent>, _>>()?;
        let query = Query::tenant(scope.tenant(), APPEND)
            .bind("end_seq", end.seq)
            .bind("end_hash", end.hash.as_slice())
            .bind("new_seq", head.seq)
            .bind("new_hash", head.hash.as_slice())
            .bind_rows("rows", rows.into_iter().map(to_values));
        let row = self.write_shortly(scope.tenant(), query).await?;
        let is_appended: bool = row.ok_or(Error::NotFound)?.get("appended")?;
        Ok(is_appended.then_some(head))
    }
}
