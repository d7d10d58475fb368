//! A refresh that fails for the moment is tried again while the token still lives.

use std::ops::Range;

use chrono::Duration;
use regrant_domain::Clock;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, on_both, watch};

on_both!(
    a_refresh_that_fails_for_the_moment_is_tried_again_before_the_token_ends,
    a_refresh_that_a_limit_refuses_is_tried_again_after_the_limit_within_an_hour,
);

/// How long a person's token lives.
const LIFETIME: Duration = Duration::days(60);

/// A tenant with three assets that a person's token serves.
async fn connect(database: TestDatabase) -> Harness {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let ended = tenant.reconnect(&token, &fleet.ids()).await;
    assert_eq!(ended["counts"], json!({ "replaced": 3 }), "{ended}");
    harness
}

/// Makes the sandbox answer exchanges of the person's token so.
async fn fail_exchanges(harness: &Harness, effect: Value) {
    let rule = json!({
        "match": { "path": "oauth/access_token", "input_person": Fleet::PERSON }, "effect": effect,
    });
    harness.sandbox.fault(rule).await;
}

/// Probes what is due, refreshes what that plans, and returns how many tokens were refreshed.
async fn refresh(harness: &Harness) -> usize {
    watch(harness).await;
    let refreshed = harness.vault.refresh_due_tokens(8).await;
    refreshed.expect("the database answers")
}

/// How many refreshes are due in so many minutes of the machine's time.
async fn count_due_in(harness: &Harness, minutes: Range<i64>) -> i64 {
    let at = |it| (Clock::system_time() + Duration::minutes(it)).timestamp_micros();
    let count = format!(
        "SELECT count(*) FROM due WHERE kind = 'refresh' AND due_at BETWEEN {} AND {}",
        at(minutes.start),
        at(minutes.end)
    );
    harness.database.count_as_superuser(&count).await
}

async fn a_refresh_that_fails_for_the_moment_is_tried_again_before_the_token_ends(
    database: TestDatabase,
) {
    let harness = connect(database).await;
    let outage = json!({ "error": { "code": 2, "message": "Service temporarily unavailable" } });
    fail_exchanges(&harness, outage).await;
    harness.clock.advance_by(LIFETIME - Duration::hours(1));
    assert_eq!(refresh(&harness).await, 0);
    assert_eq!(
        count_due_in(&harness, 4..6).await,
        1,
        "a twelfth of an hour"
    );

    // Another probe plans a refresh as soon.
    let forget = "DELETE FROM due WHERE kind = 'refresh'";
    harness.database.run_as_superuser(forget).await;
    harness.sandbox.clear_faults().await;
    harness.clock.advance_by(Duration::minutes(6));
    assert_eq!(refresh(&harness).await, 1);
}

async fn a_refresh_that_a_limit_refuses_is_tried_again_after_the_limit_within_an_hour(
    database: TestDatabase,
) {
    let harness = connect(database).await;
    let limit = json!({ "throttle": { "code": 17, "header": "none" } });
    fail_exchanges(&harness, limit).await;
    harness.clock.advance_by(LIFETIME - Duration::days(9));
    assert_eq!(refresh(&harness).await, 0);
    assert_eq!(
        count_due_in(&harness, 59..62).await,
        1,
        "the limit names no end, and calls while it lasts lengthen it"
    );
}
