//! The contents of a database, for tests that look for data that must not be there.

use std::collections::BTreeSet;

use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::{Kind, TestDatabase};

/// Keeps a table of PostgreSQL from all others, for so many seconds.
///
/// # Panics
/// The superuser cannot lock it.
pub async fn hold_table(superuser_url: &str, table: &str, seconds: u32) {
    let sql = format!(
        "BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({seconds}); COMMIT"
    );
    let mut connection = PgConnection::connect(superuser_url)
        .await
        .expect("the superuser connects");
    let held = sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await;
    held.expect("the table is locked");
}

const POSTGRES_SCHEMA: &str = "
    SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) AS described
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT concat_ws(' ', tablename, policyname, cmd, qual, with_check) FROM pg_policies
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
    ORDER BY described";

impl TestDatabase {
    /// Everything the database has written, by name: the files of SQLite, the rows of PostgreSQL's tables as
    /// text.
    ///
    /// # Panics
    /// The database cannot be read.
    pub async fn read_contents(&self) -> Vec<(String, Vec<u8>)> {
        match self.kind() {
            Kind::Sqlite => self.read_files(),
            Kind::Postgres => self.read_rows().await,
        }
    }

    /// The files of the database and of its log: of PostgreSQL those of all tables and indexes, and `pg_wal`, as far as
    /// they are used.
    ///
    /// # Panics
    /// The files cannot be read.
    pub async fn read_all_files(&self) -> Vec<(String, Vec<u8>)> {
        if self.kind() == Kind::Sqlite {
            return self.read_files();
        }
        let mut connection = self.connect_superuser().await;
        let flushed = sqlx::query("CHECKPOINT").execute(&mut connection).await;
        flushed.expect("a checkpoint");
        let files = "SELECT c.relname::text, pg_read_binary_file(pg_relation_filepath(c.oid)) FROM pg_class c
            WHERE c.relkind IN ('r', 'i', 't') AND c.relfilenode <> 0
            UNION ALL SELECT 'pg_wal/' || w.name, pg_read_binary_file('pg_wal/' || w.name) FROM pg_ls_waldir() w";
        let files = sqlx::query_as(files).fetch_all(&mut connection).await;
        files.expect("the superuser reads the server's files")
    }

    /// A backup of the database, as its own program makes it; `None` where PostgreSQL's is not on this machine.
    ///
    /// # Panics
    /// The program fails.
    pub async fn dump(&self) -> Option<Vec<u8>> {
        if let Some(superuser) = self.superuser_url() {
            let program = crate::local::find_programs()?.join("pg_dump");
            let mut dump = tokio::process::Command::new(program);
            let dumped = dump.arg(superuser).output().await.ok()?;
            assert!(dumped.status.success(), "{dumped:?}");
            return Some(dumped.stdout);
        }
        let directory = tempfile::tempdir().expect("a directory");
        let copy = directory.path().join("copy.db");
        self.run_as_superuser(&format!("VACUUM INTO '{}'", copy.display()))
            .await;
        Some(std::fs::read(copy).expect("the copy"))
    }

    /// Lets the database check its own integrity: `ok`, or the fault.
    ///
    /// # Panics
    /// The check cannot run.
    pub async fn check_integrity(&self) -> String {
        if self.kind() == Kind::Sqlite {
            let mut connection = SqliteConnection::connect(self.url())
                .await
                .expect("the file opens");
            return sqlx::query_scalar("PRAGMA integrity_check")
                .fetch_one(&mut connection)
                .await
                .expect("a result");
        }
        let mut connection = self.connect_superuser().await;
        let extension = sqlx::query("CREATE EXTENSION IF NOT EXISTS amcheck")
            .execute(&mut connection)
            .await;
        extension.expect("amcheck comes with PostgreSQL");
        let check = "SELECT count(bt_index_check(i.indexrelid, true)::text) FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
            WHERE a.amname = 'btree' AND i.indisvalid AND c.relpersistence = 'p'";
        match sqlx::query_scalar::<_, i64>(check)
            .fetch_one(&mut connection)
            .await
        {
            Ok(_) => "ok".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    /// The number that a query returns, as a superuser reads it: across tenants.
    ///
    /// # Panics
    /// The query fails, or does not return one number.
    pub async fn count_as_superuser(&self, sql: &str) -> i64 {
        let query = sqlx::AssertSqlSafe(sql.to_owned());
        let counted = if self.kind() == Kind::Sqlite {
            let mut connection = SqliteConnection::connect(self.url())
                .await
                .expect("the file opens");
            sqlx::query_scalar(query).fetch_one(&mut connection).await
        } else {
            sqlx::query_scalar(query)
                .fetch_one(&mut self.connect_superuser().await)
                .await
        };
        counted.expect("the statement counts rows")
    }

    /// The rows of a query of a SQLite file, each one JSON text.
    ///
    /// # Panics
    /// The query fails, or returns something else.
    pub async fn read_rows_as_json(&self, sql: &str) -> Vec<serde_json::Value> {
        let mut connection = SqliteConnection::connect(self.url())
            .await
            .expect("the file opens");
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut connection)
            .await
            .expect("the rows");
        let parse = |it: String| serde_json::from_str(&it).expect("JSON");
        rows.into_iter().map(parse).collect()
    }

    /// The steps by which SQLite would run a statement, with nulls for its parameters.
    ///
    /// # Panics
    /// The statement does not parse.
    pub async fn explain(&self, sql: &str) -> Vec<String> {
        let mut connection = SqliteConnection::connect(self.url())
            .await
            .expect("the file opens");
        let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql)
            .fetch_all(&mut connection)
            .await
            .expect("the plan");
        steps.into_iter().map(|(.., step)| step).collect()
    }

    /// Every table, column, index, policy and function, each as one text, in order.
    ///
    /// # Panics
    /// The database cannot be read.
    pub async fn describe_schema(&self) -> Vec<String> {
        let described = if self.kind() == Kind::Sqlite {
            let mut connection = SqliteConnection::connect(self.url())
                .await
                .expect("the file opens");
            sqlx::query_scalar("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY sql")
                .fetch_all(&mut connection)
                .await
        } else {
            sqlx::query_scalar(POSTGRES_SCHEMA)
                .fetch_all(&mut self.connect_superuser().await)
                .await
        };
        described.expect("the schema")
    }

    /// The columns of a table with the types that the database names.
    ///
    /// # Panics
    /// The database cannot be read.
    pub async fn list_columns(&self, table: &str) -> Vec<(String, String)> {
        let columns = if self.kind() == Kind::Sqlite {
            let mut connection = SqliteConnection::connect(self.url())
                .await
                .expect("the file opens");
            sqlx::query_as("SELECT name, lower(type) FROM pragma_table_info($1)")
                .bind(table)
                .fetch_all(&mut connection)
                .await
        } else {
            sqlx::query_as(
                "SELECT column_name::text, data_type::text FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name = $1",
            )
            .bind(table)
            .fetch_all(&mut self.connect_superuser().await)
            .await
        };
        columns.expect("the columns")
    }

    /// Runs a statement as the superuser; whether the database accepted it.
    ///
    /// # Panics
    /// The database does not answer.
    pub async fn try_as_superuser(&self, sql: &str) -> bool {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        if self.kind() == Kind::Sqlite {
            let mut connection = SqliteConnection::connect(self.url())
                .await
                .expect("the file opens");
            sqlx::raw_sql(sql).execute(&mut connection).await.is_ok()
        } else {
            let mut connection = self.connect_superuser().await;
            sqlx::raw_sql(sql).execute(&mut connection).await.is_ok()
        }
    }

    /// Runs SQL around the application, as the superuser.
    ///
    /// # Panics
    /// The database refuses it.
    pub async fn run_as_superuser(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        let done = if self.kind() == Kind::Sqlite {
            let mut connection = SqliteConnection::connect(self.url())
                .await
                .expect("the file opens");
            sqlx::raw_sql(sql).execute(&mut connection).await.map(drop)
        } else {
            sqlx::raw_sql(sql)
                .execute(&mut self.connect_superuser().await)
                .await
                .map(drop)
        };
        done.expect("the statement runs");
    }

    /// Every text and every blob of at least `min` bytes that a row of a SQLite file holds now.
    ///
    /// # Panics
    /// The file cannot be read.
    pub async fn list_long_values(&self, min: usize) -> BTreeSet<Vec<u8>> {
        let mut connection = SqliteConnection::connect(self.url())
            .await
            .expect("the file opens");
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
        )
        .fetch_all(&mut connection)
        .await
        .expect("the columns");
        let mut values = BTreeSet::new();
        for (table, column) in columns {
            let sql = format!(
                "SELECT CAST(\"{column}\" AS BLOB) FROM \"{table}\"
                 WHERE typeof(\"{column}\") IN ('text', 'blob')
                     AND length(CAST(\"{column}\" AS BLOB)) >= {min}"
            );
            let found: Vec<Vec<u8>> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .fetch_all(&mut connection)
                .await
                .expect("its values");
            values.extend(found);
        }
        values
    }

    fn read_files(&self) -> Vec<(String, Vec<u8>)> {
        let path = self.url().trim_start_matches("sqlite://");
        let files = ["", "-wal", "-shm"].map(|suffix| format!("{path}{suffix}"));
        files
            .into_iter()
            .filter_map(|file| std::fs::read(&file).ok().map(|bytes| (file, bytes)))
            .collect()
    }

    async fn read_rows(&self) -> Vec<(String, Vec<u8>)> {
        let mut connection = self.connect_superuser().await;
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
        let tables: Vec<String> = sqlx::query_scalar(tables)
            .fetch_all(&mut connection)
            .await
            .expect("the tables");
        let mut contents = Vec::new();
        for table in tables {
            let rows = sqlx::AssertSqlSafe(format!("SELECT t::text FROM \"{table}\" t"));
            let rows: Vec<String> = sqlx::query_scalar(rows)
                .fetch_all(&mut connection)
                .await
                .expect("its rows");
            contents.push((table, rows.join("\n").into_bytes()));
        }
        contents
    }

    async fn connect_superuser(&self) -> PgConnection {
        let url = self
            .superuser_url()
            .expect("a PostgreSQL database has a superuser");
        PgConnection::connect(&url)
            .await
            .expect("the superuser connects")
    }
}
