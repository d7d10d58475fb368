//! The elements for a provider's page, in real browsers against a real server and the sandbox.
//!
//! The rule: a story is in `tests/browser/component/`, where each check is a named part; a test here starts it and fails
//! with what it printed. Most stories start a `regrant dev` of their own.

mod killed;
mod package;

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::harness::binary;

/// How long a story may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(6);

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reconnects_in_the_component_and_undoes_it() {
    run("component/flow.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_chooses_single_assets_in_the_component() {
    run("component/choice.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reconnects_by_the_hosted_page_and_the_component_follows() {
    run("component/hosted.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_is_usable_by_everybody() {
    run("component/use.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_survives_what_breaks() {
    run("component/breakage.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_survives_a_browser_that_hides_sleeps_or_crashes() {
    run("component/interrupted.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_fits_every_language() {
    run("component/languages.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_leaks_nothing_and_needs_no_exception_of_a_policy() {
    run("component/safety.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_shows_ten_thousand_assets() {
    run("component/lists.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_works_in_firefox() {
    run("component/firefox.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_component_works_in_webkit() {
    run("component/webkit.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_for_plain_pages_react_and_vue_work() {
    run("component/examples.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_opens_on_a_story_with_buttons() {
    run("component/dev.mjs").await;
}

/// Runs a story that starts a server of its own, and fails with what it printed.
async fn run(story: &str) {
    let shots = std::env::var("REGRANT_SHOTS").ok();
    let Some(child) = start(story, &json!({ "binary": binary(), "shots": shots })) else {
        return;
    };
    finish(story, child).await;
}

/// Starts a story; `None` where its browser is missing, and not needed.
fn start(story: &str, given: &Value) -> Option<Child> {
    let (variable, path) = match story {
        "component/firefox.mjs" => ("REGRANT_FIREFOX", "/usr/bin/firefox-esr"),
        "component/webkit.mjs" => ("REGRANT_WEBKIT_DRIVER", "/usr/bin/WebKitWebDriver"),
        _ => ("REGRANT_CHROMIUM", "/usr/bin/chromium"),
    };
    let browser = std::env::var_os(variable).unwrap_or_else(|| path.into());
    if !std::path::Path::new(&browser).exists() {
        assert!(std::env::var_os("CI").is_none(), "{path} is needed");
        eprintln!("BROWSER RING SKIPPED: {path} is needed for {story}");
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/run.sh");
    let child = Command::new("bash")
        .args([script, story, &given.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    Some(child.expect("bash starts"))
}

async fn finish(story: &str, child: Child) {
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = ended.expect("it ends in time").expect("its output");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{story}: {printed}\n{errors}");
    eprintln!("{story}: {printed}");
}
