//! What the documents say about the source: alarms, audit events, and the tests of the goals.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the document is there")
}

/// The text of every source file below `crates/*/src`.
fn read_sources() -> Vec<String> {
    let mut folders: Vec<_> = list(&root().join("crates"))
        .into_iter()
        .map(|it| it.join("src"))
        .collect();
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in list(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                texts.push(fs::read_to_string(path).expect("a source file"));
            }
        }
    }
    texts
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|it| it.expect("an entry").path()).collect()
}

/// What stands between a mark and the next quotation mark, after each `mark`.
fn quoted_after<'a>(text: &'a str, mark: &str, end: char) -> Vec<&'a str> {
    let parts = text.split(mark).skip(1);
    parts
        .filter_map(|it| it.split_once(end).map(|(name, _)| name))
        .collect()
}

#[test]
fn every_alarm_of_the_source_is_in_the_operations_guide() {
    let guide = read("docs/operations.md");
    let (_, table) = guide.split_once("## What to alarm on").expect("the table");
    let sources = read_sources();
    let alarms: BTreeSet<_> = sources
        .iter()
        .flat_map(|it| quoted_after(it, "alarm = \"", '"'))
        .collect();
    assert!(alarms.len() > 10, "{alarms:?}");
    let missing: Vec<_> = alarms
        .iter()
        .filter(|it| !table.contains(&format!("| log: `alarm=\"{it}\"` |")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_audit_event_that_a_document_names_is_in_the_source() {
    let sources = read_sources();
    let documents = list(&root().join("docs"));
    let documents = documents
        .iter()
        .filter(|it| it.extension().is_some_and(|it| it == "md"));
    let texts = documents.map(|it| fs::read_to_string(it).expect("a document"));
    let mut named = 0;
    for text in texts.chain([read("CHANGELOG.md")]) {
        for event in text.split("udit event").skip(1).flat_map(list_events) {
            let is_there = sources
                .iter()
                .any(|it| it.contains(&format!("\"{event}\"")));
            assert!(is_there, "{event}");
            named += 1;
        }
    }
    assert!(named > 15, "{named} names are found");
}

/// The names in backquotes to the end of the part of a sentence.
fn list_events(after: &str) -> Vec<&str> {
    let end = after.find([';', '(']).unwrap_or(after.len());
    let end = after.find(".\n").map_or(end, |it| end.min(it));
    let end = after.find(". ").map_or(end, |it| end.min(it));
    let names = after.get(..end).unwrap_or_default().split('`');
    let is_event = |it: &&str| {
        it.split_once('.').is_some_and(|(of, what)| {
            let is_word = |it: &str| !it.is_empty() && it.chars().all(is_letter);
            of != "detail" && is_word(of) && is_word(what)
        })
    };
    names.skip(1).step_by(2).filter(is_event).collect()
}

fn is_letter(it: char) -> bool {
    it.is_ascii_lowercase() || it == '_'
}

#[test]
fn every_goal_has_a_threshold_and_a_test_that_is_there() {
    let text = read("docs/reliability.md");
    let mut goals = Vec::new();
    for line in text.lines() {
        let cells: Vec<_> = line.split(" | ").collect();
        let &[number, _, threshold, proof, _, _] = cells.as_slice() else {
            continue;
        };
        let Ok(number) = number.trim_start_matches("| ").parse::<u32>() else {
            continue;
        };
        goals.push(number);
        assert!(!threshold.is_empty(), "G{number}");
        let paths = proof.split('`').skip(1).step_by(2);
        let paths: Vec<_> = paths
            .filter(|it| it.starts_with("crates/") || it.starts_with("tests/"))
            .collect();
        let is_long = proof.contains("L: `");
        let has_test =
            !paths.is_empty() || is_long || proof == "none" || proof.contains("deny.toml");
        assert!(has_test, "G{number}: {proof}");
        for path in paths {
            assert!(root().join(path).exists(), "G{number}: {path}");
        }
    }
    assert_eq!(goals, (1..=49).collect::<Vec<_>>());
}

#[test]
fn the_changelog_does_not_say_that_an_upgrade_is_impossible() {
    let text = read("CHANGELOG.md");
    assert!(!text.contains("must be created again"));
}
