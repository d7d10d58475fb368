//! G12: the release before and this one on one database: upgrade, back, and upgrade again. Nothing fails, and every
//! token is readable by both.
//!
//! The rule: the rows of the short form were written by the program of an earlier release (`tests/upgrade/rows.json`); the
//! long form runs that program (`tests/upgrade/before.sh` compiles it).

mod rows;
mod site;

use std::{path::PathBuf, time::Duration};

use regrant_crypto::{KeyProvider, LocalKeys};
use regrant_domain::Passphrase;
use regrant_migration::{Migrator, MigratorTrait as _, open_to_migrate};
use regrant_testdb::{Kind, TestDatabase};
use regrant_vault::KeptCheckpoints;
use serde_json::{Value, json};

use self::{
    rows::StoredRows,
    site::{ASSETS, Serving, Site},
};
use crate::harness::{
    Calls, Fleet, Harness, Load, Options, Tenant, binary, on_both, write_private,
};

const CALLS_PER_SECOND: u32 = 50;
/// How long each phase lasts.
const LASTS: Duration = Duration::from_secs(5);

on_both!(rows_of_the_release_before_are_read_after_the_upgrade_and_after_steps_down_and_up);

async fn rows_of_the_release_before_are_read_after_the_upgrade_and_after_steps_down_and_up(
    database: TestDatabase,
) {
    let rows = StoredRows::load();
    let owner = open_to_migrate(database.owner_url()).await;
    let owner = owner.expect("the owner connects");
    let newer = rows.count_newer_steps();
    assert!(newer > 0, "write the rows with an earlier release");
    Migrator::down(&owner, Some(newer)).await.expect("down");
    rows.insert_into(&database).await;
    for _ in 0..2 {
        Migrator::up(&owner, None).await.expect("up");
        Migrator::down(&owner, Some(newer)).await.expect("down");
    }
    Migrator::up(&owner, None).await.expect("up");
    let granted = regrant_migration::grant_app_role(&owner, regrant_testdb::APP).await;
    granted.expect("the application's role gets its rights");

    let directory = tempfile::tempdir().expect("a directory");
    let options = Options {
        provider: open_keys(&rows, directory.path()),
        ..Options::default()
    };
    let harness = Harness::with(database, &Fleet::new(1, 2, 0).world(), options).await;
    let tenant = rows.log_in(&harness.api).await;
    let ids: Vec<_> = rows.tokens.keys().cloned().collect();
    let tokens = tenant.tokens(&ids).await;
    for (id, token) in &rows.tokens {
        assert_eq!(&tokens[id]["access_token"], token, "{id}");
    }
    let id = tenant.id.parse().expect("a tenant's id");
    let verdict = harness
        .vault
        .verify_audit(id, &KeptCheckpoints::default())
        .await;
    let verdict = verdict.expect("a verdict");
    assert!(verdict.is_whole(), "{verdict:?}");
}

fn open_keys(rows: &StoredRows, directory: &std::path::Path) -> KeyProvider {
    let path = directory.join("keyring");
    write_private(&path, rows.keyring());
    let passphrase = || Passphrase::parse(rows.passphrase.clone()).expect("a passphrase");
    let again = rows.passphrase.clone();
    let read = move || Ok(Passphrase::parse(again.clone()).expect("a passphrase"));
    let keys = LocalKeys::open(path, &passphrase(), Box::new(read));
    KeyProvider::from(keys.expect("the keyring opens"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_on_the_schema_of_a_later_release_migrates_nothing_and_reverts_nothing() {
    let database = TestDatabase::create_sqlite().await;
    let later =
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_999999_later', 0)";
    database.run_as_superuser(later).await;
    let site = Site::new(database, &Fleet::new(1, 2, 0)).await;
    for arguments in [&["migrate"][..], &["migrate", "--status"]] {
        let (succeeded, printed) = site.try_run(&binary(), arguments).await;
        assert!(succeeded, "{printed}");
        assert!(
            printed.contains("m29991231_999999_later, of a later release"),
            "{printed}"
        );
    }
    let (succeeded, printed) = site.try_run(&binary(), &["migrate", "--down", "1"]).await;
    assert!(!succeeded, "{printed}");
    assert!(printed.contains("steps of a later release"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: tests/long upgrade"]
async fn an_upgrade_a_way_back_and_another_upgrade_fail_no_call() {
    let before = std::env::var_os("REGRANT_PROGRAM_BEFORE");
    let before = PathBuf::from(before.expect("REGRANT_PROGRAM_BEFORE names the program before"));
    for database in TestDatabase::create_all().await {
        Box::pin(upgrade_and_back(database, before.clone())).await;
    }
}

async fn upgrade_and_back(database: TestDatabase, before: PathBuf) {
    let (kind, now) = (database.kind(), binary());
    let fleet = Fleet::new(1, ASSETS - 1, 1);
    let owner = open_to_migrate(database.owner_url()).await.expect("opens");
    Migrator::down(&owner, None).await.expect("an empty schema");
    owner.close().await.expect("it closes");
    let site = Site::new(database, &fleet).await;
    site.migrate(&before).await;
    let old = site.set_up(&before).await;
    let tenant = site.tenant(&old, &fleet).await;
    if kind == Kind::Sqlite {
        site.write_rows(&tenant, &fleet).await;
    }

    let mut way = Way {
        site,
        fleet,
        tenant,
        calls: Calls::default(),
    };
    // The schema first, while the program before serves.
    way.beside(&[&old], async |site| site.migrate(&now).await)
        .await;
    let new = way.replace(old, &now).await;
    way.site.use_what_is_new(&new, &now, &way.tenant).await;
    way.beside(&[&new], async |_| ()).await;
    // Back: the program before, on the schema as it is.
    let old = way.replace(new, &before).await;
    way.beside(&[&old], async |_| ()).await;
    way.check(&old, &before).await;
    // And forward again.
    way.beside(&[&old], async |site| site.migrate(&now).await)
        .await;
    let new = way.replace(old, &now).await;
    way.beside(&[&new], async |_| ()).await;
    way.check(&new, &now).await;
    println!("G12: {kind:?}, upgrade, back, upgrade: {}", way.calls);
    assert!(way.calls.failures.is_empty(), "{}", way.site.printed());
    assert!(way.calls.reads.len() > 100, "reads went on");
}

/// The way from release to release, and what callers saw.
struct Way {
    site: Site,
    fleet: Fleet,
    tenant: Tenant,
    calls: Calls,
}

impl Way {
    /// Calls these processes for a while, and meanwhile does this.
    async fn beside(&mut self, servers: &[&Serving], act: impl AsyncFnOnce(&Site)) {
        let tenants: Vec<_> = servers.iter().map(|it| self.tenant.at(&it.api)).collect();
        let load = Load::start(&tenants, &self.fleet, &self.site.sandbox, CALLS_PER_SECOND);
        act(&self.site).await;
        tokio::time::sleep(LASTS).await;
        let calls = load.stop().await;
        for reconnect in &calls.reconnects {
            reconnect.check(&tenants).await;
        }
        self.calls = std::mem::take(&mut self.calls).and(calls);
    }

    /// Replaces a process by one of another release. On PostgreSQL both serve for a while; a SQLite file belongs to one.
    async fn replace(&mut self, running: Serving, program: &std::path::Path) -> Serving {
        if self.site.kind() == Kind::Sqlite {
            running.stop().await;
            return self.site.serve(program).await;
        }
        let next = self.site.serve(program).await;
        self.beside(&[&running, &next], async |_| ()).await;
        let (of_one, of_other) = (self.tokens_at(&running).await, self.tokens_at(&next).await);
        assert_eq!(of_one, of_other, "both read the same tokens");
        running.stop().await;
        next
    }

    async fn tokens_at(&self, server: &Serving) -> Vec<Value> {
        let tokens = self.tenant.at(&server.api).tokens(&self.fleet.ids()).await;
        let ids = self.fleet.ids();
        ids.iter()
            .map(|it| tokens[it]["access_token"].clone())
            .collect()
    }

    /// Every token works at Graph, and the program finds no fault in the keys, nor this one in the audit.
    async fn check(&self, server: &Serving, program: &std::path::Path) {
        let tokens = self.tenant.at(&server.api).tokens(&self.fleet.ids()).await;
        for id in self.fleet.ids() {
            assert_eq!(
                self.site.sandbox.tries(&id, &tokens[&id]).await,
                200,
                "{id}"
            );
        }
        for arguments in [&["keys", "verify"][..], &["doctor"]] {
            self.site.run(program, arguments).await;
        }
        // The release before does not know every event of this one.
        self.site.run(&binary(), &["audit", "verify"]).await;
    }
}

impl Site {
    /// What the newer program does that the one before has not seen: keys and records of its own.
    async fn use_what_is_new(&self, new: &Serving, program: &std::path::Path, tenant: &Tenant) {
        self.run(program, &["keys", "rotate"]).await;
        self.run(program, &["keys", "rotate-data", "--tenant", &tenant.id])
            .await;
        let tenant = tenant.at(&new.api);
        let endpoint = json!({ "url": "https://hooks.example.com/x", "kinds": ["webhook.test"] });
        let (status, made) = tenant.post("/v1/webhook-endpoints", &endpoint).await;
        assert_eq!(status, 201, "{made}");
        self.run(program, &["audit", "checkpoint"]).await;
    }
}
