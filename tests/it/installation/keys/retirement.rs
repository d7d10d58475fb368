//! Who agrees before a version of the key-encryption key is destroyed.

use chrono::Duration;
use regrant_domain::OperatorRole;
use regrant_testdb::TestDatabase;
use regrant_vault::{Conflict, Error, KekState, Retirement};
use serde_json::{Value, json};

use super::{
    actions,
    destruction::{BY, replace_kek},
    harness,
};
use crate::harness::{Harness, Operator, PASSWORD, on_both, problem_code};

on_both!(
    two_owners_destroy_a_version_together,
    an_account_that_was_made_for_it_approves_nothing,
    an_owner_who_is_demoted_while_a_body_is_held_back_approves_nothing,
    a_request_ends_after_a_week,
    where_there_is_one_owner_the_command_line_waits_a_day,
    a_request_that_was_changed_in_the_database_approves_nothing,
);

/// An owner whose account is a day old.
async fn second_owner(harness: &Harness) -> Operator {
    harness.clock.advance_by(-Duration::hours(25));
    harness.operator("second", OperatorRole::Owner).await;
    harness.clock.advance_by(Duration::hours(25));
    log_in(harness, "second").await
}

async fn log_in(harness: &Harness, name: &str) -> Operator {
    Operator::log_in(&harness.admin, name, PASSWORD).await
}

async fn retire(by: &Operator, kek: &str) -> (u16, Value) {
    let body = json!({ "key": kek, "confirm": kek });
    by.post("/keys/retire", &body).await
}

fn missing((status, body): &(u16, Value)) -> (u16, &str) {
    (*status, problem_code(body))
}

/// The state of this version.
async fn state(harness: &Harness, kek: &str) -> KekState {
    let status = harness.vault.key_status().await.expect("a status");
    let found = status.keks.iter().find(|it| it.kek.to_string() == kek);
    found.expect("the version").state
}

async fn two_owners_destroy_a_version_together(database: TestDatabase) {
    let harness = harness(database).await;
    let (one, second) = (harness.owner().await, second_owner(&harness).await);
    let old = replace_kek(&harness).await;
    let (status, requested) = retire(&one, &old).await;
    assert_eq!(status, 202, "{requested}");
    let request = &requested["keys"][1]["retirement"];
    assert_eq!(request["requested_by"], one.id, "{requested}");
    assert_eq!(
        missing(&retire(&one, &old).await),
        (409, "approval_missing")
    );
    assert_eq!(
        one.get("/keys/encryption").await.1["keys"][1]["retirement"],
        *request,
        "asking again changes nothing"
    );
    assert_eq!(state(&harness, &old).await, KekState::DecryptOnly);

    let (status, retired) = retire(&second, &old).await;
    assert_eq!(status, 200, "{retired}");
    assert_eq!(retired["keys"][1]["retirement"], Value::Null);
    assert_eq!(state(&harness, &old).await, KekState::Destroyed);
    assert_eq!(retire(&second, &old).await.0, 200);
    assert_eq!(retire(&one, &old).await.0, 200);
    assert_eq!(
        actions(&harness).await[3..],
        ["kek.retirement_requested", "kek.retiring", "kek.retired"]
    );
}

async fn an_account_that_was_made_for_it_approves_nothing(database: TestDatabase) {
    let harness = harness(database).await;
    let one = harness.owner().await;
    let old = replace_kek(&harness).await;
    assert_eq!(retire(&one, &old).await.0, 202);
    let made = harness.operator("made", OperatorRole::Owner).await;
    assert_eq!(
        missing(&retire(&made, &old).await),
        (409, "approval_missing")
    );
    let support = harness.support().await;
    assert_eq!(retire(&support, &old).await.0, 403);
    assert_eq!(state(&harness, &old).await, KekState::DecryptOnly);
    harness.clock.advance_by(Duration::hours(24));
    let made = log_in(&harness, "made").await;
    assert_eq!(retire(&made, &old).await.0, 200);
}

async fn an_owner_who_is_demoted_while_a_body_is_held_back_approves_nothing(
    database: TestDatabase,
) {
    let harness = harness(database).await;
    let (one, second) = (harness.owner().await, second_owner(&harness).await);
    let old = replace_kek(&harness).await;
    assert_eq!(retire(&one, &old).await.0, 202);
    let body = json!({ "key": old, "confirm": old });
    let held = second.hold_post("/keys/retire", &body).await;
    let role = json!({ "role": "support" });
    let demoted = one.patch(&format!("/operators/{}", second.id), &role).await;
    assert_eq!(demoted.0, 200, "{}", demoted.1);
    assert_eq!(held.finish().await, 403);
    assert_eq!(state(&harness, &old).await, KekState::DecryptOnly);
}

async fn a_request_ends_after_a_week(database: TestDatabase) {
    let harness = harness(database).await;
    let one = harness.owner().await;
    second_owner(&harness).await;
    let old = replace_kek(&harness).await;
    assert_eq!(retire(&one, &old).await.0, 202);
    harness.clock.advance_by(Duration::days(7));
    let second = log_in(&harness, "second").await;
    let (_, status) = second.get("/keys/encryption").await;
    assert_eq!(status["keys"][1]["retirement"], Value::Null);
    assert_eq!(retire(&second, &old).await.0, 202, "a request of its own");
    assert_eq!(state(&harness, &old).await, KekState::DecryptOnly);
    let one = log_in(&harness, "owner").await;
    assert_eq!(retire(&one, &old).await.0, 200);
}

async fn where_there_is_one_owner_the_command_line_waits_a_day(database: TestDatabase) {
    let harness = harness(database).await;
    harness.owner().await;
    let old = replace_kek(&harness).await;
    let retire = async || harness.vault.retire_kek(BY, &old, &old).await;
    assert!(matches!(retire().await, Ok(Retirement::Requested(_))));
    harness.clock.advance_by(Duration::hours(23));
    let refused = retire().await;
    assert!(matches!(
        refused,
        Err(Error::Conflict(Conflict::TooEarly(_)))
    ));
    harness.operator("second", OperatorRole::Owner).await;
    harness.clock.advance_by(Duration::hours(1));
    let refused = retire().await;
    assert!(matches!(
        refused,
        Err(Error::Conflict(Conflict::SecondOwner))
    ));
    let second = log_in(&harness, "second").await;
    assert_eq!(
        second.delete(&format!("/operators/{}", second.id)).await.0,
        204
    );
    assert!(matches!(retire().await, Ok(Retirement::Done(_))));
    assert_eq!(state(&harness, &old).await, KekState::Destroyed);
}

async fn a_request_that_was_changed_in_the_database_approves_nothing(database: TestDatabase) {
    let harness = harness(database).await;
    let (one, _) = (harness.owner().await, second_owner(&harness).await);
    let old = replace_kek(&harness).await;
    assert_eq!(retire(&one, &old).await.0, 202);
    let sql = "UPDATE kek_retirements SET requester_id = (SELECT id FROM operators WHERE name = 'second')";
    harness.database.run_as_superuser(sql).await;
    assert_eq!(missing(&retire(&one, &old).await), (409, "row_tampered"));
    assert_eq!(state(&harness, &old).await, KekState::DecryptOnly);
}
