//! Garbage beside honest clients at one address, as behind a proxy that `trusted_proxies` does not name.

use futures_util::future::join_all;
use regrant_domain::Permissions;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientSpec};
use reqwest::Response;

use crate::harness::{Fleet, Harness, Options, Tenant, code_of, http, on_both};

on_both!(
    garbage_at_the_same_address_limits_no_honest_client,
    a_token_that_has_ended_says_so_beside_garbage,
);

/// A harness where an address may fail ten times at once, and then once a second.
async fn harness(database: TestDatabase) -> (Harness, Tenant) {
    let mut options = Options::default();
    options.api.rates.address = 1;
    let harness = Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await;
    let tenant = harness.tenant("One").await;
    (harness, tenant)
}

async fn log_in(harness: &Harness, client: &str, secret: &str) -> Response {
    let call = http()
        .post(format!("{}/oauth/token", harness.api))
        .basic_auth(client, Some(secret))
        .form(&[("grant_type", "client_credentials")]);
    call.send().await.expect("the server answers")
}

async fn send_bearer(harness: &Harness, bearer: &str) -> Response {
    let call = http()
        .get(format!("{}/v1/assets", harness.api))
        .bearer_auth(bearer);
    call.send().await.expect("the server answers")
}

fn made_up_client() -> String {
    format!("cli_{}", uuid::Uuid::now_v7().simple())
}

async fn garbage_at_the_same_address_limits_no_honest_client(database: TestDatabase) {
    let (harness, tenant) = harness(database).await;
    let (client, made_up) = (tenant.client_id.clone(), made_up_client());
    for _ in 0..2 {
        let garbage = (0..40).map(async |_| {
            let bearer = send_bearer(&harness, "a.b.c").await.status();
            let named = log_in(&harness, &client, "wrong").await.status();
            let unknown = log_in(&harness, &made_up, "wrong").await.status();
            [bearer, named, unknown]
                .iter()
                .filter(|it| **it == 429)
                .count()
        });
        let limited: usize = join_all(garbage).await.into_iter().sum();
        assert!(limited >= 30, "{limited} of 120 were limited");
    }
    for _ in 0..12 {
        let answer = log_in(&harness, &tenant.client_id, &tenant.client_secret).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(tenant.status("/v1/assets").await, 200);
    }
}

async fn a_token_that_has_ended_says_so_beside_garbage(database: TestDatabase) {
    let (harness, tenant) = harness(database).await;
    harness.clock.advance_by(chrono::Duration::hours(1));
    for _ in 0..15 {
        drop(send_bearer(&harness, "a.b.c").await);
    }
    let garbage = send_bearer(&harness, "a.b.c").await;
    assert_eq!(garbage.status(), 429);
    assert_eq!(code_of(garbage).await, "rate_limited");
    let ended = send_bearer(&harness, &tenant.bearer).await;
    assert_eq!(
        ended.status(),
        401,
        "its client must learn that it needs a new one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_logged_in_here_is_not_limited_by_another_client() {
    let (harness, tenant) = harness(TestDatabase::create_sqlite().await).await;
    for _ in 0..15 {
        drop(log_in(&harness, &tenant.client_id, "wrong").await);
    }
    assert_eq!(
        log_in(&harness, &tenant.client_id, "wrong").await.status(),
        429
    );
    let id = tenant.id.parse().expect("a tenant's id");
    let spec = ClientSpec::with_scopes("new", Permissions::all());
    let made = harness
        .vault
        .create_client(Actor::CommandLine, id, spec, None)
        .await
        .expect("a client");
    // Panics unless the log-in succeeds.
    let _new = Tenant::of_client(&harness.api, made).await;
}
