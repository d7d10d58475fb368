//! Retirements that were cut off between their steps: the provider did half of it, or all of it, and nothing was noted.

pub(super) mod device;

use std::sync::Arc;

use regrant_crypto::{KeyProvider, KeySource, Keyring, LocalKeys, ProviderKind};
use regrant_domain::KekRef;
use regrant_testdb::TestDatabase;
use regrant_vault::{Conflict, Error, KekState, Retirement, Vault};
use serde_json::{Value, json};

use super::{
    actions,
    destruction::{BY, deletion_of, replace_kek, shred},
    moving::{open, services::Keys},
};
use crate::harness::{Fleet, Harness, Operator, Options, PASSWORD, Tenant, on_both};
use device::Device;

on_both!(
    a_retirement_whose_trim_failed_is_not_recorded_and_succeeds_when_repeated,
    a_version_that_a_device_destroyed_before_the_end_is_noted_by_the_worker,
    a_repeated_call_completes_the_retirement_of_a_version_that_is_gone,
    a_version_that_is_gone_without_an_approval_is_not_noted,
    a_version_is_not_noted_where_its_provider_has_no_settings,
    an_approved_retirement_is_still_shown_after_eight_days,
);

/// An installation with a shredded tenant, whose keys an older version wrapped.
struct Scene {
    harness: Harness,
    owner: Operator,
    tenant: Tenant,
    old: String,
}

impl Scene {
    async fn on(database: TestDatabase, provider: KeyProvider) -> Self {
        let options = Options {
            provider,
            ..Options::default()
        };
        let harness = Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await;
        let (owner, tenant) = (harness.owner().await, harness.tenant("Leaving").await);
        shred(&owner, &tenant).await;
        let old = replace_kek(&harness).await;
        Self {
            harness,
            owner,
            tenant,
            old,
        }
    }

    async fn on_device(database: TestDatabase, device: &Device) -> Self {
        Self::on(database, KeyProvider::new(source_of(device), Vec::new())).await
    }

    /// Opens a request a day ago, as the command line of an installation with one owner does.
    async fn request(&self) {
        let day = chrono::Duration::hours(24);
        self.harness.clock.advance_by(-day);
        let requested = self.retire().await;
        assert!(
            matches!(requested, Ok(Retirement::Requested(_))),
            "{requested:?}"
        );
        self.harness.clock.advance_by(day);
    }

    async fn retire(&self) -> Result<Retirement, Error> {
        self.harness
            .vault
            .retire_kek(BY, &self.old, &self.old)
            .await
    }

    async fn settle(&self) -> u64 {
        let settled = self.harness.vault.settle_deletions().await;
        settled.expect("a pass")
    }

    async fn assert_waiting(&self) {
        let waits = json!({ "effective_at": null, "waits_for": [self.old] });
        assert_eq!(deletion_of(&self.owner, &self.tenant).await, waits);
        let actions = actions(&self.harness).await;
        assert_ne!(actions.last().map(String::as_str), Some("kek.retired"));
    }

    async fn assert_effective(&self) {
        let deletion = deletion_of(&self.owner, &self.tenant).await;
        assert!(deletion["effective_at"].is_string(), "{deletion}");
        assert_eq!(deletion["waits_for"], Value::Array(Vec::new()));
        let actions = actions(&self.harness).await;
        assert!(
            actions.ends_with(&["kek.retiring".to_owned(), "kek.retired".to_owned()]),
            "{actions:?}"
        );
    }
}

fn source_of(device: &Device) -> KeySource {
    KeySource::of_service(Arc::new(device.clone()), "test".to_owned())
}

fn kek_of(name: &str) -> KekRef {
    name.parse().expect("the name of a version")
}

async fn a_retirement_whose_trim_failed_is_not_recorded_and_succeeds_when_repeated(
    database: TestDatabase,
) {
    let keys = Keys::with_transit().await;
    let scene = Scene::on(database, keys.provider(ProviderKind::Transit, &[]).await).await;
    scene.request().await;
    keys.stub().engine(|it| it.failing_trims = Some(403));
    let refused = scene.retire().await;
    assert!(
        matches!(refused, Err(Error::KeysUnavailable(_))),
        "{refused:?}"
    );
    assert_eq!(scene.settle().await, 0);
    scene.assert_waiting().await;
    let status = scene.harness.vault.key_status().await.expect("a status");
    let old = status.keks.iter().find(|it| it.kek == kek_of(&scene.old));
    assert_eq!(old.map(|it| it.state), Some(KekState::DecryptOnly));
    assert!(scene.retire().await.is_err(), "the trim still fails");

    keys.stub().engine(|it| it.failing_trims = None);
    let retired = scene.retire().await;
    assert!(matches!(retired, Ok(Retirement::Done(_))), "{retired:?}");
    scene.assert_effective().await;
    assert_eq!(keys.stub().engine(|it| it.min_available), 2);
}

async fn a_version_that_a_device_destroyed_before_the_end_is_noted_by_the_worker(
    database: TestDatabase,
) {
    let device = Device::default();
    let scene = Scene::on_device(database, &device).await;
    scene.request().await;
    device.change(|it| it.is_cutting_off = true);
    assert!(scene.retire().await.is_err());
    assert!(!device.holds(kek_of(&scene.old)), "it is destroyed");
    device.change(|it| it.is_down = true);
    assert_eq!(
        scene.settle().await,
        0,
        "a device that is down says nothing"
    );
    device.change(|it| it.is_down = false);
    scene.assert_waiting().await;
    assert_eq!(scene.settle().await, 1);
    scene.assert_effective().await;
}

async fn a_repeated_call_completes_the_retirement_of_a_version_that_is_gone(
    database: TestDatabase,
) {
    let device = Device::default();
    let scene = Scene::on_device(database, &device).await;
    scene.request().await;
    device.change(|it| it.is_cutting_off = true);
    assert!(scene.retire().await.is_err());
    device.change(|it| (it.is_cutting_off, it.is_down) = (false, true));
    let refused = scene.retire().await;
    assert!(
        matches!(refused, Err(Error::KeysUnavailable(_))),
        "{refused:?}"
    );
    device.change(|it| it.is_down = false);
    let retired = scene.retire().await;
    assert!(matches!(retired, Ok(Retirement::Done(_))), "{retired:?}");
    scene.assert_effective().await;
    let requests = scene.harness.store().await.list_kek_retirements().await;
    assert_eq!(requests.expect("a list"), []);
}

async fn a_version_that_is_gone_without_an_approval_is_not_noted(database: TestDatabase) {
    let device = Device::default();
    let scene = Scene::on_device(database, &device).await;
    scene.request().await;
    device.change(|it| it.lose_version(kek_of(&scene.old)));
    assert_eq!(scene.settle().await, 0);
    let refused = scene.retire().await;
    assert!(
        matches!(refused, Err(Error::Conflict(Conflict::KeyState))),
        "{refused:?}"
    );
    scene.assert_waiting().await;
}

async fn a_version_is_not_noted_where_its_provider_has_no_settings(database: TestDatabase) {
    let device = Device::default();
    let scene = Scene::on_device(database, &device).await;
    scene.request().await;
    device.change(|it| it.is_cutting_off = true);
    assert!(scene.retire().await.is_err());
    let keyring = LocalKeys::from(Keyring::in_memory().expect("a keyring"));
    let keyring = Arc::new(keyring);
    let moving = KeyProvider::new(
        KeySource::Local(Arc::clone(&keyring)),
        vec![source_of(&device)],
    );
    let moving = open_vault(&scene, moving).await;
    assert!(moving.rewrap_data_keys().await.expect("a pass") > 0);
    let alone = KeyProvider::new(KeySource::Local(keyring), Vec::new());
    let alone = open_vault(&scene, alone).await;
    assert_eq!(alone.settle_deletions().await.expect("a pass"), 0);
    let refused = alone.retire_kek(BY, &scene.old, &scene.old).await;
    assert!(
        matches!(refused, Err(Error::Conflict(Conflict::KeyState))),
        "{refused:?}"
    );
    scene.assert_waiting().await;
    assert_eq!(moving.settle_deletions().await.expect("a pass"), 1);
    for vault in [moving, alone] {
        vault.shut_down().await;
    }
}

async fn open_vault(scene: &Scene, provider: KeyProvider) -> Vault {
    let opened = open(&scene.harness, provider).await;
    opened.expect("the vault opens")
}

async fn an_approved_retirement_is_still_shown_after_eight_days(database: TestDatabase) {
    let keys = Keys::with_transit().await;
    let scene = Scene::on(database, keys.provider(ProviderKind::Transit, &[]).await).await;
    scene.request().await;
    let open = show_retirement(&scene).await;
    assert_eq!(open["approved_at"], Value::Null, "{open}");
    assert!(open["expires_at"].is_string(), "{open}");
    keys.stub().engine(|it| it.failing_trims = Some(403));
    assert!(scene.retire().await.is_err(), "the trim fails");
    scene.harness.clock.advance_by(chrono::Duration::days(8));
    let approved = show_retirement(&scene).await;
    assert!(approved["approved_at"].is_string(), "{approved}");
    assert_eq!(approved["expires_at"], Value::Null, "it does not end");
    keys.stub().engine(|it| it.failing_trims = None);
    let retired = scene.retire().await;
    assert!(matches!(retired, Ok(Retirement::Done(_))), "{retired:?}");
    assert_eq!(show_retirement(&scene).await, Value::Null);
}

/// The request to destroy the older version, as an owner who logs in now sees it.
async fn show_retirement(scene: &Scene) -> Value {
    let owner = Operator::log_in(&scene.harness.admin, "owner", PASSWORD).await;
    let (_, status) = owner.get("/keys/encryption").await;
    let keys = status["keys"].as_array().expect("versions");
    let old = keys.iter().find(|it| it["key"] == scene.old.as_str());
    old.expect("the version")["retirement"].clone()
}
