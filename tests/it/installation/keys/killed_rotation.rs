//! G10: a rotation of the key-encryption key of many tenants, beside a load, in which the command and the server are
//! killed at once, again and again.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use regrant_domain::{AppId, Permissions};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, NewTenantSpec};
use serde_json::json;
use tokio::process::Child;

use super::processes::{retire_all, rotate};
use crate::harness::{APP, Fleet, Load, ServerProcess, Tenant, from_environment};

/// How many of the tenants are called.
const CALLED: usize = 20;
/// The assets of each of them.
const ASSETS: usize = 20;
const CALLS_PER_SECOND: u32 = 100;
/// Within which a rotation continues once the server starts again.
const RESUMES_WITHIN: Duration = Duration::from_secs(5);
/// How often the rows are counted.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// An installation whose KEK is rotated.
struct Rotation {
    server: ServerProcess,
    tenants: Vec<Tenant>,
    fleet: Fleet,
    /// The command, if it runs.
    command: Option<Child>,
    kills: usize,
    /// The longest time from a start of the server until another row was wrapped again.
    resumed: Duration,
    /// The longest time from such a start until a call succeeded.
    served: Duration,
    /// How many rotations were needed for all kills.
    rotations: usize,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: tests/long rotation"]
async fn a_rotation_of_many_tenants_continues_after_each_kill_on_sqlite() {
    Box::pin(rotate_beside_load(TestDatabase::create_sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: tests/long rotation"]
async fn a_rotation_of_many_tenants_continues_after_each_kill_on_postgresql() {
    if let Some(database) = TestDatabase::create_postgres().await {
        Box::pin(rotate_beside_load(database)).await;
    }
}

async fn rotate_beside_load(database: TestDatabase) {
    let kind = database.kind();
    let tenants = from_environment("REGRANT_TENANTS", 2_000);
    let kills = from_environment("REGRANT_KILLS", 5);
    let mut rotation = Box::pin(Rotation::prepare(database, tenants)).await;
    let load = Load::start(
        &rotation.tenants,
        &rotation.fleet,
        &rotation.server.sandbox,
        CALLS_PER_SECOND,
    );
    while rotation.kills < kills {
        Box::pin(rotation.kill_in_the_midst(&load)).await;
        load.log_in_again().await;
    }
    let verdict = rotation.finish().await;
    load.log_in_again().await;
    rotation.tenants = load.tenants();
    let calls = load.stop().await;
    println!(
        "G10: {kind:?}, {tenants} tenants, {kills} kills in {} rotations, continued within {:.1} s, served within {:.1} s; {calls}",
        rotation.rotations,
        rotation.resumed.as_secs_f64(),
        rotation.served.as_secs_f64(),
    );
    assert!(verdict > u64::try_from(tenants).expect("a number"));
    assert!(calls.failures.is_empty(), "{}", rotation.server.printed());
    assert!(calls.reads.len() > 100, "reads went on");
    assert!(rotation.resumed <= RESUMES_WITHIN);
    for reconnect in &calls.reconnects {
        reconnect.check(&rotation.tenants).await;
    }
    rotation.check_after_retirement().await;
}

impl Rotation {
    async fn prepare(database: TestDatabase, tenants: usize) -> Self {
        let fleet = Fleet::new(1, ASSETS - 1, 1);
        // A lease of a second is lost now and then on a machine this busy.
        let settings = vec![
            ("REGRANT_WITH_WORKER", "true"),
            ("REGRANT_LEASE_SECONDS", "5"),
        ];
        let server = ServerProcess::start_with(database, &fleet.world(), "warn", settings).await;
        onboard(&server, tenants - CALLED).await;
        let mut called = Vec::new();
        for n in 0..CALLED {
            let tenant = server.tenant(&format!("Called {n}")).await;
            tenant.register(&fleet.assets()).await;
            let token = server.sandbox.token(Fleet::PERSON).await;
            let ended = tenant.reconnect(&token, &fleet.ids()).await;
            assert_eq!(ended["counts"], json!({ "replaced": ASSETS }));
            called.push(tenant);
        }
        server.sandbox.latency(20).await;
        Self {
            server,
            tenants: called,
            fleet,
            command: None,
            kills: 0,
            resumed: Duration::ZERO,
            served: Duration::ZERO,
            rotations: 0,
        }
    }

    /// Kills the command and the server while rows are left, starts them again, and measures until both continue. A kill
    /// that came too late counts for nothing.
    async fn kill_in_the_midst(&mut self, load: &Load) {
        self.ensure_rotating().await;
        let delay = u64::try_from(self.kills * 137 % 400).expect("a number");
        tokio::time::sleep(Duration::from_millis(delay)).await;
        drop(self.command.take());
        self.server.kill().await;
        let left = self.count_left().await;
        let began = Instant::now();
        // Every other time the operator repeats the command; otherwise the worker alone continues.
        if self.kills % 2 == 1 {
            self.command = Some(self.server.start_command(&["keys", "rotate"]));
        }
        self.server.restart().await;
        if left == 0 {
            return;
        }
        self.wait_until(async |it| it.count_left().await < left)
            .await;
        self.resumed = self.resumed.max(began.elapsed());
        self.wait_until(async |_| load.last_success().is_some_and(|it| it > began))
            .await;
        self.served = self.served.max(began.elapsed());
        self.kills += 1;
    }

    /// Starts a rotation if none has rows left, and waits until it wraps rows again.
    async fn ensure_rotating(&mut self) {
        let left = self.count_left().await;
        if left == 0 {
            self.rotations += 1;
            self.command = Some(self.server.start_command(&["keys", "rotate"]));
            self.wait_until(async |it| it.count_left().await > 0).await;
        }
    }

    async fn wait_until(&self, holds: impl AsyncFn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self).await {
            assert!(
                began.elapsed() < Duration::from_mins(2),
                "{}",
                self.server.printed()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// How many data keys an older version than the promoted one wraps.
    async fn count_left(&self) -> i64 {
        let database = self.server.database();
        let sql = if database.url().starts_with("sqlite") {
            "SELECT count(*) FROM tenant_keys
             WHERE hex(substr(wrapped, 43, 4)) < (SELECT printf('%08X', max(version)) FROM kek_floor)"
        } else {
            "SELECT count(*) FROM tenant_keys
             WHERE encode(substr(wrapped, 43, 4), 'hex') < (SELECT lpad(to_hex(max(version)), 8, '0') FROM kek_floor)"
        };
        database.count_as_superuser(sql).await
    }

    /// Rotates to the end; how many data keys open then.
    async fn finish(&mut self) -> u64 {
        drop(self.command.take());
        let (verdict, _) = rotate(&self.server, &["keys", "rotate", "--output=json"]).await;
        assert_eq!(verdict["whole"], true, "{verdict}");
        assert_eq!(self.count_left().await, 0);
        verdict["opened"].as_u64().expect("a count")
    }

    /// Everything opens without the old versions.
    async fn check_after_retirement(&mut self) {
        retire_all(&self.server).await;
        self.server.restart().await;
        for tenant in &self.tenants {
            let tokens = tenant.tokens(&self.fleet.ids()).await;
            let readable = tokens.values().filter(|it| it["access_token"].is_string());
            assert_eq!(readable.count(), ASSETS);
        }
        assert_eq!(self.server.integrity().await, "ok");
    }
}

/// Creates tenants without calls: each has a data key.
async fn onboard(server: &ServerProcess, tenants: usize) {
    let app: AppId = APP.parse().expect("an app id");
    let create = |n: usize| {
        let new =
            NewTenantSpec::with_scopes(&format!("Tenant {n}"), app.clone(), Permissions::all());
        server.vault.create_tenant(Actor::CommandLine, new, None)
    };
    let all = stream::iter(0..tenants).map(create).buffer_unordered(4);
    all.for_each(async |it| drop(it.expect("onboarded"))).await;
}
