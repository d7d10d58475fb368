//! Knowing before it breaks: the calendar, its iCalendar form, persons and their impact.

use std::collections::BTreeMap;

use chrono::Duration;
use regrant_domain::{CutOff, CutOffSource, Reason, ReasonCode, Who};
use regrant_storage::{FailedProof, Settings, Store};
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, Fleet, Tenant};

async fn connected(database: TestDatabase, fleet: &Fleet) -> (Bench, Tenant) {
    let bench = Bench::start(database, &fleet.world()).await;
    let tenant = bench.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    tenant
        .reconnect(&bench.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    (bench, tenant)
}

fn list<'a>(answer: &'a Value, field: &str) -> &'a Vec<Value> {
    answer[field]
        .as_array()
        .unwrap_or_else(|| panic!("no list {field}: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ending_is_in_the_calendar_once_whatever_the_size_of_a_page() {
    for database in TestDatabase::all().await {
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
async fn the_calendar_for_people_says_the_same_as_the_one_for_machines() {
    let fleet = Fleet::new(1, 60, 0);
    let (_bench, tenant) = connected(TestDatabase::sqlite().await, &fleet).await;
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
        "every entry has a name of its own"
    );
    let again = tenant
        .call(Method::GET, "/v1/forecast.ics")
        .send()
        .await
        .expect("an answer");
    let again = again.text().await.expect("a body").replace("\r\n ", "");
    assert!(
        uids.iter().all(|it| again.contains(it.as_str())),
        "names stay"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_ends_what_nothing_stands_behind() {
    let fleet = Fleet::new(2, 5, 1);
    let (bench, tenant) = connected(TestDatabase::sqlite().await, &fleet).await;
    let before = tenant
        .get(&format!("/v1/persons/{}/impact", Fleet::PERSON))
        .await;
    assert_eq!(
        before["counts"],
        json!({ "ends": 12, "waits": 0, "goes_on": 0 }),
        "{before}"
    );
    assert_eq!(before["person"]["serves"], 12, "{before}");

    // The managed account reaches business 1 and is parked for business 2.
    tenant
        .reconnect(&bench.sandbox.token(Fleet::MANAGED).await, &fleet.ids())
        .await;
    let impact = tenant
        .get(&format!("/v1/persons/{}/impact?limit=200", Fleet::PERSON))
        .await;
    assert_eq!(
        impact["counts"],
        json!({ "ends": 0, "waits": 6, "goes_on": 0 }),
        "{impact}"
    );
    for it in list(&impact, "data") {
        assert_eq!(
            (&it["effect"], &it["covered_by"]),
            (&json!("waits"), &json!("candidate")),
            "{it}"
        );
        assert_eq!(it["by"]["person_id"], Fleet::MANAGED, "{it}");
        assert_eq!(
            (&it["ending"]["cause"], &it["ending"]["who"]),
            (&json!("person_leaves"), &json!("business_admin"))
        );
    }
    let what_if = tenant
        .get(&format!(
            "/v1/forecast?what_if_person_leaves={}",
            Fleet::MANAGED
        ))
        .await;
    let leaving: Vec<_> = list(&what_if, "data")
        .iter()
        .filter(|it| it["ending"]["cause"] == "person_leaves")
        .collect();
    assert_eq!(leaving.len(), 6, "{what_if}");
    assert!(
        leaving.iter().all(|it| it["covered_by"].is_null()),
        "{what_if}"
    );

    let persons = tenant.get("/v1/persons").await;
    let of = |id: &str| {
        let it = list(&persons, "data").iter().find(|it| it["id"] == id);
        it.unwrap_or_else(|| panic!("no {id}: {persons}")).clone()
    };
    let (old, new) = (of(Fleet::PERSON), of(Fleet::MANAGED));
    assert_eq!(
        (&old["serves"], &old["is_work_account"]),
        (&json!(6), &json!(false)),
        "{old}"
    );
    assert_eq!(
        (&new["serves"], &new["parked_for"]),
        (&json!(6), &json!(6)),
        "{new}"
    );
    assert_eq!(new["next_ending"]["confidence"], "certain", "{new}");

    let parked = tenant.get(&format!("/v1/assets/{}", fleet.ids()[6])).await;
    let candidate = &parked["slots"]["candidate"];
    assert_eq!(
        candidate["promotes_when"]["who"], "business_admin",
        "{parked}"
    );
    assert_eq!(
        candidate["next_check_at"], parked["next_check_at"],
        "{parked}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_person_is_an_unknown_one() {
    let fleet = Fleet::new(1, 1, 0);
    let (bench, _tenant) = connected(TestDatabase::sqlite().await, &fleet).await;
    let other = bench.tenant("Two").await;
    for path in [
        "/v1/forecast?what_if_person_leaves=",
        "/v1/forecast.ics?what_if_person_leaves=",
    ] {
        assert_eq!(
            other.status(&format!("{path}{}", Fleet::PERSON)).await,
            404,
            "{path}"
        );
    }
    assert_eq!(list(&other.get("/v1/persons").await, "data").len(), 0);
    assert_eq!(list(&other.get("/v1/forecast").await, "days").len(), 0);
    for (query, field) in [
        ("from=soon", "from"),
        ("to=2026-13-01", "to"),
        ("all=yes", "all"),
        ("from=2030-01-02&to=2030-01-01", "to"),
    ] {
        let faulty = other.get(&format!("/v1/forecast?{query}")).await;
        assert_eq!(
            (&faulty["status"], &faulty["errors"][0]["field"]),
            (&json!(422), &json!(field)),
            "{faulty}"
        );
    }
}

/// Every state there is, made with what the worker would write.
#[tokio::test(flavor = "multi_thread")]
async fn every_state_and_ending_says_since_when_why_who_must_act_and_when_it_is_checked() {
    let fleet = Fleet::new(1, 3, 0);
    let database = TestDatabase::sqlite().await;
    let url = database.url().to_owned();
    let (bench, tenant) = connected(database, &fleet).await;
    let ids = fleet.ids();
    bench.clock.advance(Duration::days(20));
    let tenant = Tenant::with_secret(
        &bench.api,
        tenant.id,
        tenant.client_id,
        tenant.client_secret,
    )
    .await;
    tenant
        .reconnect(&bench.sandbox.token(Fleet::PERSON).await, &ids[..1])
        .await;
    bench.clock.advance(Duration::days(15));
    let tenant = Tenant::with_secret(
        &bench.api,
        tenant.id,
        tenant.client_id,
        tenant.client_secret,
    )
    .await;
    tenant
        .register(&[json!({ "id": "200000000000777", "kind": "business", "token": "imported" })])
        .await;
    tenant
        .register(&[json!({ "id": "200000000000778", "kind": "business" })])
        .await;
    let settings = Settings {
        url,
        max_connections: 2,
        busy_timeout: std::time::Duration::from_secs(20),
    };
    let store = Store::connect(&settings).await.expect("the store connects");
    let scope = store
        .scope_for_operator(tenant.id.parse().expect("an id"))
        .await
        .expect("a tenant");
    let (tx, now) = (
        store.begin(&scope).await.expect("a transaction"),
        bench.clock.now(),
    );
    let cut_off = CutOff {
        at: now + Duration::days(9),
        source: CutOffSource::Probe,
        learned_at: now,
    };
    tx.set_cut_offs(&[ids[1].parse().expect("an id")], cut_off)
        .await
        .expect("written");
    let reason = Reason::new(ReasonCode::NotReached, Who::Person, "x", "y");
    let failed = FailedProof {
        asset_id: ids[2].parse().expect("an id"),
        reason,
        definitive: false,
    };
    tx.note_failed(&[failed], now).await.expect("written");
    tx.commit().await.expect("committed");

    let mut seen = BTreeMap::new();
    let listed = tenant.get("/v1/assets").await;
    for it in list(&listed, "data") {
        let state = it["state"].as_str().expect("a state").to_owned();
        tells_all(it, &state);
        tells_all(
            &tenant
                .get(&format!("/v1/assets/{}", it["id"].as_str().expect("an id")))
                .await,
            &state,
        );
        seen.insert(state, it["id"].as_str().expect("an id").to_owned());
    }
    let states: Vec<_> = seen.keys().map(String::as_str).collect();
    assert_eq!(
        states,
        [
            "disconnected",
            "expiring",
            "healthy",
            "migrating",
            "suspect",
            "unproven"
        ]
    );
    let ids: Vec<_> = seen.values().cloned().collect();
    for (id, it) in tenant.tokens(&ids).await {
        if it["status"] == "served" {
            tells_all(&it, it["state"].as_str().expect("a state"));
        } else {
            assert_eq!(it["reason"]["code"], "never_connected", "{id}: {it}");
        }
    }
    for it in list(&tenant.get("/v1/forecast?all=true").await, "data") {
        tells_all(it, it["state"].as_str().expect("a state"));
        assert!(it["ending"].is_object(), "{it}");
    }
}

fn tells_all(it: &Value, state: &str) {
    assert_eq!(it["state"], state);
    for (field, inner) in [
        ("reason", "code"),
        ("reason", "detail"),
        ("reason", "next_step"),
    ] {
        assert!(it[field][inner].is_string(), "{field}.{inner}: {it}");
    }
    assert!(it["since"].is_string(), "{it}");
    assert!(
        it["who"].is_string() && it["who"] == it["reason"]["who"],
        "{it}"
    );
    assert!(
        it["next_check_at"].is_string() || state == "disconnected",
        "{it}"
    );
    if let Some(ending) = it["ending"].as_object() {
        for field in ["at", "cause", "since", "confidence", "who"] {
            assert!(
                ending.get(field).is_some_and(Value::is_string),
                "{field}: {it}"
            );
        }
        assert_eq!(
            ending["source"].is_string(),
            ending["cause"] == "cut_off",
            "{it}"
        );
    }
    let near = ["expiring", "migrating"].contains(&state);
    assert!(
        !near || it["ending"].is_object(),
        "{state} without an ending: {it}"
    );
}
