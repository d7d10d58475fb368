//! Revocation and introspection: what a client does with the access tokens that it holds.

use regrant_domain::{MAX_REVOKED_TOKENS, Permissions};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, AuditQuery, ClientSpec, Error};
use serde_json::json;

use super::{introspect, revoke, start};
use crate::harness::{Fleet, Harness, ServerProcess, Tenant, http, on_both};

on_both!(
    a_revoked_token_is_refused_at_once_by_every_process_and_others_of_the_client_are_not,
    a_client_revokes_no_token_of_another_client,
    a_revoked_token_of_a_session_ends_the_session,
    all_tokens_of_a_client_end_when_it_revokes_more_than_are_kept,
    an_introspection_describes_only_valid_tokens_of_the_client,
    a_list_of_revoked_tokens_that_was_changed_in_the_database_refuses_the_client,
);

async fn another_client(harness: &Harness, tenant: &Tenant) -> Tenant {
    let id = tenant.id.parse().expect("a tenant's id");
    let spec = ClientSpec::with_scopes("another", Permissions::all());
    let made = harness
        .vault
        .create_client(Actor::CommandLine, id, spec, None);
    Tenant::of_client(&harness.api, made.await.expect("a client")).await
}

async fn a_revoked_token_is_refused_at_once_by_every_process_and_others_of_the_client_are_not(
    database: TestDatabase,
) {
    let world = Fleet::new(1, 1, 0).world();
    let server = Box::pin(ServerProcess::start(database, &world, "warn")).await;
    let tenant = server.tenant("One").await;
    let second = tenant.log_in_again().await;
    // A process of its own, beside that of the server.
    let here = async || server.vault.authenticate_request(tenant.presented()).await;
    assert!(here().await.is_ok());
    assert_eq!(
        tenant.status("/v1/assets").await,
        200,
        "it is in both caches"
    );
    let call = http()
        .post(format!("{}/oauth/revoke", server.api))
        .basic_auth(&tenant.client_id, Some(&tenant.client_secret))
        .form(&[("token", &tenant.bearer)]);
    // The second revocation changes nothing.
    for call in [call.try_clone(), Some(call)].into_iter().flatten() {
        assert_eq!(call.send().await.expect("an answer").status(), 200);
    }
    let refused = here().await;
    assert!(
        matches!(refused, Err(Error::Unauthenticated)),
        "{refused:?}"
    );
    assert_eq!(tenant.status("/v1/assets").await, 401);
    assert_eq!(second.status("/v1/assets").await, 200);
    let query = AuditQuery {
        actions: vec!["client.token_revoked".to_owned()],
        ..AuditQuery::default()
    };
    let id = tenant.id.parse().expect("a tenant's id");
    let events = server.vault.read_export_step_of(id, query).await;
    let actors: Vec<_> = events.expect("the audit").data;
    let actors: Vec<_> = actors.iter().map(|it| it.actor.as_str()).collect();
    assert_eq!(actors, [format!("client:{}", tenant.client_id)]);
}

async fn a_client_revokes_no_token_of_another_client(database: TestDatabase) {
    let (harness, tenant) = start(database).await;
    let same_tenant = another_client(&harness, &tenant).await;
    let other_tenant = harness.tenant("Two").await;
    for stranger in [&same_tenant, &other_tenant] {
        revoke(&harness, stranger, &tenant.bearer).await;
        revoke(&harness, stranger, "nonsense").await;
        let seen = introspect(&harness, stranger, &tenant.bearer).await;
        assert_eq!(seen, introspect(&harness, stranger, "nonsense").await);
    }
    assert_eq!(tenant.status("/v1/assets").await, 200);
}

async fn a_revoked_token_of_a_session_ends_the_session(database: TestDatabase) {
    let (harness, tenant) = start(database).await;
    let fleet = Fleet::new(1, 2, 0);
    tenant.register(&fleet.assets()).await;
    let order = json!({ "asset_ids": fleet.ids() });
    let (_, opened) = tenant.post("/v1/reconnect-sessions", &order).await;
    let token = opened["token"].as_str().expect("a token");
    let page = async || {
        let call = http()
            .get(format!("{}/v1/reconnect-sessions/current", harness.api))
            .bearer_auth(token);
        call.send().await.expect("the server answers").status()
    };
    assert_eq!(page().await, 200);
    let seen = introspect(&harness, &tenant, token).await;
    assert_eq!(seen["sub"], opened["id"]);
    assert_eq!(seen["client_id"], json!(tenant.client_id));
    revoke(&harness, &tenant, token).await;
    assert_eq!(page().await, 401);
    assert_eq!(
        introspect(&harness, &tenant, token).await,
        json!({ "active": false })
    );
}

async fn all_tokens_of_a_client_end_when_it_revokes_more_than_are_kept(database: TestDatabase) {
    let (harness, tenant) = start(database).await;
    for _ in 0..MAX_REVOKED_TOKENS {
        let more = tenant.log_in_again().await;
        revoke(&harness, &tenant, &more.bearer).await;
    }
    assert_eq!(tenant.status("/v1/assets").await, 200);
    let more = tenant.log_in_again().await;
    revoke(&harness, &tenant, &more.bearer).await;
    assert_eq!(more.status("/v1/assets").await, 401);
    assert_eq!(
        tenant.status("/v1/assets").await,
        401,
        "rather too many than too few"
    );
    assert_eq!(tenant.log_in_again().await.status("/v1/assets").await, 200);
}

async fn an_introspection_describes_only_valid_tokens_of_the_client(database: TestDatabase) {
    let (harness, tenant) = start(database).await;
    let seen = introspect(&harness, &tenant, &tenant.bearer).await;
    for (member, value) in [
        ("active", json!(true)),
        ("client_id", json!(tenant.client_id)),
        ("sub", json!(tenant.client_id)),
        ("token_type", json!("Bearer")),
        ("iss", json!(harness.api)),
        ("aud", json!(harness.api)),
    ] {
        assert_eq!(seen[member], value, "{member}");
    }
    assert_eq!(
        seen["exp"].as_i64(),
        seen["iat"].as_i64().map(|it| it + 900)
    );
    harness.clock.advance_by(chrono::Duration::hours(1));
    let ended = introspect(&harness, &tenant, &tenant.bearer).await;
    assert_eq!(ended, json!({ "active": false }));
}

async fn a_list_of_revoked_tokens_that_was_changed_in_the_database_refuses_the_client(
    database: TestDatabase,
) {
    let (harness, tenant) = start(database).await;
    let second = tenant.log_in_again().await;
    revoke(&harness, &tenant, &tenant.bearer).await;
    let forget = "UPDATE clients SET revoked_tokens = NULL";
    harness.database.run_as_superuser(forget).await;
    assert_eq!(tenant.status("/v1/assets").await, 401);
    assert_eq!(second.status("/v1/assets").await, 401);
}
