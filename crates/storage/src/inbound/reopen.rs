//! Opens a notice again, for a tenant that takes in a token which the person had revoked before.
//!
//! The rule: locks come in the order notice, due row. Work on the notice that runs at this moment may have passed the
//! token's assets, so it loses its lease, and the notice is applied again from its start.

use regrant_domain::{AppId, PersonId, Timestamp};
use uuid::Uuid;

use crate::{
    Error, PersonHash, TenantTx,
    sql::{Query, to_micros},
};

/// A token that a tenant takes in, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct GrantedConsent<'a> {
    /// The app that the token belongs to.
    pub app_id: &'a AppId,
    /// The person.
    pub person: &'a PersonId,
    /// The hash of the person.
    pub hash: PersonHash,
    /// Notices that Meta sent after this moment revoke the token.
    pub revoked_after: Timestamp,
}

impl TenantTx {
    /// Makes the notice that revokes a token due for this tenant, at `due_at`; returns whether there is one. A deletion
    /// comes before a deauthorisation, a later notice before an earlier one. A notice that was done is open again.
    pub async fn reopen_revocation(
        &self,
        consent: GrantedConsent<'_>,
        due_at: Timestamp,
    ) -> Result<bool, Error> {
        let found = Query::new(
            "SELECT id FROM inbox
             WHERE app_id = :app AND person_hash = :hash AND sent_at > :revoked_after
                 AND kind IN ('data_deletion', 'deauthorize')
             ORDER BY kind, sent_at DESC LIMIT 1",
        )
        .bind("app", consent.app_id.as_str())
        .bind("hash", consent.hash)
        .bind("revoked_after", to_micros(consent.revoked_after));
        let Some(row) = found.fetch_one(&self.transaction).await? else {
            return Ok(false);
        };
        let id: Uuid = row.get("id")?;
        let opened =
            Query::new("UPDATE inbox SET person_id = :person, done_at = NULL WHERE id = :id")
                .bind("person", consent.person.as_str())
                .bind("id", id);
        if opened.execute(&self.transaction).await? == 0 {
            return Ok(false);
        }
        let due = self
            .query(
                "INSERT INTO due (tenant_id, kind, object_id, due_at)
                 VALUES (:tenant, 'inbox', :id, :due_at)
                 ON CONFLICT (tenant_id, kind, object_id) DO UPDATE SET due_at = excluded.due_at,
                     owner = NULL, leased_until = NULL, fencing = due.fencing + 1",
            )
            .bind("id", id)
            .bind("due_at", to_micros(due_at));
        self.execute(due).await?;
        Ok(true)
    }
}
