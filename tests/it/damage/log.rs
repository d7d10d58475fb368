//! G17: a log of SQLite that a crash cut short or tore, or of which bytes changed, opens to the state after one of its
//! commits, or not at all: no credential is mixed of two.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use regrant_testdb::{StoredState, TestDatabase};
use regrant_vault::KeptCheckpoints;
use serde_json::json;

use super::backups::{count_served, open};
use crate::harness::{
    Fleet, Harness, Options, Tenant, create_keyring, from_environment, open_keyring,
};

const ASSETS: usize = 12;
/// How often all of them are reconnected while the log grows.
const ROUNDS: usize = 4;
/// Every so many states of commits are opened by the product.
const OPENED_EACH: usize = 8;

/// A database without its newest commits, and the log that has them.
struct Files {
    database: Vec<u8>,
    log: Vec<u8>,
    directory: tempfile::TempDir,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_cut_or_changed_opens_to_the_state_after_one_of_its_commits() {
    let directory = tempfile::tempdir().expect("a directory");
    create_keyring(directory.path());
    let options = Options {
        provider: open_keyring(directory.path()),
        ..Options::default()
    };
    let fleet = Fleet::new(1, ASSETS - 1, 1);
    let database = TestDatabase::create_sqlite().await;
    let harness = Harness::with(database, &fleet.world(), options).await;
    let tenant = harness.tenant("One").await;
    let files = write_log(&harness, &tenant, &fleet, directory).await;

    let frames = regrant_testdb::list_frames(&files.log);
    let commits: Vec<_> = frames.iter().filter(|it| it.commits).collect();
    let mut states = BTreeSet::new();
    for (n, frame) in commits.iter().enumerate() {
        let log = &files.log[..frame.end];
        let state = files.read(log).await;
        states.insert(state.expect("a whole commit opens"));
        if n % OPENED_EACH == 0 || n + 1 == commits.len() {
            files
                .check_in_product(log, (&harness, &tenant, &fleet))
                .await;
        }
    }
    states.insert(files.read(&[]).await.expect("it opens without a log"));

    let (mut opened, mut refused) = (0, 0);
    for damaged in damage_log(&files.log, frames.iter().map(|it| it.end)) {
        match files.read(&damaged).await {
            Ok(state) => {
                assert!(states.contains(&state), "a state of no commit");
                opened += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!(
        "G17: {} commits, {} frames; {opened} damaged logs open to the state after a commit, {refused} do not open",
        commits.len(),
        frames.len()
    );
    assert!(opened > 0);
}

/// Connects the assets, empties the log, and reconnects them again and again: the log then has what the file has not.
async fn write_log(
    harness: &Harness,
    tenant: &Tenant,
    fleet: &Fleet,
    directory: tempfile::TempDir,
) -> Files {
    let path = harness.database.url().trim_start_matches("sqlite://");
    let read = |path: &str| std::fs::read(path).expect("the file is read");
    let mut database = Vec::new();
    tenant.register(&fleet.assets()).await;
    for round in 0..=ROUNDS {
        let person = [Fleet::PERSON, Fleet::MANAGED][round % 2];
        let token = harness.sandbox.token(person).await;
        let ended = tenant.reconnect(&token, &fleet.ids()).await;
        assert_eq!(ended["counts"], json!({ "replaced": ASSETS }));
        if round == 0 {
            let empty_log = "PRAGMA wal_checkpoint(TRUNCATE)";
            harness.database.run_as_superuser(empty_log).await;
            database = read(path);
        }
    }
    assert!(database == read(path), "everything since is in the log");
    Files {
        database,
        log: read(&format!("{path}-wal")),
        directory,
    }
}

impl Files {
    /// Writes a copy with this log under a name of its own: SQLite may still hold an earlier one.
    fn write_copy(&self, log: &[u8]) -> PathBuf {
        let name = format!("copy-{}.db", uuid::Uuid::now_v7().simple());
        let path = self.directory.path().join(name);
        for (suffix, bytes) in [("", self.database.as_slice()), ("-wal", log)] {
            let written = std::fs::write(with_suffix(&path, suffix), bytes);
            written.expect("the file is written");
        }
        path
    }

    /// The state that a copy with this log opens to.
    async fn read(&self, log: &[u8]) -> Result<StoredState, String> {
        let path = self.write_copy(log);
        let state = regrant_testdb::read_state(&path).await;
        for suffix in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(with_suffix(&path, suffix)));
        }
        state
    }

    /// The product opens a copy with this log: every credential opens, and the audit is whole.
    async fn check_in_product(
        &self,
        log: &[u8],
        (harness, tenant, fleet): (&Harness, &Tenant, &Fleet),
    ) {
        let url = format!("sqlite:{}", self.write_copy(log).display());
        let opened = open(harness, &url, open_keyring(self.directory.path())).await;
        let vault = opened.expect("the copy opens");
        assert_eq!(count_served(&vault, tenant, fleet).await, ASSETS);
        let id = tenant.id.parse().expect("a tenant's id");
        let verdict = vault
            .verify_audit(id, &KeptCheckpoints::default())
            .await
            .expect("a verdict");
        assert!(verdict.is_whole(), "{verdict:?}");
        vault.shut_down().await;
    }
}

/// Logs that end at or near the end of a frame, end anywhere, or have one bit changed.
fn damage_log(log: &[u8], ends: impl Iterator<Item = usize>) -> Vec<Vec<u8>> {
    let count = from_environment("REGRANT_CUTS", 150);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut cuts: Vec<usize> = ends
        .flat_map(|end| [end, end + 1, end + 7, end - 1, end - 7])
        .filter(|it| *it <= log.len())
        .collect();
    // The short form takes a part of them.
    while cuts.len() > count {
        cuts.swap_remove(random.below(cuts.len()));
    }
    let mut damaged: Vec<_> = cuts.into_iter().map(|at| log[..at].to_vec()).collect();
    for n in 0..count {
        let at = random.below(log.len());
        if n % 2 == 0 {
            damaged.push(log[..at].to_vec());
        } else {
            let mut changed = log.to_vec();
            changed[at] ^= 1 << random.below(8);
            damaged.push(changed);
        }
    }
    damaged
}

/// A generator whose numbers are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit).expect("a number");
        usize::try_from(self.0 % limit).expect("below the limit")
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    format!("{}{suffix}", path.display()).into()
}
