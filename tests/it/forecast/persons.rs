//! Persons, and what ends when one of them leaves.

use regrant_testdb::TestDatabase;
use serde_json::json;

use super::{connected, list};
use crate::harness::Fleet;

#[tokio::test(flavor = "multi_thread")]
async fn a_leaving_person_ends_the_assets_that_no_other_credential_covers() {
    let fleet = Fleet::new(2, 5, 1);
    let (harness, tenant) = connected(TestDatabase::create_sqlite().await, &fleet).await;
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
        .reconnect(&harness.sandbox.token(Fleet::MANAGED).await, &fleet.ids())
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
async fn a_person_of_another_tenant_is_unknown() {
    let fleet = Fleet::new(1, 1, 0);
    let (harness, _tenant) = connected(TestDatabase::create_sqlite().await, &fleet).await;
    let other = harness.tenant("Two").await;
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
