//! Each log line of an error carries its cause, so that an operator reads why the database failed.
//!
//! The rule: new code that logs an error gets a step here that makes it fail. A step hides a table, does work that
//! needs it, and expects the name of the table in each line of an error.

pub(super) mod captured_log;
mod server_log;
mod source_check;

use std::{pin::pin, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use regrant_domain::{AppSecret, Clock, Permission, schedule::ProbeQueue};
use regrant_storage::Store;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, RequestCredentials};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

use self::captured_log::CapturedLog;
use crate::harness::{APP, Fleet, Harness, Options, SECRET, Tenant};

/// Leases are renewed after a third of it.
const LEASE: Duration = Duration::from_millis(600);
/// How long Graph takes to answer while a lease must be renewed.
const SLOW: u64 = 1_500;

struct Scene {
    harness: Harness,
    tenant: Tenant,
    ids: Vec<String>,
    store: Store,
    log: CapturedLog,
    /// What was wrong with a step.
    faults: Vec<String>,
}

/// One thread: the log is captured on the thread of the test.
#[tokio::test(flavor = "current_thread")]
async fn work_that_fails_logs_the_cause() {
    let mut faults = Vec::new();
    for database in TestDatabase::create_all().await {
        let kind = database.kind();
        let mut scene = Box::pin(Scene::on(database)).await;
        Box::pin(scene.fail_reconnects()).await;
        Box::pin(scene.fail_probes()).await;
        Box::pin(scene.fail_refresh()).await;
        Box::pin(scene.fail_webhooks()).await;
        Box::pin(scene.fail_notices()).await;
        Box::pin(scene.fail_scope_usage()).await;
        Box::pin(scene.fail_signing_keys()).await;
        Box::pin(scene.fail_to_decrypt()).await;
        Box::pin(scene.fail_to_close()).await;
        faults.extend(scene.faults.iter().map(|it| format!("{kind:?} {it}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

impl Scene {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 6, 1);
        let mut options = Options::default();
        options.vault.lease = LEASE;
        let harness = Harness::with(database, &fleet.world(), options).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let token = harness.sandbox.token(Fleet::PERSON).await;
        let ended = tenant.reconnect(&token, &fleet.ids()).await;
        assert_eq!(ended["counts"], json!({ "replaced": 7 }), "{ended}");
        Self {
            store: harness.store().await,
            harness,
            tenant,
            ids: fleet.ids(),
            log: CapturedLog::start(),
            faults: Vec::new(),
        }
    }

    /// A lease that cannot be renewed, a run that breaks off, and a search for due reconnects.
    async fn fail_reconnects(&mut self) {
        self.harness.sandbox.latency(SLOW).await;
        let token = self.harness.sandbox.token(Fleet::MANAGED).await;
        let order = json!({ "access_token": token, "asset_ids": self.ids, "wait_seconds": 0 });
        let (status, started) = self.tenant.post("/v1/reconnects", &order).await;
        assert_eq!(status, 202, "{started}");
        self.without("due", 3, async |_| {}).await;
        self.harness.sandbox.latency(0).await;
        let id = started["id"].as_str().expect("an id");
        self.tenant.ended(id).await;
    }

    /// Leases of probes that cannot be renewed, a chunk that breaks off and cannot be postponed, a round without its app.
    async fn fail_probes(&mut self) {
        self.make_probes_due().await;
        self.harness.sandbox.latency(SLOW).await;
        let vault = self.harness.vault.clone();
        let pass =
            tokio::spawn(async move { vault.probe_due_assets(ProbeQueue::Normal, 500).await });
        self.wait_until_probes_are_held().await;
        self.without("probe_due", 3, async |_| {}).await;
        self.harness.sandbox.latency(0).await;
        let _failed = pass.await.expect("the pass does not panic");

        self.make_probes_due().await;
        self.forget_app_secret().await;
        self.without("apps", 1, async |scene| {
            let pass = scene
                .harness
                .vault
                .probe_due_assets(ProbeQueue::Normal, 500)
                .await;
            assert!(pass.is_ok_and(|it| it.claimed > 0), "probes were due");
        })
        .await;
    }

    /// A secret that was opened is kept for a minute, unless it is set again.
    async fn forget_app_secret(&self) {
        let secret = AppSecret::parse(SECRET.to_owned()).expect("a secret");
        let (app, overlap) = (APP.parse().expect("an app id"), Duration::ZERO);
        let vault = &self.harness.vault;
        let set = vault.set_app_secret(Actor::CommandLine, &app, &secret, overlap, None);
        set.await.expect("the app is known");
    }

    async fn fail_refresh(&mut self) {
        self.insert_due("refresh", "grants").await;
        self.without("grants", 1, async |scene| {
            let pass = scene.harness.vault.refresh_due_tokens(10).await;
            assert_eq!(pass.expect("the pass itself does not fail"), 0);
        })
        .await;
    }

    /// A webhook that cannot be read, and one that was sent and cannot be settled.
    async fn fail_webhooks(&mut self) {
        let (url, mut received, answer) = consumer().await;
        let endpoint = json!({ "url": url, "kinds": ["webhook.test"] });
        let (status, made) = self.tenant.post("/v1/webhook-endpoints", &endpoint).await;
        assert_eq!(status, 201, "{made}");
        let id = made["id"].as_str().expect("an id");
        let test = format!("/v1/webhook-endpoints/{id}/test");
        self.tenant.post(&test, &Value::Null).await;
        self.without("deliveries", 1, async |scene| {
            let pass = scene.harness.vault.deliver_due_webhooks(50).await;
            assert!(pass.is_ok_and(|it| it > 0), "a webhook was due");
        })
        .await;

        self.tenant.post(&test, &Value::Null).await;
        let vault = self.harness.vault.clone();
        let pass = tokio::spawn(async move { vault.deliver_due_webhooks(50).await });
        received.recv().await.expect("the webhook was sent");
        self.without("deliveries", 1, async |_| {
            answer.send(()).await.expect("the consumer waits");
        })
        .await;
        let _passed = pass.await.expect("the pass does not panic");
    }

    async fn fail_notices(&mut self) {
        self.insert_due("inbox", "grants").await;
        self.without("inbox", 1, async |scene| {
            let _failed = scene.harness.vault.apply_due_notices(10).await;
        })
        .await;
    }

    async fn fail_scope_usage(&mut self) {
        self.without("client_scopes", 1, async |scene| {
            let vault = &scene.harness.vault;
            let caller = vault.authenticate_request(scene.tenant.presented()).await;
            let caller = caller.expect("the tenant is logged in");
            let permitted = vault.use_permission(&caller, Permission::AuditRead);
            permitted.expect("the client has every scope");
        })
        .await;
    }

    /// An unknown key id makes the vault read the signing keys again, at most every ten seconds.
    async fn fail_signing_keys(&mut self) {
        let (_, rest) = self.tenant.bearer.split_once('.').expect("a header");
        let header = BASE64.encode(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"unknown"}"#);
        let token = format!("{header}.{rest}");
        self.without("signing_keys", 1, async |scene| {
            let asking = async {
                loop {
                    let presented = RequestCredentials::from_localhost(&token);
                    let refused = scene.harness.vault.authenticate_request(presented).await;
                    assert!(refused.is_err(), "the key is unknown");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            };
            tokio::select! {
                () = asking => {}
                () = scene.log.wait_for_errors(1) => {}
            }
        })
        .await;
    }

    /// A credential whose columns differ from its sealed copy. Its slot is intact.
    async fn fail_to_decrypt(&mut self) {
        self.make_probes_due().await;
        self.log.take();
        let damage = "UPDATE credentials SET data_access_expires_at = 1";
        self.harness.database.run_as_superuser(damage).await;
        let pass = self
            .harness
            .vault
            .probe_due_assets(ProbeQueue::Normal, 500)
            .await;
        assert!(pass.is_ok_and(|it| it.claimed > 0), "probes were due");
        self.judge("damaged credentials", ": ", 1).await;
    }

    async fn fail_to_close(&mut self) {
        self.without("due", 1, async |scene| {
            scene.harness.vault.shut_down().await;
        })
        .await;
    }

    /// Hides a table, does `work`, and expects errors with the name of the table from at least `sites` log calls.
    async fn without(&mut self, table: &str, sites: usize, work: impl AsyncFnOnce(&Self)) {
        self.log.take();
        self.rename(table, "hidden").await;
        work(self).await;
        self.judge(&format!("without {table}"), table, sites).await;
        self.rename("hidden", table).await;
        // Lines of work that was still running when the table came back.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    async fn rename(&self, from: &str, to: &str) {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        self.harness.database.run_as_superuser(&sql).await;
    }

    /// Notes a fault of each line without the cause, and one if fewer than `sites` log calls wrote an error.
    async fn judge(&mut self, step: &str, cause: &str, sites: usize) {
        self.log.wait_for_errors(sites).await;
        let mut lines = self.log.take();
        lines.retain(|it| it.error.is_some());
        lines.sort_by(|one, other| one.site.cmp(&other.site));
        lines.dedup_by(|one, other| one.site == other.site);
        if lines.len() < sites {
            let fault = format!(
                "{step}: {} of {sites} log calls wrote an error: {lines:?}",
                lines.len()
            );
            self.faults.push(fault);
        }
        for line in lines {
            let error = line.error.unwrap_or_default();
            if !error.contains(cause) {
                let fault = format!("{step}: {}: {}: {error}", line.site, line.message);
                self.faults.push(fault);
            }
        }
    }

    /// Makes all assets due, and ends the leases that an earlier step left.
    async fn make_probes_due(&self) {
        let due =
            "UPDATE probe_due SET due_at = 1, owner = NULL, leased_until = NULL, lane = 'normal'";
        self.harness.database.run_as_superuser(due).await;
    }

    async fn wait_until_probes_are_held(&self) {
        let mut wait = pin!(tokio::time::sleep(Duration::from_secs(20)));
        loop {
            let wall = Clock::system_time();
            let backlog = self.store.read_backlog(wall, wall).await;
            if backlog.expect("the database answers").leased > 0 {
                return;
            }
            tokio::select! {
                () = &mut wait => panic!("no probe is held"),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
    }

    /// Makes work of this kind due, for a row of another table.
    async fn insert_due(&self, kind: &str, table: &str) {
        let insert = format!(
            "INSERT INTO due (tenant_id, kind, object_id, due_at, fencing)
             SELECT tenant_id, '{kind}', id, 1, 0 FROM {table} ORDER BY id LIMIT 1"
        );
        self.harness.database.run_as_superuser(&insert).await;
    }
}

/// A consumer of webhooks that reports each request, and answers it when it is allowed to.
async fn consumer() -> (String, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.expect("a free port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let (report, received) = mpsc::channel(8);
    let (answer, mut may_answer) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 16 * 1024];
            let _read = stream.read(&mut request).await;
            let _reported = report.send(()).await;
            may_answer.recv().await;
            let _sent = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    });
    (url, received, answer)
}
