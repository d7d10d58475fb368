//! A statement under construction: text and values side by side, so that a placeholder never misses its value.
//!
//! The rule: a statement over tenants' rows starts from `TenantTx::query`, which binds the tenant as `$1`
//! before anything else; `TenantTx` refuses to run one that does not use it.

use std::fmt::Write;

use regrant_domain::{TenantId, Timestamp};
use sea_orm::{ConnectionTrait, Statement, Value, Values};

use crate::{Error, sql::Row};

/// How many rows one statement carries: best on both databases, and far below SQLite's limit of variables.
pub(crate) const CHUNK: usize = 500;

/// A statement and the values of its placeholders.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    sql: String,
    values: Vec<Value>,
}

impl Query {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            values: Vec::new(),
        }
    }

    /// A statement whose `$1` is the tenant.
    pub(crate) fn of_tenant(tenant: TenantId, sql: &str) -> Self {
        Self {
            sql: sql.to_owned(),
            values: vec![tenant.uuid().into()],
        }
    }

    /// Appends text.
    pub(crate) fn sql(mut self, text: &str) -> Self {
        self.sql.push_str(text);
        self
    }

    /// Appends a placeholder for `value`.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        // Writing to a String cannot fail.
        let _ = write!(self.sql, "${}", self.values.len());
        self
    }

    /// Appends `(…, …)`, one placeholder a value.
    pub(crate) fn list(self, values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        self.tuple("(", values)
    }

    /// Appends ` (VALUES (…), …) AS v`; the columns are `v.column1` and on, on both databases.
    pub(crate) fn table<const N: usize>(self, rows: impl IntoIterator<Item = [Value; N]>) -> Self {
        self.sql(" (VALUES ").rows("(", rows).sql(") AS v")
    }

    /// Appends ` VALUES ($1, …), …`: rows to insert, each led by the tenant.
    pub(crate) fn tenant_rows<const N: usize>(
        self,
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> Self {
        self.sql(" VALUES ").rows("($1, ", rows)
    }

    /// Whether `$1` is the tenant and the statement is confined to it.
    pub(crate) fn is_bound_to(&self, tenant: TenantId) -> bool {
        let named = self.sql.contains("tenant_id = $1") || self.sql.contains("($1, ");
        named && self.values.first() == Some(&tenant.uuid().into())
    }

    pub(crate) async fn all(self, on: &impl ConnectionTrait) -> Result<Vec<Row>, Error> {
        let rows = on.query_all_raw(self.build(on)).await?;
        Ok(rows.into_iter().map(Row::from).collect())
    }

    pub(crate) async fn one(self, on: &impl ConnectionTrait) -> Result<Option<Row>, Error> {
        Ok(on.query_one_raw(self.build(on)).await?.map(Row::from))
    }

    /// Runs the statement and tells how many rows it touched.
    pub(crate) async fn run(self, on: &impl ConnectionTrait) -> Result<u64, Error> {
        Ok(on.execute_raw(self.build(on)).await?.rows_affected())
    }

    fn build(self, on: &impl ConnectionTrait) -> Statement {
        Statement {
            sql: self.sql,
            values: Some(Values(self.values)),
            db_backend: on.get_database_backend(),
        }
    }

    fn rows<const N: usize>(
        mut self,
        open: &str,
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> Self {
        for (n, row) in rows.into_iter().enumerate() {
            self = self.sql(if n == 0 { "" } else { ", " }).tuple(open, row);
        }
        self
    }

    fn tuple(mut self, open: &str, values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        self.sql.push_str(open);
        for (n, value) in values.into_iter().enumerate() {
            self = self.sql(if n == 0 { "" } else { ", " }).bind(value);
        }
        self.sql(")")
    }
}

/// A time as both databases keep it: whole microseconds since 1970.
pub(crate) fn time(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

/// The same of a time that may be absent.
pub(crate) fn maybe_time(at: Option<Timestamp>) -> Option<i64> {
    at.map(time)
}

/// A value as JSON text.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|_| Error::Corrupt("JSON to write"))
}

/// The same of a value that may be absent.
pub(crate) fn maybe_json(value: Option<&impl serde::Serialize>) -> Result<Option<String>, Error> {
    value.map(json).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_placeholder() {
        let query = Query::new("SELECT 1 WHERE a = ")
            .bind(1_i64)
            .sql(" AND b IN ")
            .list([2_i64, 3])
            .sql(" FROM")
            .table([
                [Value::from(4_i64), Value::from("x")],
                [5_i64.into(), "y".into()],
            ]);
        assert_eq!(
            query.sql,
            "SELECT 1 WHERE a = $1 AND b IN ($2, $3) FROM (VALUES ($4, $5), ($6, $7)) AS v"
        );
        assert_eq!(query.values.len(), 7);
    }
}
