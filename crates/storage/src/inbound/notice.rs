//! The inbox: what Meta told about persons, until every tenant that knows them has acted on it.
//!
//! The rule: a message is kept, and made due for every tenant of its person, in one transaction; the same
//! message a second time changes nothing. A person's id is erased once the message is worked off.

use regrant_domain::{AppId, InboxKind, Timestamp, Word};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, Lease, PersonHash, Store, TenantTx,
    sql::{CHUNK, Query, maybe_time, time},
};

/// A message to keep.
#[derive(Debug, Clone)]
pub struct NewWord {
    /// The app it was sent to.
    pub app_id: AppId,
    /// What it says.
    pub word: Word,
    /// By which the same message is recognised.
    pub digest: [u8; 16],
    /// By which the person's tenants are found.
    pub person: PersonHash,
    /// By which a person asks for the state of a deletion.
    pub code_hash: Option<[u8; 16]>,
}

/// A message as it is kept; without its person once it is worked off.
#[derive(Debug, Clone)]
pub struct StoredWord {
    /// What it says.
    pub word: Word,
    /// When it came.
    pub received_at: Timestamp,
}

/// How far a deletion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredDeletion {
    /// When it was asked for.
    pub received_at: Timestamp,
    /// When the first tenant's work began.
    pub begun_at: Option<Timestamp>,
    /// When no tenant's work was left.
    pub done_at: Option<Timestamp>,
}

impl Store {
    /// Keeps messages and makes each due, at `due_at`, for every tenant that knows its person; tells how many
    /// were new.
    ///
    /// # Errors
    /// The database failed; nothing was kept.
    pub async fn receive(
        &self,
        words: &[NewWord],
        at: Timestamp,
        due_at: Timestamp,
    ) -> Result<usize, Error> {
        let tx = self.begin_as(regrant_domain::TenantId::SYSTEM).await?;
        let mut kept = 0;
        for chunk in words.chunks(CHUNK) {
            let rows = insert(chunk, at).all(&tx.transaction).await?;
            let ids = rows
                .iter()
                .map(|row| row.get("id"))
                .collect::<Result<Vec<Uuid>, _>>()?;
            kept += ids.len();
            if !ids.is_empty() {
                fan_out(ids.clone(), due_at).run(&tx.transaction).await?;
                close(at)
                    .sql(" AND id IN ")
                    .list(ids)
                    .run(&tx.transaction)
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(kept)
    }

    /// Begins with a message: what it says, unless it is worked off already.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none, or it is worked off.
    pub async fn begin_word(&self, id: Uuid, at: Timestamp) -> Result<StoredWord, Error> {
        let query = Query::new("UPDATE inbox SET begun_at = coalesce(begun_at, ")
            .bind(time(at))
            .sql(") WHERE id = ")
            .bind(id)
            .sql(" AND person_id IS NOT NULL RETURNING kind, person_id, cut_off, told_at, received_at");
        let row = {
            let _turn = self.turn().await;
            query.one(&self.connection).await?
        };
        let row = row.ok_or(Error::NotFound)?;
        let word = Word {
            kind: row.parsed("kind")?,
            person_id: row.parsed("person_id")?,
            cut_off: row.maybe_time("cut_off")?,
            told_at: row.time("told_at")?,
        };
        Ok(StoredWord {
            word,
            received_at: row.time("received_at")?,
        })
    }

    /// Closes the messages that no tenant's work is left of, and erases whom they were about.
    ///
    /// # Errors
    /// The database failed.
    pub async fn close_words(&self, at: Timestamp) -> Result<u64, Error> {
        let open = Query::new("SELECT 1 FROM inbox")
            .sql(FINISHED)
            .sql(" LIMIT 1");
        // Most of the time there is none, and looking takes no turn from a writer.
        match open.one(&self.connection).await? {
            Some(_) => self.write(close(at)).await,
            None => Ok(0),
        }
    }

    /// How far the deletion with this code has come.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn deletion(
        &self,
        app: &AppId,
        code_hash: [u8; 16],
    ) -> Result<StoredDeletion, Error> {
        let query = Query::new("SELECT received_at, begun_at, done_at FROM inbox WHERE app_id = ")
            .bind(app.as_str())
            .sql(" AND code_hash = ")
            .bind(code_hash.to_vec());
        let row = query.one(&self.connection).await?.ok_or(Error::NotFound)?;
        Ok(StoredDeletion {
            received_at: row.time("received_at")?,
            begun_at: row.maybe_time("begun_at")?,
            done_at: row.maybe_time("done_at")?,
        })
    }

    /// Drops messages that were worked off before `before`; deletions stay, for whoever asks for their state.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_words(&self, before: Timestamp) -> Result<u64, Error> {
        let query = Query::new("DELETE FROM inbox WHERE kind <> '")
            .sql(InboxKind::DataDeletion.as_str())
            .sql("' AND done_at < ")
            .bind(time(before));
        self.write(query).await
    }
}

impl TenantTx {
    /// Ends this tenant's work on a message.
    ///
    /// # Errors
    /// The database failed.
    pub async fn finish_word(&self, lease: &Lease) -> Result<(), Error> {
        self.delete_due(lease.kind, lease.object).await
    }
}

/// Open messages that no tenant's work is left of.
const FINISHED: &str = " WHERE done_at IS NULL AND NOT EXISTS
    (SELECT 1 FROM due WHERE due.kind = 'inbox' AND due.object_id = inbox.id)";

fn insert(words: &[NewWord], at: Timestamp) -> Query {
    let mut query = Query::new(
        "INSERT INTO inbox (id, app_id, kind, digest, person_hash, person_id, cut_off, told_at, received_at,
         code_hash) VALUES ",
    );
    for (n, word) in words.iter().enumerate() {
        query = query
            .sql(if n == 0 { "" } else { ", " })
            .list(row(word, at));
    }
    query.sql(" ON CONFLICT (app_id, digest) DO NOTHING RETURNING id")
}

fn row(new: &NewWord, at: Timestamp) -> [Value; 10] {
    let word = &new.word;
    [
        Uuid::now_v7().into(),
        new.app_id.as_str().into(),
        word.kind.as_str().into(),
        new.digest.to_vec().into(),
        new.person.into(),
        word.person_id.as_str().into(),
        maybe_time(word.cut_off).into(),
        time(word.told_at).into(),
        time(at).into(),
        new.code_hash.map(|it| it.to_vec()).into(),
    ]
}

/// One statement for all the tenants of all the persons.
fn fan_out(ids: Vec<Uuid>, due_at: Timestamp) -> Query {
    Query::new("INSERT INTO due (tenant_id, kind, object_id, due_at) SELECT p.tenant_id, 'inbox', i.id, ")
        .bind(time(due_at))
        .sql(
            " FROM inbox i JOIN person_directory p ON p.app_id = i.app_id AND p.person_hash = i.person_hash
             WHERE i.id IN ",
        )
        .list(ids)
}

fn close(at: Timestamp) -> Query {
    Query::new("UPDATE inbox SET person_id = NULL, done_at = ")
        .bind(time(at))
        .sql(FINISHED)
}
