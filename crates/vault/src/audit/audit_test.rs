//! Tests of the audit with real keys and tokens (G39): restored credentials, truncated chains, a failing audit table,
//! shared commits.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use regrant_crypto::{KeyProvider, Keyring};
use regrant_domain::{
    AccessToken, AppId, AppSecret, AssetId, AssetKind, Clock, CredentialKind, Permissions, TenantId,
};
use regrant_storage::{AuditFault, Store};
use regrant_testdb::{Kind, TestDatabase};

use super::{AuditVerdict, KeptCheckpoints};
use crate::{
    Actor, AssetRegistration, Error, NewApp, NewTenantSpec, Parts, Principal, Settings,
    TenantChange, Vault,
};

struct Bench {
    vault: Vault,
    caller: Principal,
    bearer: String,
    database: TestDatabase,
}

impl Bench {
    async fn on(database: TestDatabase) -> Self {
        let settings = regrant_storage::Settings {
            url: database.url().to_owned(),
            max_connections: 8,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(10),
        };
        let clock = Clock::fixed_at(Clock::system_time());
        let parts = Parts {
            store: Store::connect(&settings).await.unwrap(),
            provider: KeyProvider::from(Keyring::in_memory().unwrap()),
            graph: regrant_graph::Client::new(regrant_graph::Settings::default(), clock.clone())
                .unwrap(),
            clock,
            settings: Settings::default(),
        };
        let vault = Vault::open(parts).await.unwrap();
        let (id, secret): (AppId, _) = (
            "1".parse().unwrap(),
            AppSecret::parse("secret".to_owned()).unwrap(),
        );
        let app = NewApp {
            id,
            name: "App".to_owned(),
            secret,
            verify_token: None,
        };
        vault
            .create_app(Actor::CommandLine, app, None)
            .await
            .unwrap();
        let (caller, bearer) = caller(&vault).await;
        Self {
            vault,
            caller,
            bearer,
            database,
        }
    }

    fn tenant(&self) -> TenantId {
        self.caller.tenant()
    }

    async fn verify(&self, statements: &[String]) -> AuditVerdict {
        let kept = self.vault.read_checkpoints(statements).await;
        self.vault.verify_audit(self.tenant(), &kept).await.unwrap()
    }

    async fn checkpoint(&self) -> String {
        self.vault
            .sign_own_checkpoint(&self.caller)
            .await
            .unwrap()
            .statement
    }

    /// Runs SQL that bypasses the vault.
    async fn intrude(&self, sql: &str) {
        let tenant = self.tenant().uuid();
        let tenant = match self.database.kind() {
            Kind::Sqlite => format!("x'{}'", tenant.simple()),
            Kind::Postgres => format!("'{tenant}'"),
        };
        self.database
            .run_as_superuser(&sql.replace("{tenant}", &tenant))
            .await;
    }

    /// Registers the businesses `from..to`, each with a token: imported tokens of pages are not served unproven.
    async fn import(&self, from: usize, to: usize, token: &str) {
        let business = |n: usize| AssetRegistration {
            id: id(n),
            kind: AssetKind::Business,
            name: None,
            business_id: None,
            token: Some((
                AccessToken::parse(format!("{token}-{n}")).unwrap(),
                CredentialKind::User,
            )),
        };
        self.vault
            .register_assets(&self.caller, (from..to).map(business).collect(), None)
            .await
            .unwrap();
    }
}

fn id(n: usize) -> AssetId {
    n.to_string().parse().unwrap()
}

async fn caller(vault: &Vault) -> (Principal, String) {
    let onboarded = vault
        .create_tenant(
            Actor::CommandLine,
            NewTenantSpec::with_scopes("One", "1".parse().unwrap(), Permissions::all()),
            None,
        )
        .await
        .unwrap();
    let log_in =
        crate::ClientLogIn::from_localhost(onboarded.client.id, onboarded.secret.as_ref().unwrap());
    let client = vault.authenticate_client(log_in).await.unwrap();
    let token = vault.issue_token(&client, None, None).await.unwrap();
    (
        vault
            .authenticate_request(crate::RequestCredentials::from_localhost(
                &token.access_token,
            ))
            .await
            .unwrap(),
        token.access_token,
    )
}

async fn on_each(test: impl AsyncFn(Bench)) {
    for database in TestDatabase::create_all().await {
        let bench = Box::pin(Bench::on(database)).await;
        Box::pin(test(bench)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verification_finds_a_restored_credential() {
    on_each(async |bench| {
        bench.import(1, 4, "first").await;
        bench
            .intrude("CREATE TABLE old AS SELECT * FROM credentials WHERE asset_id = '2'")
            .await;
        // The tenant deletes the asset and registers it again: another credential is active from here on.
        bench
            .vault
            .delete_asset(&bench.caller, &id(2))
            .await
            .unwrap();
        bench.import(2, 3, "second").await;
        let whole = bench.verify(&[]).await;
        assert!(whole.is_whole(), "{whole:?}");
        assert_eq!((whole.credentials, whole.unrecorded), (3, 0));
        bench
            .intrude(
                "DELETE FROM credentials WHERE tenant_id = {tenant} AND asset_id = '2';
                 INSERT INTO credentials SELECT * FROM old",
            )
            .await;
        let found = bench.verify(&[]).await;
        assert_eq!(found.faults.len(), 1, "{found:?}");
        assert_eq!(found.faults[0].1, AuditFault::RolledBack);
        // A current row with the sealed bytes of an old one.
        bench
            .intrude("DELETE FROM credentials WHERE tenant_id = {tenant} AND asset_id = '2'")
            .await;
        bench
            .intrude(
                "UPDATE credentials SET sealed = (SELECT sealed FROM old)
                 WHERE tenant_id = {tenant} AND asset_id = '3'",
            )
            .await;
        let found = bench.verify(&[]).await;
        assert_eq!(
            found.faults.iter().map(|it| it.1).collect::<Vec<_>>(),
            [AuditFault::RolledBack]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_external_checkpoint_reveals_a_truncated_or_rewritten_chain() {
    on_each(async |bench| {
        bench.import(1, 6, "first").await;
        let kept = bench.checkpoint().await;
        assert_eq!(bench.checkpoint().await, kept, "the chain has not grown: no new checkpoint");
        for n in 1..6 {
            bench.vault.read_token(&bench.caller, &id(n)).await.unwrap();
        }
        assert!(bench.verify(std::slice::from_ref(&kept)).await.is_whole());
        let later = bench.checkpoint().await;
        bench.intrude("CREATE TABLE head AS SELECT * FROM audit_heads; CREATE TABLE rows_ AS SELECT * FROM audit_events").await;
        // Delete the last five rows and the stored checkpoint, and move the chain's head back.
        bench
            .intrude(
                "UPDATE audit_heads SET seq = seq - 5, hash = (SELECT e.hash FROM audit_events e
                     WHERE e.tenant_id = audit_heads.tenant_id AND e.seq = audit_heads.seq - 5)
                 WHERE tenant_id = {tenant};
                 DELETE FROM audit_events WHERE tenant_id = {tenant}
                     AND seq > (SELECT seq FROM audit_heads WHERE tenant_id = {tenant});
                 DELETE FROM audit_checkpoints",
            )
            .await;
        assert!(bench.verify(&[]).await.is_whole(), "without an external checkpoint the truncation is invisible");
        let cut = bench.verify(&[kept, later.clone()]).await;
        assert_eq!(cut.faults.iter().map(|it| it.1).collect::<Vec<_>>(), [AuditFault::Truncated]);
        // The vault keeps writing: the same numbers exist again, with other rows.
        for n in 1..6 {
            bench.vault.read_token(&bench.caller, &id(n)).await.unwrap();
        }
        let rewritten = bench.verify(&[later]).await;
        assert_eq!(rewritten.faults.iter().map(|it| it.1).collect::<Vec<_>>(), [AuditFault::Rewritten]);
        let forged = bench.verify(&["a.b.c".to_owned()]).await;
        assert_eq!(forged.faults, [(0, AuditFault::BadCheckpoint)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_audit_cannot_be_written_no_token_is_served_and_nothing_changes() {
    on_each(async |bench| {
        bench.import(1, 21, "first").await;
        let (fail, mend) = if bench.database.kind() == Kind::Sqlite {
            (
                "CREATE TRIGGER sink BEFORE INSERT ON audit_events BEGIN SELECT RAISE(FAIL, 'disk full'); END",
                "DROP TRIGGER sink",
            )
        } else {
            (
                "REVOKE INSERT ON audit_events FROM regrant_app",
                "GRANT INSERT ON audit_events TO regrant_app",
            )
        };
        bench.intrude(fail).await;
        let reads = join_all((1..21).map(|n| {
            let (vault, caller) = (bench.vault.clone(), bench.caller.clone());
            async move { vault.read_token(&caller, &id(n)).await }
        }))
        .await;
        assert!(reads.iter().all(|it| matches!(it, Err(Error::Internal(_)))), "no token is served");
        let ids: Vec<_> = (1..21).map(id).collect();
        assert!(bench.vault.look_up_tokens(&bench.caller, &ids, None).await.is_err());
        assert!(bench.vault.delete_asset(&bench.caller, &id(1)).await.is_err(), "nothing is written without its audit row");
        bench.intrude(mend).await;
        assert!(bench.vault.read_token(&bench.caller, &id(1)).await.is_ok(), "nothing was deleted");
        assert!(bench.verify(&[]).await.is_whole());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_concurrent_reads_share_commits_and_each_has_its_row() {
    on_each(async |bench| {
        bench.import(1, 201, "first").await;
        let before = (
            bench.verify(&[]).await.rows,
            bench.vault.read_audit.commits(),
        );
        let reads = (1..201).map(|n| {
            let (vault, caller) = (bench.vault.clone(), bench.caller.clone());
            tokio::spawn(async move { vault.read_token(&caller, &id(n)).await.is_ok() })
        });
        assert!(join_all(reads).await.into_iter().all(|it| it.unwrap()));
        let after = bench.verify(&[]).await;
        let commits = bench.vault.read_audit.commits() - before.1;
        assert_eq!(after.rows - before.0, 200);
        assert!(after.is_whole());
        println!(
            "{:?}: 200 reads in {commits} commits",
            bench.database.kind()
        );
        assert!(commits <= 100, "{commits}");
        let mut subjects = std::collections::BTreeSet::new();
        let filter = super::AuditQuery {
            actions: vec!["token.read".to_owned()],
            ..Default::default()
        };
        for row in bench
            .vault
            .read_export_step(&bench.caller, filter)
            .await
            .unwrap()
            .data
        {
            subjects.insert(row.subject);
        }
        assert_eq!(subjects.len(), 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_reads_of_two_tenants_are_audited_in_their_own_chains() {
    Box::pin(on_each(async |bench| {
        let (other, bearer) = caller(&bench.vault).await;
        bench.import(1, 11, "first").await;
        let one = Bench {
            vault: bench.vault.clone(),
            caller: other.clone(),
            bearer,
            database: bench.database,
        };
        one.import(1, 11, "other").await;
        let reads = (0..60).map(|n| {
            let vault = one.vault.clone();
            let caller = if n % 2 == 0 {
                bench.caller.clone()
            } else {
                other.clone()
            };
            async move { vault.read_token(&caller, &id(n / 6 + 1)).await.is_ok() }
        });
        assert!(join_all(reads).await.into_iter().all(|it| it));
        for tenant in [bench.caller.tenant(), other.tenant()] {
            let verdict = one
                .vault
                .verify_audit(tenant, &KeptCheckpoints::default())
                .await
                .unwrap();
            // Created, registered, ten imports, thirty reads.
            assert_eq!(
                (verdict.rows, verdict.faults),
                (1 + 1 + 10 + 30, Vec::new())
            );
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_required_read_reason_is_written_to_the_audit() {
    on_each(async |bench| {
        bench.import(1, 2, "first").await;
        let demand = || TenantChange {
            reason_required: Some(true),
            ..TenantChange::default()
        };
        bench
            .vault
            .change_tenant(Actor::CommandLine, bench.tenant(), demand())
            .await
            .unwrap();
        let lost = bench
            .vault
            .change_tenant(Actor::CommandLine, TenantId::mint(), demand())
            .await;
        assert!(matches!(lost, Err(Error::NotFound(_))));
        let caller = bench
            .vault
            .authenticate_request(crate::RequestCredentials::from_localhost(&bench.bearer))
            .await
            .unwrap();
        assert!(matches!(
            bench.vault.read_token(&caller, &id(1)).await,
            Err(Error::ReasonRequired)
        ));
        let caller = caller.with_reason(Some("ticket 42".parse().unwrap()));
        bench.vault.read_token(&caller, &id(1)).await.unwrap();
        let newest = bench
            .vault
            .list_audit_events(&caller, super::AuditQuery::default(), 1)
            .await
            .unwrap();
        assert_eq!(
            newest.data[0].detail,
            r#"{"kind":"user","reason":"ticket 42"}"#
        );
        assert!(newest.next.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_past_retention_are_pruned_by_kind_and_exported_as_pruned() {
    on_each(async |mut bench| {
        bench.import(1, 3, "first").await;
        bench.vault.read_token(&bench.caller, &id(1)).await.unwrap();
        assert_eq!(
            bench.vault.purge_expired().await.unwrap(),
            0,
            "nothing is past retention"
        );
        let now = Clock::system_time();
        // The `+ 2` are the installation's rows: its rows were sealed, and its app was registered.
        for (days, gone) in [(399, 0), (401, 1), (7 * 365 + 2, 4 + 2)] {
            bench.vault.clock = Clock::fixed_at(now + chrono::Duration::days(days));
            assert_eq!(bench.vault.purge_expired().await.unwrap(), gone, "{days}");
            let verdict = bench.verify(&[]).await;
            assert!(verdict.is_whole(), "{verdict:?}");
            assert_eq!(
                bench.vault.purge_expired().await.unwrap(),
                0,
                "a second purge finds nothing"
            );
        }
        let verdict = bench.verify(&[]).await;
        assert_eq!(
            (verdict.credentials, verdict.unrecorded),
            (2, 2),
            "their events are pruned"
        );
        let rows = bench
            .vault
            .read_export_step(&bench.caller, super::AuditQuery::default())
            .await
            .unwrap()
            .data;
        let read = rows.iter().find(|it| it.action == "token.read").unwrap();
        let line: serde_json::Value =
            serde_json::from_str(&super::AuditFormat::Jsonl.format_row(read)).unwrap();
        assert_eq!((&line["actor"], &line["subject"]), (&"".into(), &"".into()));
        assert_eq!(
            (
                line["pruned"].as_str().map(str::len),
                line["detail"].is_null()
            ),
            (Some(64), true)
        );
        assert!(
            super::AuditFormat::Csv
                .format_row(read)
                .contains(line["pruned"].as_str().unwrap())
        );
        let pruned = rows.iter().filter(|it| it.action == "audit.pruned").count();
        assert_eq!(pruned, 2, "first the reads, later the acts");
        bench
            .intrude(
                "UPDATE audit_events SET actor = 'intruder' WHERE tenant_id = {tenant} AND seq = 1",
            )
            .await;
        assert_eq!(bench.verify(&[]).await.faults, [(1, AuditFault::Edited)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_chain_with_new_rows_gets_a_daily_checkpoint_that_reveals_a_later_truncation() {
    on_each(async |mut bench| {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("checkpoints");
        let lines = || std::fs::read_to_string(&file).unwrap_or_default();
        bench.vault.checkpoint_file =
            std::sync::Arc::new(super::CheckpointFile::new(Some(file.clone())));
        bench.import(1, 3, "first").await;
        assert_eq!(
            bench.vault.sign_due_checkpoints().await.unwrap(),
            2,
            "the installation's and the tenant's"
        );
        assert_eq!(lines().lines().count(), 2);
        bench.vault.read_token(&bench.caller, &id(1)).await.unwrap();
        assert_eq!(
            bench.vault.sign_due_checkpoints().await.unwrap(),
            0,
            "not a day old yet"
        );
        bench.vault.clock = Clock::fixed_at(Clock::system_time() + chrono::Duration::days(1));
        assert_eq!(bench.vault.sign_due_checkpoints().await.unwrap(), 1);
        bench.vault.clock = Clock::fixed_at(Clock::system_time() + chrono::Duration::days(3));
        assert_eq!(
            bench.vault.sign_due_checkpoints().await.unwrap(),
            0,
            "no new rows"
        );
        assert_eq!(lines().lines().count(), 3);
        let kept: Vec<_> = lines().lines().map(ToOwned::to_owned).collect();
        let verdict = bench.verify(&kept).await;
        assert_eq!(
            (verdict.checkpoints, verdict.is_whole()),
            (3, true),
            "two outside, one inside"
        );
        bench
            .intrude(
                "UPDATE audit_heads SET seq = seq - 1, hash = (SELECT e.hash FROM audit_events e
                     WHERE e.tenant_id = audit_heads.tenant_id AND e.seq = audit_heads.seq - 1)
                 WHERE tenant_id = {tenant};
                 DELETE FROM audit_events WHERE tenant_id = {tenant}
                     AND seq > (SELECT seq FROM audit_heads WHERE tenant_id = {tenant});
                 DELETE FROM audit_checkpoints",
            )
            .await;
        assert!(bench.verify(&[]).await.is_whole());
        let faults = bench.verify(&kept).await.faults;
        assert_eq!(
            faults.iter().map(|it| it.1).collect::<Vec<_>>(),
            [AuditFault::Truncated]
        );
        // A file that cannot be written is an error; the next run tries again.
        bench.vault.checkpoint_file =
            std::sync::Arc::new(super::CheckpointFile::new(Some(home.path().into())));
        assert!(matches!(
            bench.vault.sign_due_checkpoints().await,
            Err(Error::Internal(_))
        ));
        // The installation's own chain is verified in the same way.
        let own = bench
            .vault
            .verify_audit(TenantId::SYSTEM, &KeptCheckpoints::default())
            .await
            .unwrap();
        assert!(own.is_whole(), "{own:?}");
    })
    .await;
}

/// Measures the cost of auditing reads and prints the ratio.
/// `cargo test -p regrant-vault -- --ignored --nocapture audit_of_reads`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn the_audit_of_reads_costs_a_fraction() {
    const READERS: usize = 64;
    const EACH: usize = 30;
    on_each(async |bench| {
        bench.import(1, 201, "first").await;
        let round = async |audited: bool| {
            let began = Instant::now();
            let reader = |n: usize| {
                let (vault, caller) = (bench.vault.clone(), bench.caller.clone());
                tokio::spawn(async move {
                    for round in 0..EACH {
                        let ids = [id((n * EACH + round) % 200 + 1)];
                        if audited {
                            vault.look_up_tokens(&caller, &ids, None).await.unwrap();
                        } else {
                            vault
                                .open_tokens(&caller, &ids, vault.clock.now())
                                .await
                                .unwrap();
                        }
                    }
                })
            };
            join_all((0..READERS).map(reader)).await;
            f64::from(u32::try_from(READERS * EACH).unwrap()) / began.elapsed().as_secs_f64()
        };
        let (mut off, mut on) = (0.0_f64, 0.0_f64);
        for _ in 0..3 {
            off = off.max(round(false).await);
            let commits = bench.vault.read_audit.commits();
            on = on.max(round(true).await);
            let commits = bench.vault.read_audit.commits() - commits;
            println!(
                "{:?}: {} reads in {commits} commits",
                bench.database.kind(),
                READERS * EACH
            );
        }
        println!(
            "{:?}: {off:.0}/s without, {on:.0}/s with the audit: {:.2}",
            bench.database.kind(),
            on / off
        );
    })
    .await;
}
