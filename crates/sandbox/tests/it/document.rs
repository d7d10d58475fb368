//! `docs/sandbox.md` and the help of the command line: the examples run, and no control is missing.
//!
//! The rule: only the address of the sandbox and the path of the repository are changed; an example without its tools is a failure, not a skip.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use regrant_sandbox::CONTROLS;
use serde_json::{Deserializer, Value};

use crate::bench::Bench;

/// Printed after each block of commands.
const END_OF_BLOCK: &str = "=== end of block ===";

/// Commands, and the part of their answer that the document shows.
#[derive(Default)]
struct Example {
    commands: String,
    answer: Option<String>,
}

#[tokio::test]
async fn the_examples_of_the_document_run_and_answer_as_written() {
    let bench = Bench::start().await;
    let examples = read_examples();
    assert!(examples.len() > 30, "{} examples", examples.len());
    let script: Vec<String> = examples
        .iter()
        .map(|example| {
            let commands = &example.commands;
            let commands = commands.replace("http://127.0.0.1:8090", &bench.sandbox.url());
            let commands = commands.replace("@crates/", &format!("@{}/crates/", root().display()));
            format!("{commands}printf '\\n%s\\n' '{END_OF_BLOCK}'\n")
        })
        .collect();
    let done = tokio::task::spawn_blocking(move || run_script(&script.concat()))
        .await
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{out}\n{err}");
    for (example, printed) in examples.iter().zip(out.split(END_OF_BLOCK)) {
        let Some(wanted) = &example.answer else {
            continue;
        };
        let wanted: Value = serde_json::from_str(wanted).unwrap();
        let last = last_json(printed);
        assert!(
            contains(&last, &wanted),
            "{}\nanswered {last}\nnot {wanted}",
            example.commands
        );
    }
}

#[test]
fn every_control_is_in_the_document_and_in_the_help() {
    let document = document();
    let help: Vec<String> = CONTROLS
        .lines()
        .map(|line| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let controls = read_controls();
    assert!(controls.len() > 25, "{controls:?}");
    for control in controls {
        assert!(
            document.contains(&format!("`{control}`")),
            "the document lacks {control}"
        );
        assert!(help.contains(&control), "the help lacks {control}");
    }
}

#[test]
fn every_condition_and_effect_of_a_fault_is_in_the_document_and_in_the_help() {
    let names = [
        "path",
        "asset",
        "kind",
        "person",
        "token_kind",
        "batch_item",
        "input_person",
        "input_kind",
        "error",
        "throttle",
        "debug",
        "fields",
        "exchange",
        "usage",
        "latency_ms",
        "null_item",
        "drop",
        "error_data",
        "user_title",
        "user_msg",
        "headers",
        "same_token",
        "same_end",
        "ad_account",
        "business_use_case",
    ];
    for name in names {
        assert!(document().contains(name), "the document lacks {name}");
        assert!(CONTROLS.contains(name), "the help lacks {name}");
    }
}

#[test]
fn the_help_fits_a_terminal() {
    let longest = CONTROLS.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(100), "{longest:?}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn document() -> String {
    fs::read_to_string(root().join("docs/sandbox.md")).unwrap()
}

fn read_examples() -> Vec<Example> {
    let document = document();
    let mut examples: Vec<Example> = Vec::new();
    for block in document.split("```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        if language == "sh" {
            examples.push(Example {
                commands: text.to_owned(),
                answer: None,
            });
        } else {
            assert_eq!(language, "json", "a block that no test reads");
            examples.last_mut().unwrap().answer = Some(text.to_owned());
        }
    }
    examples
}

/// Method and path of each control, from the attributes of its handlers.
fn read_controls() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/control");
    let files = fs::read_dir(folder).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let lines = texts.collect::<String>();
    let attributes = lines.lines().filter_map(|line| line.strip_prefix("#["));
    attributes
        .filter_map(|line| line.strip_suffix("\")]")?.split_once("(\""))
        .map(|(method, path)| format!("{} {path}", method.to_uppercase()))
        .collect()
}

fn run_script(script: &str) -> Output {
    Command::new("timeout")
        .args(["60", "bash", "-euo", "pipefail", "-c", script])
        .stdin(Stdio::null())
        .output()
        .expect("timeout, bash, curl and jq are installed")
}

fn last_json(printed: &str) -> Value {
    let values = Deserializer::from_str(printed).into_iter::<Value>();
    values
        .map(|value| value.expect(printed))
        .last()
        .expect(printed)
}

/// Whether `found` has everything that `wanted` has; lists and texts must be equal.
fn contains(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|it| contains(it, value))),
        _ => found == wanted,
    }
}
