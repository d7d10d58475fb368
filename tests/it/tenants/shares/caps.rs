//! Every limit of a process that tenants share leaves room beside the share of one tenant.

use std::path::Path;

use crate::harness::{Harness, Options};

/// The limits of the process by name. A new limit is listed by `Vault::shared_limits`, and here.
const LIMITS: [&str; 11] = [
    "transactions that read",
    "transactions that write",
    "short statements",
    "rounds of reconnects",
    "batches in flight",
    "log-ins",
    "previews",
    "checks",
    "discoveries",
    "long lists",
    "webhooks in flight",
];
/// A semaphore counts without knowing tenants. Where one stands, this says why no tenant can use it up.
const SEMAPHORES: [(&str, &str); 2] = [
    (
        "api/src/bodies/budget.rs",
        "bytes of bodies: a tenant and an address hold a part of the budget at most",
    ),
    (
        "vault/src/operators/passwords.rs",
        "log-ins of operators belong to no tenant",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_limit_of_the_process_can_be_used_up_by_one_tenant() {
    let (harness, _) = Harness::small(Options::default()).await;
    let limits = harness.vault.shared_limits();
    let names: Vec<_> = limits.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, LIMITS);
    for (name, limits) in limits {
        // SQLite has one writer; there the tenants take turns.
        let is_single = limits.total == 1;
        assert!(
            limits.of_key < limits.total || is_single,
            "{name}: {limits:?}"
        );
    }
}

#[test]
fn every_semaphore_in_the_sources_has_a_reason() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut found = Vec::new();
    for name in ["api", "graph", "storage", "vault", "webhook", "worker"] {
        find_semaphores(&crates.join(name).join("src"), &crates, &mut found);
    }
    let reasoned: Vec<_> = SEMAPHORES.iter().map(|(file, _)| *file).collect();
    assert_eq!(
        found, reasoned,
        "use regrant_permits, or give a reason here"
    );
}

fn find_semaphores(directory: &Path, root: &Path, found: &mut Vec<String>) {
    let mut entries: Vec<_> = std::fs::read_dir(directory)
        .expect("a directory")
        .map(|it| it.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            find_semaphores(&path, root, found);
        } else if std::fs::read_to_string(&path).is_ok_and(|it| it.contains("Semaphore")) {
            let path = path.strip_prefix(root).expect("it is below the root");
            found.push(path.display().to_string());
        }
    }
}
