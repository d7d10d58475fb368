//! Rates: how often a tenant, a session and an address may call.

use futures_util::future::join_all;
use regrant_domain::Permissions;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientSpec};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Fleet, Harness, Options, Tenant, code_of, header_number, http, on_both};

on_both!(
    all_clients_of_a_tenant_share_one_rate,
    log_ins_count_for_their_tenant,
);

fn with_address_rate(address: u32) -> Options {
    let mut options = Options::default();
    options.api.rates.address = address;
    options
}

/// Another client of the same tenant.
async fn another(harness: &Harness, tenant: &Tenant, name: &str) -> Tenant {
    let id = tenant.id.parse().expect("a tenant's id");
    let spec = ClientSpec::with_scopes(name, Permissions::all());
    let made = harness
        .vault
        .create_client(Actor::CommandLine, id, spec, None)
        .await
        .expect("a client");
    Tenant::of_client(&harness.api, made).await
}

async fn all_clients_of_a_tenant_share_one_rate(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 2, 0).world()).await;
    let first = harness.tenant("One").await;
    let other = harness.tenant("Two").await;
    let mut clients = vec![first];
    for n in 0..4 {
        clients.push(another(&harness, &clients[0], &format!("more {n}")).await);
    }
    harness.set_tenant("One", "requests_per_second = 1").await;
    // All clients together may call ten times at once, and a forwarded address changes nothing.
    let calls = (0..40).map(|n| {
        let call = clients[n % clients.len()].call(Method::GET, "/v1/assets");
        call.header("X-Forwarded-For", format!("198.51.100.{n}"))
            .send()
    });
    let answers = join_all(calls).await;
    let answers: Vec<_> = answers
        .into_iter()
        .map(|it| it.expect("the server answers"))
        .collect();
    let passed = answers.iter().filter(|it| it.status() == 200).count();
    assert!((10..=25).contains(&passed), "{passed} of 40 passed");
    for answer in answers {
        assert_eq!(header_number(&answer, "ratelimit-limit"), 10);
        assert!(
            header_number(&answer, "ratelimit-remaining") < 10
                && header_number(&answer, "ratelimit-reset") <= 10
        );
        if answer.status() != 200 {
            assert_eq!(answer.status(), 429);
            assert!(
                (1..=10).contains(&header_number(&answer, "retry-after")),
                "{:?}",
                answer.headers()
            );
            assert!(answer.headers().contains_key("x-request-id"));
            assert_eq!(code_of(answer).await, "rate_limited");
        }
    }
    assert_eq!(
        other.status("/v1/assets").await,
        200,
        "another tenant is not limited"
    );
}

async fn log_ins_count_for_their_tenant(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 2, 0).world()).await;
    let tenant = harness.tenant("One").await;
    let other = harness.tenant("Two").await;
    harness.set_tenant("One", "requests_per_second = 1").await;
    let log_in = |client: &Tenant| {
        let call = http().post(format!("{}/oauth/token", harness.api));
        call.basic_auth(&client.client_id, Some(&client.client_secret))
            .form(&[("grant_type", "client_credentials")])
            .send()
    };
    let answers = join_all((0..30).map(|_| log_in(&tenant))).await;
    let answers = answers
        .into_iter()
        .map(|it| it.expect("the server answers"));
    let (passed, refused): (Vec<_>, Vec<_>) = answers.partition(|it| it.status() == 200);
    assert!(
        (10..=20).contains(&passed.len()),
        "{} of 30 passed",
        passed.len()
    );
    for answer in refused {
        assert_eq!(answer.status(), 429);
        assert!((1..=10).contains(&header_number(&answer, "retry-after")));
        assert_eq!(code_of(answer).await, "rate_limited");
    }
    let answer = log_in(&other).await.expect("the server answers");
    assert_eq!(answer.status(), 200, "another tenant is not limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_a_rate_of_its_own() {
    let (harness, tenant) = Harness::small(Options::default()).await;
    let fleet = Fleet::new(1, 2, 0);
    tenant.register(&fleet.assets()).await;
    let (_, opened) = tenant
        .post(
            "/v1/reconnect-sessions",
            &json!({ "asset_ids": fleet.ids() }),
        )
        .await;
    let token = opened["token"].as_str().expect("a token").to_owned();
    let http = http();
    let call = || {
        http.get(format!("{}/v1/reconnect-sessions/current", harness.api))
            .bearer_auth(&token)
            .send()
    };
    let answers = join_all((0..80).map(|_| call())).await;
    let refused = answers
        .iter()
        .filter(|it| it.as_ref().is_ok_and(|it| it.status() == 429))
        .count();
    assert!(
        (1..=30).contains(&refused),
        "{refused} of 80 refused where 50 may come at once"
    );
    assert_eq!(
        tenant.status("/v1/assets").await,
        200,
        "its tenant is not limited"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_log_ins_are_limited_by_address_whatever_is_forwarded() {
    let (harness, tenant) = Harness::small(with_address_rate(1)).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "cli_x"),
        ("client_secret", "y"),
    ];
    let mut slowed = 0;
    for n in 0..15 {
        let call = http()
            .post(format!("{}/oauth/token", harness.api))
            .form(&form);
        let call = call
            .header("X-Forwarded-For", format!("198.51.100.{n}"))
            .header("Forwarded", "for=1.2.3.4");
        let answer = call.send().await.expect("the server answers");
        if answer.status() == 429 {
            slowed += 1;
            assert!(header_number(&answer, "retry-after") >= 1);
            assert_eq!(code_of(answer).await, "rate_limited");
        } else {
            assert_eq!(answer.status(), 401);
        }
    }
    assert!(
        slowed >= 3,
        "{slowed} of 15 were slowed, where ten may come at once"
    );
    let stranger = http()
        .get(format!("{}/v1/assets", harness.api))
        .bearer_auth("a.b.c");
    let stranger = stranger.send().await.expect("the server answers");
    assert!(
        [401, 429].contains(&stranger.status().as_u16()),
        "the same address"
    );
    assert_eq!(header_number(&stranger, "ratelimit-limit"), 10);
    assert_eq!(
        tenant.status("/v1/assets").await,
        200,
        "an authenticated caller is not limited by its address"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_each_caller_has_its_own_rate() {
    let mut options = with_address_rate(1);
    options.api.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    let (harness, _) = Harness::small(options).await;
    let knock = async |from: String| {
        let call = http()
            .get(format!("{}/v1/assets", harness.api))
            .header("X-Forwarded-For", from);
        call.send()
            .await
            .expect("the server answers")
            .status()
            .as_u16()
    };
    for n in 0..20 {
        assert_eq!(knock(format!("198.51.100.{n}")).await, 401);
    }
    let mut slowed = false;
    for n in 0..20 {
        slowed |= knock(format!("203.0.113.{n}, 198.51.100.200")).await == 429;
    }
    assert!(
        slowed,
        "addresses before the first untrusted one are ignored"
    );
}
