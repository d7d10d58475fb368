//! What happens to an operator, or to the database, while a call of the operator is under way.

use std::time::Duration;

use regrant_domain::OperatorRole;
use regrant_testdb::TestDatabase;
use serde_json::json;

use super::harness;
use crate::harness::{Fleet, Harness, Options, PASSWORD, on_both, problem_code, try_log_in};

on_both!(
    an_owner_who_ends_while_a_body_is_held_back_creates_no_operator,
    of_two_owners_who_demote_each_other_one_is_refused,
    a_log_in_at_a_busy_database_is_503_and_the_password_is_not_called_wrong,
);

async fn an_owner_who_ends_while_a_body_is_held_back_creates_no_operator(database: TestDatabase) {
    let harness = harness(database).await;
    let (owner, support) = (harness.owner().await, harness.support().await);
    let new = json!({ "name": "mole", "role": "owner", "password": PASSWORD });
    for (name, change, refused) in [
        ("demoted", json!({ "role": "support" }), 403),
        ("disabled", json!({ "disabled": true }), 401),
    ] {
        let other = harness.operator(name, OperatorRole::Owner).await;
        let held = other.hold_post("/operators", &new).await;
        let changed = owner
            .patch(&format!("/operators/{}", other.id), &change)
            .await;
        assert_eq!(changed.0, 200, "{}", changed.1);
        assert_eq!(held.finish().await, refused, "{name}");
    }
    let held = owner.hold_post("/operators", &new).await;
    assert_eq!(owner.delete("/session").await.0, 204);
    assert_eq!(held.finish().await, 401);
    let (_, list) = support.get("/operators").await;
    assert!(!list.to_string().contains("mole"), "{list}");
}

async fn of_two_owners_who_demote_each_other_one_is_refused(database: TestDatabase) {
    let harness = harness(database).await;
    let third = harness.owner().await;
    for round in 0..6 {
        let one = harness
            .operator(&format!("one{round}"), OperatorRole::Owner)
            .await;
        let other = harness
            .operator(&format!("other{round}"), OperatorRole::Owner)
            .await;
        // Both hash a password first, so that they reach the database at the same time.
        let change = json!({ "role": "support", "password": PASSWORD });
        let (ones, others) = (
            format!("/operators/{}", one.id),
            format!("/operators/{}", other.id),
        );
        let (first, second) =
            tokio::join!(one.patch(&others, &change), other.patch(&ones, &change));
        let mut statuses = [first.0, second.0];
        statuses.sort_unstable();
        assert!(matches!(statuses, [200, 401 | 403]), "{first:?} {second:?}");
        for path in [ones, others] {
            assert_eq!(third.delete(&path).await.0, 204);
        }
    }
}

async fn a_log_in_at_a_busy_database_is_503_and_the_password_is_not_called_wrong(
    database: TestDatabase,
) {
    let options = Options {
        database_patience: Duration::from_millis(300),
        ..Options::default()
    };
    let world = Fleet::new(1, 2, 0).world();
    let harness = Harness::with(database, &world, options).await;
    let owner = harness.owner().await;
    let store = harness.store().await;
    let held = store.begin(&store.system_scope()).await.expect("it begins");
    held.lock_owners().await.expect("the owners are locked");
    let (status, busy) = try_log_in(&harness.admin, "owner", PASSWORD).await;
    assert_eq!((status, problem_code(&busy)), (503, "database_busy"));
    let change = json!({ "current_password": PASSWORD, "new_password": "another horse battery" });
    let (status, busy) = owner.post("/session/password", &change).await;
    assert_eq!((status, problem_code(&busy)), (503, "database_busy"));
    drop(held);
    assert_eq!(owner.post("/session/password", &change).await.0, 204);
}
