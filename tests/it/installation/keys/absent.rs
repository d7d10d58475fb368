//! Keys that a service does not find for a while or does not wrap with yet, and a service that goes away while data keys are
//! wrapped again.

use std::{sync::Arc, time::Duration};

use regrant_crypto::{KeyProvider, KeySource, Keyring, LocalKeys};
use regrant_testdb::TestDatabase;
use regrant_vault::{Error, KekState};

use super::{
    cut_off::device::Device,
    destruction::{BY, shred},
    moving::open,
};
use crate::harness::{Fleet, Harness, Options, on_both};

on_both!(
    a_wrapping_key_that_its_service_does_not_find_is_not_noted_as_destroyed,
    a_new_key_of_a_service_that_does_not_wrap_yet_is_not_noted_as_destroyed,
    a_former_key_that_its_service_does_not_find_is_noted_as_destroyed,
    a_process_that_does_not_wrap_with_the_promoted_version_yet_starts,
    an_outage_in_the_midst_of_a_page_keeps_what_was_wrapped_before,
);

async fn harness(database: TestDatabase, provider: KeyProvider) -> Harness {
    let options = Options {
        provider,
        ..Options::default()
    };
    Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await
}

fn source_of(device: &Device) -> KeySource {
    KeySource::of_service(Arc::new(device.clone()), "test".to_owned())
}

fn keyring() -> KeySource {
    LocalKeys::from(Keyring::in_memory().expect("a keyring")).into()
}

async fn count_destroyed(harness: &Harness) -> usize {
    let destroyed = harness.store().await.list_destroyed_keks().await;
    destroyed.expect("a list").len()
}

async fn a_wrapping_key_that_its_service_does_not_find_is_not_noted_as_destroyed(
    database: TestDatabase,
) {
    let device = Device::default();
    let harness = harness(database, KeyProvider::new(source_of(&device), Vec::new())).await;
    device.change(|it| it.is_hiding = true);
    harness.vault.settle_deletions().await.expect("a pass");
    assert_eq!(count_destroyed(&harness).await, 0);
    let shown = harness.vault.key_status().await.expect("a status").keks;
    let shown: Vec<_> = shown.iter().map(|it| it.state).collect();
    assert_eq!(shown, [KekState::Active]);
    device.change(|it| it.is_hiding = false);
    harness.tenant("After").await;
}

async fn a_new_key_of_a_service_that_does_not_wrap_yet_is_not_noted_as_destroyed(
    database: TestDatabase,
) {
    let device = Device::default();
    let provider = KeyProvider::new(keyring(), vec![source_of(&device)]);
    let harness = harness(database, provider).await;
    device.change(|it| it.is_hiding = true);
    harness.vault.settle_deletions().await.expect("a pass");
    assert_eq!(count_destroyed(&harness).await, 0);
}

async fn a_former_key_that_its_service_does_not_find_is_noted_as_destroyed(database: TestDatabase) {
    let device = Device::default();
    let harness = harness(database, KeyProvider::new(source_of(&device), Vec::new())).await;
    let (owner, tenant) = (harness.owner().await, harness.tenant("Leaving").await);
    shred(&owner, &tenant).await;
    let provider = KeyProvider::new(keyring(), vec![source_of(&device)]);
    let moved = open(&harness, provider).await.expect("the vault opens");
    assert!(moved.rewrap_data_keys().await.expect("a pass") > 0);
    device.change(|it| it.is_hiding = true);
    assert_eq!(moved.settle_deletions().await.expect("a pass"), 1);
    assert_eq!(count_destroyed(&harness).await, 1);
    moved.shut_down().await;
}

async fn a_process_that_does_not_wrap_with_the_promoted_version_yet_starts(database: TestDatabase) {
    let device = Device::default();
    let provider = || KeyProvider::new(source_of(&device), Vec::new());
    let harness = harness(database, provider()).await;
    harness.vault.stage_kek(BY).await.expect("a staged version");
    let status = harness.vault.key_status().await.expect("a status");
    let staged = status.keks.iter().map(|it| it.kek).max();
    // As if it had been promoted on another machine, whose keyring is not copied yet.
    let store = harness.store().await;
    let tx = store.begin(&store.system_scope()).await.expect("a start");
    let raised = tx.raise_kek_floor(staged.expect("a version")).await;
    assert!(raised.expect("the floor"));
    tx.commit().await.expect("the end");
    let opened = open(&harness, provider()).await;
    opened.expect("the vault opens").shut_down().await;
}

async fn an_outage_in_the_midst_of_a_page_keeps_what_was_wrapped_before(database: TestDatabase) {
    let device = Device::default();
    let harness = harness(database, KeyProvider::new(source_of(&device), Vec::new())).await;
    for name in ["One", "Two", "Three"] {
        harness.tenant(name).await;
    }
    let vault = &harness.vault;
    vault.stage_kek(BY).await.expect("a staged version");
    let promoted = vault.promote_kek(BY).await.expect("promoted");
    assert_eq!(
        promoted.to_rewrap, 4,
        "the installation's and three tenants'"
    );
    device.change(|it| it.decryptions_left = Some(2));
    let cut_off = vault.rewrap_data_keys().await;
    assert!(
        matches!(&cut_off, Err(Error::KeysUnavailable(cause)) if cause.is_retryable()),
        "{cut_off:?}"
    );
    let status = vault.key_status().await.expect("a status");
    assert_eq!(status.to_rewrap, 2, "two are stored");
    device.change(|it| it.decryptions_left = None);
    // The service is left alone for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(vault.rewrap_data_keys().await.expect("a pass"), 2);
}
