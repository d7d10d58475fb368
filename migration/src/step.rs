//! One step: a name, SQL to apply it and SQL to revert it.
//!
//! The rule: where the dialects spell something differently it is a word in braces, and the list of those
//! words is here. `{strict}` ends every table: SQLite then checks types as PostgreSQL does.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
};

/// The words in braces, on SQLite and on PostgreSQL.
const WORDS: [(&str, &str, &str); 7] = [
    ("{uuid}", "BLOB", "UUID"),
    ("{bytes}", "BLOB", "BYTEA"),
    ("{int}", "INTEGER", "BIGINT"),
    ("{bool}", "INTEGER", "BOOLEAN"),
    ("{false}", "0", "FALSE"),
    // Graph ids are compared byte by byte, whatever the database's collation.
    ("{graph_id}", "TEXT", "TEXT COLLATE \"C\""),
    ("{strict}", "STRICT", ""),
];

/// Rows of a tenant are visible to that tenant's transactions alone, for the tables' owner too.
const WALL: &str = "
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON {table}
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);";

/// One change of the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Its name in the table of applied steps.
    pub name: &'static str,
    /// Applies it.
    pub up: &'static str,
    /// Reverts it.
    pub down: &'static str,
    /// The table it makes that holds tenants' rows, if it makes one.
    pub walled: Option<&'static str>,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.change(manager, self.up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.change(manager, self.down).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

impl Step {
    /// Runs the SQL, and walls the table if that made it: going back may make an older form of it.
    async fn change(&self, manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
        run(manager, sql).await?;
        let makes = |table: &&str| sql.contains(&format!("CREATE TABLE {table} ("));
        match self.walled.filter(makes) {
            Some(table) if manager.get_database_backend() == DbBackend::Postgres => {
                run(manager, &WALL.replace("{table}", table)).await
            }
            _ => Ok(()),
        }
    }
}

async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
    let sql = WORDS
        .iter()
        .fold(sql.to_owned(), |sql, (word, on_sqlite, on_postgres)| {
            sql.replace(word, if sqlite { on_sqlite } else { on_postgres })
        });
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}
