//! Copies of wrapped keys that a shred leaves behind: in files of the database, its log, a backup and the keyring.
//!
//! The test is a thief who has all of them: it seeks every wrapped key in every byte, puts each back as a row, sets the
//! tenant active, and reads. While the product says that the shred waits, that works; once it says "effective", it must not.

use std::{collections::BTreeSet, time::Duration};

use aho_corasick::AhoCorasick;
use regrant_domain::KekRef;
use regrant_testdb::{Kind, TestDatabase};
use regrant_vault::{Error, Parts, Settings, Vault};
use serde_json::{Value, json};

use super::destruction::{id_of, replace_kek, shred};
use crate::harness::{Fleet, Harness, Operator, Options, Tenant, create_keyring, open_keyring};

/// What a wrapped key begins with, and how long it is.
const MAGIC: &[u8] = b"RK\x01\x01\x01\x00";
const WRAPPED: usize = 160;

/// An installation whose keyring is a file, a tenant with a token, and what a thief took before the shred.
struct Scene {
    harness: Harness,
    owner: Operator,
    tenant: Tenant,
    directory: tempfile::TempDir,
    path: String,
    token: Value,
    backup: Option<Vec<u8>>,
}

impl Scene {
    async fn on(database: TestDatabase) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        create_keyring(directory.path());
        let options = Options {
            provider: open_keyring(directory.path()),
            ..Options::default()
        };
        let fleet = Fleet::new(1, 2, 0);
        let harness = Harness::with(database, &fleet.world(), options).await;
        let (owner, tenant) = (harness.owner().await, harness.tenant("Leaving").await);
        tenant.register(&fleet.assets()).await;
        let token = harness.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
        let path = format!("/v1/assets/{}/token", fleet.ids()[0]);
        let token = tenant.get(&path).await["access_token"].clone();
        assert!(token.is_string());
        let backup = harness.database.dump().await;
        Self {
            harness,
            owner,
            tenant,
            directory,
            path,
            token,
            backup,
        }
    }

    /// Every wrapped key in the backup, in the files of the database and beside the keyring.
    async fn seek_wrapped_keys(&self) -> BTreeSet<Vec<u8>> {
        let files = self.harness.database.read_all_files().await;
        let keyrings = std::fs::read_dir(self.directory.path()).expect("the directory");
        let keyrings = keyrings.map(|it| std::fs::read(it.expect("a file").path()).expect("bytes"));
        let contents = files.into_iter().map(|(_, bytes)| bytes).chain(keyrings);
        contents
            .chain(self.backup.clone())
            .flat_map(|it| find_wrapped_keys(&it))
            .collect()
    }

    /// Puts a wrapped key back as the tenant's, and the tenant as it was.
    async fn put_back(&self, wrapped: &[u8]) {
        let (tenant, key) = (id_of(&self.tenant), &wrapped[6..22]);
        let version = u32::from_be_bytes(wrapped[22..26].try_into().expect("four bytes"));
        let key = uuid::Uuid::from_slice(key).expect("an id");
        let (id, key, bytes) = match self.harness.database.kind() {
            Kind::Sqlite => (
                format!("x'{}'", tenant.uuid().simple()),
                format!("x'{}'", key.simple()),
                format!("x'{}'", hex::encode(wrapped)),
            ),
            Kind::Postgres => (
                format!("'{}'", tenant.uuid()),
                format!("'{key}'"),
                format!("'\\x{}'", hex::encode(wrapped)),
            ),
        };
        let database = &self.harness.database;
        for sql in [
            format!("DELETE FROM tenant_keys WHERE tenant_id = {id}"),
            format!(
                "INSERT INTO tenant_keys (tenant_id, key_id, version, state, wrapped, created_at)
                 VALUES ({id}, {key}, {version}, 'active', {bytes}, 0)"
            ),
            format!("UPDATE tenants SET status = 'active', shredded_at = NULL WHERE id = {id}"),
        ] {
            database.run_as_superuser(&sql).await;
        }
        let row = format!("tenants/{}", tenant.uuid());
        self.harness.accept_row(tenant, &row).await;
    }

    /// Puts each wrapped key back in turn, and reads the tenant's token with it.
    async fn read_with_each(&self, found: &BTreeSet<Vec<u8>>) -> Vec<Value> {
        let mut responses = Vec::new();
        for wrapped in found {
            self.put_back(wrapped).await;
            responses.push(self.tenant.get(&self.path).await);
            // This process forgets the key, too.
            shred(&self.owner, &self.tenant).await;
        }
        responses
    }

    /// The error of another process that starts with this wrapped key and the keyring that is left.
    async fn start_with(&self, wrapped: &[u8]) -> String {
        self.put_back(wrapped).await;
        let parts = Parts {
            store: self.harness.store().await,
            provider: open_keyring(self.directory.path()),
            graph: self.harness.graph.clone(),
            clock: self.harness.clock.clone(),
            settings: Settings::default(),
        };
        let error = Vault::open(parts).await.err().expect("it does not start");
        regrant_domain::error_chain(&error)
    }
}

/// Every wrapped key in these bytes; dumps of PostgreSQL hold bytes as hexadecimal digits.
fn find_wrapped_keys(bytes: &[u8]) -> Vec<Vec<u8>> {
    let digits = hex::encode(MAGIC);
    let search = AhoCorasick::new([MAGIC, digits.as_bytes()]).expect("a search");
    let found = search.find_overlapping_iter(bytes).filter_map(|it| {
        let rest = bytes.get(it.start()..)?;
        match it.pattern().as_usize() {
            0 => rest.get(..WRAPPED).map(<[u8]>::to_vec),
            _ => hex::decode(rest.get(..2 * WRAPPED)?).ok(),
        }
    });
    found.collect()
}

/// Whether a version that is destroyed wrapped this key.
fn is_under(wrapped: &[u8], keks: &[String]) -> bool {
    let kek = KekRef::from_bytes(&wrapped[26..46]).expect("its name");
    keks.contains(&kek.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_copy_of_a_shredded_tenants_keys_opens_once_the_shred_is_effective_on_sqlite() {
    let scene = Scene::on(TestDatabase::create_sqlite().await).await;
    Box::pin(copies_open_until_the_shred_is_effective(scene)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_copy_of_a_shredded_tenants_keys_opens_once_the_shred_is_effective_on_postgres() {
    if let Some(database) = TestDatabase::create_postgres_alone().await {
        let scene = Scene::on(database).await;
        Box::pin(copies_open_until_the_shred_is_effective(scene)).await;
    }
}

async fn copies_open_until_the_shred_is_effective(scene: Scene) {
    let harness = &scene.harness;
    let first = replace_kek(harness).await;
    shred(&scene.owner, &scene.tenant).await;
    let second = replace_kek(harness).await;
    let found = scene.seek_wrapped_keys().await;
    let responses = scene.read_with_each(&found).await;
    let opened = found.iter().zip(responses);
    let opened = opened.filter(|(_, it)| it["access_token"] == scene.token);
    let data_keys: BTreeSet<_> = opened.map(|(it, _)| it[6..22].to_vec()).collect();
    assert_eq!(data_keys.len(), 1, "the thief knows how to read the token");
    let shredded = shred(&scene.owner, &scene.tenant).await;
    assert_eq!(
        shredded["effective_at"],
        Value::Null,
        "and the product says so"
    );
    assert_eq!(shredded["waits_for"], json!([first, second]));

    let retired = [first, second];
    for kek in &retired {
        harness.retire_kek(kek).await;
    }
    let shredded = shred(&scene.owner, &scene.tenant).await;
    assert!(shredded["effective_at"].is_string(), "{shredded}");
    let mut found = scene.seek_wrapped_keys().await;
    found.retain(|it| data_keys.contains(&it[6..22]));
    let one = found.last().expect("the backup has the key still");
    assert!(found.iter().all(|it| is_under(it, &retired)));
    for response in scene.read_with_each(&found).await {
        assert_eq!(response["reason"]["code"], "unreadable", "{response}");
        assert_eq!(response["access_token"], Value::Null);
    }
    let error = scene.start_with(one).await;
    assert!(
        error.contains("the keyring does not hold version"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_the_table_of_keys_is_rewritten_without_a_shredded_tenants_keys() {
    let Some(database) = TestDatabase::create_postgres_alone().await else {
        return;
    };
    let scene = Scene::on(database).await;
    let in_tables = async || {
        let files = scene.harness.database.read_all_files().await;
        let tables = files
            .into_iter()
            .filter(|(name, _)| !name.starts_with("pg_wal/"));
        let keys = tables.flat_map(|(_, bytes)| find_wrapped_keys(&bytes));
        keys.collect::<BTreeSet<_>>().len()
    };
    assert_eq!(in_tables().await, 2, "the installation's and the tenant's");
    shred(&scene.owner, &scene.tenant).await;
    assert_eq!(in_tables().await, 2, "a dead row");
    scene.harness.erase().await;
    assert_eq!(in_tables().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_readers_do_not_wait_long_for_the_rewrite_of_a_table_in_use() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let scene = Scene::on(database).await;
    shred(&scene.owner, &scene.tenant).await;
    let superuser = scene.harness.database.superuser_url().expect("PostgreSQL");
    let holding = tokio::spawn(async move {
        regrant_testdb::hold_table(&superuser, "tenant_keys", 3).await;
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let busy = scene.harness.vault.erase_deleted_bytes().await;
    assert!(matches!(busy, Err(Error::DatabaseBusy)), "{busy:?}");
    assert!(
        !holding.is_finished(),
        "it gave up before the table was free"
    );
    holding.await.expect("the table is free");
    scene.harness.erase().await;
}
