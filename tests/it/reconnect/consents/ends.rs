//! A consent ends: it is replaced, deleted, expired, or its session ends.

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::json;

use super::{OF_CLIENT, OF_SESSION, Stage, answer, by_code, by_token};
use crate::harness::{APP, Fleet, SECRET, http, on_both, problem_code};

on_both!(
    a_newer_consent_replaces_the_older_one_of_a_session,
    a_consent_that_is_deleted_is_gone,
    a_consent_ends_after_fifteen_minutes,
    a_consent_ends_with_its_session,
    a_consent_that_ended_is_purged_with_its_token,
    handing_over_counts_as_a_preview,
    a_deauthorisation_deletes_the_consents_of_its_person,
);

async fn a_newer_consent_replaces_the_older_one_of_a_session(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (page, ids) = (stage.page().await, stage.fleet.ids());
    let older = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    let newer = page.give(&by_code(&stage.code(Fleet::MANAGED).await)).await;
    assert_eq!(page.preview(&older, &ids).await.0, 404);
    let (status, preview) = page.preview(&newer, &ids).await;
    assert_eq!(
        (status, &preview["person"]["id"]),
        (200, &json!(Fleet::MANAGED))
    );
    assert_eq!(stored(&stage).await, 1);
}

/// How many sealed tokens of consents the database holds.
async fn stored(stage: &Stage) -> u64 {
    let found = stage
        .harness
        .database
        .count_as_superuser("SELECT count(*) FROM consents")
        .await;
    u64::try_from(found).expect("a count")
}

async fn a_consent_that_is_deleted_is_gone(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (page, ids) = (stage.page().await, stage.fleet.ids());
    let consent = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    for _ in 0..2 {
        assert_eq!(
            answer(page.call(Method::DELETE, OF_SESSION)).await.0,
            204,
            "there is none afterwards"
        );
    }
    assert_eq!(page.reconnect(&consent, &ids).await.0, 404);

    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let (_, given) = stage.tenant.post(OF_CLIENT, &by_token(&token)).await;
    let path = format!(
        "{OF_CLIENT}/{}",
        given["consent_id"].as_str().unwrap_or_default()
    );
    let delete = async || answer(stage.tenant.call(Method::DELETE, &path)).await;
    assert_eq!(delete().await.0, 204);
    assert_eq!(problem_code(&delete().await.1), "not_found");
    assert_eq!(stored(&stage).await, 0);
}

async fn a_consent_ends_after_fifteen_minutes(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (page, ids) = (
        stage.open(json!({ "minutes": 60 })).await,
        stage.fleet.ids(),
    );
    let consent = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    stage.advance("14m").await;
    assert_eq!(page.preview(&consent, &ids).await.0, 200);
    stage.advance("2m").await;
    assert_eq!(page.preview(&consent, &ids).await.0, 404);
    assert_eq!(page.reconnect(&consent, &ids).await.0, 404);
    assert_eq!(page.get(OF_SESSION).await.0, 404);
}

async fn a_consent_ends_with_its_session(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.open(json!({ "minutes": 5 })).await;
    let (_, given) = page
        .post(OF_SESSION, &by_code(&stage.code(Fleet::PERSON).await))
        .await;
    let session = stage
        .tenant
        .get(&format!("/v1/reconnect-sessions/{}", page.id))
        .await;
    assert_eq!(given["usable_until"], session["expires_at"], "{given}");
    let path = format!("/v1/reconnect-sessions/{}", page.id);
    assert_eq!(
        answer(stage.tenant.call(Method::DELETE, &path)).await.0,
        204
    );
    assert_eq!(stored(&stage).await, 0);
}

async fn a_consent_that_ended_is_purged_with_its_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    let purge = async || stage.harness.vault.purge_expired().await.expect("a purge");
    purge().await;
    assert_eq!(stored(&stage).await, 1, "it can still be used");
    stage.advance("15m").await;
    purge().await;
    assert_eq!(stored(&stage).await, 0);
    let codes = "SELECT count(*) FROM consent_codes";
    assert_eq!(stage.harness.database.count_as_superuser(codes).await, 1);
    stage.advance("48h").await;
    purge().await;
    assert_eq!(stage.harness.database.count_as_superuser(codes).await, 0);
}

async fn handing_over_counts_as_a_preview(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    for left in (0..20).rev() {
        page.post(OF_SESSION, &by_token("EAABnone")).await;
        let current = page.get("/v1/reconnect-sessions/current").await.1;
        assert_eq!(
            current["previews_left"], left,
            "a refused token counts, too"
        );
    }
    let login = by_code(&stage.code(Fleet::PERSON).await);
    let (status, problem) = page.post(OF_SESSION, &login).await;
    assert_eq!((status, problem_code(&problem)), (409, "session_used_up"));
    assert_eq!(stage.exchanges().await, 0, "the code was not sent");
    stage.page().await.give(&login).await;
}

async fn a_deauthorisation_deletes_the_consents_of_its_person(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let mut consents = Vec::new();
    for person in [Fleet::PERSON, Fleet::MANAGED] {
        let token = stage.harness.sandbox.token(person).await;
        let (_, given) = stage.tenant.post(OF_CLIENT, &by_token(&token)).await;
        consents.push(given);
    }
    stage.advance("2s").await;
    let said = json!({
        "algorithm": "HMAC-SHA256", "user_id": Fleet::PERSON,
        "issued_at": stage.harness.clock.now().timestamp(),
    });
    let signed = crate::inbound::signed_request(SECRET, &said);
    let url = format!("{}/meta/deauthorize/{APP}", stage.harness.api);
    let call = http().post(url).form(&[("signed_request", signed)]);
    assert_eq!(answer(call).await.0, 200);
    while stage
        .harness
        .vault
        .apply_due_notices(10)
        .await
        .expect("a pass")
        > 0
    {}
    let left = stage.tenant.get(OF_CLIENT).await;
    assert_eq!(left["data"], json!([consents[1]]), "{left}");
}
