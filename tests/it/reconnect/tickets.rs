//! Tickets: a browser's `EventSource` opens one stream with one, once.

use std::process::Stdio;

use regrant_testdb::TestDatabase;
use reqwest::{Method, header};
use serde_json::{Value, json};

use super::links::browser::has_chromium;
use crate::harness::{Fleet, Harness, Tenant, consume, free_port, http, on_both};

on_both!(
    a_ticket_opens_its_own_stream_once_within_thirty_seconds,
    a_ticket_ends_with_the_token_that_made_it,
    a_reader_at_the_end_gets_no_more,
);

struct Stage {
    harness: Harness,
    tenant: Tenant,
    reconnect: String,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 12, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let token = harness.sandbox.token(Fleet::PERSON).await;
        let ended = tenant.reconnect(&token, &fleet.ids()).await;
        let reconnect = ended["id"].as_str().expect("an id").to_owned();
        Self {
            harness,
            tenant,
            reconnect,
        }
    }

    fn path(&self) -> String {
        format!("/v1/reconnects/{}/events", self.reconnect)
    }

    /// The address with a new ticket.
    async fn ticket(&self) -> String {
        let path = format!("{}/tickets", self.path());
        let (status, made) = self.tenant.post(&path, &json!({})).await;
        assert_eq!(status, 201, "{made}");
        made["url"].as_str().expect("an address").to_owned()
    }
}

/// Status and body of an answer without a log-in; without the id of the request.
async fn open(url: &str) -> (u16, String) {
    let answer = http().get(url).send().await.expect("an answer");
    let (status, text) = (
        answer.status().as_u16(),
        answer.text().await.expect("a body"),
    );
    let Ok(mut problem) = serde_json::from_str::<Value>(&text) else {
        return (status, text);
    };
    problem["request_id"] = Value::Null;
    (status, problem.to_string())
}

async fn a_ticket_opens_its_own_stream_once_within_thirty_seconds(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let url = stage.ticket().await;
    let (status, stream) = open(&url).await;
    assert_eq!(status, 200, "{stream}");
    assert!(stream.starts_with("retry: 3000\n\n"), "{stream}");
    assert_eq!(stream.matches("event: item\n").count(), 13, "{stream}");
    assert!(stream.contains("id: end\nevent: reconnect\n"), "{stream}");

    let unknown = format!(
        "{}{}?ticket={}",
        stage.harness.api,
        stage.path(),
        "A".repeat(75)
    );
    let refused = open(&unknown).await;
    assert_eq!(refused.0, 401, "{refused:?}");
    assert_eq!(open(&url).await, refused, "it was used");
    let other = stage.ticket().await;
    let fleet = Fleet::new(1, 12, 0);
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let second = stage.tenant.reconnect(&token, &fleet.ids()).await;
    let second = second["id"].as_str().expect("an id");
    assert_eq!(
        open(&other.replace(&stage.reconnect, second)).await,
        refused
    );
    assert_eq!(
        open(&other.replace("/events?", "?")).await.0,
        401,
        "no stream"
    );
    let late = stage.ticket().await;
    let continued = open(&format!("{other}&last_event_id=3")).await;
    assert_eq!(continued.0, 200);
    assert!(continued.1.matches("event: item\n").count() < 13);
    let advance = json!({ "advance": "31s" });
    stage.harness.sandbox.post("clock", advance).await;
    assert_eq!(open(&late).await, refused, "it has expired");
    let list = stage
        .tenant
        .get("/v1/audit-events?action=stream_ticket.created")
        .await;
    assert_eq!(list["data"][0]["subject"], stage.reconnect.as_str());
    let strangers = format!("/v1/reconnects/{}/events/tickets", stage.reconnect);
    let other = stage.harness.tenant("Two").await;
    assert_eq!(other.post(&strangers, &json!({})).await.0, 404);
}

async fn a_ticket_ends_with_the_token_that_made_it(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let made = stage.ticket().await;
    let tenant = &stage.tenant;
    let call = http()
        .post(format!("{}/oauth/revoke", stage.harness.api))
        .basic_auth(&tenant.client_id, Some(&tenant.client_secret))
        .form(&[("token", &tenant.bearer)]);
    assert_eq!(call.send().await.expect("an answer").status(), 200);
    assert_eq!(open(&made).await.0, 401);
}

async fn a_reader_at_the_end_gets_no_more(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let call = |id: &str| {
        let call = stage.tenant.call(Method::GET, &stage.path());
        call.header("Last-Event-ID", id).send()
    };
    let answer = call("end").await.expect("an answer");
    assert_eq!(answer.status(), 204);
    let answer = call("13").await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.expect("a body");
    assert!(text.contains("event: reconnect\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_source_of_npm_stops_after_the_end() {
    let stage = Stage::on(TestDatabase::create_sqlite().await).await;
    let story = json!({
        "url": format!("{}{}", stage.harness.api, stage.path()),
        "ticket_url": stage.ticket().await,
        "bearer": stage.tenant.bearer,
        "last": "reconnect",
    });
    consume("stream.mjs", &[&story.to_string()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_listed_origin_follows_a_reconnect_with_chromiums_event_source() {
    if !has_chromium() {
        assert!(std::env::var_os("CI").is_none(), "chromium is needed");
        eprintln!("BROWSER RING SKIPPED: chromium is needed");
        return;
    }
    let stage = Stage::on(TestDatabase::create_sqlite().await).await;
    let origin = format!("http://127.0.0.1:{}", free_port());
    stage.harness.list_origin("One", &origin).await;
    let answer = http()
        .get(stage.ticket().await)
        .header(header::ORIGIN, "http://elsewhere.example");
    assert_eq!(answer.send().await.expect("an answer").status(), 403);
    let story = json!({ "origin": origin, "url": stage.ticket().await });
    let run = tokio::process::Command::new("bash")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/browser/run.sh"))
        .args(["stream.mjs", &story.to_string()])
        .stdin(Stdio::null())
        .output();
    let output = run.await.expect("bash starts");
    let (printed, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{printed}\n{errors}");
}
