//! The forecast: the calendar, its iCalendar feed, persons and their impact, and whom to ask.

mod calendar;
mod feeds;
mod persons;
mod plan;
mod states;

use regrant_testdb::TestDatabase;
use serde_json::Value;

use crate::harness::{Fleet, Harness, Tenant};

async fn connected(database: TestDatabase, fleet: &Fleet) -> (Harness, Tenant) {
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    (harness, tenant)
}

fn list<'a>(answer: &'a Value, field: &str) -> &'a Vec<Value> {
    answer[field]
        .as_array()
        .unwrap_or_else(|| panic!("no list {field}: {answer}"))
}
