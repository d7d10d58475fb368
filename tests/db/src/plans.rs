//! The plans that PostgreSQL made and how many rows they looked at, read from its log.
//!
//! The rule: a database whose plans are read has a server of its own, which writes every plan into one file.
//! Start at [`TestDatabase::create_postgres_with_plans`].

use std::fmt::Write as _;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    TestDatabase,
    server::{Database, Server},
};

/// Options of a server that writes every plan into one file.
pub(crate) const LOG_TO_FILE: [&str; 4] = [
    "logging_collector=on",
    "log_filename=plans.log",
    "log_rotation_size=0",
    "log_rotation_age=0",
];

/// A statement that ran, and how much it looked at.
#[derive(Debug)]
pub struct StatementRun {
    /// The statement, with single spaces.
    pub statement: String,
    /// How many rows the steps of the plan gave and dropped, all together.
    pub rows: u64,
    /// The steps of the plan, one a line, each below the step that reads its rows.
    pub plan: String,
}

impl TestDatabase {
    /// A PostgreSQL database on a server of its own that logs every plan with the rows that it looked at, and that never
    /// analyses a table by itself; `None` if PostgreSQL is not installed on this machine.
    ///
    /// # Panics
    /// The server refuses to create it.
    pub async fn create_postgres_with_plans() -> Option<Self> {
        let mut options = LOG_TO_FILE.to_vec();
        options.push("autovacuum=off");
        let server = Server::start_own(&options).await?;
        let database = server.create_database().await;
        log_plans(
            &database,
            &[
                "auto_explain.log_analyze = on",
                "auto_explain.log_timing = off",
                "auto_explain.log_format = json",
            ],
        )
        .await;
        Some(Self::on_own_server(database, server))
    }

    /// The statements that ran so far on a database whose plans are logged.
    ///
    /// # Panics
    /// The log cannot be read.
    pub async fn read_runs(&self) -> Vec<StatementRun> {
        let log = self.read_log().await;
        let entries = split_entries(&log).into_iter();
        entries
            .filter_map(|lines| parse_run(&lines.join("\n")))
            .collect()
    }

    /// The log of the server.
    pub(crate) async fn read_log(&self) -> String {
        let url = self.superuser_url().expect("a PostgreSQL database");
        let mut superuser = PgConnection::connect(&url).await.expect("it connects");
        let log: Vec<u8> = sqlx::query_scalar("SELECT pg_read_binary_file('log/plans.log')")
            .fetch_one(&mut superuser)
            .await
            .expect("the log is read");
        String::from_utf8_lossy(&log).into_owned()
    }
}

/// Lets every session of the database log its plans, with more settings.
pub(crate) async fn log_plans(database: &Database, more: &[&str]) {
    let mut superuser = PgConnection::connect(&database.superuser_url())
        .await
        .expect("the superuser connects");
    let settings = [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_nested_statements = on",
    ];
    for setting in settings.iter().chain(more) {
        let sql = format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {}', current_database()); END $$",
            setting.replace('\'', "''")
        );
        let set = sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut superuser)
            .await;
        set.expect("a superuser may");
    }
}

/// The plans of a log, line by line. An entry is a line without a tab at its start and the lines with one that follow it.
pub(crate) fn split_entries(log: &str) -> Vec<Vec<&str>> {
    let mut entries = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        if !(line.contains("duration: ") && line.ends_with(" plan:")) {
            continue;
        }
        let mut entry = Vec::new();
        while let Some(more) = lines.next_if(|it| it.starts_with('\t') || it.is_empty()) {
            entry.push(more.trim());
        }
        entries.push(entry);
    }
    entries
}

fn parse_run(json: &str) -> Option<StatementRun> {
    let entry: Value = serde_json::from_str(json).ok()?;
    let text = entry.get("Query Text")?.as_str()?;
    let words: Vec<_> = text.split_whitespace().collect();
    let mut run = StatementRun {
        statement: words.join(" "),
        rows: 0,
        plan: String::new(),
    };
    add_step(entry.get("Plan")?, 0, &mut run);
    Some(run)
}

/// Adds a step of a plan and the steps below it.
fn add_step(step: &Value, depth: usize, run: &mut StatementRun) {
    let number = |name: &str| step.get(name).and_then(Value::as_u64).unwrap_or(0);
    let dropped = number("Rows Removed by Filter")
        + number("Rows Removed by Join Filter")
        + number("Rows Removed by Index Recheck");
    let (given, loops) = (number("Actual Rows"), number("Actual Loops"));
    run.rows += (given + dropped) * loops;
    let texts = [
        "Node Type",
        "Relation Name",
        "Index Name",
        "Index Cond",
        "Hash Cond",
        "Join Filter",
        "Filter",
    ];
    let texts = texts.iter().filter_map(|it| step.get(it)?.as_str());
    let text = texts.collect::<Vec<_>>().join(", ");
    let indent = "  ".repeat(depth);
    let planned = number("Plan Rows");
    let line = writeln!(
        run.plan,
        "{indent}{text}: {given} rows ({planned} planned) and {dropped} dropped, {loops} times, cost {}",
        step["Total Cost"]
    );
    line.expect("a string accepts text");
    let below = step.get("Plans").and_then(Value::as_array);
    for it in below.into_iter().flatten() {
        add_step(it, depth + 1, run);
    }
}
