//! Deletions of persons' data: their progress, and what became of the app's access at Meta.
//!
//! The rule: a deletion is found by the hash of its code or of its person; neither is stored.

use regrant_domain::{AccessRevocation, AppId, NoticeKind, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, PersonHash, Store, TenantTx,
    sql::{CHUNK, Query, to_json, to_micros},
};

/// The progress of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDeletion {
    /// The id of its notice.
    pub id: Uuid,
    /// When it was requested.
    pub received_at: Timestamp,
    /// When the first tenant's work began.
    pub begun_at: Option<Timestamp>,
    /// When the last tenant's work was done.
    pub done_at: Option<Timestamp>,
    /// Whether the work is done and the bytes are still to leave the SQLite file.
    pub awaits_erasure: bool,
    /// When the bytes left the SQLite file.
    pub erased_at: Option<Timestamp>,
    /// Whether a tenant with open work on it holds tokens whose person is not known yet.
    pub waits_for_owners: bool,
    /// What became of the app's access at Meta; `None` where ending it was not asked for.
    pub revocation: Option<AccessRevocation>,
}

impl Store {
    /// The progress of the deletion with this code.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn find_deletion(
        &self,
        app: &AppId,
        code_hash: [u8; 16],
    ) -> Result<StoredDeletion, Error> {
        let query = Query::new(
            "SELECT i.id, i.received_at, i.begun_at, i.done_at, i.revocation, e.owed_at, e.erased_at
             FROM inbox i LEFT JOIN erasures e ON e.subject_id = i.id
             WHERE i.app_id = :app AND i.code_hash = :code_hash",
        )
        .bind("app", app.as_str())
        .bind("code_hash", code_hash.to_vec());
        let row = query
            .fetch_one(&self.connection)
            .await?
            .ok_or(Error::NotFound)?;
        let erased_at = row.maybe_time("erased_at")?;
        let id = row.get("id")?;
        Ok(StoredDeletion {
            id,
            received_at: row.time("received_at")?,
            begun_at: row.maybe_time("begun_at")?,
            done_at: row.maybe_time("done_at")?,
            awaits_erasure: row.maybe_time("owed_at")?.is_some() && erased_at.is_none(),
            erased_at,
            revocation: row.maybe_json("revocation")?,
            waits_for_owners: self.waits_for_owners(app, id).await?,
        })
    }

    /// Whether a tenant with open work on this deletion holds tokens whose person is not known yet.
    async fn waits_for_owners(&self, app: &AppId, deletion: Uuid) -> Result<bool, Error> {
        let query = Query::new(
            "SELECT 1 FROM due d JOIN person_directory p ON p.tenant_id = d.tenant_id
             WHERE d.kind = 'inbox' AND d.object_id = :deletion AND p.app_id = :app
                 AND p.person_hash = :unattributed LIMIT 1",
        )
        .bind("deletion", deletion)
        .bind("app", app.as_str())
        .bind("unattributed", PersonHash::UNATTRIBUTED);
        Ok(query.fetch_one(&self.connection).await?.is_some())
    }
}

impl TenantTx {
    /// Notes what became of the app's access at Meta with the deletions of these persons that are open, or were ordered at
    /// `at`: one of a person of whom nothing is known is done at once. In a transaction of the installation.
    pub async fn note_revocations(
        &self,
        app: &AppId,
        outcomes: &[(PersonHash, AccessRevocation)],
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in outcomes.chunks(CHUNK) {
            let rows = chunk.iter().map(|(person, outcome)| {
                Ok::<[Value; 2], Error>([(*person).into(), to_json(outcome)?.into()])
            });
            let query = Query::new(
                "WITH ended (person_hash, revocation) AS (VALUES :rows)
                 UPDATE inbox AS i SET revocation = ended.revocation FROM ended
                 WHERE i.app_id = :app AND i.kind = :kind
                     AND (i.done_at IS NULL OR i.received_at = :at)
                     AND i.person_hash = ended.person_hash",
            )
            .bind("at", to_micros(at))
            .bind("app", app.as_str())
            .bind("kind", NoticeKind::DataDeletion.as_str())
            .bind_rows("rows", rows.collect::<Result<Vec<_>, _>>()?);
            query.execute(&self.transaction).await?;
        }
        Ok(())
    }
}
