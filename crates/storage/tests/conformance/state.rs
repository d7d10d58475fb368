//! The filter by state in SQL agrees with the function that computes states, on every kind of facts.

use std::collections::BTreeSet;

use chrono::Duration;
use regrant_domain::{NextStep, Reason, ReasonCode, Who, state::Status};
use regrant_migration::{open_to_migrate, sea_orm::ConnectionTrait};
use regrant_storage::AssetFilter;

use crate::{
    asset::everything,
    bench::{Bench, activation, day, on_both, page},
};

on_both!(the_filter_by_state_is_the_state);

pub(crate) const NOW: i64 = 100;
const NOTICE: i64 = 30;
/// Unknown, passed, now, within the notice, at its edge, after it.
const ENDINGS: [Option<i64>; 6] = [
    None,
    Some(NOW - 1),
    Some(NOW),
    Some(NOW + 1),
    Some(NOW + NOTICE),
    Some(NOW + 31),
];

async fn the_filter_by_state_is_the_state(bench: Bench) {
    let facts = every_kind_of_facts();
    let ids: Vec<_> = (0..facts.len()).map(|n| n.to_string()).collect();
    let tx = bench.acme().await;
    let pages: Vec<_> = ids.iter().map(|id| page(id)).collect();
    tx.register_assets(&pages).await.unwrap();
    let served: Vec<_> = ids
        .iter()
        .step_by(2)
        .map(|id| activation(id, 0, 1))
        .collect();
    tx.activate_credentials(&served, 1, day(1)).await.unwrap();
    tx.commit().await.unwrap();
    write(&bench, &facts).await;

    let tx = bench.acme().await;
    let all = tx.list_assets(&everything()).await.unwrap().rows;
    let mut seen = 0;
    for status in Status::ALL {
        let filter = AssetFilter {
            statuses: vec![status],
            now: day(NOW),
            notice: Duration::days(NOTICE),
            ..everything()
        };
        let found = tx.list_assets(&filter).await.unwrap().rows;
        let found: BTreeSet<_> = found
            .iter()
            .map(|it| &it.id)
            .map(ToString::to_string)
            .collect();
        let wanted: BTreeSet<_> = all
            .iter()
            .filter(|it| it.state_at(day(NOW), Duration::days(NOTICE)).status == status)
            .map(|it| it.id.to_string())
            .collect();
        assert_eq!(found, wanted, "{status}");
        assert!(!found.is_empty(), "{status}");
        seen += found.len();
    }
    assert_eq!(seen, all.len());
}

/// Assignments to the columns of an asset; each is used with and without an active credential.
pub(crate) fn every_kind_of_facts() -> Vec<String> {
    let mut facts = Vec::new();
    for cut_off in ENDINGS {
        for expires in ENDINGS {
            for (data_access, source) in [
                (None, "probe"),
                (Some(NOW), "probe"),
                (Some(NOW + 1), "probe"),
                (None, "webhook"),
                (None, "sibling"),
            ] {
                for (failures, unclassified, definitive) in [
                    (0, 0, false),
                    (0, 1, false),
                    (0, 2, false),
                    (1, 0, false),
                    (1, 0, true),
                    (2, 0, false),
                ] {
                    for (proved, read) in [
                        (None, None),
                        (None, Some(NOW)),
                        (Some(1), Some(1)),
                        (Some(1), Some(NOW)),
                        (Some(NOW), Some(NOW)),
                    ] {
                        let it = format!(
                            "cut_off = {}, cut_off_source = '{source}', cut_off_learned_at = 1, expires_at = {},
                             data_access_expires_at = {}, failures = {failures},
                             unclassified_refusals = {unclassified}, dates_read_at = {},
                             definitive = {definitive}, proved_at = {}",
                            micros(cut_off),
                            micros(expires),
                            micros(data_access),
                            micros(read),
                            micros(proved)
                        );
                        facts.extend([it.clone(), it]);
                    }
                }
            }
        }
    }
    facts
}

fn micros(n: Option<i64>) -> String {
    n.map_or("NULL".to_owned(), |n| day(n).timestamp_micros().to_string())
}

pub(crate) async fn write(bench: &Bench, facts: &[String]) {
    let url = bench
        .database
        .superuser_url()
        .unwrap_or_else(|| bench.database.url().to_owned());
    let raw = open_to_migrate(&url).await.unwrap();
    let reason = Reason::new(ReasonCode::NoRole, Who::NoOne, "x", NextStep::Replace);
    let reason = serde_json::to_string(&reason).unwrap();
    let updates: Vec<_> = facts
        .iter()
        .enumerate()
        .map(|(n, it)| {
            format!("UPDATE assets SET failing_since = 1, failing_reason = '{reason}', {it} WHERE id = '{n}';")
        })
        .collect();
    raw.execute_unprepared(&format!("BEGIN; {} COMMIT;", updates.concat()))
        .await
        .unwrap();
    raw.close().await.unwrap();
}
