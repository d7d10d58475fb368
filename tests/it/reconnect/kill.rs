//! SIGKILL at random moments of a reconnect: nothing is lost, half-written or applied twice.

use std::time::Duration;

use regrant_domain::ReconnectStatus;
use regrant_testdb::TestDatabase;
use regrant_vault::{AssetQuery, Vault};
use serde_json::{Value, json};

use crate::harness::{Fleet, ServerProcess, Tenant, from_environment};

const ASSETS: usize = 500;

async fn kills(database: TestDatabase) {
    // Both accounts reach everything, so each trial replaces what the one before it stored.
    let (kind, fleet) = (database.kind(), Fleet::new(1, ASSETS - 1, 1));
    let mut server = ServerProcess::start(database, &fleet.world(), "warn").await;
    let mut tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    server.sandbox.latency(40).await;
    let mut interrupted = 0;
    let trials = from_environment("REGRANT_KILLS", 50);
    for trial in 1..=i64::try_from(trials).expect("a number") {
        let person = if trial % 2 == 0 {
            Fleet::PERSON
        } else {
            Fleet::MANAGED
        };
        let order = json!({ "access_token": server.sandbox.token(person).await, "asset_ids": fleet.ids(), "wait_seconds": 0 });
        let moment =
            Duration::from_micros(u64::from(uuid::Uuid::now_v7().as_fields().1) * 13 % 800_000);
        let call = tokio::spawn(send(tenant.clone(), trial, order.clone()));
        tokio::time::sleep(moment).await;
        server.kill().await;
        let acknowledged = call.await.expect("the call ends");
        interrupted += usize::from(is_running(&server.vault, &tenant).await);
        server.restart().await;
        tenant = Tenant::with_secret(
            &server.api,
            tenant.id,
            tenant.client_id,
            tenant.client_secret,
        )
        .await;
        // Whether it was acknowledged or not, the same key returns the one reconnect.
        let repeated = send(tenant.clone(), trial, order)
            .await
            .expect("the server is back");
        if let Some(acknowledged) = acknowledged {
            assert_eq!(
                repeated["id"], acknowledged["id"],
                "trial {trial}: an acknowledged reconnect is kept"
            );
        }
        let ended = tenant.ended(repeated["id"].as_str().expect("an id")).await;
        assert_eq!(
            ended["counts"],
            json!({ "replaced": ASSETS }),
            "trial {trial} after {moment:?}"
        );
        every_asset_moved_once(&server.vault, &tenant, trial, person, ASSETS).await;
        every_token_opens(&tenant, &fleet).await;
    }
    println!("G15: {kind:?}, {trials} kills, {interrupted} hit a running reconnect, 0 lost");
    assert!(
        interrupted > 10,
        "most kills hit a running reconnect: {interrupted}"
    );
    assert_eq!(server.integrity().await, "ok");
}

/// Whether the newest reconnect is unfinished in the database; asked while no process runs.
pub(super) async fn is_running(vault: &Vault, tenant: &Tenant) -> bool {
    let caller = vault
        .authenticate_request(tenant.presented())
        .await
        .expect("the tenant is logged in");
    let newest = vault
        .list_reconnects(&caller, None, 1)
        .await
        .expect("a list")
        .data;
    newest
        .first()
        .is_some_and(|it| it.status == ReconnectStatus::Running)
}

pub(super) async fn send(tenant: Tenant, trial: i64, order: Value) -> Option<Value> {
    let key = format!("trial-{trial}");
    tenant.try_reconnect(&key, &order).await
}

/// The generation counts the credentials that were active: an item that is applied twice makes it too high.
pub(super) async fn every_asset_moved_once(
    vault: &Vault,
    tenant: &Tenant,
    trial: i64,
    person: &str,
    assets: usize,
) {
    let caller = vault
        .authenticate_request(tenant.presented())
        .await
        .expect("the tenant is logged in");
    let mut after = None;
    let mut seen = 0;
    loop {
        let page = vault
            .list_assets(
                &caller,
                AssetQuery {
                    after,
                    ..AssetQuery::default()
                },
                200,
            )
            .await
            .expect("a page");
        for view in page.data {
            let whose = view.asset.person_id.as_ref().map(ToString::to_string);
            assert_eq!(
                (view.asset.generation, whose.as_deref()),
                (trial, Some(person)),
                "{}",
                view.asset.id
            );
            seen += 1;
        }
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(seen, assets);
}

async fn every_token_opens(tenant: &Tenant, fleet: &Fleet) {
    let tokens = tenant.tokens(&fleet.ids()).await;
    assert!(
        fleet
            .ids()
            .iter()
            .all(|id| tokens[id]["access_token"].is_string())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_and_apply_nothing_twice_on_sqlite() {
    Box::pin(kills(TestDatabase::create_sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_and_apply_nothing_twice_on_postgresql() {
    if let Some(database) = TestDatabase::create_postgres().await {
        Box::pin(kills(database)).await;
    }
}
