//! Operators: log-in, lockout, roles, and changes that end log-ins at once.

mod lockout;
mod meanwhile;

use futures_util::future::join_all;
use regrant_domain::{OperatorRole, TenantId};
use regrant_testdb::TestDatabase;
use regrant_vault::AuditQuery;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Fleet, Harness, Operator, PASSWORD, answer, on_both, problem_code, try_log_in,
};

on_both!(
    an_operator_logs_in_and_out,
    a_token_of_one_listener_is_refused_by_the_other,
    disabling_an_operator_or_changing_the_password_ends_log_ins_at_once,
    the_last_owner_cannot_be_removed,
    known_and_unknown_names_are_locked_out_alike_for_a_limited_time,
    a_flood_of_log_ins_hashes_two_at_once_and_delays_no_tenant,
    a_repeated_call_creates_one_operator,
    two_concurrent_calls_for_one_name_give_it_to_one_operator,
);

async fn harness(database: TestDatabase) -> Harness {
    Harness::start(database, &Fleet::new(1, 2, 0).world()).await
}

async fn an_operator_logs_in_and_out(database: TestDatabase) {
    let harness = harness(database).await;
    let owner = harness.owner().await;
    let (status, session) = owner.get("/session").await;
    assert_eq!(
        (status, &session["operator"]["name"]),
        (200, &json!("owner"))
    );
    assert_eq!(owner.delete("/session").await.0, 204);
    let (status, refused) = owner.get("/session").await;
    assert_eq!((status, problem_code(&refused)), (401, "unauthenticated"));
    let again = Operator::log_in(&harness.admin, "owner", PASSWORD).await;
    harness.clock.advance_by(chrono::Duration::seconds(3610));
    assert_eq!(
        again.get("/session").await.0,
        401,
        "a log-in ends after an hour"
    );
}

async fn a_token_of_one_listener_is_refused_by_the_other(database: TestDatabase) {
    let harness = harness(database).await;
    let (owner, tenant) = (harness.owner().await, harness.tenant("One").await);
    let http = crate::harness::http();
    let call = http
        .get(format!("{}/admin/v1/session", harness.admin))
        .bearer_auth(&tenant.bearer);
    assert_eq!(answer(call).await.0, 401);
    let call = http
        .get(format!("{}/v1/assets", harness.api))
        .bearer_auth(&owner.bearer);
    assert_eq!(answer(call).await.0, 401);
    for (url, path) in [
        (&harness.api, "/admin/v1/session"),
        (&harness.admin, "/v1/assets"),
    ] {
        let call = http.get(format!("{url}{path}")).bearer_auth(&owner.bearer);
        assert_eq!(answer(call).await.0, 404, "{path}");
    }
}

async fn disabling_an_operator_or_changing_the_password_ends_log_ins_at_once(
    database: TestDatabase,
) {
    let harness = harness(database).await;
    let (owner, support) = (harness.owner().await, harness.support().await);
    let path = format!("/operators/{}", support.id);
    assert_eq!(support.get("/operators").await.0, 200);
    assert_eq!(
        owner.patch(&path, &json!({ "disabled": true })).await.0,
        200
    );
    assert_eq!(support.get("/operators").await.0, 401);
    let (status, refused) = try_log_in(&harness.admin, "support", PASSWORD).await;
    assert_eq!((status, problem_code(&refused)), (401, "wrong_credentials"));
    assert_eq!(
        owner.patch(&path, &json!({ "disabled": false })).await.0,
        200
    );

    let (one, other) = (
        Operator::log_in(&harness.admin, "support", PASSWORD).await,
        Operator::log_in(&harness.admin, "support", PASSWORD).await,
    );
    let change = json!({ "current_password": PASSWORD, "new_password": "another horse battery" });
    assert_eq!(one.post("/session/password", &change).await.0, 204);
    assert_eq!(
        (one.get("/session").await.0, other.get("/session").await.0),
        (200, 401)
    );
    let (status, refused) = one.post("/session/password", &change).await;
    assert_eq!((status, problem_code(&refused)), (401, "wrong_credentials"));
    assert_eq!(try_log_in(&harness.admin, "support", PASSWORD).await.0, 401);

    assert_eq!(
        owner
            .patch(&path, &json!({ "password": "a third horse battery" }))
            .await
            .0,
        200
    );
    assert_eq!(one.get("/session").await.0, 401);
    assert_eq!(
        try_log_in(&harness.admin, "support", "a third horse battery")
            .await
            .0,
        201
    );
}

async fn the_last_owner_cannot_be_removed(database: TestDatabase) {
    let harness = harness(database).await;
    let (owner, support) = (harness.owner().await, harness.support().await);
    let own = format!("/operators/{}", owner.id);
    for change in [json!({ "role": "support" }), json!({ "disabled": true })] {
        let (status, refused) = owner.patch(&own, &change).await;
        assert_eq!(
            (status, problem_code(&refused)),
            (409, "last_owner"),
            "{change}"
        );
    }
    let (status, refused) = owner.delete(&own).await;
    assert_eq!((status, problem_code(&refused)), (409, "last_owner"));
    let second = harness.operator("second", OperatorRole::Owner).await;
    // Two owners demote each other at the same time: one of them stays an owner.
    let role = json!({ "role": "support" });
    let theirs = format!("/operators/{}", second.id);
    let (one, other) = tokio::join!(owner.patch(&theirs, &role), second.patch(&own, &role));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert!(matches!(statuses, [200, 403 | 409]), "{one:?} {other:?}");
    let (_, list) = support.get("/operators").await;
    let owners = list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|it| it["role"] == "owner")
        .count();
    assert_eq!(owners, 1, "{list}");
}

async fn known_and_unknown_names_are_locked_out_alike_for_a_limited_time(database: TestDatabase) {
    let harness = harness(database).await;
    harness.owner().await;
    let wrong = "wrong horse battery";
    for name in ["owner", "stranger"] {
        let mut answers = Vec::new();
        for _ in 0..6 {
            let call = crate::harness::http().post(format!("{}/admin/v1/session", harness.admin));
            let answer = call
                .json(&json!({ "name": name, "password": wrong }))
                .send()
                .await
                .expect("answers");
            let (status, after) = (
                answer.status().as_u16(),
                answer.headers().get("retry-after").cloned(),
            );
            let body: Value = answer.json().await.expect("json");
            answers.push((status, problem_code(&body).to_owned(), after.is_some()));
        }
        let wrong = (401, "wrong_credentials".to_owned(), false);
        assert_eq!(answers[..5], vec![wrong; 5], "{name}");
        assert_eq!(answers[5], (429, "locked_out".to_owned(), true), "{name}");
    }
    let (status, refused) = try_log_in(&harness.admin, "owner", PASSWORD).await;
    assert_eq!(
        (status, problem_code(&refused)),
        (429, "locked_out"),
        "the right password is refused, too"
    );
    harness.clock.advance_by(chrono::Duration::seconds(31));
    assert_eq!(try_log_in(&harness.admin, "owner", wrong).await.0, 401);
    assert_eq!(
        try_log_in(&harness.admin, "owner", PASSWORD).await.0,
        429,
        "the lock doubles"
    );
    harness.clock.advance_by(chrono::Duration::seconds(61));
    let owner = Operator::log_in(&harness.admin, "owner", PASSWORD).await;
    assert_eq!(
        try_log_in(&harness.admin, "owner", wrong).await.0,
        401,
        "a success resets the lockout"
    );
    assert_eq!(owner.get("/session").await.0, 200);
    let audit = harness
        .vault
        .read_export_step_of(TenantId::SYSTEM, AuditQuery::default())
        .await
        .expect("the audit");
    let lines = audit
        .data
        .iter()
        .map(|it| format!("{} {} {}", it.action, it.subject, it.detail));
    let text = lines.collect::<Vec<_>>().join("\n");
    assert!(
        text.contains("operator.log_in_refused unknown") && !text.contains("stranger"),
        "{text}"
    );
}

async fn a_flood_of_log_ins_hashes_two_at_once_and_delays_no_tenant(database: TestDatabase) {
    let harness = harness(database).await;
    let tenant = harness.tenant("One").await;
    harness.owner().await;
    let http = crate::harness::http();
    let flood = join_all((0..500).map(|n| {
        let call = http.post(format!("{}/admin/v1/session", harness.admin));
        let body = json!({ "name": format!("name-{n}"), "password": "wrong horse battery" });
        async move { answer(call.json(&body)).await.0 }
    }));
    let reads = async {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(tenant.status("/v1/assets").await);
        }
        statuses
    };
    let (answers, reads) = tokio::join!(flood, reads);
    assert!(reads.iter().all(|it| *it == 200), "{reads:?}");
    let of = |status: u16| answers.iter().filter(|it| **it == status).count();
    assert_eq!(of(401) + of(429), 500, "{answers:?}");
    assert!(
        of(401) >= 10 && of(429) >= 100,
        "{} tried, {} refused",
        of(401),
        of(429)
    );
    let load = harness.vault.password_load();
    assert_eq!((load.admitted, load.most_at_once), (0, 2));
}

async fn a_repeated_call_creates_one_operator(database: TestDatabase) {
    let harness = harness(database).await;
    let owner = harness.owner().await;
    let new = json!({ "name": "new", "role": "support", "password": PASSWORD });
    let make = |body: Value, key: &'static str| {
        answer(
            owner
                .call(Method::POST, "/operators")
                .header("idempotency-key", key)
                .json(&body),
        )
    };
    let (first, second) = (
        make(new.clone(), "once").await,
        make(new.clone(), "once").await,
    );
    assert_eq!(first.0, 201, "{}", first.1);
    assert_eq!(first, second);
    let (status, refused) = make(new.clone(), "twice").await;
    assert_eq!((status, problem_code(&refused)), (409, "already_exists"));
    for other in [
        json!({ "name": "other", "role": "support", "password": PASSWORD }),
        json!({ "name": "new", "role": "support", "password": "another horse battery" }),
    ] {
        let (status, refused) = make(other, "once").await;
        assert_eq!(
            (status, problem_code(&refused)),
            (422, "idempotency_key_reused")
        );
    }
    assert_eq!(make(new, "once").await, first);
}

async fn two_concurrent_calls_for_one_name_give_it_to_one_operator(database: TestDatabase) {
    let harness = harness(database).await;
    let (owner, support) = (harness.owner().await, harness.support().await);
    let path = format!("/operators/{}", support.id);
    for round in 0..12 {
        let name = format!("name{round}");
        let new = json!({ "name": name, "role": "support", "password": PASSWORD });
        // Both hash a password first, so that they reach the database at the same time.
        let change = json!({ "name": name, "password": PASSWORD });
        let (made, changed) =
            tokio::join!(owner.post("/operators", &new), owner.patch(&path, &change));
        let mut statuses = [made.0, changed.0];
        statuses.sort_unstable();
        assert!(
            statuses == [200, 409] || statuses == [201, 409],
            "{made:?} {changed:?}"
        );
        let refused = if made.0 == 409 { &made.1 } else { &changed.1 };
        assert_eq!(problem_code(refused), "already_exists");
    }
}
