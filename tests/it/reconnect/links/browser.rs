//! The hosted pages in Chromium without scripts, against a server process: what people see, and what its log, its
//! database and its pages must not hold.

use std::process::Stdio;

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{TENANT, log_in_at};
use crate::harness::{Fleet, ServerProcess, Tenant, business};

/// The links of the story, each for one part of it.
const LINKS: [&str; 7] = [
    "whole",
    "wrong",
    "unticked",
    "declined",
    "cancelled",
    "stolen",
    "tabs",
];

#[tokio::test(flavor = "multi_thread")]
async fn people_reconnect_in_a_browser_without_scripts_and_no_token_or_code_is_left_anywhere() {
    if !has_chromium() {
        assert!(std::env::var_os("CI").is_none(), "chromium is needed");
        eprintln!("BROWSER RING SKIPPED: chromium is needed");
        return;
    }
    let fleet = Fleet::new(2, 3, 0);
    let database = TestDatabase::create_sqlite().await;
    let mut server = ServerProcess::start(database, &fleet.world(), "trace").await;
    let tenant = server.tenant(TENANT).await;
    tenant.register(&fleet.assets()).await;
    let token = server.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    log_in_at(&server.vault, &server.sandbox.url).await;
    let links = make_links(&tenant, &fleet).await;
    let story = json!({
        "links": links,
        "tenant": TENANT,
        "business": business(1),
        "persons": { "right": "Person", "right_id": Fleet::PERSON, "wrong": "Stranger" },
        "unticked": [fleet.ids()[1], fleet.ids()[2]],
        "shots": std::env::var("REGRANT_SHOTS").ok(),
    });
    run_story(&story).await;
    let stored = server.stored().await;
    let log = server.stop().await;
    assert!(log.contains("/connect/{link}"), "the pages are logged");
    for (name, bytes) in stored.iter().chain([&("log".to_owned(), log.into_bytes())]) {
        check_nothing_is_left(name, bytes, &links);
    }
}

async fn make_links(tenant: &Tenant, fleet: &Fleet) -> Value {
    let mut links = serde_json::Map::new();
    let names = LINKS
        .into_iter()
        .map(|it| (it, "en"))
        .chain([("german", "de")]);
    for (name, locale) in names {
        let order = json!({
            "asset_ids": fleet.ids(), "person_id": Fleet::PERSON, "locale": locale,
        });
        let (status, made) = tenant.post("/v1/reconnect-links", &order).await;
        assert_eq!(status, 201, "{made}");
        links.insert(name.to_owned(), made["url"].clone());
    }
    links.into()
}

async fn run_story(story: &Value) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/run.sh");
    let run = tokio::process::Command::new("bash")
        .args([script, "hosted.mjs", &story.to_string()])
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(std::time::Duration::from_mins(10), run)
        .await
        .expect("it ends in time")
        .expect("bash starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
    eprintln!("{}", printed.lines().last().unwrap_or_default());
}

/// Neither a token, nor a code, nor the secret of a link or a state.
fn check_nothing_is_left(name: &str, bytes: &[u8], links: &Value) {
    let text = String::from_utf8_lossy(bytes);
    for mark in ["EAASU", "EAASP", "code=AQD", "&state="] {
        let at = text.find(mark);
        let around = at.map(|it| {
            text.chars()
                .skip(it.saturating_sub(80))
                .take(200)
                .collect::<String>()
        });
        assert!(at.is_none(), "{name} has {mark}: {around:?}");
    }
    for url in links.as_object().expect("an object").values() {
        let secret = url.as_str().expect("an address").rsplit('/').next();
        let secret = secret.expect("a secret").split_at(32).1;
        assert!(!text.contains(secret), "{name} has the secret of a link");
    }
}

pub fn has_chromium() -> bool {
    let named = std::env::var_os("REGRANT_CHROMIUM");
    std::path::Path::new(&named.unwrap_or_else(|| "/usr/bin/chromium".into())).exists()
}
