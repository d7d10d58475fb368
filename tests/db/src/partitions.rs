//! The schema on hash partitions, and the plans that PostgreSQL made on it.
//!
//! The rule: a partition stands for a node of a distributed database. A statement that reads one partition would go to one
//! node; one that reads several would go to all. The partitions lie in a schema of their own, as shards do.
//! Start at [`TestDatabase::create_postgres_partitioned`].

use std::{collections::BTreeSet, fmt::Write as _, process::Command};

use regrant_migration::layout::COORDINATOR;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    OWNER, TestDatabase,
    local::find_programs,
    plans::{LOG_TO_FILE, log_plans, split_entries},
    server::Server,
};

/// How many partitions a table has.
const PARTITIONS: u32 = 4;

/// A statement that ran, and how it was planned.
#[derive(Debug)]
pub struct Plan {
    /// The statement, with single spaces.
    pub statement: String,
    /// The tables of which more than one partition was read.
    pub spread: BTreeSet<String>,
    /// Whether it locks rows that it selects.
    pub locks: bool,
    /// Whether it changes rows of these tables.
    pub writes: bool,
}

impl TestDatabase {
    /// A PostgreSQL database on a server of its own, whose tables of tenants' rows have hash partitions; `None` if
    /// PostgreSQL with `pg_dump` is not installed on this machine.
    ///
    /// # Panics
    /// The schema cannot be partitioned.
    pub async fn create_postgres_partitioned() -> Option<Self> {
        let server = Server::start_own(&LOG_TO_FILE).await?;
        let dump = dump_schema(&server.template_url())?;
        let database = server.create_empty_database().await;
        let sql = partition_tables(&dump);
        let mut superuser = PgConnection::connect(&database.superuser_url())
            .await
            .expect("the superuser connects");
        let made = sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut superuser)
            .await;
        made.expect("the schema is partitioned");
        log_plans(&database, &[]).await;
        Some(Self::on_own_server(database, server))
    }

    /// The plans of the statements that ran so far on a partitioned database.
    ///
    /// # Panics
    /// The log cannot be read.
    pub async fn read_plans(&self) -> Vec<Plan> {
        let log = self.read_log().await;
        split_entries(&log)
            .iter()
            .map(|it| parse_plan(it))
            .collect()
    }
}

fn dump_schema(url: &str) -> Option<String> {
    let program = find_programs()?.join("pg_dump");
    let program = if program.is_file() {
        program
    } else {
        "pg_dump".into()
    };
    let dump = Command::new(program)
        .args(["--inserts", "-d", url])
        .output();
    let dump = dump.ok().filter(|it| it.status.success())?;
    String::from_utf8(dump.stdout).ok()
}

/// The schema of a dump with partitions instead of the tables of tenants' rows.
fn partition_tables(dump: &str) -> String {
    let mut sql = format!("CREATE SCHEMA parts; GRANT USAGE ON SCHEMA parts TO {OWNER};\n");
    let mut tenant_table = None;
    let mut table = None;
    // Lines for psql begin with a backslash.
    for line in dump.lines().filter(|it| !it.starts_with('\\')) {
        if let Some(created) = line.strip_prefix("CREATE TABLE public.") {
            table = created.strip_suffix(" (");
        } else if line.trim_start().starts_with("tenant_id uuid") {
            tenant_table = table.filter(|it| !COORDINATOR.contains(it));
        }
        if let Some(name) = tenant_table.filter(|_| line == ");") {
            sql.push_str(") PARTITION BY HASH (tenant_id);\n");
            sql.push_str(&create_partitions(name));
            tenant_table = None;
        } else {
            sql.push_str(&line.replace("ALTER TABLE ONLY public.", "ALTER TABLE public."));
            sql.push('\n');
        }
    }
    sql
}

fn create_partitions(table: &str) -> String {
    let mut sql = String::new();
    for n in 0..PARTITIONS {
        let written = writeln!(
            sql,
            "CREATE TABLE parts.{table}_p{n} PARTITION OF public.{table}
                 FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {n});
             ALTER TABLE parts.{table}_p{n} OWNER TO {OWNER};"
        );
        written.expect("a string accepts text");
    }
    sql
}

fn parse_plan(entry: &[&str]) -> Plan {
    let is_node = |line: &&&str| line.contains("  (cost=");
    let root = entry
        .iter()
        .position(|it| is_node(&it))
        .unwrap_or(entry.len());
    let (text, nodes) = entry.split_at(root);
    let words = text.join(" ");
    let words = words.trim_start_matches("Query Text: ").split_whitespace();
    let nodes: Vec<_> = nodes.iter().filter(is_node).collect();
    let changes = |line: &&&&str| {
        ["Update on ", "Delete on "]
            .iter()
            .any(|it| line.contains(it))
    };
    let mut read = BTreeSet::new();
    for node in nodes.iter().filter(|it| !changes(it)) {
        read.extend(find_partition(node));
    }
    let tables: BTreeSet<_> = read.iter().map(|(table, _)| table).collect();
    let is_spread = |table: &&&String| read.iter().filter(|it| it.0 == ***table).count() > 1;
    let spread: BTreeSet<_> = tables
        .iter()
        .filter(is_spread)
        .map(|it| (*it).clone())
        .collect();
    let is_changed = |table: &String| {
        let names = |node: &&&&str| node.contains(&format!(" on {table} "));
        nodes.iter().filter(changes).any(|it| names(&it))
    };
    Plan {
        statement: words.collect::<Vec<_>>().join(" "),
        locks: nodes.iter().any(|it| it.contains("LockRows")),
        writes: spread.iter().any(is_changed),
        spread,
    }
}

/// The table and the number of the partition that a node of a plan reads.
fn find_partition(node: &str) -> Option<(String, u32)> {
    let (_, after) = node.split_once(" on ")?;
    let name = after.split_whitespace().next()?;
    let (table, number) = name.rsplit_once("_p")?;
    Some((table.to_owned(), number.parse().ok()?))
}
