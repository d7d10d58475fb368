//! The calendar of endings, as JSON and as iCalendar.

use std::collections::BTreeMap;

use chrono::Duration;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{connected, list};
use crate::harness::Fleet;

#[tokio::test(flavor = "multi_thread")]
async fn every_ending_is_in_the_calendar_once_for_any_page_size() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(2, 11, 0);
        let (_bench, tenant) = connected(database, &fleet).await;
        let first = tenant.get("/v1/forecast?limit=5").await;
        let counted: u64 = list(&first, "days")
            .iter()
            .filter_map(|it| it["count"].as_u64())
            .sum();
        assert_eq!(counted, 24, "{first}");
        assert_eq!(
            (&first["unknown"], &first["passed"]),
            (&json!(0), &json!(0)),
            "{first}"
        );
        for day in list(&first, "days") {
            let causes: u64 = day["causes"]
                .as_object()
                .expect("causes")
                .values()
                .filter_map(Value::as_u64)
                .sum();
            assert_eq!(day["count"], causes, "{day}");
        }
        let (mut seen, mut page) = (Vec::new(), first);
        loop {
            seen.extend(
                list(&page, "data")
                    .iter()
                    .map(|it| it["asset_id"].as_str().expect("an id").to_owned()),
            );
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            page = tenant
                .get(&format!("/v1/forecast?limit=5&cursor={cursor}"))
                .await;
        }
        seen.sort_unstable();
        let mut ids = fleet.ids();
        ids.sort_unstable();
        assert_eq!(seen, ids);
        let all = tenant
            .get("/v1/forecast?all=true&limit=200&to=2100-01-01")
            .await;
        assert_eq!(all["errors"][0]["field"], "to", "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_of_what_has_ended_may_end_in_the_past() {
    let fleet = Fleet::new(1, 2, 0);
    let (harness, tenant) = connected(TestDatabase::create_sqlite().await, &fleet).await;
    let ask = async |days: i64| {
        let to = harness.clock.now() + Duration::days(days);
        let path = format!("/v1/forecast.ics?to={}", to.format("%Y-%m-%d"));
        tenant.status(&path).await
    };
    assert_eq!(ask(-5).await, 200);
    assert_eq!(ask(-40).await, 422, "it begins 30 days ago");
    assert_eq!(ask(360).await, 200);
    assert_eq!(ask(380).await, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_icalendar_feed_matches_the_json_calendar() {
    let fleet = Fleet::new(1, 60, 0);
    let (_bench, tenant) = connected(TestDatabase::create_sqlite().await, &fleet).await;
    let answer = tenant
        .call(Method::GET, "/v1/forecast.ics")
        .send()
        .await
        .expect("an answer");
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .and_then(|it| it.to_str().ok())
            .map(ToOwned::to_owned)
    };
    assert_eq!(
        header("content-type").as_deref(),
        Some("text/calendar; charset=utf-8")
    );
    assert_eq!(header("cache-control").as_deref(), Some("no-store"));
    let text = answer.text().await.expect("a body");
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    let unfolded = text.replace("\r\n ", "");
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let (mut date, mut uids) = (String::new(), Vec::new());
    for line in unfolded.split("\r\n") {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name {
            "DTSTART;VALUE=DATE" => value.clone_into(&mut date),
            "UID" => uids.push(value.to_owned()),
            "SUMMARY" => {
                let n = value
                    .split(' ')
                    .next()
                    .and_then(|it| it.parse::<u64>().ok())
                    .expect("a number");
                *counts.entry(date.clone()).or_default() += n;
            }
            _ => {}
        }
    }
    let json = tenant.get("/v1/forecast").await;
    let wanted: BTreeMap<_, _> = list(&json, "days")
        .iter()
        .map(|it| {
            (
                it["date"].as_str().unwrap_or_default().replace('-', ""),
                it["count"].as_u64().unwrap_or(0),
            )
        })
        .collect();
    assert_eq!(counts, wanted);
    assert_eq!(counts.values().sum::<u64>(), 61);
    uids.dedup();
    assert_eq!(
        uids.len(),
        unfolded.matches("BEGIN:VEVENT").count(),
        "every entry has an id of its own"
    );
    let again = tenant
        .call(Method::GET, "/v1/forecast.ics")
        .send()
        .await
        .expect("an answer");
    let again = again.text().await.expect("a body").replace("\r\n ", "");
    assert!(
        uids.iter().all(|it| again.contains(it.as_str())),
        "the ids of entries are stable"
    );
}
