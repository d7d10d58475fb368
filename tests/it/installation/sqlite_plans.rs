//! How SQLite reads what a list of a statement names: each row by its key, however many assets the tenant has.
//!
//! The rule: SQLite takes every tenant for ten rows. A statement that joins a list of fifty with a table would read the
//! whole tenant, so `sql/param.rs` says that the list has one row; each plan is read for a list of three hundred.

use std::collections::BTreeSet;

use regrant_testdb::TestDatabase;
use serde_json::Value;

use crate::harness::{Fleet, ServerProcess};

/// Enough that a call's list is longer than the lists that SQLite looks up by itself.
const ASSETS: usize = 120;
/// How long a list each plan is made for.
const ROWS: usize = 300;
/// What begins a list that a statement joins.
const LIST: &str = "FROM (VALUES ";

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_looks_up_each_row_of_a_list_and_reads_no_tenant_whole() {
    let fleet = Fleet::new(1, ASSETS - 1, 0);
    let settings = vec![
        ("REGRANT_WITH_WORKER", "true"),
        ("REGRANT_LOG_FORMAT", "json"),
    ];
    let database = TestDatabase::create_sqlite().await;
    let level = "warn,regrant_storage::sql=trace";
    let server = ServerProcess::start_with(database, &fleet.world(), level, settings).await;
    let statements = work(&server, &fleet).await;
    let joined: Vec<_> = statements.iter().filter(|it| it.contains(LIST)).collect();
    assert!(joined.len() >= 6, "{joined:#?}");
    let mut faults = Vec::new();
    for statement in joined {
        let steps = server.database().explain(&lengthen_lists(statement)).await;
        if steps.iter().any(|it| reads_tenant(it)) {
            faults.push((statement, steps));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Registers, connects, probes, looks up and rotates; returns the texts of all statements that ran.
async fn work(server: &ServerProcess, fleet: &Fleet) -> BTreeSet<String> {
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    for person in [Fleet::PERSON, Fleet::MANAGED] {
        let token = server.sandbox.token(person).await;
        let ended = tenant.reconnect(&token, &fleet.ids()).await;
        assert_eq!(ended["status"], "completed", "{ended}");
    }
    let (code, printed) = server
        .run_command(&["keys", "rotate-data", "--tenant", &tenant.id])
        .await;
    assert_eq!(code, Some(0), "{printed}");
    let mut log = server.printed();
    log.push_str(&printed);
    log.lines().filter_map(read_statement).collect()
}

fn read_statement(line: &str) -> Option<String> {
    let entry: Value = serde_json::from_str(line).ok()?;
    Some(entry["statement"].as_str()?.to_owned())
}

/// The statement with the first row of its first list repeated.
fn lengthen_lists(statement: &str) -> String {
    let (before, list) = statement.split_once(LIST).expect("a list");
    let (row, rest) = list.split_once(')').expect("a row");
    let more = format!(", {row})").repeat(ROWS);
    format!("{before}{LIST}{row}){more}{rest}")
}

/// Whether a step reads all rows of a tenant, or makes an index over a list to look rows up in it.
fn reads_tenant(step: &str) -> bool {
    step.ends_with("(tenant_id=?)") || step.contains("AUTOMATIC")
}
