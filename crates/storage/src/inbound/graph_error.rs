//! Errors of Graph that the table of errors does not know: counted for operators, by kind.
//!
//! The rule: not a tenant's data. The texts were redacted where they were read, and the newest ones alone are kept.

use std::collections::BTreeMap;

use regrant_domain::{TenantId, Timestamp, errors::UnknownError};
use sea_orm::Value;

use crate::{
    Error, Store,
    sql::{CHUNK, Query, Row, to_json, to_micros},
};

/// The longest `type` that is kept, in characters: it is part of a key.
const MAX_TYPE_CHARS: usize = 64;

/// A kind of unknown errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUnknownError {
    /// Identifies the kind.
    pub key: String,
    /// The error, and how often it came in all.
    pub error: UnknownError,
}

const ADD: &str = "
    INSERT INTO graph_errors (error_key, app_id, code, subcode, kind, http_status, object_kind,
        message, occurrences, first_at, last_at) VALUES :errors
    ON CONFLICT (error_key) DO UPDATE SET
        occurrences = graph_errors.occurrences + excluded.occurrences,
        last_at = CASE WHEN excluded.last_at > graph_errors.last_at THEN excluded.last_at
            ELSE graph_errors.last_at END";

impl Store {
    /// Adds the counts of these errors; returns those whose kind is new.
    pub async fn add_unknown_errors(
        &self,
        errors: Vec<UnknownError>,
    ) -> Result<Vec<UnknownError>, Error> {
        let mut added = merge_by_key(errors)?;
        let keys: Vec<_> = added.keys().cloned().collect();
        let tx = self.begin_as(TenantId::SYSTEM).await?;
        let mut known = Vec::new();
        for chunk in keys.chunks(CHUNK) {
            let rows = find_keys(chunk).fetch_all(&tx.transaction).await?;
            known.extend(rows);
        }
        let all: Vec<_> = added.iter().collect();
        for chunk in all.chunks(CHUNK) {
            let rows = chunk.iter().map(|(key, error)| to_row(key, error));
            let query = Query::new(ADD).bind_rows("errors", rows);
            query.execute(&tx.transaction).await?;
        }
        tx.commit().await?;
        for row in known {
            added.remove(&row.get::<String>("error_key")?);
        }
        Ok(added.into_values().collect())
    }

    /// Deletes errors that came last before `before`, and all but the newest `most`.
    pub async fn purge_unknown_errors(&self, before: Timestamp, most: u32) -> Result<u64, Error> {
        let query = Query::new(
            "DELETE FROM graph_errors WHERE last_at < :before OR error_key NOT IN (
                 SELECT error_key FROM graph_errors
                 ORDER BY last_at DESC, error_key DESC LIMIT :most)",
        )
        .bind("before", to_micros(before))
        .bind("most", i64::from(most));
        self.execute_write(query).await
    }

    /// The next kinds of unknown errors after this moment and key, the newest first.
    pub async fn list_unknown_errors(
        &self,
        after: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<StoredUnknownError>, Error> {
        let query = Query::new(
            "SELECT error_key, app_id, code, subcode, kind, http_status, object_kind, message,
                 occurrences, first_at, last_at
             FROM graph_errors
             WHERE TRUE [AND (last_at < :at OR last_at = :at AND error_key < :key)]
             ORDER BY last_at DESC, error_key DESC LIMIT :limit",
        )
        .bind_optional("at", after.map(|(at, _)| to_micros(at)))
        .bind_optional("key", after.map(|(_, key)| key))
        .bind("limit", i64::from(limit));
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(error_from_row).collect()
    }
}

fn find_keys(keys: &[String]) -> Query {
    Query::new("SELECT error_key FROM graph_errors WHERE error_key IN :keys")
        .bind_list("keys", keys.iter().map(String::as_str))
}

/// The errors by their keys; equal kinds are one.
fn merge_by_key(errors: Vec<UnknownError>) -> Result<BTreeMap<String, UnknownError>, Error> {
    let mut by_key = BTreeMap::<String, UnknownError>::new();
    for mut it in errors {
        it.kind = it.kind.chars().take(MAX_TYPE_CHARS).collect();
        let key = key_of(&it)?;
        if let Some(known) = by_key.get_mut(&key) {
            known.count = known.count.saturating_add(it.count);
            known.first_at = known.first_at.min(it.first_at);
            known.last_at = known.last_at.max(it.last_at);
        } else {
            by_key.insert(key, it);
        }
    }
    Ok(by_key)
}

fn key_of(it: &UnknownError) -> Result<String, Error> {
    to_json(&(
        it.app.as_str(),
        it.code,
        it.subcode,
        &it.kind,
        it.http_status,
        it.object,
        &it.text,
    ))
}

fn to_row(key: &str, it: &UnknownError) -> [Value; 11] {
    [
        key.into(),
        it.app.as_str().into(),
        it.code.into(),
        it.subcode.into(),
        it.kind.as_str().into(),
        i64::from(it.http_status).into(),
        it.object.map(|it| it.as_str().to_owned()).into(),
        it.text.as_str().into(),
        i64::try_from(it.count).unwrap_or(i64::MAX).into(),
        to_micros(it.first_at).into(),
        to_micros(it.last_at).into(),
    ]
}

fn error_from_row(row: &Row) -> Result<StoredUnknownError, Error> {
    let status = row.unsigned("http_status")?;
    Ok(StoredUnknownError {
        key: row.get("error_key")?,
        error: UnknownError {
            app: row.parse("app_id")?,
            code: row.get("code")?,
            subcode: row.get("subcode")?,
            kind: row.get("kind")?,
            http_status: u16::try_from(status).map_err(|_| Error::Corrupt("http_status"))?,
            object: row.maybe_parse("object_kind")?,
            text: row.get("message")?,
            count: u64::try_from(row.get::<i64>("occurrences")?)
                .map_err(|_| Error::Corrupt("occurrences"))?,
            first_at: row.time("first_at")?,
            last_at: row.time("last_at")?,
        },
    })
}
