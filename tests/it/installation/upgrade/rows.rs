//! Rows that the program of a release wrote, as a file that later releases must read.

use std::{collections::BTreeMap, fmt::Write as _};

use regrant_migration::{Migrator, MigratorTrait as _};
use regrant_testdb::{Kind, TestDatabase};
use serde_json::{Map, Value, json};

use crate::harness::Tenant;

/// The rows, the keyring that opens them, and what they say.
pub(super) struct StoredRows {
    newest_step: String,
    pub(super) passphrase: String,
    keyring: String,
    tenant: Value,
    /// The token of each asset.
    pub(super) tokens: BTreeMap<String, Value>,
    /// The rows of each table, each the columns with their values.
    tables: Map<String, Value>,
}

impl StoredRows {
    /// The rows that the repository holds.
    pub(super) fn load() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/upgrade/rows.json");
        let text = std::fs::read_to_string(path).expect("the file is there");
        let read: Value = serde_json::from_str(&text).expect("JSON");
        let text = |name: &str| read[name].as_str().expect("a text").to_owned();
        let object = |name: &str| read[name].as_object().expect("an object").clone();
        Self {
            newest_step: text("newest_step"),
            passphrase: text("passphrase"),
            keyring: text("keyring"),
            tenant: read["tenant"].clone(),
            tokens: object("tokens").into_iter().collect(),
            tables: object("tables"),
        }
    }

    pub(super) fn keyring(&self) -> Vec<u8> {
        hex::decode(&self.keyring).expect("hexadecimal digits")
    }

    /// How many steps this program has that the one which wrote the rows had not.
    pub(super) fn count_newer_steps(&self) -> u32 {
        let steps = Migrator::migrations();
        let newer = steps
            .iter()
            .filter(|it| it.name() > self.newest_step.as_str());
        u32::try_from(newer.count()).expect("a few")
    }

    /// Logs the tenant's client in.
    pub(super) async fn log_in(&self, api: &str) -> Tenant {
        let text = |name: &str| self.tenant[name].as_str().expect("a text").to_owned();
        Tenant::with_secret(api, text("id"), text("client_id"), text("client_secret")).await
    }

    /// Puts the rows into a database of that release, in the place of all others.
    pub(super) async fn insert_into(&self, database: &TestDatabase) {
        let mut sql = match database.kind() {
            Kind::Sqlite => "PRAGMA foreign_keys = OFF;\n".to_owned(),
            Kind::Postgres => "SET session_replication_role = replica;\n".to_owned(),
        };
        for (table, rows) in &self.tables {
            let types: BTreeMap<_, _> = database.list_columns(table).await.into_iter().collect();
            let _ = writeln!(sql, "DELETE FROM {table};");
            for row in rows.as_array().expect("rows") {
                let row = row.as_object().expect("a row");
                let columns: Vec<_> = row.keys().map(String::as_str).collect();
                let values: Vec<_> = row
                    .iter()
                    .map(|(column, value)| literal(&types[column], value))
                    .collect();
                let (columns, values) = (columns.join(", "), values.join(", "));
                let _ = writeln!(sql, "INSERT INTO {table} ({columns}) VALUES ({values});");
            }
        }
        database.run_as_superuser(&sql).await;
    }
}

/// The newest step of a SQLite database.
pub(super) async fn newest_step(database: &TestDatabase) -> String {
    let rows = database
        .read_rows_as_json("SELECT json_object('step', max(version)) FROM seaql_migrations")
        .await;
    rows[0]["step"].as_str().expect("a name").to_owned()
}

/// Every row of a SQLite database, by table.
pub(super) async fn read_tables(database: &TestDatabase) -> Value {
    let names = "SELECT json_object('name', name) FROM sqlite_master
        WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations' ORDER BY name";
    let mut tables = Map::new();
    for name in database.read_rows_as_json(names).await {
        let name = name["name"].as_str().expect("a name");
        let columns = database.list_columns(name).await;
        let pairs: Vec<_> = columns
            .iter()
            .map(|(column, kind)| match kind.as_str() {
                "blob" => format!("'{column}', lower(hex(\"{column}\"))"),
                _ => format!("'{column}', \"{column}\""),
            })
            .collect();
        let nulls: Vec<_> = columns
            .iter()
            .map(|(column, _)| format!("'{column}', \"{column}\" IS NULL"))
            .collect();
        let sql = format!(
            "SELECT json_object('values', json_object({}), 'nulls', json_object({})) FROM {name}",
            pairs.join(", "),
            nulls.join(", ")
        );
        let rows = database.read_rows_as_json(&sql).await;
        if !rows.is_empty() {
            let rows: Vec<_> = rows.iter().map(without_nulls).collect();
            tables.insert(name.to_owned(), json!(rows));
        }
    }
    Value::Object(tables)
}

/// The columns of a row that have a value.
fn without_nulls(row: &Value) -> Value {
    let mut values = row["values"].as_object().expect("columns").clone();
    values.retain(|column, _| row["nulls"][column] == 0);
    Value::Object(values)
}

/// A value as SQL of this type.
fn literal(kind: &str, value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    match kind {
        "blob" => format!("x'{text}'"),
        "bytea" => format!("'\\x{text}'"),
        "boolean" => format!("{}", value == &json!(1)),
        "uuid" => format!("'{text}'"),
        _ if value.is_string() => format!("'{}'", text.replace('\'', "''")),
        _ => value.to_string(),
    }
}
