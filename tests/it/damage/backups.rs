//! G45: a copy that the database's own program made while calls ran opens with the keyring, completely, and without it
//! says so.

use std::{sync::Arc, time::Duration};

use regrant_crypto::{KeyProvider, Keyring};
use regrant_domain::Clock;
use regrant_storage::{Settings, Store};
use regrant_testdb::TestDatabase;
use regrant_vault::{Parts, TokenLookup, Vault};
use serde_json::json;

use crate::harness::{
    Fleet, Harness, Options, Tenant, create_keyring, from_environment, open_keyring,
};

const ASSETS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn every_credential_of_a_copy_opens_with_the_keyring_and_none_without() {
    let directory = tempfile::tempdir().expect("a directory");
    create_keyring(directory.path());
    let options = Options {
        provider: open_keyring(directory.path()),
        ..Options::default()
    };
    let fleet = Fleet::new(1, ASSETS, 0);
    let database = TestDatabase::create_sqlite().await;
    let harness = Harness::with(database, &fleet.world(), options).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let drills = from_environment("REGRANT_DRILLS", 3);
    for drill in 1..=drills {
        let order = json!({
            "access_token": harness.sandbox.token(Fleet::PERSON).await,
            "asset_ids": fleet.ids(), "wait_seconds": 0,
        });
        let (_, accepted) = tenant.post("/v1/reconnects", &order).await;
        let copy = harness.database.dump().await.expect("SQLite copies itself");
        tenant.ended(accepted["id"].as_str().expect("an id")).await;
        let restored = directory.path().join(format!("restored-{drill}.db"));
        std::fs::write(&restored, copy).expect("it is written");
        let url = format!("sqlite:{}", restored.display());
        let other = KeyProvider::from(Keyring::in_memory().expect("another keyring"));
        let refused = open(&harness, &url, other).await;
        let text = regrant_domain::error_chain(&refused.err().expect("another keyring"));
        assert!(text.contains("does not hold version 1"), "{text}");
        let opened = open(&harness, &url, open_keyring(directory.path())).await;
        let vault = opened.expect("the copy opens");
        assert_eq!(
            count_served(&vault, &tenant, &fleet).await,
            fleet.ids().len()
        );
        vault.shut_down().await;
    }
    println!(
        "G45: {drills} copies of a busy database, every credential opens, none without the keyring"
    );
}

pub(super) async fn open(
    harness: &Harness,
    url: &str,
    provider: KeyProvider,
) -> Result<Vault, regrant_vault::Error> {
    let settings = Settings {
        url: url.to_owned(),
        max_connections: 2,
        acquire_timeout: Duration::from_secs(10),
        busy_timeout: Duration::from_secs(10),
    };
    let parts = Parts {
        store: Store::connect(&settings)
            .await
            .expect("the copy is a database"),
        provider,
        graph: harness.graph.clone(),
        clock: Clock::Shifted(Arc::default()),
        settings: harness.vault.settings().clone(),
    };
    Box::pin(Vault::open(parts)).await
}

/// How many assets of the copy have a token that opens.
pub(super) async fn count_served(vault: &Vault, tenant: &Tenant, fleet: &Fleet) -> usize {
    let caller = vault.authenticate_request(tenant.presented()).await;
    let caller = caller.expect("the tenant's token is of the same keys");
    let ids: Vec<_> = fleet
        .ids()
        .iter()
        .map(|it| it.parse().expect("an id"))
        .collect();
    let read = vault.look_up_tokens(&caller, &ids, None).await;
    let read = read.expect("they are read").into_iter();
    read.filter(|(_, it)| matches!(it, TokenLookup::Served(_)))
        .count()
}
