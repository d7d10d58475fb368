use super::{rule::matches_glob, *};
use crate::world::Kind;

fn rule(json: &str) -> Rule {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_star_matches_any_text() {
    assert!(
        matches_glob("*", "")
            && matches_glob("me/*", "me/accounts")
            && matches_glob("*/agencies", "12/agencies")
    );
    assert!(
        !matches_glob("me", "me/accounts")
            && !matches_glob("act_*", "12")
            && matches_glob("a*b*c", "a1b2c")
    );
}

#[test]
fn per_asset_rules_count_each_asset() {
    let mut faults = Faults::default();
    faults.add_rule(rule(
        r#"{"match":{"kind":"page"},"effect":"null_item","times":1,"per_asset":true}"#,
    ));
    let mut hit = |asset| {
        let subject = MatchSubject {
            path: asset,
            asset: Some(asset),
            kind: Some(Kind::Page),
            batch_item: true,
            person: None,
        };
        faults.apply_rules(&subject).effect.is_some()
    };
    assert_eq!(
        [hit("1"), hit("2"), hit("1"), hit("2")],
        [true, true, false, false]
    );
}

#[test]
fn any_person_does_not_match_the_apps_own_token() {
    let mut faults = Faults::default();
    faults.add_rule(rule(r#"{"match":{"person":"*"},"effect":"drop"}"#));
    let mut hit = |person| {
        faults
            .apply_rules(&MatchSubject {
                person,
                ..MatchSubject::default()
            })
            .effect
            .is_some()
    };
    assert_eq!([hit(Some("1")), hit(None)], [true, false]);
}

#[test]
fn latency_adds_to_another_effect() {
    let mut faults = Faults::default();
    faults.add_rule(rule(r#"{"effect":{"latency_ms":5}}"#));
    faults.add_rule(rule(r#"{"effect":{"throttle":{"code":4}},"times":1}"#));
    let strike = faults.apply_rules(&MatchSubject::default());
    assert!(strike.delay_ms == 5 && strike.effect.is_some());
    assert!(
        faults
            .apply_rules(&MatchSubject::default())
            .effect
            .is_none()
    );
}
