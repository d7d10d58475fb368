//! One step of the schema: a name, SQL to apply it and SQL to revert it.
//!
//! The rule: where the two databases differ, the SQL has a name in braces, and [`DIALECT`] lists their
//! SQL. `{strict}` ends every table: SQLite then checks types as PostgreSQL does. A step is one transaction. An index on a
//! large table is built `{concurrently}`, outside of a transaction: such a step can be repeated from any of its statements.

use crate::statements::split_statements;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement},
};

/// The names in braces, with the SQL on SQLite and on PostgreSQL.
const DIALECT: [(&str, &str, &str); 9] = [
    ("{uuid}", "BLOB", "UUID"),
    ("{bytes}", "BLOB", "BYTEA"),
    ("{int}", "INTEGER", "BIGINT"),
    ("{bool}", "INTEGER", "BOOLEAN"),
    ("{false}", "0", "FALSE"),
    // In a condition: rows that only one of the two needs.
    ("{is_sqlite}", "TRUE", "FALSE"),
    // Graph ids are compared byte by byte, whatever the database's collation.
    ("{graph_id}", "TEXT", "TEXT COLLATE \"C\""),
    ("{strict}", "STRICT", ""),
    (CONCURRENTLY, "", "CONCURRENTLY"),
];

/// An index is built or dropped while its table is written. PostgreSQL does that outside of transactions only.
const CONCURRENTLY: &str = "{concurrently}";

/// Finds a table that is parted into several, on which PostgreSQL builds no index in that way.
const PARTED_TABLE: &str = "
    SELECT 1 FROM pg_class WHERE relkind = 'p' AND relnamespace = current_schema()::regnamespace LIMIT 1";

/// How long a step waits for a lock: calls of the running service wait as long behind it.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '2s'";

/// What follows is run on PostgreSQL alone.
const POSTGRES_ONLY: &str = "{postgres_only}";

/// Row-level security: rows of a tenant are visible only to that tenant's transactions, even for the owner of
/// the table.
const ISOLATION: &str = "
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON {table}
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);";

/// One change of the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// The name in the table of applied steps.
    pub name: &'static str,
    /// The SQL that applies it.
    pub up: &'static str,
    /// The SQL that reverts it.
    pub down: &'static str,
    /// The table of tenants' rows that it creates, if it creates one.
    pub tenant_table: Option<&'static str>,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.apply_sql(manager, self.up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.apply_sql(manager, self.down).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(!self.is_concurrent())
    }
}

impl Step {
    /// Whether the step takes no lock that calls wait for, and is no transaction.
    fn is_concurrent(&self) -> bool {
        self.up.contains(CONCURRENTLY)
    }

    /// Runs the SQL, and isolates the tenant table if the SQL creates it. Reverting may create it too.
    async fn apply_sql(&self, manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
        let is_postgres = manager.get_database_backend() == DbBackend::Postgres;
        if is_postgres && self.is_concurrent() {
            return run_concurrently(manager, sql).await;
        }
        if is_postgres {
            run_sql(manager, LOCK_WAIT).await?;
        }
        run_sql(manager, sql).await?;
        let is_created = |table: &&str| sql.contains(&format!("CREATE TABLE {table} ("));
        match self.tenant_table.filter(is_created) {
            Some(table) if is_postgres => {
                run_sql(manager, &ISOLATION.replace("{table}", table)).await
            }
            _ => Ok(()),
        }
    }
}

/// Runs the SQL of a step outside of a transaction, or in one of its own where a table is parted.
async fn run_concurrently(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let parted = Statement::from_string(DbBackend::Postgres, PARTED_TABLE);
    let parted = manager.get_connection().query_one_raw(parted).await?;
    if parted.is_none() {
        return run_sql(manager, sql).await;
    }
    let transaction = manager.begin().await?;
    run_sql(&transaction, LOCK_WAIT).await?;
    run_sql(&transaction, &sql.replace(CONCURRENTLY, "")).await?;
    transaction.commit().await
}

async fn run_sql(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let sql = render_sql(manager.get_database_backend() == DbBackend::Sqlite, sql);
    for statement in split_statements(&sql) {
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}

/// The SQL for one of the two databases.
fn render_sql(sqlite: bool, sql: &str) -> String {
    let (for_both, for_postgres) = sql.split_once(POSTGRES_ONLY).unwrap_or((sql, ""));
    let sql = if sqlite {
        for_both.to_owned()
    } else {
        [for_both, for_postgres].concat()
    };
    DIALECT
        .iter()
        .fold(sql, |sql, (name, on_sqlite, on_postgres)| {
            sql.replace(name, if sqlite { on_sqlite } else { on_postgres })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps;

    /// Steps that every database has before it can be distributed.
    const BEFORE_DISTRIBUTION: [&str; 1] = ["m20261122_000034_session_previews"];
    const CONSTRAINTS: [&str; 5] = [
        " CHECK",
        " UNIQUE",
        " REFERENCES",
        " PRIMARY KEY",
        " FOREIGN KEY",
    ];

    /// A distributed database refuses a constraint that comes with its column, and one that it would have to name.
    #[test]
    fn a_constraint_that_is_added_on_postgres_is_a_statement_of_its_own_with_a_name() {
        for step in steps::ALL {
            if BEFORE_DISTRIBUTION.contains(&step.name) {
                continue;
            }
            for sql in [step.up, step.down] {
                for statement in split_statements(&render_sql(false, sql)) {
                    let is_named = !adds_constraint(statement) || names_constraint(statement);
                    assert!(is_named, "{}: {statement}", step.name);
                }
            }
        }
    }

    fn adds_constraint(statement: &str) -> bool {
        let words = statement.to_uppercase();
        words.starts_with("ALTER TABLE") && CONSTRAINTS.iter().any(|it| words.contains(it))
    }

    fn names_constraint(statement: &str) -> bool {
        let words = statement.to_uppercase();
        words.contains(" ADD CONSTRAINT ") && !words.contains(" ADD COLUMN ")
    }

    #[test]
    fn a_constraint_with_its_column_or_without_a_name_is_found() {
        for (statement, is_named) in [
            ("ALTER TABLE a ADD COLUMN b BIGINT CHECK (b > 0)", false),
            ("ALTER TABLE a ADD UNIQUE (tenant_id, b)", false),
            ("ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0)", true),
        ] {
            assert!(adds_constraint(statement), "{statement}");
            assert_eq!(names_constraint(statement), is_named, "{statement}");
        }
        assert!(!adds_constraint(
            "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0"
        ));
    }

    /// One that was broken off left an index that serves nothing; repeated, the step drops it first.
    #[test]
    fn a_step_outside_of_a_transaction_can_be_repeated_from_any_of_its_statements() {
        for step in steps::ALL {
            assert_eq!(step.use_transaction(), Some(!step.is_concurrent()));
            assert_eq!(step.is_concurrent(), step.down.contains(CONCURRENTLY));
            if !step.is_concurrent() {
                continue;
            }
            for sql in [step.up, step.down] {
                let first = split_statements(sql).next().unwrap_or_default();
                assert!(
                    first.starts_with("DROP INDEX {concurrently} IF EXISTS"),
                    "{}: {first}",
                    step.name
                );
                let is_concurrent = |it: &str| it.contains(CONCURRENTLY);
                assert!(split_statements(sql).all(is_concurrent), "{}", step.name);
            }
        }
    }

    #[test]
    fn no_statement_of_a_step_holds_another() {
        for step in steps::ALL {
            for sql in [step.up, step.down, ISOLATION] {
                for statement in split_statements(&render_sql(false, sql)) {
                    let is_plain = !statement.contains(['\'', '$']);
                    assert!(
                        !(is_plain && statement.contains(';')),
                        "{}: {statement}",
                        step.name
                    );
                }
            }
        }
    }
}
