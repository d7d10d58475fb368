//! What the source of the storage may say, so that its statements run on a database that is distributed by tenant.
//!
//! The rule: a statement that names a table of the coordinator and a distributed one is on a list, with the reason why it
//! runs: the two are joined without a lock, or one of them is asked first and its answer is compared.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use regrant_migration::layout::{COORDINATOR, DISTRIBUTED};

/// The files whose statements may name tables of both kinds.
const MIXED: [&str; 9] = [
    // A limit of the tenant beside a count within the tenant.
    "assets/quota.rs",
    // Due work joined with what the coordinator knows of its tenants, without a lock.
    "inbound/deletion.rs",
    "work/backlog.rs",
    // The look before a claim joins `{table}` and `tenants`; a lease is renewed only for a tenant that works.
    "work/due.rs",
    // Notices that are in no row of `due`, and rows of `due` for the tenants of a notice's person.
    "inbound/notice.rs",
    // `inbox` is a kind of due work there.
    "inbound/reopen.rs",
    // A session with its client and tenant, by the session's tenant.
    "reconnects/session.rs",
    // A link with its client and tenant, by the link's tenant.
    "links/visit.rs",
    "work/claim.rs",
];

#[test]
fn a_statement_that_names_tables_of_both_kinds_is_on_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/storage/src");
    let mut mixed = BTreeSet::new();
    for path in list_sources(&root) {
        let text = fs::read_to_string(&path).expect("a source file");
        // Every second part stands between quotation marks.
        if text.split('"').skip(1).step_by(2).any(names_both_kinds) {
            let name = path.strip_prefix(&root).expect("below the root");
            mixed.insert(name.to_string_lossy().into_owned());
        }
    }
    assert!(mixed.len() > 3, "statements are found: {mixed:?}");
    let listed = MIXED.map(ToOwned::to_owned).into();
    let new: Vec<_> = mixed.difference(&listed).collect();
    assert!(new.is_empty(), "{new:?}");
}

/// Functions that are not called where the database is distributed: its nodes do not learn a tenant that they name.
const NAMES_TENANT: [&str; 2] = ["served_assets(", "append_audit("];

#[test]
fn the_tenant_of_a_transaction_is_named_by_a_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sources = ["crates", "migration"].map(|it| list_sources(&root.join(it)));
    let mut functions = 0;
    for path in sources.concat() {
        if !path.components().any(|it| it.as_os_str() == "src") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        for part in text.split("CREATE FUNCTION ") {
            if part.contains("set_config('app.tenant_id'") {
                let is_known = NAMES_TENANT.iter().any(|it| part.starts_with(it));
                assert!(is_known, "{}: {part}", path.display());
                functions += 1;
            }
        }
    }
    assert_eq!(functions, NAMES_TENANT.len());
}

fn names_both_kinds(text: &str) -> bool {
    let verbs = ["SELECT ", "UPDATE ", "DELETE ", "INSERT "];
    let is_statement = verbs.iter().any(|it| text.contains(it));
    let words: BTreeSet<_> = text
        .split(|c: char| !c.is_ascii_lowercase() && c != '_')
        .collect();
    let names = |tables: &[&str]| tables.iter().any(|it| words.contains(it));
    is_statement && names(&COORDINATOR) && names(&DISTRIBUTED)
}

fn list_sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(list_sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}
