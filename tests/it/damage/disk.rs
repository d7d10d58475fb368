//! Goal G19: a full disk is 507 or 503, the process says that it is not ready, and both end when there is space again.

use std::{fs, path::Path, process::Command, time::Duration};

use regrant_domain::TenantId;
use regrant_testdb::TestDatabase;
use regrant_vault::KeptCheckpoints;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, http, problem_code};

/// A file system of 16 MB in memory; unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where this process may not mount.
    fn mount() -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(directory.path())
            .status();
        let is_mounted = mounted.is_ok_and(|it| it.success());
        is_mounted.then(|| Self(directory))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills what is free; removing the file frees it.
    fn fill(&self) {
        let filler = vec![0_u8; 32 << 20];
        let written = fs::write(self.path().join("filler"), filler);
        assert!(written.is_err(), "the disk is smaller");
    }

    fn free(&self) {
        fs::remove_file(self.path().join("filler")).expect("it is there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn readiness(harness: &Harness) -> [u16; 2] {
    let ask = async |listener: &str| {
        let answer = http().get(format!("{listener}/readyz")).send().await;
        answer.expect("an answer").status().as_u16()
    };
    [ask(&harness.api).await, ask(&harness.admin).await]
}

/// Registers assets until the disk is full; returns the refusal.
async fn register_until_refused(tenant: &Tenant) -> (u16, bool, Value) {
    for n in 0..200 {
        let assets: Vec<_> = (0..500)
            .map(|it| json!({ "id": format!("9{n:06}{it:06}"), "kind": "page" }))
            .collect();
        let call = tenant.call(Method::POST, "/v1/assets");
        let answer = call.json(&json!({ "assets": assets })).send().await;
        let answer = answer.expect("an answer");
        let (status, has_pause) = (
            answer.status().as_u16(),
            answer.headers().contains_key("retry-after"),
        );
        if status != 200 {
            return (status, has_pause, answer.json().await.expect("json"));
        }
    }
    panic!("the disk does not fill up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_and_recovered_from_without_damage() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("=== skipped: this process may not mount a file system ===");
        return;
    };
    let directory = tempfile::tempdir_in(disk.path()).expect("a directory");
    let database = TestDatabase::create_sqlite_in(directory).await;
    let fleet = Fleet::new(1, 4, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("Full").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    assert_eq!(readiness(&harness).await, [200, 200]);
    disk.fill();
    let (status, has_pause, problem) = register_until_refused(&tenant).await;
    assert!(
        matches!(
            (status, problem_code(&problem)),
            (507, "database_full") | (503, "not_ready")
        ) && has_pause,
        "{status} {problem}"
    );
    assert_eq!(readiness(&harness).await, [503, 503]);
    for id in fleet.ids() {
        let status = tenant.status(&format!("/v1/assets/{id}/token")).await;
        assert!(matches!(status, 200 | 503 | 507), "{id}: {status}");
    }
    disk.free();
    for _ in 0..200 {
        if readiness(&harness).await == [200, 200] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(readiness(&harness).await, [200, 200]);
    for id in fleet.ids() {
        assert_eq!(tenant.status(&format!("/v1/assets/{id}/token")).await, 200);
    }
    assert_eq!(harness.database.check_integrity().await, "ok");
    let kept = KeptCheckpoints::default();
    for chain in [TenantId::SYSTEM, tenant.id.parse().expect("an id")] {
        let verdict = harness.vault.verify_audit(chain, &kept).await;
        assert!(verdict.expect("a verdict").is_whole(), "{chain}");
    }
}
