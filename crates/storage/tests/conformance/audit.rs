//! G39: verifying the chain finds every edit, deletion, reordering, truncation and insertion of 10,000 rows.

mod key_change;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use regrant_migration::{
    open_to_migrate,
    sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend},
};
use regrant_storage::{AuditEvent, AuditFault, AuditFilter, AuditKind, ChainReport, Error};

use crate::bench::{Bench, day, on_both};

on_both!(
    every_change_of_ten_thousand_rows_is_found,
    a_rewritten_chain_needs_the_key,
    sixteen_writers_of_one_tenant_leave_no_gap_and_no_fork,
    a_dropped_or_reading_transaction_leaves_no_audit,
    several_tenants_share_a_commit_and_keep_their_chains,
    rows_from_before_the_chain_are_counted,
    events_are_listed_in_both_orders_and_filtered,
    pruning_rows_past_retention_keeps_the_chain_valid,
    a_row_emptied_before_retention_or_of_another_kind_is_found,
    ten_thousand_emptied_rows_without_a_recorded_pruning_are_found,
);

const ROWS: i64 = 10_000;

fn event(n: i64) -> AuditEvent {
    AuditEvent {
        actor: format!("client:{}", n % 7),
        action: "token.read",
        subject: n.to_string(),
        detail: serde_json::json!({ "kind": "page", "n": n }).into(),
    }
}

async fn write(bench: &Bench, events: impl Iterator<Item = i64>) {
    let events: Vec<_> = events.map(event).collect();
    let tx = bench.acme().await;
    tx.write_audit_events(&events, day(1)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn walk(bench: &Bench) -> ChainReport {
    let tx = bench.store.begin_snapshot(&bench.acme).await.unwrap();
    let mut seen = 0;
    let walked = tx.verify_audit_chain(|_| seen += 1).await.unwrap();
    assert_eq!(walked.rows, seen);
    walked
}

fn at(walked: &ChainReport, fault: AuditFault) -> BTreeSet<i64> {
    walked
        .faults
        .iter()
        .filter(|it| it.1 == fault)
        .map(|it| it.0)
        .collect()
}

/// An attacker who writes to the database around the application.
struct Intruder {
    on: DatabaseConnection,
    acme: String,
}

impl Intruder {
    async fn at(bench: &Bench) -> Self {
        let url = bench
            .database
            .superuser_url()
            .unwrap_or_else(|| bench.database.url().to_owned());
        let on = open_to_migrate(&url).await.unwrap();
        let tenant = bench.acme.tenant().uuid();
        let acme = if on.get_database_backend() == DbBackend::Sqlite {
            format!("x'{}'", tenant.simple())
        } else {
            format!("'{tenant}'")
        };
        Self { on, acme }
    }

    fn sql_for<'a>(&self, on_sqlite: &'a str, on_postgres: &'a str) -> &'a str {
        if self.on.get_database_backend() == DbBackend::Sqlite {
            on_sqlite
        } else {
            on_postgres
        }
    }

    async fn run(&self, sql: &str) {
        let sql = sql.replace("{acme}", &self.acme);
        let done = self.on.execute_unprepared(&sql).await;
        assert!(done.is_ok(), "{sql}: {done:?}");
    }

    /// Saves the audit as it is now, to restore it later.
    async fn save(&self) {
        self.run("CREATE TABLE saved AS SELECT * FROM audit_events; CREATE TABLE saved_heads AS SELECT * FROM audit_heads")
            .await;
    }

    async fn restore(&self) {
        self.run(
            "DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM saved;
             DELETE FROM audit_heads; INSERT INTO audit_heads SELECT * FROM saved_heads",
        )
        .await;
    }
}

async fn every_change_of_ten_thousand_rows_is_found(bench: Bench) {
    write(&bench, 2..=ROWS).await;
    let untouched = walk(&bench).await;
    assert_eq!(
        (untouched.rows, untouched.faults.len()),
        (10_000, 0),
        "{:?}",
        untouched.faults
    );
    let intruder = Intruder::at(&bench).await;
    intruder.save().await;
    edits(&bench, &intruder).await;
    removals(&bench, &intruder).await;
    moves(&bench, &intruder).await;
    insertions(&bench, &intruder).await;
    intruder.restore().await;
    assert_eq!(walk(&bench).await.faults, []);
    let bolt = bench.store.begin_snapshot(&bench.bolt).await.unwrap();
    assert_eq!(
        bolt.verify_audit_chain(|_| ()).await.unwrap().faults,
        [],
        "another tenant's chain is its own"
    );
}

/// First one column of every row is edited, and every row is found. Then every second row is edited, and only
/// these are found.
async fn edits(bench: &Bench, intruder: &Intruder) {
    let id = intruder.sql_for("randomblob(16)", "gen_random_uuid()");
    let columns = [
        "at = at + 1",
        "actor = actor || 'x'",
        "action = 'token.reads'",
        "subject = subject || '0'",
        "detail = replace(detail, ':', ': ')",
        &format!("id = {id}"),
    ];
    for which in ["", " AND seq % 2 = 0"] {
        for (n, column) in columns.iter().enumerate() {
            let sql = format!(
                "UPDATE audit_events SET {column} WHERE tenant_id = {{acme}} AND seq % 6 = {n}{which}"
            );
            intruder.run(&sql).await;
        }
        let walked = walk(bench).await;
        let step = if which.is_empty() { 1 } else { 2 };
        let wanted: BTreeSet<_> = (step..=ROWS)
            .step_by(usize::try_from(step).unwrap())
            .collect();
        assert_eq!(at(&walked, AuditFault::Edited), wanted);
        assert_eq!(walked.faults.len(), wanted.len());
        intruder.restore().await;
    }
    let hash = intruder.sql_for("zeroblob(32)", "decode(repeat('00', 32), 'hex')");
    intruder
        .run(&format!(
            "UPDATE audit_events SET hash = {hash} WHERE tenant_id = {{acme}} AND seq = 77"
        ))
        .await;
    assert_eq!(
        at(&walk(bench).await, AuditFault::Edited),
        BTreeSet::from([77, 78])
    );
    intruder.restore().await;
    intruder
        .run("UPDATE audit_events SET hash = NULL WHERE tenant_id = {acme} AND seq = 77")
        .await;
    assert_eq!(
        walk(bench).await.faults.first(),
        Some(&(77, AuditFault::Edited))
    );
    intruder.restore().await;
}

async fn removals(bench: &Bench, intruder: &Intruder) {
    intruder
        .run("DELETE FROM audit_events WHERE tenant_id = {acme} AND seq % 3 = 2")
        .await;
    let walked = walk(bench).await;
    let wanted: BTreeSet<_> = (2..=ROWS).step_by(3).collect();
    assert_eq!(
        (at(&walked, AuditFault::Missing), walked.faults.len()),
        (wanted.clone(), wanted.len())
    );
    intruder.restore().await;
    for (kept, sql) in [
        (9_999, "seq = 10000"),
        (9_000, "seq > 9000"),
        (0, "seq > 0"),
    ] {
        intruder
            .run(&format!(
                "DELETE FROM audit_events WHERE tenant_id = {{acme}} AND {sql}"
            ))
            .await;
        assert_eq!(
            walk(bench).await.faults,
            [(kept + 1, AuditFault::Truncated)]
        );
        intruder.restore().await;
    }
    intruder
        .run("DELETE FROM audit_events WHERE tenant_id = {acme} AND seq <= 10")
        .await;
    assert_eq!(walk(bench).await.faults, [(1, AuditFault::Missing)]);
    intruder.restore().await;
    intruder
        .run("DELETE FROM audit_heads WHERE tenant_id = {acme}")
        .await;
    assert_eq!(walk(bench).await.faults, [(10_001, AuditFault::Truncated)]);
    intruder
        .run("DELETE FROM audit_events WHERE tenant_id = {acme}")
        .await;
    assert_eq!(walk(bench).await.faults, [(1, AuditFault::Truncated)]);
    intruder.restore().await;
    intruder
        .run("UPDATE audit_heads SET seq = 9999 WHERE tenant_id = {acme}")
        .await;
    assert_eq!(walk(bench).await.faults, [(10_000, AuditFault::BeyondEnd)]);
    intruder.restore().await;
    // The last row is removed and the end moved, but without the key the link at the end is wrong.
    intruder
        .run(
            "DELETE FROM audit_events WHERE tenant_id = {acme} AND seq = 10000;
             UPDATE audit_heads SET seq = 9999 WHERE tenant_id = {acme}",
        )
        .await;
    assert_eq!(walk(bench).await.faults, [(9_999, AuditFault::WrongEnd)]);
    intruder.restore().await;
}

async fn moves(bench: &Bench, intruder: &Intruder) {
    // Every row but the first and the last is swapped with its neighbour.
    intruder
        .run("UPDATE audit_events SET seq = -seq WHERE tenant_id = {acme} AND seq BETWEEN 2 AND 9999")
        .await;
    intruder
        .run(
            "UPDATE audit_events SET seq = CASE WHEN seq % 2 = 0 THEN 1 - seq ELSE -1 - seq END
             WHERE tenant_id = {acme} AND seq < 0",
        )
        .await;
    let walked = walk(bench).await;
    assert_eq!(walked.faults.first(), Some(&(2, AuditFault::Reordered)));
    let found: BTreeSet<_> = walked.faults.iter().map(|it| it.0).collect();
    let wanted: BTreeSet<_> = (2..=ROWS).collect();
    assert_eq!(
        found, wanted,
        "a swapped neighbour's link is wrong for the row after it, too"
    );
    intruder.restore().await;
    // One pair of rows far apart is swapped.
    for (to, from) in [(-1, 100), (100, 9_000), (9_000, -1)] {
        let sql = format!(
            "UPDATE audit_events SET seq = {to} WHERE tenant_id = {{acme}} AND seq = {from}"
        );
        intruder.run(&sql).await;
    }
    let walked = walk(bench).await;
    assert_eq!(
        at(&walked, AuditFault::Reordered),
        BTreeSet::from([100, 9_000])
    );
    assert!(walked.faults.len() <= 4, "{:?}", walked.faults);
    intruder.restore().await;
    // A row is removed and the gap closed.
    intruder
        .run(
            "DELETE FROM audit_events WHERE tenant_id = {acme} AND seq = 5000;
             UPDATE audit_events SET seq = -seq WHERE tenant_id = {acme} AND seq > 5000;
             UPDATE audit_events SET seq = -seq - 1 WHERE tenant_id = {acme} AND seq < 0;
             UPDATE audit_heads SET seq = 9999 WHERE tenant_id = {acme}",
        )
        .await;
    assert_eq!(walk(bench).await.faults.first().map(|it| it.0), Some(5_000));
    intruder.restore().await;
}

async fn insertions(bench: &Bench, intruder: &Intruder) {
    let id = intruder.sql_for("randomblob(16)", "gen_random_uuid()");
    let copy = |seq: &str| {
        format!(
            "INSERT INTO audit_events (tenant_id, id, at, actor, action, subject, detail, seq, hash)
             SELECT tenant_id, {id}, at, actor, action, subject, detail, {seq}, hash
             FROM audit_events WHERE tenant_id = {{acme}} AND seq = 5000"
        )
    };
    intruder.run(&copy("10001")).await;
    let walked = walk(bench).await;
    assert_eq!(at(&walked, AuditFault::BeyondEnd), BTreeSet::from([10_001]));
    intruder.restore().await;
    intruder.run(&copy("0")).await;
    assert_eq!(walk(bench).await.faults, [(0, AuditFault::Unchained)]);
    intruder.restore().await;
    intruder.run("DROP INDEX audit_events_seq").await;
    intruder.run(&copy("5000")).await;
    assert!(at(&walk(bench).await, AuditFault::Duplicated).contains(&5_000));
    intruder.restore().await;
    intruder
        .run("CREATE UNIQUE INDEX audit_events_seq ON audit_events (tenant_id, seq) WHERE seq > 0")
        .await;
}

/// An attacker who may write everything but has no key cannot make a valid chain.
async fn a_rewritten_chain_needs_the_key(bench: Bench) {
    write(&bench, 2..=20).await;
    let forger = bench.store.clone().with_chain(crate::bench::chain());
    let intruder = Intruder::at(&bench).await;
    intruder
        .run("DELETE FROM audit_events; DELETE FROM audit_heads")
        .await;
    let tx = forger.begin(&bench.acme).await.unwrap();
    tx.write_audit_events(&[event(1), event(2)], day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        at(&walk(&bench).await, AuditFault::Edited),
        BTreeSet::from([1, 2])
    );
}

async fn sixteen_writers_of_one_tenant_leave_no_gap_and_no_fork(bench: Bench) {
    let writer = async |n: i64| {
        for round in 0..10 {
            let first = n * 100 + round * 3;
            write(&bench, first..first + 3).await;
        }
    };
    join_all((0..16).map(writer)).await;
    let walked = walk(&bench).await;
    assert_eq!((walked.rows, walked.faults), (1 + 16 * 30, Vec::new()));
    assert_eq!(walked.head.unwrap().seq, 1 + 16 * 30);
}

async fn a_dropped_or_reading_transaction_leaves_no_audit(bench: Bench) {
    let tx = bench.acme().await;
    tx.write_audit_events(&[event(1)], day(1)).await.unwrap();
    drop(tx);
    let reader = bench.store.begin_read(&bench.acme).await.unwrap();
    assert!(matches!(
        reader.write_audit_events(&[event(1)], day(1)).await,
        Err(Error::Unsupported(_))
    ));
    drop(reader);
    let bare = regrant_storage::Store::connect(&crate::bench::settings(bench.database.url()))
        .await
        .unwrap();
    let tx = bare.begin(&bench.acme).await.unwrap();
    assert!(matches!(
        tx.write_audit_events(&[event(1)], day(1)).await,
        Err(Error::Unsupported(_))
    ));
    drop(tx);
    let walked = walk(&bench).await;
    assert_eq!((walked.rows, walked.faults), (1, Vec::new()));
}

async fn several_tenants_share_a_commit_and_keep_their_chains(bench: Bench) {
    let tx = bench.acme().await;
    tx.write_audit_events(&[event(1)], day(1)).await.unwrap();
    let tx = tx.switch_tenant(&bench.bolt).await.unwrap();
    tx.write_audit_events(&[event(2), event(3)], day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for (scope, rows) in [(&bench.acme, 2), (&bench.bolt, 3)] {
        let tx = bench.store.begin_snapshot(scope).await.unwrap();
        let walked = tx.verify_audit_chain(|_| ()).await.unwrap();
        assert_eq!((walked.rows, walked.faults), (rows, Vec::new()));
    }
}

async fn rows_from_before_the_chain_are_counted(bench: Bench) {
    let intruder = Intruder::at(&bench).await;
    intruder
        .run("UPDATE audit_events SET seq = 0, hash = NULL; DELETE FROM audit_heads")
        .await;
    assert_eq!(
        walk(&bench).await.faults,
        [],
        "as a database from before looks"
    );
    write(&bench, 1..=2).await;
    let walked = walk(&bench).await;
    assert_eq!(
        (walked.rows, walked.unchained, walked.faults),
        (3, 1, Vec::new())
    );
    intruder
        .run("DELETE FROM audit_events WHERE tenant_id = {acme} AND seq = 0")
        .await;
    assert_eq!(walk(&bench).await.faults, [(0, AuditFault::Unchained)]);
}

async fn events_are_listed_in_both_orders_and_filtered(bench: Bench) {
    write(&bench, 2..=20).await;
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let list = async |filter: AuditFilter| {
        let rows = tx.list_audit_events(&filter, 3).await.unwrap().rows;
        rows.into_iter().map(|it| it.seq).collect::<Vec<_>>()
    };
    assert_eq!(list(AuditFilter::default()).await, [1, 2, 3]);
    assert_eq!(
        list(AuditFilter {
            after_seq: Some(3),
            ..AuditFilter::default()
        })
        .await,
        [4, 5, 6]
    );
    let newest = AuditFilter {
        newest_first: true,
        after_seq: Some(20),
        ..AuditFilter::default()
    };
    assert_eq!(list(newest).await, [19, 18, 17]);
    let actions = vec!["tenant.created".to_owned(), "tenant.nothing".to_owned()];
    assert_eq!(
        list(AuditFilter {
            actions,
            ..AuditFilter::default()
        })
        .await,
        [1]
    );
    let subjects = vec!["7".to_owned()];
    assert_eq!(
        list(AuditFilter {
            subjects,
            ..AuditFilter::default()
        })
        .await,
        [7]
    );
    assert_eq!(
        list(AuditFilter {
            from: Some(day(1)),
            ..AuditFilter::default()
        })
        .await,
        [2, 3, 4]
    );
    assert_eq!(
        list(AuditFilter {
            to: Some(day(1)),
            ..AuditFilter::default()
        })
        .await,
        [1]
    );
}

/// Rows of each kind on days 1 to 4, after the row of the tenant itself: numbers 2 to 13.
async fn write_each_kind(bench: &Bench) {
    for n in 1..=4 {
        let tx = bench.acme().await;
        for action in ["token.read", "records.purged", "credential.activated"] {
            tx.write_audit_events(&[AuditEvent { action, ..event(n) }], day(n))
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }
}

async fn prune(bench: &Bench, kind: AuditKind, before: i64, limit: u32) -> u64 {
    let tx = bench.acme().await;
    let pruned = tx
        .prune_audit_rows(kind, day(before), limit, "vault", day(9))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    pruned
}

/// The numbers of rows without content.
async fn emptied(bench: &Bench) -> Vec<i64> {
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let rows = tx
        .list_audit_events(&AuditFilter::default(), 100)
        .await
        .unwrap()
        .rows;
    let gone = rows.iter().filter(|it| it.pruned.is_some());
    gone.inspect(|it| {
        assert!(
            [&it.actor, &it.subject, &it.detail]
                .iter()
                .all(|it| it.is_empty())
        );
    })
    .map(|it| it.seq)
    .collect()
}

async fn pruning_rows_past_retention_keeps_the_chain_valid(bench: Bench) {
    write_each_kind(&bench).await;
    assert_eq!(
        prune(&bench, AuditKind::Reads, 1, 9).await,
        0,
        "nothing is old enough, and nothing is recorded"
    );
    assert_eq!(
        prune(&bench, AuditKind::Reads, 4, 2).await,
        2,
        "in bounded steps"
    );
    assert_eq!(prune(&bench, AuditKind::Reads, 4, 2).await, 1);
    assert_eq!(
        prune(&bench, AuditKind::Reads, 4, 2).await,
        0,
        "what is gone is passed over"
    );
    assert_eq!(emptied(&bench).await, [2, 5, 8]);
    assert_eq!(prune(&bench, AuditKind::Worker, 3, 9).await, 2);
    assert_eq!(
        prune(&bench, AuditKind::Acts, 2, 9).await,
        2,
        "the tenant's own first row, too"
    );
    assert_eq!(emptied(&bench).await, [1, 2, 3, 4, 5, 6, 8]);
    let walked = walk(&bench).await;
    assert_eq!(
        (walked.rows, walked.faults),
        (1 + 12 + 4, Vec::new()),
        "each step is recorded in the chain"
    );
    write(&bench, 20..=21).await;
    assert_eq!(walk(&bench).await.faults, [], "and the chain stays valid");
    assert_eq!(
        prune(&bench, AuditKind::Acts, 1_000, 100).await,
        3,
        "the record of a pruning is never pruned"
    );
    assert_eq!(walk(&bench).await.faults, []);
    let bolt = bench.store.begin_snapshot(&bench.bolt).await.unwrap();
    assert_eq!(
        bolt.list_audit_events(&AuditFilter::default(), 9)
            .await
            .unwrap()
            .rows[0]
            .pruned,
        None
    );
}

/// An attacker can compute no digest of other content without the key.
async fn a_row_emptied_before_retention_or_of_another_kind_is_found(bench: Bench) {
    write_each_kind(&bench).await;
    let intruder = Intruder::at(&bench).await;
    let empty = |n: i64, digest: &str| {
        format!(
            "UPDATE audit_events SET actor = '', subject = '', detail = '', pruned = {digest}
             WHERE tenant_id = {{acme}} AND seq = {n}"
        )
    };
    let zeros = intruder.sql_for("zeroblob(32)", "decode(repeat('00', 32), 'hex')");
    intruder.run(&empty(5, zeros)).await;
    assert_eq!(
        walk(&bench).await.faults,
        [(5, AuditFault::Edited)],
        "no pruning is recorded"
    );
    assert_eq!(prune(&bench, AuditKind::Reads, 3, 9).await, 1);
    assert_eq!(
        walk(&bench).await.faults,
        [(5, AuditFault::Edited)],
        "the digest is not that of the content"
    );
    assert_eq!(prune(&bench, AuditKind::Worker, 2, 9).await, 1);
    intruder.save().await;
    let whole = |n: i64| [(n, AuditFault::Edited)];
    // The record of a pruning is removed: the pruned rows are found, and the gap too.
    intruder
        .run("DELETE FROM audit_events WHERE tenant_id = {acme} AND seq = 15")
        .await;
    let found = walk(&bench).await.faults;
    assert!(
        found.contains(&(3, AuditFault::Edited)) && found.contains(&(15, AuditFault::Truncated)),
        "{found:?}"
    );
    intruder.restore().await;
    // The record is changed to a later day: it is not accepted any more.
    intruder
        .run(
            "UPDATE audit_events SET detail = replace(detail, '1970-01-03', '1970-01-04')
             WHERE tenant_id = {acme} AND seq = 15",
        )
        .await;
    let found = walk(&bench).await.faults;
    assert!(
        found.contains(&(3, AuditFault::Edited)) && found.contains(&(15, AuditFault::Edited)),
        "{found:?}"
    );
    intruder.restore().await;
    // Content is added to a row with a right digest.
    intruder
        .run("UPDATE audit_events SET actor = 'x' WHERE tenant_id = {acme} AND seq = 2")
        .await;
    assert!(walk(&bench).await.faults.starts_with(&whole(2)));
    intruder.restore().await;
    // A recorded pruning of reads does not cover an act of the same day.
    intruder
        .run(&empty(
            4,
            "(SELECT pruned FROM audit_events WHERE tenant_id = {acme} AND seq = 3)",
        ))
        .await;
    assert!(walk(&bench).await.faults.starts_with(&whole(4)));
    intruder
        .run("UPDATE audit_events SET action = 'token.read' WHERE tenant_id = {acme} AND seq = 4")
        .await;
    assert!(
        walk(&bench).await.faults.starts_with(&whole(4)),
        "the link covers the action"
    );
}

/// Every row is emptied with its right digest, as an attacker with an old copy could do, but no pruning is
/// recorded: each row is found.
async fn ten_thousand_emptied_rows_without_a_recorded_pruning_are_found(bench: Bench) {
    write(&bench, 2..=ROWS).await;
    let intruder = Intruder::at(&bench).await;
    intruder.save().await;
    let mut gone = 0;
    while gone < 9_999 {
        gone += prune(&bench, AuditKind::Reads, 2, 1_000).await;
    }
    assert_eq!(
        (walk(&bench).await.faults, count_emptied_rows(&bench).await),
        (Vec::new(), 9_999)
    );
    // The audit is restored from before the pruning, except for the emptied rows.
    intruder
        .run("DELETE FROM audit_events WHERE tenant_id = {acme} AND seq > 10000; DELETE FROM audit_heads")
        .await;
    intruder
        .run("INSERT INTO audit_heads SELECT * FROM saved_heads")
        .await;
    let wanted: BTreeSet<_> = (2..=ROWS).collect();
    assert_eq!(at(&walk(&bench).await, AuditFault::Edited), wanted);
}

async fn count_emptied_rows(bench: &Bench) -> u64 {
    let tx = bench.store.begin_snapshot(&bench.acme).await.unwrap();
    let mut rows = 0;
    tx.verify_audit_chain(|it| rows += u64::from(it.pruned.is_some()))
        .await
        .unwrap();
    rows
}
