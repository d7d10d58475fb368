//! `docs/coverage.md` names tests and calls that exist.

use std::{collections::BTreeSet, fs, path::Path, path::PathBuf};

use serde_json::Value;

/// The shortest name of a test; shorter words in backticks are fields and settings.
const SHORTEST_TEST: usize = 25;

#[test]
fn every_test_of_the_coverage_exists() {
    let mut sources = String::new();
    for folder in ["tests/it", "crates/sandbox/tests"] {
        read_sources(&root().join(folder), &mut sources);
    }
    let named = quoted_in_coverage();
    let tests = named.iter().filter(|it| {
        it.len() >= SHORTEST_TEST && it.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
    });
    let missing: Vec<_> = tests
        .clone()
        .filter(|it| !sources.contains(&format!("fn {it}(")))
        .collect();
    assert!(tests.count() > 50 && missing.is_empty(), "{missing:?}");
}

#[test]
fn every_call_of_the_coverage_exists() {
    let mut calls = BTreeSet::new();
    for file in ["openapi.yaml", "openapi-admin.yaml"] {
        let text = fs::read_to_string(root().join(file)).expect("the description");
        let description: Value = yaml_serde::from_str(&text).expect("yaml");
        for (path, item) in description["paths"].as_object().expect("paths") {
            let methods = item.as_object().expect("methods").keys();
            calls.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
    }
    calls.extend(regrant_sandbox::CONTROLS.lines().map(|line| {
        let mut words = line.split_whitespace();
        let (method, path) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        format!("{method} /sandbox{path}")
    }));
    let named = quoted_in_coverage();
    let of_ours = named.iter().filter(|it| {
        let path = it.split_once(' ').map_or("", |(_, path)| path);
        ["/v1", "/admin", "/meta", "/connect", "/sandbox"]
            .iter()
            .any(|start| path.starts_with(start))
    });
    let missing: Vec<_> = of_ours.clone().filter(|it| !calls.contains(*it)).collect();
    assert!(of_ours.count() > 15 && missing.is_empty(), "{missing:?}");
}

/// What stands in backticks.
fn quoted_in_coverage() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/coverage.md")).expect("the document");
    text.split('`').skip(1).step_by(2).map(Into::into).collect()
}

fn read_sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_sources(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs") {
            into.push_str(&fs::read_to_string(path).expect("a source"));
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
