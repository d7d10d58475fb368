use super::*;
use crate::{AssetFacts, AssetKind, BusinessSource, Timestamp};

fn id(text: &str) -> AssetId {
    text.parse().unwrap()
}

fn page(business: Option<(&str, Option<BusinessSource>)>) -> Asset {
    Asset {
        id: id("2"),
        kind: AssetKind::Page,
        name: None,
        business_id: business.map(|(it, _)| id(it)),
        business_source: business.and_then(|(_, it)| it),
        person_id: None,
        generation: 0,
        intent_seq: 0,
        notified_status: None,
        facts: AssetFacts {
            proved_at: None,
            checked_at: None,
            refusals: None,
            cut_off: None,
            expires_at: None,
            data_access_expires_at: None,
            dates_read_at: None,
            refresh_failed: false,
            condition: None,
            active: None,
            has_candidate: false,
            has_standby: false,
            working_since: None,
            next_check_at: None,
            registered_at: Timestamp::UNIX_EPOCH,
            is_unreadable: false,
        },
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn within(assets: &[&str], businesses: &[&str]) -> Reach {
    Reach::Within(ReachLimit {
        assets: assets.iter().map(|it| id(it)).collect(),
        businesses: businesses.iter().map(|it| id(it)).collect(),
    })
}

#[test]
fn an_asset_is_reached_by_its_own_id_whatever_its_business_is() {
    assert!(within(&["2"], &[]).includes_asset(&page(None)));
    assert!(!within(&["1"], &[]).includes_asset(&page(None)));
    assert!(Reach::All.includes_asset(&page(None)));
}

#[test]
fn an_asset_is_reached_by_a_business_that_graph_or_the_whole_tenant_named() {
    for source in BusinessSource::ALL {
        let asset = page(Some(("9", Some(source))));
        assert!(within(&[], &["9"]).includes_asset(&asset), "{source}");
        assert!(!within(&[], &["8"]).includes_asset(&asset), "{source}");
        assert!(!within(&[], &[]).includes_asset(&asset), "{source}");
    }
}

#[test]
fn a_business_of_unknown_source_reaches_nothing() {
    assert!(!within(&[], &["9"]).includes_asset(&page(Some(("9", None)))));
}

#[test]
fn only_a_listed_id_may_be_created() {
    assert!(within(&["2"], &["9"]).lists_asset(&id("2")));
    assert!(!within(&["2"], &["9"]).lists_asset(&id("3")));
    assert!(Reach::All.lists_asset(&id("3")));
}
