//! Calendar feeds: what a calendar program reads at a secret address, and what opens nothing.

use std::{io::Write, time::Duration};

use regrant_domain::{Permission, Permissions};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientChange};
use reqwest::{Method, Response, header};
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, consume, http, leap, on_both, problem_code, watch};

on_both!(
    a_feed_is_read_without_a_log_in_and_answers_304_while_nothing_changes,
    an_address_that_opens_nothing_looks_like_an_unknown_one,
    a_feed_shows_what_its_client_may_read,
    what_has_ended_stays_for_thirty_days,
    an_ending_that_a_refresh_covers_hides_no_later_one,
);

async fn connected(database: TestDatabase) -> (Harness, Fleet, Tenant) {
    let fleet = Fleet::new(2, 6, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    (harness, fleet, tenant)
}

async fn make(tenant: &Tenant, order: Value) -> Value {
    let (status, made) = tenant.post("/v1/calendar-feeds", &order).await;
    assert_eq!(status, 201, "{made}");
    made
}

fn url(made: &Value) -> String {
    made["url"].as_str().expect("an address").to_owned()
}

async fn read(url: &str) -> Response {
    http().get(url).send().await.expect("an answer")
}

async fn text(url: &str) -> String {
    let answer = read(url).await;
    assert_eq!(answer.status(), 200);
    answer.text().await.expect("a body").replace("\r\n ", "")
}

fn header_of(answer: &Response, name: header::HeaderName) -> String {
    let value = answer.headers().get(name).expect("the header");
    value.to_str().expect("text").to_owned()
}

async fn a_feed_is_read_without_a_log_in_and_answers_304_while_nothing_changes(
    database: TestDatabase,
) {
    let (harness, _, tenant) = connected(database).await;
    let made = make(&tenant, json!({ "name": "Bäckerei" })).await;
    let url = url(&made);
    let seconds = 3_600 - harness.clock.now().timestamp() % 3_600;
    harness.clock.advance_by(chrono::Duration::seconds(seconds));
    let answer = read(&url).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        header_of(&answer, header::CONTENT_TYPE),
        "text/calendar; charset=utf-8"
    );
    assert_eq!(
        header_of(&answer, header::CACHE_CONTROL),
        "private, no-cache"
    );
    let tag = header_of(&answer, header::ETAG);
    let calendar = answer.text().await.expect("a body");
    assert!(calendar.contains("X-WR-CALNAME:Bäckerei"), "{calendar}");

    harness.clock.advance_by(chrono::Duration::minutes(59));
    let again = http().get(&url).header(header::IF_NONE_MATCH, &tag);
    let again = again.send().await.expect("an answer");
    assert_eq!(again.status(), 304);
    assert_eq!(again.text().await.expect("no body"), "");
    harness.clock.advance_by(chrono::Duration::hours(1));
    let later = read(&url).await;
    assert_ne!(header_of(&later, header::ETAG), tag);
    let later = later.text().await.expect("a body");
    assert!(stamp(&later) > stamp(&calendar), "{later}");
    let head = http().head(&url).send().await.expect("an answer");
    assert_eq!(head.status(), 200);

    let tenant = tenant.log_in_again().await;
    let list = tenant.get("/v1/calendar-feeds").await;
    assert_eq!(list["data"][0]["id"], made["id"]);
    assert!(
        !list.to_string().contains("/v1/calendar/"),
        "no address: {list}"
    );
    let audit = tenant
        .get("/v1/audit-events?action=calendar_feed.created")
        .await;
    assert_eq!(audit["data"][0]["subject"], made["id"]);
    let secret = url.rsplit('/').next().expect("a secret");
    let secret = secret.trim_end_matches(".ics").split_at(32).1;
    for (name, bytes) in harness.database.read_contents().await {
        assert!(
            !bytes.windows(43).any(|it| it == secret.as_bytes()),
            "{name} has the secret"
        );
    }
}

async fn an_address_that_opens_nothing_looks_like_an_unknown_one(database: TestDatabase) {
    let (harness, _, tenant) = connected(database).await;
    let (deleted, kept) = (
        make(&tenant, json!({})).await,
        make(&tenant, json!({})).await,
    );
    let path = format!(
        "/v1/calendar-feeds/{}",
        deleted["id"].as_str().expect("an id")
    );
    let gone = tenant.call(Method::DELETE, &path).send().await;
    assert_eq!(gone.expect("an answer").status(), 204);
    assert_eq!(tenant.status(&path).await, 404);
    let audit = tenant
        .get("/v1/audit-events?action=calendar_feed.deleted")
        .await;
    assert_eq!(audit["data"][0]["subject"], deleted["id"]);

    let (kept_url, deleted_url) = (url(&kept), url(&deleted));
    let (start, _) = kept_url.split_at(kept_url.len() - 47);
    let unknown = format!("{start}{}.ics", "A".repeat(43));
    let elsewhere = kept_url.replace(
        tenant.id.trim_start_matches("ten_"),
        "00000000000070008000000000000000",
    );
    let refused = refusal(&unknown).await;
    for url in [
        &deleted_url,
        &elsewhere,
        &format!("{}/v1/calendar/x.ics", harness.api),
    ] {
        assert_eq!(refusal(url).await, refused, "{url}");
    }
    assert_eq!(read(&kept_url).await.status(), 200);
    let (by, change) = (
        Actor::CommandLine,
        ClientChange {
            disabled: Some(true),
            ..ClientChange::default()
        },
    );
    let (id, client) = (tenant.id.parse(), tenant.client_id.parse());
    let changed =
        harness
            .vault
            .change_client(by, id.expect("an id"), client.expect("an id"), change);
    changed.await.expect("the client is disabled");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(refusal(&kept_url).await, refused);
}

/// The problem of an answer, without the id of the request.
async fn refusal(url: &str) -> (u16, Value) {
    let answer = read(url).await;
    let status = answer.status().as_u16();
    let mut problem: Value = answer.json().await.expect("json");
    problem["request_id"] = Value::Null;
    assert_eq!((status, problem_code(&problem)), (404, "not_found"));
    (status, problem)
}

async fn a_feed_shows_what_its_client_may_read(database: TestDatabase) {
    let (harness, _, tenant) = connected(database).await;
    let business = crate::harness::business(1);
    let of_one = text(&url(
        &make(&tenant, json!({ "business_id": business })).await
    ))
    .await;
    let of_all = text(&url(&make(&tenant, json!({})).await)).await;
    let of_stranger = text(&url(&make(&tenant, json!({ "person_id": "5" })).await)).await;
    assert!(
        of_one.contains(&format!("-b{business}@regrant")),
        "{of_one}"
    );
    assert!(of_all.matches("\\n").count() > of_one.matches("\\n").count());
    assert_eq!(of_stranger.matches("BEGIN:VEVENT").count(), 0);
    let reader: Permissions = [Permission::AssetsRead].into_iter().collect();
    let reader = harness.tenant_with("Two", reader).await;
    assert_eq!(reader.post("/v1/calendar-feeds", &json!({})).await.0, 403);
    for (order, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "business_id": "x" }), "business_id"),
        (json!({ "token": "x" }), "token"),
    ] {
        let (status, problem) = tenant.post("/v1/calendar-feeds", &order).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
}

async fn what_has_ended_stays_for_thirty_days(database: TestDatabase) {
    let (harness, _, tenant) = connected(database).await;
    let order = json!({
        "person": Fleet::PERSON, "new_person": Fleet::MANAGED, "business": crate::harness::business(1),
    });
    harness.sandbox.post("migrations", order).await;
    let tenant = leap(&harness, &tenant, chrono::Duration::hours(25)).await;
    watch(&harness).await;
    let url = url(&make(&tenant, json!({})).await);
    let before = text(&url).await;
    assert!(before.contains("assets end: cut-off"), "{before}");
    let tenant = leap(&harness, &tenant, chrono::Duration::days(31)).await;
    watch(&harness).await;
    let ended = text(&url).await;
    assert!(ended.contains("assets have ended: cut-off"), "{ended}");
    assert!(tenant.get("/v1/forecast").await["passed"].as_u64() > Some(0));
    leap(&harness, &tenant, chrono::Duration::days(31)).await;
    assert!(!text(&url).await.contains("have ended: cut-off"));
}

async fn an_ending_that_a_refresh_covers_hides_no_later_one(database: TestDatabase) {
    let (harness, fleet, tenant) = connected(database).await;
    let cut_off = harness.clock.now() + chrono::Duration::days(70);
    let order = json!({
        "person": Fleet::PERSON, "new_person": Fleet::MANAGED, "business": crate::harness::business(1),
        "cut_off": cut_off.to_rfc3339(),
    });
    harness.sandbox.post("migrations", order).await;
    let tenant = leap(&harness, &tenant, chrono::Duration::hours(25)).await;
    watch(&harness).await;
    let calendar = text(&url(&make(&tenant, json!({})).await)).await;
    let ending = u64::try_from(fleet.assets_of(1).len()).expect("a number");
    let summary = format!("SUMMARY:{ending} assets end: cut-off (");
    assert!(calendar.contains(&summary), "{calendar}");
    let forecast = tenant.get("/v1/forecast").await;
    let counted = forecast["days"].as_array().expect("days").iter();
    let cut_offs = counted.filter_map(|it| it["causes"]["cut_off"].as_u64());
    assert_eq!(cut_offs.sum::<u64>(), ending, "{forecast}");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_libraries_read_a_feed_and_covered_assets_do_not_end() {
    let (harness, fleet, tenant) = connected(TestDatabase::create_sqlite().await).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let dates = json!({ "person": Fleet::PERSON, "app": crate::harness::APP, "data_access_expires_at": "+300d" });
    harness.sandbox.post("tokens/dates", dates).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let order = json!({
        "person": Fleet::PERSON, "new_person": Fleet::MANAGED, "business": crate::harness::business(1),
    });
    harness.sandbox.post("migrations", order).await;
    let tenant = leap(&harness, &tenant, chrono::Duration::hours(25)).await;
    watch(&harness).await;
    let url = url(&make(&tenant, json!({ "name": "Kalender, klein" })).await);
    let answer = read(&url).await.text().await.expect("a body");
    let events = parse(&answer);
    let summaries: Vec<_> = events.iter().map(|it| it.1.as_str()).collect();
    assert!(
        summaries
            .iter()
            .any(|it| it.contains("assets continue without action: token expiry")),
        "{summaries:?}"
    );
    assert!(
        summaries
            .iter()
            .any(|it| it.contains("assets end: cut-off (")),
        "{summaries:?}"
    );
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(answer.as_bytes()).expect("a file");
    let path = file.path().to_string_lossy();
    let wanted = json!(events).to_string();
    consume("calendars.py", &[&path, &wanted]).await;
    consume("calendar.mjs", &[&path, &wanted]).await;
}

/// When the first entry of a calendar was revised.
fn stamp(calendar: &str) -> &str {
    let stamp = calendar
        .lines()
        .find_map(|it| it.strip_prefix("DTSTAMP:"))
        .expect("a stamp");
    assert!(stamp.ends_with("0000Z"), "{stamp}");
    stamp
}

/// The events of a calendar: id, title, day, number of reminders.
fn parse(calendar: &str) -> Vec<(String, String, String, usize)> {
    let unfolded = calendar.replace("\r\n ", "");
    let event = |block: &str| {
        let field = |name: &str| {
            let value = block.lines().find_map(|it| it.strip_prefix(name));
            value
                .expect("the field")
                .replace("\\,", ",")
                .replace("\\;", ";")
        };
        let day = field("DTSTART;VALUE=DATE:");
        let day = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
        (
            field("UID:"),
            field("SUMMARY:"),
            day,
            block.matches("BEGIN:VALARM").count(),
        )
    };
    unfolded.split("BEGIN:VEVENT").skip(1).map(event).collect()
}
