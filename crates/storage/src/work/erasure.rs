//! Erasure: what makes the bytes of deleted rows leave a SQLite file.
//!
//! The rule: `secure_delete` overwrites what a statement deletes, but older copies stay in the log and in the unused
//! part of pages that were split. Only a rewritten file with an emptied log is free of them. A deletion that promises
//! this is owed in its own transaction, and counts as erased only after a rewrite that began after its commit.
//! On PostgreSQL only destroyed keys are owed: their small table is rewritten without its dead rows. The server vacuums
//! the others, and its log, replicas and backups keep deleted rows for as long as they are configured to, so nothing
//! counts as erased there.
//! Start at [`Store::erase_deleted_bytes`].

use regrant_domain::{Timestamp, closed_list};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    Error, Store, TenantTx,
    sql::{CHUNK, Query, to_micros},
};

closed_list! {
    /// Why an erasure is owed.
    pub enum ErasureCause: "cause of an erasure" {
        /// A tenant's data keys were destroyed, by a shred or by its deletion; the subject is the tenant.
        DestroyedKeys = "destroyed_keys",
        /// A person's data was deleted; the subject is the notice.
        DeletedPerson = "deleted_person",
        /// Replaced credentials and expired rows; one subject, the nil id.
        Routine = "routine",
    }
}

/// How long the rewrite of PostgreSQL's table of keys may take, once it has its lock.
const REWRITE_LIMIT: &str = "SET LOCAL statement_timeout = '10s'";

/// The erasures that are owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwedErasures {
    /// How many deletions wait.
    pub count: u32,
    /// Since when the oldest of them waits.
    pub owed_since: Option<Timestamp>,
    /// When the file was rewritten last; `None` on PostgreSQL.
    pub last_erased_at: Option<Timestamp>,
}

/// A deletion as it was listed before the rewrite. If it is owed again meanwhile, its time differs.
type OwedDeletion = (Uuid, i64);

impl Store {
    /// What is owed; `None` on PostgreSQL if nothing is.
    pub async fn find_owed_erasures(&self) -> Result<Option<OwedErasures>, Error> {
        let query = Query::new(
            "SELECT count(*) FILTER (WHERE erased_at IS NULL) AS owed,
                 min(owed_at) FILTER (WHERE erased_at IS NULL) AS owed_since,
                 max(erased_at) AS last_erased_at
             FROM erasures",
        );
        let row = query.fetch_one(&self.connection).await?;
        let row = row.ok_or(Error::NotFound)?;
        let owed = OwedErasures {
            count: row.unsigned("owed")?,
            owed_since: row.maybe_time("owed_since")?,
            last_erased_at: row.maybe_time("last_erased_at")?,
        };
        Ok(Some(owed).filter(|it| self.is_sqlite() || it.count > 0))
    }

    /// Rewrites the SQLite file without what was deleted, and empties its log. Writers wait meanwhile, readers do not.
    /// Returns how many deletions are erased with it. On PostgreSQL it rewrites the table of data keys.
    ///
    /// # Errors
    /// [`Error::Occupied`]: a long read or another process kept the log in use; [`Error::Busy`]: the table of keys was in
    /// use for longer than readers should wait. The deletions stay owed.
    pub async fn erase_deleted_bytes(&self, at: Timestamp) -> Result<u64, Error> {
        if !self.is_sqlite() {
            return self.rewrite_key_table().await;
        }
        let _turn = self.wait_for_writer().await?;
        let owed = self.list_owed_deletions().await?;
        self.connection.execute_unprepared("VACUUM").await?;
        self.empty_log().await?;
        self.mark_erased(&owed, at).await?;
        Ok(u64::try_from(owed.len()).unwrap_or(u64::MAX))
    }

    /// Rewrites PostgreSQL's table of data keys without its dead rows; a function of the owner does it. Readers wait for
    /// the rewrite of a small table, and half a second for its lock at most. A row that an older transaction may still
    /// read, such as a dump, stays. The nodes of a distributed database are left to vacuum.
    async fn rewrite_key_table(&self) -> Result<u64, Error> {
        let owed = self.list_owed_deletions().await?;
        if !self.is_distributed {
            let tx = self.dialect.begin(&self.writes).await?;
            tx.run_commands(REWRITE_LIMIT).await?;
            let rewrite = Query::new("SELECT rewrite_tenant_keys()");
            rewrite.fetch_one(&tx).await?;
            tx.commit().await?;
        }
        for chunk in owed.chunks(CHUNK) {
            let rows = chunk.iter().map(|(id, at)| [(*id).into(), (*at).into()]);
            let query =
                Query::new("DELETE FROM erasures WHERE (subject_id, owed_at) IN (VALUES :rows)");
            query.bind_rows("rows", rows).execute(&self.writes).await?;
        }
        Ok(u64::try_from(owed.len()).unwrap_or(u64::MAX))
    }

    async fn list_owed_deletions(&self) -> Result<Vec<OwedDeletion>, Error> {
        let query = Query::new("SELECT subject_id, owed_at FROM erasures WHERE erased_at IS NULL");
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter()
            .map(|row| Ok((row.get("subject_id")?, row.get("owed_at")?)))
            .collect()
    }

    /// Moves the log into the file and cuts it to no bytes.
    async fn empty_log(&self) -> Result<(), Error> {
        let row = Query::new("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.connection)
            .await?;
        match row.ok_or(Error::NotFound)?.get::<i64>("busy")? {
            0 => Ok(()),
            _ => Err(Error::Occupied),
        }
    }

    async fn mark_erased(&self, owed: &[OwedDeletion], at: Timestamp) -> Result<(), Error> {
        for chunk in owed.chunks(CHUNK) {
            let rows = chunk.iter().map(|(id, at)| [(*id).into(), (*at).into()]);
            let query = Query::new(
                "UPDATE erasures SET erased_at = :at
                 WHERE erased_at IS NULL AND (subject_id, owed_at) IN (VALUES :rows)",
            );
            let query = query.bind("at", to_micros(at)).bind_rows("rows", rows);
            query.execute(&self.connection).await?;
        }
        let routine = Query::new(
            "INSERT INTO erasures (subject_id, cause, owed_at, erased_at)
             VALUES (:nil, :cause, :at, :at)
             ON CONFLICT (subject_id) DO UPDATE SET owed_at = :at, erased_at = :at",
        );
        let routine = routine
            .bind("nil", Uuid::nil())
            .bind("cause", ErasureCause::Routine.as_str())
            .bind("at", to_micros(at));
        routine.execute(&self.connection).await.map(drop)
    }
}

impl TenantTx {
    /// Notes that the bytes of what this transaction deletes must leave the SQLite file, or PostgreSQL's table of keys.
    pub async fn owe_erasure(
        &self,
        subject: Uuid,
        cause: ErasureCause,
        at: Timestamp,
    ) -> Result<(), Error> {
        if !self.dialect.rewrites_file() && cause != ErasureCause::DestroyedKeys {
            return Ok(());
        }
        let query = Query::new(
            "INSERT INTO erasures (subject_id, cause, owed_at) VALUES (:subject, :cause, :at)
             ON CONFLICT (subject_id)
             DO UPDATE SET cause = excluded.cause, owed_at = excluded.owed_at, erased_at = NULL",
        );
        let query = query
            .bind("subject", subject)
            .bind("cause", cause.as_str())
            .bind("at", to_micros(at));
        query.execute(&self.transaction).await.map(drop)
    }
}
