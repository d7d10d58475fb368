//! Tenants and apps in the admin API: onboarding, suspension, deletion, shredding, and secrets that are never shown.

use regrant_testdb::TestDatabase;
use regrant_vault::KeptCheckpoints;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    APP, Fleet, Harness, Operator, PASSWORD, Tenant, answer, on_both, problem_code,
};

on_both!(
    one_call_onboards_a_tenant_whose_client_works,
    a_repeated_onboarding_creates_nothing_and_shows_no_secret,
    a_suspended_tenant_is_refused_until_it_is_resumed,
    a_suspended_tenant_is_purged_as_others_are,
    a_tenant_is_deleted_after_the_wait_and_its_audit_stays,
    a_scheduled_deletion_can_be_cancelled,
    a_shredded_tenant_cannot_be_decrypted,
    an_app_shows_no_secret_and_a_client_secret_can_be_reset,
    operators_see_due_work_and_audit_events,
);

async fn scene(database: TestDatabase) -> (Harness, Operator) {
    let harness = Harness::start(database, &Fleet::new(1, 2, 0).world()).await;
    let owner = harness.owner().await;
    (harness, owner)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

/// Logs in the client that an onboarding created.
async fn log_in(harness: &Harness, onboarded: &Value) -> Tenant {
    let (id, client) = (text(&onboarded["tenant"]["id"]), &onboarded["client"]);
    Tenant::with_secret(
        &harness.api,
        id,
        text(&client["id"]),
        text(&client["secret"]),
    )
    .await
}

/// A tenant with an asset that has a token.
async fn tenant_with_token(harness: &Harness, owner: &Operator) -> (Tenant, String) {
    let (status, made) = owner
        .post("/tenants", &json!({ "name": "Acme", "app_id": APP }))
        .await;
    assert_eq!(status, 201, "{made}");
    let tenant = log_in(harness, &made).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let asset = Fleet::new(1, 2, 0).ids()[1].clone();
    let asset = json!({ "id": asset, "kind": "page", "token": token, "token_kind": "user" });
    tenant.register(std::slice::from_ref(&asset)).await;
    let path = format!("/v1/assets/{}/token", asset["id"].as_str().expect("an id"));
    assert_eq!(tenant.status(&path).await, 200);
    (tenant, path)
}

async fn one_call_onboards_a_tenant_whose_client_works(database: TestDatabase) {
    let (harness, owner) = scene(database).await;
    let new = json!({
        "name": "Acme", "app_id": APP,
        "client": { "name": "backend", "scopes": ["assets:read"], "networks": ["127.0.0.1", "::1"] },
        "limits": { "max_assets": 7 }, "cors_origins": ["https://app.example.com"],
    });
    let (status, made) = owner.post("/tenants", &new).await;
    assert_eq!(status, 201, "{made}");
    let tenant = log_in(&harness, &made).await;
    assert_eq!(tenant.status("/v1/assets").await, 200);
    assert_eq!(
        tenant.status("/v1/audit-events").await,
        403,
        "it has one scope only"
    );
    let path = format!("/tenants/{}", tenant.id);
    let (_, read) = owner.get(&path).await;
    assert_eq!(
        (&read["limits"]["max_assets"], &read["status"]),
        (&json!(7), &json!("active"))
    );
    assert_eq!(read["cors_origins"], json!(["https://app.example.com"]));
    let change =
        json!({ "name": "Acme Inc", "limits": { "max_assets": null }, "cors_origins": [] });
    let (status, changed) = owner.patch(&path, &change).await;
    assert_eq!(
        (status, &changed["limits"]["max_assets"]),
        (200, &Value::Null)
    );
    assert_eq!(
        (&changed["name"], &changed["cors_origins"]),
        (&json!("Acme Inc"), &json!([]))
    );
    for (field, bad) in [
        (
            "cors_origins",
            json!({ "cors_origins": ["https://*.example.com"] }),
        ),
        (
            "cors_origins",
            json!({ "cors_origins": (0..21).map(|n| format!("https://a{n}.example.com")).collect::<Vec<_>>() }),
        ),
        ("name", json!({ "name": " " })),
        (
            "limits.max_assets",
            json!({ "limits": { "max_assets": -1 } }),
        ),
    ] {
        let (status, refused) = owner.patch(&path, &bad).await;
        let named = refused["errors"][0]["field"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            status == 422 && named.starts_with(field),
            "{status} {refused}"
        );
    }
    let (status, refused) = owner
        .post("/tenants", &json!({ "name": "Acme", "app_id": "999" }))
        .await;
    assert_eq!(
        (status, &refused["errors"][0]["field"]),
        (422, &json!("app_id")),
        "{refused}"
    );
}

async fn a_repeated_onboarding_creates_nothing_and_shows_no_secret(database: TestDatabase) {
    let (_bench, owner) = scene(database).await;
    let onboard = || {
        let call = owner
            .call(Method::POST, "/tenants")
            .header("idempotency-key", "acme");
        answer(call.json(&json!({ "name": "Acme", "app_id": APP })))
    };
    let ((_, first), (status, again)) = (onboard().await, onboard().await);
    assert_eq!(status, 201, "{again}");
    assert!(
        first["client"]["secret"].is_string() && again["client"]["secret"].is_null(),
        "{again}"
    );
    assert_eq!(
        (&first["tenant"]["id"], &first["client"]["id"]),
        (&again["tenant"]["id"], &again["client"]["id"])
    );
    let (_, list) = owner.get("/tenants?limit=200").await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");
    assert!(!list.to_string().contains(&text(&first["client"]["secret"])));
}

async fn a_suspended_tenant_is_refused_until_it_is_resumed(database: TestDatabase) {
    let (harness, owner) = scene(database).await;
    let (tenant, path) = tenant_with_token(&harness, &owner).await;
    let turn = async |how: &str| {
        owner
            .post(&format!("/tenants/{}/{how}", tenant.id), &Value::Null)
            .await
    };
    assert_eq!(turn("suspend").await.1["status"], "suspended");
    assert_eq!(tenant.status(&path).await, 401);
    let (_, jobs) = owner.get("/jobs").await;
    assert_eq!(
        (&jobs["tenants"]["suspended"], &jobs["tenants"]["active"]),
        (&json!(1), &json!(0))
    );
    assert!(
        jobs["due"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|it| it["count"] == 0),
        "its work is paused: {jobs}"
    );
    assert_eq!(turn("resume").await.1["status"], "active");
    assert_eq!(tenant.status(&path).await, 200);
}

/// What is past its retention would keep an old data key of the tenant.
async fn a_suspended_tenant_is_purged_as_others_are(database: TestDatabase) {
    let (harness, owner) = scene(database).await;
    let (tenant, _) = tenant_with_token(&harness, &owner).await;
    let asset = json!({ "assets": [{ "id": "4242", "kind": "page" }] });
    let call = tenant.call(Method::POST, "/v1/assets");
    let (status, registered) = answer(call.header("Idempotency-Key", "once").json(&asset)).await;
    assert_eq!(status, 200, "{registered}");
    let kept = "SELECT count(*) FROM idempotency i JOIN tenants t ON t.id = i.tenant_id
                WHERE t.name = 'Acme'";
    assert_eq!(harness.database.count_as_superuser(kept).await, 1);
    let path = format!("/tenants/{}/suspend", tenant.id);
    assert_eq!(owner.post(&path, &Value::Null).await.0, 200);
    harness.clock.advance_by(chrono::Duration::days(3));
    harness.vault.purge_expired().await.expect("a pass");
    assert_eq!(harness.database.count_as_superuser(kept).await, 0);
}

async fn a_tenant_is_deleted_after_the_wait_and_its_audit_stays(database: TestDatabase) {
    let (harness, owner) = scene(database).await;
    let (tenant, path) = tenant_with_token(&harness, &owner).await;
    let own = format!("/tenants/{}", tenant.id);
    let (status, scheduled) = owner.delete(&own).await;
    assert_eq!(
        (status, &scheduled["status"]),
        (202, &json!("suspended")),
        "{scheduled}"
    );
    assert_eq!(tenant.status(&path).await, 401);
    let (status, refused) = owner.post(&format!("{own}/resume"), &Value::Null).await;
    assert_eq!((status, problem_code(&refused)), (409, "tenant_gone"));
    harness.clock.advance_by(chrono::Duration::days(6));
    assert_eq!(harness.vault.delete_due_tenants().await.expect("a pass"), 0);
    harness.clock.advance_by(chrono::Duration::days(2));
    assert_eq!(harness.vault.delete_due_tenants().await.expect("a pass"), 1);
    let owner = Operator::log_in(&harness.admin, "owner", crate::harness::PASSWORD).await;
    let (_, gone) = owner.get(&own).await;
    assert_eq!(
        (&gone["name"], &gone["status"]),
        (&json!("deleted"), &json!("deleted")),
        "{gone}"
    );
    for call in [
        owner.post(&format!("{own}/restore"), &Value::Null).await,
        owner.post(&format!("{own}/resume"), &Value::Null).await,
        owner.patch(&own, &json!({ "name": "Acme" })).await,
        owner
            .post(&format!("{own}/shred"), &json!({ "confirm": tenant.id }))
            .await,
    ] {
        assert_eq!((call.0, problem_code(&call.1)), (409, "tenant_gone"));
    }
    let (_, clients) = owner.get(&format!("{own}/clients")).await;
    assert_eq!(clients["data"], json!([]));
    let (_, audit) = owner
        .get(&format!("/audit-events?tenant_id={}", tenant.id))
        .await;
    assert_eq!(audit["data"][0]["action"], "tenant.deleted", "{audit}");
    let id = tenant.id.parse().expect("an id");
    assert!(
        harness
            .vault
            .verify_audit(id, &KeptCheckpoints::default())
            .await
            .expect("a verdict")
            .faults
            .is_empty()
    );
}

async fn a_scheduled_deletion_can_be_cancelled(database: TestDatabase) {
    let (harness, owner) = scene(database).await;
    let (tenant, path) = tenant_with_token(&harness, &owner).await;
    let own = format!("/tenants/{}", tenant.id);
    owner.delete(&own).await;
    let (status, restored) = owner.post(&format!("{own}/restore"), &Value::Null).await;
    assert_eq!(
        (status, &restored["delete_after"]),
        (200, &Value::Null),
        "{restored}"
    );
    assert_eq!(
        owner.post(&format!("{own}/resume"), &Value::Null).await.0,
        200
    );
    harness.clock.advance_by(chrono::Duration::days(8));
    assert_eq!(harness.vault.delete_due_tenants().await.expect("a pass"), 0);
    assert_eq!(tenant.log_in_again().await.status(&path).await, 200);
}

async fn a_shredded_tenant_cannot_be_decrypted(database: TestDatabase) {
    let (harness, owner) = scene(database).await;
    let (tenant, path) = tenant_with_token(&harness, &owner).await;
    let own = format!("/tenants/{}", tenant.id);
    let confirm = json!({ "confirm": tenant.id });
    let (status, refused) = owner.post(&format!("{own}/shred"), &confirm).await;
    assert_eq!(
        (status, problem_code(&refused)),
        (409, "tenant_not_suspended")
    );
    owner.post(&format!("{own}/suspend"), &Value::Null).await;
    let (status, refused) = owner
        .post(&format!("{own}/shred"), &json!({ "confirm": "Acme" }))
        .await;
    assert_eq!(
        (status, &refused["errors"][0]["field"]),
        (422, &json!("confirm")),
        "{refused}"
    );
    let (status, shredded) = owner.post(&format!("{own}/shred"), &confirm).await;
    assert_eq!(status, 200, "{shredded}");
    assert!(
        shredded["effective_at"].is_null() && shredded["waits_for"].is_array(),
        "{shredded}"
    );
    let (status, refused) = owner.post(&format!("{own}/resume"), &Value::Null).await;
    assert_eq!((status, problem_code(&refused)), (409, "tenant_gone"));
    // A tenant that is set active directly in the database is refused; even accepted, it cannot be decrypted.
    harness
        .database
        .run_as_superuser("UPDATE tenants SET status = 'active'")
        .await;
    assert_eq!(tenant.status(&path).await, 401);
    let (status, refused) = owner.get(&own).await;
    assert_eq!((status, problem_code(&refused)), (409, "row_tampered"));
    let id: regrant_domain::TenantId = tenant.id.parse().expect("a tenant's id");
    harness
        .accept_row(id, &format!("tenants/{}", id.uuid()))
        .await;
    assert_eq!(
        tenant.get(&path).await["reason"]["code"],
        "unreadable",
        "the token is not returned"
    );
}

async fn an_app_shows_no_secret_and_a_client_secret_can_be_reset(database: TestDatabase) {
    let (harness, owner) = scene(database).await;
    let new = json!({ "id": "77", "name": "Another", "secret": "first-secret-canary" });
    let (status, made) = owner.post("/apps", &new).await;
    assert_eq!(
        (status, &made["has_verify_token"]),
        (201, &json!(false)),
        "{made}"
    );
    assert_eq!(owner.post("/apps", &new).await.0, 409);
    let secret = json!({ "secret": "second-secret-canary", "overlap_hours": 2 });
    let (status, set) = owner.post("/apps/77/secret", &secret).await;
    assert!(
        status == 200 && set["older_secret_until"].is_string(),
        "{set}"
    );
    let (_, changed) = owner
        .patch(
            "/apps/77",
            &json!({ "verify_token": "verify-token-canary" }),
        )
        .await;
    assert_eq!(changed["has_verify_token"], true);
    let (_, list) = owner.get("/apps").await;
    let (_, audit) = owner.get("/audit-events?limit=200").await;
    assert!(!format!("{list}{audit}{changed}").contains("canary"));
    assert!(audit.to_string().contains("app.secret_set"));

    let (tenant, _) = tenant_with_token(&harness, &owner).await;
    let path = format!("/tenants/{}/clients/{}", tenant.id, tenant.client_id);
    let (status, reset) = owner.post(&format!("{path}/secret"), &json!({})).await;
    assert_eq!(status, 200, "{reset}");
    assert_eq!(
        tenant.status("/v1/assets").await,
        401,
        "access tokens of the older secret are revoked"
    );
    let (id, client) = (tenant.id.clone(), tenant.client_id.clone());
    let again = Tenant::with_secret(&harness.api, id, client, text(&reset["secret"])).await;
    assert_eq!(again.status("/v1/assets").await, 200);
    assert_eq!(
        owner
            .post(&format!("{path}/revoke-tokens"), &Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(again.status("/v1/assets").await, 401);
    assert_eq!(owner.delete(&path).await.0, 204);
    assert_eq!(owner.get(&path).await.0, 404);
}

async fn operators_see_due_work_and_audit_events(database: TestDatabase) {
    let (harness, owner) = scene(database).await;
    let (tenant, _) = tenant_with_token(&harness, &owner).await;
    // The read of the token has probed the page, so its next probe is due in a day.
    harness.clock.advance_by(chrono::Duration::hours(25));
    let owner = Operator::log_in(&harness.admin, "owner", PASSWORD).await;
    let (status, jobs) = owner.get("/jobs").await;
    let probes = jobs["due"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["kind"] == "probe")
        .cloned();
    assert_eq!(
        (status, &jobs["tenants"]["active"]),
        (200, &json!(1)),
        "{jobs}"
    );
    assert!(
        probes.is_some_and(|it| it["count"] == 1) && jobs["oldest_due"].is_string(),
        "{jobs}"
    );
    let (_, audit) = owner
        .get(&format!(
            "/audit-events?tenant_id={}&action=tenant.created",
            tenant.id
        ))
        .await;
    assert_eq!(
        audit["data"][0]["actor"],
        format!("operator:{}", owner.id),
        "{audit}"
    );
    let (_, audit) = owner.get("/audit-events?action=operator.logged_in").await;
    assert_eq!(audit["data"][0]["subject"], owner.id.as_str(), "{audit}");
    for whose in ["", &format!("?tenant_id={}", tenant.id)] {
        let (status, checkpoint) = owner.get(&format!("/audit-events/checkpoint{whose}")).await;
        assert!(
            status == 200 && checkpoint["statement"].is_string(),
            "{checkpoint}"
        );
    }
    let unknown = "ten_00000000000070008000000000000000";
    assert_eq!(
        owner
            .get(&format!("/audit-events?tenant_id={unknown}"))
            .await
            .0,
        404
    );
    let (status, keys) = owner
        .post("/keys/rotate", &json!({ "kind": "signing" }))
        .await;
    assert_eq!(
        (status, keys["data"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{keys}"
    );
    assert_eq!(keys["data"][1]["state"], "next", "{keys}");
}
