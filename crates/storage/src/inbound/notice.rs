//! Notices from Meta about persons or assets, stored until every tenant that knows the subject has acted on them.
//!
//! The rule: a notice is stored, and made due for every tenant that knows its subject, in one transaction; the same
//! notice a second time changes nothing. A notice about a person is due as well for every tenant that holds a token whose
//! person is not known yet. The subject's id is erased once the last tenant has finished.

use regrant_domain::{AppId, MetaNotice, NoticeKind, NoticeSubject, TenantId, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    ErasureCause, Error, Lease, PersonHash, Store, TenantTx,
    sql::{CHUNK, Dialect, Query, Row, maybe_micros, to_micros},
};

/// A notice to store.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// The app it was sent to.
    pub app_id: AppId,
    /// The notice; about one person or one asset.
    pub notice: MetaNotice,
    /// Recognises the same notice when Meta sends it again.
    pub digest: [u8; 16],
    /// Finds the tenants that know the person or the asset.
    pub subject: PersonHash,
    /// The hash of the code by which a person asks for the state of a deletion.
    pub code_hash: Option<[u8; 16]>,
}

/// A stored notice.
#[derive(Debug, Clone)]
pub struct StoredNotice {
    /// The notice.
    pub notice: MetaNotice,
    /// When it came.
    pub received_at: Timestamp,
}

impl Store {
    /// Stores notices and makes each due, at `due_at`, for every tenant that knows its person; returns how
    /// many were new.
    ///
    /// # Errors
    /// The database failed; nothing is stored.
    pub async fn receive_notices(
        &self,
        notices: &[NewNotice],
        at: Timestamp,
        due_at: Timestamp,
    ) -> Result<usize, Error> {
        let tx = self.begin_as(TenantId::SYSTEM).await?;
        let stored = tx.store_notices(notices, at, due_at).await?;
        tx.commit().await?;
        Ok(stored)
    }

    /// Marks a notice as begun and returns it.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none, or every tenant has finished it.
    pub async fn start_notice(&self, id: Uuid, at: Timestamp) -> Result<StoredNotice, Error> {
        let query = Query::new(
            "UPDATE inbox SET begun_at = coalesce(begun_at, :at)
             WHERE id = :id AND (person_id IS NOT NULL OR asset_id IS NOT NULL)
             RETURNING kind, person_id, asset_id, cut_off, sent_at, received_at",
        )
        .bind("at", to_micros(at))
        .bind("id", id);
        let row = {
            let _turn = self.wait_for_writer().await?;
            query.fetch_one(&self.writes).await?
        };
        let row = row.ok_or(Error::NotFound)?;
        let notice = MetaNotice {
            kind: row.parse("kind")?,
            subject: subject_from_row(&row)?,
            cut_off: row.maybe_time("cut_off")?,
            sent_at: row.time("sent_at")?,
        };
        Ok(StoredNotice {
            notice,
            received_at: row.time("received_at")?,
        })
    }

    /// Marks notices as done that every tenant has finished, and erases their persons.
    pub async fn finish_notices(&self, at: Timestamp) -> Result<u64, Error> {
        let mut all = 0;
        loop {
            let finished = self.finish_some_notices(at).await?;
            all += finished;
            if finished < u64::try_from(CHUNK).unwrap_or(u64::MAX) {
                return Ok(all);
            }
        }
    }

    async fn finish_some_notices(&self, at: Timestamp) -> Result<u64, Error> {
        // Usually there is none, and a read does not make writers wait.
        let finished = Query::new(
            "SELECT id FROM inbox WHERE {finished} [AND received_at <= :received_by] ORDER BY id LIMIT :limit",
        )
        .fill("finished", FINISHED)
        .bind_optional_list("ids", std::iter::empty::<Uuid>())
        .bind_optional("received_by", self.notices_settled_by(at).map(to_micros))
        .bind("limit", i64::try_from(CHUNK).unwrap_or(i64::MAX));
        let ids = read_ids(&finished.fetch_all(&self.connection).await?)?;
        if ids.is_empty() {
            return Ok(0);
        }
        let tx = self.begin_as(TenantId::SYSTEM).await?;
        let locked = Query::new("SELECT id FROM inbox WHERE id IN :ids ORDER BY id {for_update}")
            .bind_list("ids", ids.iter().copied());
        let ids = read_ids(&locked.fetch_all(&tx.transaction).await?)?;
        // Checked again, now that they are locked: a notice may have been opened again for a tenant.
        let finished = tx.finish_notices(&ids, at).await?;
        tx.commit().await?;
        Ok(finished)
    }

    /// Until when a notice must have come to be finished. The nodes of a distributed database show what one transaction
    /// wrote one after the other, so a new notice may be seen before the work on it.
    fn notices_settled_by(&self, at: Timestamp) -> Option<Timestamp> {
        self.is_distributed
            .then(|| at - chrono::Duration::minutes(1))
    }

    /// Deletes notices that were done before `before`. Deletions stay, because persons may ask for their
    /// state.
    pub async fn purge_notices(&self, before: Timestamp) -> Result<u64, Error> {
        let query = Query::new("DELETE FROM inbox WHERE kind <> :deletion AND done_at < :before")
            .bind("deletion", NoticeKind::DataDeletion.as_str())
            .bind("before", to_micros(before));
        self.execute_write(query).await
    }
}

impl TenantTx {
    /// Stores notices and makes each due as [`Store::receive_notices`] does, in this transaction of the installation.
    pub async fn store_notices(
        &self,
        notices: &[NewNotice],
        at: Timestamp,
        due_at: Timestamp,
    ) -> Result<usize, Error> {
        let mut stored = 0;
        for chunk in notices.chunks(CHUNK) {
            let rows = insert_notices(chunk, at)
                .fetch_all(&self.transaction)
                .await?;
            let ids = read_ids(&rows)?;
            stored += ids.len();
            if !ids.is_empty() {
                make_notices_due(self.dialect, &ids, due_at)
                    .execute(&self.transaction)
                    .await?;
                self.finish_notices(&ids, at).await?;
            }
        }
        Ok(stored)
    }

    /// Marks those of the notices as done that are finished; returns how many. What deletions deleted is owed.
    async fn finish_notices(&self, ids: &[Uuid], at: Timestamp) -> Result<u64, Error> {
        if ids.is_empty() {
            return Ok(0);
        }
        let rows = finish_notices_query(ids, at)
            .fetch_all(&self.transaction)
            .await?;
        for row in &rows {
            if row.parse::<NoticeKind>("kind")? == NoticeKind::DataDeletion {
                self.owe_erasure(row.get("id")?, ErasureCause::DeletedPerson, at)
                    .await?;
            }
        }
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }

    /// Finishes this tenant's work on a notice.
    pub async fn finish_notice_of_tenant(&self, lease: &Lease) -> Result<(), Error> {
        self.delete_due(lease.kind, lease.object).await
    }
}

/// Notices that are not marked as done and that no tenant has work on. Notices and due work are not joined: a distributed
/// database keeps them in different places. A notice that comes while a tenant is being deleted may be made due for it
/// still; that work is never done, and what it concerned is deleted.
const FINISHED: &str = "
    done_at IS NULL AND id NOT IN (
        SELECT d.object_id FROM due d JOIN tenants t ON t.id = d.tenant_id
        WHERE d.kind = 'inbox' AND t.deleted_at IS NULL [AND d.object_id IN :ids])";

fn insert_notices(notices: &[NewNotice], at: Timestamp) -> Query {
    Query::new(
        "INSERT INTO inbox (id, app_id, kind, digest, person_hash, person_id, asset_id, cut_off,
             sent_at, received_at, code_hash)
         VALUES :rows ON CONFLICT (app_id, digest) DO NOTHING RETURNING id",
    )
    .bind_rows("rows", notices.iter().map(|it| to_row(it, at)))
}

fn to_row(new: &NewNotice, at: Timestamp) -> [Value; 11] {
    let notice = &new.notice;
    [
        Uuid::now_v7().into(),
        new.app_id.as_str().into(),
        notice.kind.as_str().into(),
        new.digest.to_vec().into(),
        new.subject.into(),
        notice.person_id().map(|it| it.as_str().to_owned()).into(),
        notice
            .asset_ids()
            .first()
            .map(|it| it.as_str().to_owned())
            .into(),
        maybe_micros(notice.cut_off).into(),
        to_micros(notice.sent_at).into(),
        to_micros(at).into(),
        new.code_hash.map(|it| it.to_vec()).into(),
    ]
}

fn subject_from_row(row: &Row) -> Result<NoticeSubject, Error> {
    if let Some(person) = row.maybe_parse("person_id")? {
        return Ok(NoticeSubject::Person(person));
    }
    let asset = row.maybe_parse("asset_id")?;
    Ok(NoticeSubject::Assets(vec![
        asset.ok_or(Error::Corrupt("asset_id"))?,
    ]))
}

/// One statement for all tenants of all subjects.
fn make_notices_due(dialect: Dialect, ids: &[Uuid], due_at: Timestamp) -> Query {
    let sql = match dialect {
        Dialect::Sqlite => MAKE_DUE,
        // A function of the owner: this role may write the rows of one tenant only.
        Dialect::Postgres => {
            "SELECT make_notices_due(
                 ARRAY(SELECT i.id FROM inbox i WHERE i.id IN :ids), :unattributed, :due_at)"
        }
    };
    Query::new(sql)
        .bind("unattributed", PersonHash::UNATTRIBUTED)
        .bind("due_at", to_micros(due_at))
        .bind_list("ids", ids.iter().copied())
}

const MAKE_DUE: &str = "
    INSERT INTO due (tenant_id, kind, object_id, due_at)
    SELECT DISTINCT p.tenant_id, 'inbox', i.id, CAST(:due_at AS BIGINT)
    FROM inbox i
    JOIN person_directory p ON p.app_id = i.app_id AND (p.person_hash = i.person_hash
        OR p.person_hash = :unattributed AND i.person_id IS NOT NULL)
    WHERE i.id IN :ids";

/// Marks those of the notices as done that are finished.
fn finish_notices_query(ids: &[Uuid], at: Timestamp) -> Query {
    Query::new(
        "UPDATE inbox SET person_id = NULL, asset_id = NULL, done_at = :at
         WHERE {finished} [AND id IN :ids] RETURNING id, kind",
    )
    .fill("finished", FINISHED)
    .bind("at", to_micros(at))
    .bind_optional_list("ids", ids.iter().copied())
}

fn read_ids(rows: &[Row]) -> Result<Vec<Uuid>, Error> {
    rows.iter().map(|row| row.get("id")).collect()
}
