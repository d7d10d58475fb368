//! A statement with named parameters and the values bound to them.
//!
//! The rule: a statement over tenants' rows starts from `TenantTx::query`, which binds the tenant as
//! `:tenant`; `TenantTx` refuses a statement that is not confined to that tenant. A name without a
//! value, or a value without a name, is an error before anything is sent.
//! Start at [`Query`]; `template.rs` turns the names into placeholders.

use std::borrow::Cow;

use futures_util::TryStreamExt;
use regrant_domain::{TenantId, Timestamp};
use sea_orm::{ConnectionTrait, Statement, StreamTrait, Value, Values};
use tracing::trace;

use crate::{
    Error,
    sql::{
        Dialect, ListedRows, Queryable, Row, await_answer, param::Param, template::Template,
        transaction::Transaction,
    },
};

/// How many rows one statement carries: the fastest size on both databases, and far below SQLite's
/// limit of variables.
pub(crate) const CHUNK: usize = 500;

/// A statement and the values of its parameters.
///
/// - `:name` is a parameter; it may be used several times. A list stands after `IN`, rows stand after
///   `VALUES`: `id IN :ids`, `VALUES :rows`. How they travel is up to `param.rs`.
/// - `[AND kind = :kind]` is left out of the statement when `:kind` is bound to nothing.
/// - `{name}` is a part that differs: by dialect (`{for_update}`) or as [`Query::fill`] says.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    sql: Cow<'static, str>,
    tenant: Option<TenantId>,
    params: Vec<(&'static str, Param)>,
    parts: Vec<(&'static str, Cow<'static, str>)>,
}

impl Query {
    pub(crate) fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self {
            sql: sql.into(),
            tenant: None,
            params: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// A statement whose `:tenant` is this tenant.
    pub(crate) fn tenant(tenant: TenantId, sql: impl Into<Cow<'static, str>>) -> Self {
        let query = Self::new(sql).bind("tenant", tenant.uuid());
        Self {
            tenant: Some(tenant),
            ..query
        }
    }

    /// Binds one value.
    pub(crate) fn bind(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.bind_param(name, Param::One(value.into()))
    }

    /// Binds one value, or leaves out the parts in square brackets that use it.
    pub(crate) fn bind_optional(self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        let param = value.map_or(Param::Nothing, |it| Param::One(it.into()));
        self.bind_param(name, param)
    }

    /// Binds a list: `id IN :ids`.
    pub(crate) fn bind_list(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.bind_param(name, Param::List(values))
    }

    /// Binds a list. If it is empty, the parts in square brackets that use it are left out.
    pub(crate) fn bind_optional_list(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        let param = if values.is_empty() {
            Param::Nothing
        } else {
            Param::List(values)
        };
        self.bind_param(name, param)
    }

    /// Binds rows: `WITH seen (id, at) AS (VALUES :seen)`.
    pub(crate) fn bind_rows<const N: usize>(
        self,
        name: &'static str,
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> Self {
        self.bind_param(name, Param::Rows(to_rows(rows)))
    }

    /// Binds rows to insert, each led by the tenant: `INSERT INTO due (tenant_id, …) VALUES :rows`.
    pub(crate) fn bind_tenant_rows<const N: usize>(
        self,
        name: &'static str,
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> Self {
        let tenant = self.tenant.map(TenantId::uuid).into();
        let rows = to_rows(rows);
        self.bind_param(name, Param::TenantRows { tenant, rows })
    }

    /// Replaces `{name}` by text, which may use parameters. The text must not come from outside.
    pub(crate) fn fill(mut self, name: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        self.parts.push((name, text.into()));
        self
    }

    /// Whether `:tenant` is this tenant and the statement is confined to it.
    pub(crate) fn is_bound_to(&self, tenant: TenantId) -> bool {
        let is_confined = |text: &str| text.contains("tenant_id = :tenant");
        let inserts = |(_, param): &(_, Param)| matches!(param, Param::TenantRows { .. });
        self.tenant == Some(tenant)
            && (is_confined(&self.sql)
                || self.sql.contains("(:tenant, ")
                || self.parts.iter().any(|(_, text)| is_confined(text))
                || self.params.iter().any(inserts))
    }

    pub(crate) async fn fetch_all(self, on: &impl Queryable) -> Result<Vec<Row>, Error> {
        let rows = on.raw().query_all_raw(self.into_statement(on.raw())?);
        let rows = await_answer(on.patience(), rows).await?;
        Ok(rows.into_iter().map(Row::from).collect())
    }

    /// What `decode` makes of the rows, one after the other, and how many rows there are.
    pub(crate) async fn fetch_decoded<T>(
        self,
        on: &Transaction,
        decode: impl Fn(&Row) -> Option<T>,
    ) -> Result<ListedRows<T>, Error> {
        let (patience, statement) = (on.patience(), self.into_statement(on.raw())?);
        let mut rows = await_answer(patience, on.raw().stream_raw(statement)).await?;
        let mut listed = ListedRows::from(Vec::new());
        while let Some(row) = await_answer(patience, rows.try_next()).await? {
            listed.found = listed.found.saturating_add(1);
            listed.rows.extend(decode(&Row::from(row)));
        }
        Ok(listed)
    }

    pub(crate) async fn fetch_one(self, on: &impl Queryable) -> Result<Option<Row>, Error> {
        let row = on.raw().query_one_raw(self.into_statement(on.raw())?);
        Ok(await_answer(on.patience(), row).await?.map(Row::from))
    }

    /// Runs the statement and returns how many rows it touched.
    pub(crate) async fn execute(self, on: &impl Queryable) -> Result<u64, Error> {
        let executed = on.raw().execute_raw(self.into_statement(on.raw())?);
        let executed = await_answer(on.patience(), executed).await?;
        Ok(executed.rows_affected())
    }

    fn bind_param(mut self, name: &'static str, param: Param) -> Self {
        self.params.push((name, param));
        self
    }

    pub(crate) fn into_statement(self, on: &impl ConnectionTrait) -> Result<Statement, Error> {
        let db_backend = on.get_database_backend();
        let (sql, values) = self.into_sql(Dialect::of_backend(db_backend))?;
        // The text alone: values may be secrets.
        trace!(statement = sql.as_str());
        Ok(Statement {
            sql,
            values: Some(Values(values)),
            db_backend,
        })
    }

    /// The text with placeholders, and their values in order.
    fn into_sql(self, dialect: Dialect) -> Result<(String, Vec<Value>), Error> {
        let template = Template::new(dialect, self.params, self.parts);
        template
            .render(&self.sql)
            .map_err(|fault| Error::Unsupported(format!("{fault} in statement {}", self.sql)))
    }
}

fn to_rows<const N: usize>(rows: impl IntoIterator<Item = [Value; N]>) -> Vec<Vec<Value>> {
    rows.into_iter().map(Into::into).collect()
}

/// A time as both databases store it: whole microseconds since 1970.
pub(crate) fn to_micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

/// A time that may be absent, as both databases store it.
pub(crate) fn maybe_micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(to_micros)
}

/// A value as JSON text.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|_| Error::Corrupt("JSON to write"))
}

/// A value that may be absent, as JSON text.
pub(crate) fn maybe_to_json(
    value: Option<&impl serde::Serialize>,
) -> Result<Option<String>, Error> {
    value.map(to_json).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(query: Query, dialect: Dialect) -> (String, Vec<Value>) {
        query.into_sql(dialect).unwrap()
    }

    fn query_with_rows_and_list() -> Query {
        let sql =
            "WITH v (id, name) AS (VALUES :rows) SELECT 1 WHERE a = :a AND b IN :ids OR a > :a";
        let rows = [
            [Value::from(4_i64), Value::from("x")],
            [5_i64.into(), Value::String(None)],
        ];
        Query::new(sql)
            .bind("a", 1_i64)
            .bind_list("ids", [2_i64, 3, 4])
            .bind_rows("rows", rows)
    }

    #[test]
    fn on_sqlite_every_value_has_its_placeholder_and_lists_are_padded() {
        let (sql, values) = render(query_with_rows_and_list(), Dialect::Sqlite);
        assert_eq!(
            sql,
            "WITH v (id, name) AS (SELECT * FROM (SELECT * FROM (VALUES (?, ?), (?, ?)) LIMIT ?) \
             WHERE likelihood(column1 IS column1, 0.0001)) SELECT 1 WHERE a = ? AND b IN (?, ?, ?, ?, ?, ?, ?, ?) OR a > ?"
        );
        let rows: [Value; 5] = [
            4_i64.into(),
            "x".into(),
            5_i64.into(),
            Value::String(None),
            2_i64.into(),
        ];
        let list = [1_i64, 2, 3, 4, 4, 4, 4, 4, 4, 1].map(Value::from);
        assert_eq!(values, [rows.as_slice(), list.as_slice()].concat());
    }

    #[test]
    fn on_sqlite_rows_are_padded_and_the_limit_cuts_the_padding_off() {
        let query = Query::new("INSERT INTO t (a, b) VALUES :rows")
            .bind_rows("rows", [1_i64, 2, 3].map(|it| [it.into(), "x".into()]));
        let (sql, values) = render(query, Dialect::Sqlite);
        assert_eq!(
            sql,
            "INSERT INTO t (a, b) SELECT * FROM (VALUES (?, ?), (?, ?), (?, ?), (?, ?)) LIMIT ?"
        );
        let nothing = Value::Int(None);
        assert_eq!(values[6..], [nothing.clone(), nothing, Value::from(3_i64)]);
    }

    #[test]
    fn on_sqlite_lists_of_any_length_have_few_texts() {
        let text = |n: i64| {
            let query = Query::new("INSERT INTO t (a) VALUES :rows")
                .bind_rows("rows", (0..n).map(|it| [it.into()]));
            render(query, Dialect::Sqlite).0
        };
        let texts: std::collections::HashSet<_> = (1..=500).map(text).collect();
        assert_eq!(texts.len(), 10);
    }

    #[test]
    fn on_postgres_a_column_and_a_list_are_one_array_each() {
        let (sql, values) = render(query_with_rows_and_list(), Dialect::Postgres);
        assert_eq!(
            sql,
            "WITH v (id, name) AS (SELECT * FROM unnest($1::bigint[], $2::text::text[])) SELECT 1 WHERE a = $3 \
             AND b = ANY ($4::bigint[]) OR a > $3"
        );
        let wanted: [Value; 4] = [
            vec![4_i64, 5].into(),
            r#"{"x",NULL}"#.into(),
            1_i64.into(),
            vec![2_i64, 3, 4].into(),
        ];
        assert_eq!(values, wanted);
    }

    #[test]
    fn a_short_list_is_no_array() {
        for (dialect, list) in [(Dialect::Sqlite, "(?, ?)"), (Dialect::Postgres, "($1, $2)")] {
            let query = Query::new("SELECT 1 WHERE a IN :ids").bind_list("ids", [1_i64, 2]);
            assert_eq!(
                render(query, dialect).0,
                format!("SELECT 1 WHERE a IN {list}")
            );
        }
    }

    #[test]
    fn on_postgres_a_list_that_is_ruled_out_is_an_array_too() {
        let query = Query::new("SELECT 1 WHERE a NOT IN :ids").bind_list("ids", [1_i64, 2, 3]);
        assert_eq!(
            render(query, Dialect::Postgres).0,
            "SELECT 1 WHERE a <> ALL ($1::bigint[])"
        );
    }

    #[test]
    fn a_statement_is_bound_to_its_own_tenant_only() {
        let (one, other) = (TenantId::mint(), TenantId::mint());
        let bound = Query::tenant(one, "SELECT 1 FROM due WHERE tenant_id = :tenant");
        assert!(bound.is_bound_to(one) && !bound.is_bound_to(other));
        let rows = Query::tenant(one, "INSERT INTO due (tenant_id, kind) VALUES :rows")
            .bind_tenant_rows("rows", [["inbox".into()]]);
        assert!(rows.is_bound_to(one));
        assert_eq!(
            render(rows.clone(), Dialect::Sqlite).0,
            "INSERT INTO due (tenant_id, kind) VALUES (?, ?)"
        );
        assert_eq!(
            render(rows, Dialect::Postgres).0,
            "INSERT INTO due (tenant_id, kind) SELECT $1::uuid, * FROM unnest($2::text[])"
        );
        assert!(!Query::tenant(one, "SELECT :tenant").is_bound_to(one));
        let unbound =
            Query::new("SELECT 1 FROM due WHERE tenant_id = :tenant").bind("tenant", one.uuid());
        assert!(!unbound.is_bound_to(one));
    }
}
