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
            asset: Some(String::from(asset)),
            kind: Some(Kind::Page),
            batch_item: true,
            ..MatchSubject::default()
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
    let mut hit = |person: Option<&str>| {
        faults
            .apply_rules(&MatchSubject {
                person: person.map(str::to_owned),
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

#[test]
fn the_first_rule_that_names_a_fact_decides_it() {
    let mut faults = Faults::default();
    faults.add_rule(rule(r#"{"effect":{"debug":{"is_valid":false}}}"#));
    faults.add_rule(rule(
        r#"{"effect":{"debug":{"is_valid":true,"type":"PAGE"}}}"#,
    ));
    let inspection = MatchSubject {
        operation: Operation::DebugToken,
        ..MatchSubject::default()
    };
    let changed = faults.apply_rules(&inspection).changes.debug;
    assert_eq!(
        serde_json::Value::Object(changed),
        serde_json::json!({"is_valid": false, "type": "PAGE"})
    );
}

#[test]
fn an_effect_on_answers_leaves_other_calls_alone_and_unused() {
    let mut faults = Faults::default();
    faults.add_rule(rule(
        r#"{"effect":{"fields":{"is_published":false}},"times":1}"#,
    ));
    let read = MatchSubject {
        operation: Operation::NodeRead,
        ..MatchSubject::default()
    };
    let other = faults.apply_rules(&MatchSubject::default());
    assert!(other.changes.fields.is_empty());
    assert_eq!(faults.apply_rules(&read).changes.fields.len(), 1);
    assert!(faults.apply_rules(&read).changes.fields.is_empty());
}

#[test]
fn a_person_may_be_a_list() {
    let mut faults = Faults::default();
    faults.add_rule(rule(r#"{"match":{"person":["1","2*"]},"effect":"drop"}"#));
    let mut hit = |person: &str| {
        let call = MatchSubject {
            person: Some(person.to_owned()),
            ..MatchSubject::default()
        };
        faults.apply_rules(&call).effect.is_some()
    };
    assert_eq!([hit("1"), hit("22"), hit("3")], [true, true, false]);
}

#[test]
fn a_header_that_frames_the_response_is_refused() {
    let refused = |json: &str| rule(json).effect.check_values().is_err();
    assert!(refused(
        r#"{"effect":{"error":{"code":4,"headers":{"Content-Length":"3"}}}}"#
    ));
    assert!(refused(
        r#"{"effect":{"error":{"code":4,"headers":{"a b":"3"}}}}"#
    ));
    assert!(refused(r#"{"effect":{"status":99,"body":""}}"#));
    assert!(!refused(
        r#"{"effect":{"error":{"code":4,"headers":{"X-App-Usage":"{}"}}}}"#
    ));
}
