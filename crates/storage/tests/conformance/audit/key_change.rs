//! Another key links a chain from a row on.

use regrant_storage::{AuditFault, AuditKind};
use regrant_testdb::TestDatabase;

use super::{Intruder, walk, write};
use crate::bench::{Bench, day, on_both};

on_both!(
    a_chain_continues_under_another_key_and_every_row_verifies,
    rows_under_the_older_key_after_its_change_are_found,
    a_chain_that_was_cut_before_the_change_ends_under_the_older_key,
    a_change_from_before_the_chain_counts_as_none,
);

async fn change_key(bench: &Bench, key: u32) -> bool {
    let tx = bench.acme().await;
    let is_changed = tx.change_audit_key(key, "vault", day(1)).await.unwrap();
    tx.commit().await.unwrap();
    is_changed
}

/// After the row of the tenant itself four rows under the first key, the change, and four rows under the second one.
async fn change_once(bench: &Bench) {
    write(bench, 1..5).await;
    assert!(change_key(bench, 2).await);
    write(bench, 5..9).await;
}

async fn a_chain_continues_under_another_key_and_every_row_verifies(bench: Bench) {
    change_once(&bench).await;
    assert!(!change_key(&bench, 2).await && !change_key(&bench, 1).await);
    let tx = bench.acme().await;
    let pruned = tx.prune_audit_rows(AuditKind::Reads, day(9), 6, "vault", day(9));
    assert_eq!(pruned.await.unwrap(), 6, "rows of both keys");
    tx.commit().await.unwrap();
    assert!(change_key(&bench, 3).await);
    write(&bench, 9..12).await;
    let walked = walk(&bench).await;
    assert_eq!(walked.faults, []);
    assert_eq!((walked.rows, walked.key), (15, 3));
}

async fn rows_under_the_older_key_after_its_change_are_found(bench: Bench) {
    change_once(&bench).await;
    let intruder = Intruder::at(&bench).await;
    // As who has the first key and writes to the database would go on.
    intruder
        .run("UPDATE audit_heads SET key_version = 1 WHERE tenant_id = {acme}")
        .await;
    write(&bench, 9..11).await;
    let walked = walk(&bench).await;
    assert_eq!(
        walked.faults,
        [(11, AuditFault::Edited), (12, AuditFault::Edited)]
    );
}

async fn a_chain_that_was_cut_before_the_change_ends_under_the_older_key(bench: Bench) {
    change_once(&bench).await;
    let intruder = Intruder::at(&bench).await;
    intruder
        .run(
            "UPDATE audit_heads SET key_version = 1, seq = 4, hash = (SELECT e.hash FROM audit_events e
                 WHERE e.tenant_id = audit_heads.tenant_id AND e.seq = 4) WHERE tenant_id = {acme};
             DELETE FROM audit_events WHERE tenant_id = {acme} AND seq > 4",
        )
        .await;
    write(&bench, 20..22).await;
    let walked = walk(&bench).await;
    assert_eq!(
        (walked.faults, walked.key),
        (vec![], 1),
        "the vault knows that a newer key is due"
    );
}

async fn a_change_from_before_the_chain_counts_as_none(bench: Bench) {
    change_once(&bench).await;
    let intruder = Intruder::at(&bench).await;
    intruder
        .run("UPDATE audit_events SET seq = 0 WHERE tenant_id = {acme} AND action = 'audit.key_replaced'")
        .await;
    let walked = walk(&bench).await;
    assert_eq!(walked.key, 1, "the row is outside of the chain");
    let missing = (6, AuditFault::Missing);
    assert!(walked.faults.contains(&missing), "{:?}", walked.faults);
}

#[tokio::test]
async fn pruning_finds_the_changes_of_a_key_without_reading_the_chain() {
    let database = TestDatabase::create_sqlite().await;
    let changes = "SELECT seq, action, detail FROM audit_events
        WHERE tenant_id = ? AND action = 'audit.key_replaced' ORDER BY seq";
    let plan = database.explain(changes).await;
    assert!(
        plan.iter()
            .all(|it| it.contains("audit_events_key_changes"))
            && !plan.is_empty(),
        "{plan:?}"
    );
}
