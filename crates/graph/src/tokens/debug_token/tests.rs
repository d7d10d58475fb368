use regrant_domain::Clock;
use serde_json::{Value, json};

use super::*;

const READ_AT: Timestamp = chrono::DateTime::UNIX_EPOCH;

fn client() -> Client {
    Client::new(crate::Settings::default(), Clock::fixed_at(READ_AT)).unwrap()
}

fn app() -> AppCredentials {
    AppCredentials {
        id: "9".parse().unwrap(),
        secret: regrant_domain::AppSecret::parse("0123456789abcdef".to_owned()).unwrap(),
    }
}

fn data(json: Value) -> DebugTokenData {
    serde_json::from_value(json).unwrap()
}

fn facts(json: Value) -> Result<TokenFacts, InspectError> {
    let token = AccessToken::parse("canary-token".to_owned()).unwrap();
    data(json).into_facts(&client(), &app(), &token, None)
}

#[test]
fn a_page_token_names_its_person_its_page_and_its_dates() {
    let facts = facts(json!({
        "app_id": "9", "type": "PAGE", "user_id": 7, "profile_id": "3", "is_valid": true,
        "expires_at": 1_900_000_000, "data_access_expires_at": 1_800_000_000,
    }))
    .unwrap();
    assert_eq!(facts.kind, CredentialKind::Page);
    assert_eq!(facts.person_id.as_str(), "7");
    assert_eq!(facts.profile_id.unwrap().as_str(), "3");
    assert_eq!(facts.expires_at.unwrap().timestamp(), 1_900_000_000);
    assert!(facts.data_access_expires_at.is_some());
    assert_eq!(facts.read_at, READ_AT);
}

#[test]
fn every_absent_fact_but_the_person_is_unknown_and_not_wrong() {
    let full = json!({
        "app_id": "9", "type": "USER", "user_id": "7", "is_valid": true, "issued_at": 1, "expires_at": 2,
        "data_access_expires_at": 3, "scopes": ["email"], "granular_scopes": [{"scope": "ads_read"}],
    });
    for field in full.as_object().unwrap().keys() {
        for absent in [None, Some(Value::Null)] {
            let mut json = full.clone();
            match absent.clone() {
                None => drop(json.as_object_mut().unwrap().remove(field)),
                Some(null) => json[field] = null,
            }
            let read = facts(json);
            if field == "user_id" {
                let unclear = matches!(&read, Err(InspectError::Call(it))
                    if it.refusal().kind == RefusalKind::Unclassified);
                assert!(unclear, "{read:?}");
            } else {
                let read = read.unwrap();
                assert_eq!(read.kind, CredentialKind::User, "{field} {absent:?}");
                assert_eq!(read.app_id, app().id, "{field} {absent:?}");
            }
        }
    }
}

#[test]
fn an_absent_type_is_that_of_a_page_if_a_page_is_named() {
    let page = facts(json!({"user_id": "7", "profile_id": "3", "is_valid": true}));
    assert_eq!(page.unwrap().kind, CredentialKind::Page);
    let person = facts(json!({"user_id": "7"}));
    assert_eq!(person.unwrap().kind, CredentialKind::User);
}

#[test]
fn the_tokens_of_apps_and_of_unknown_types_are_no_persons() {
    for kind in ["APP", "THREADS_USER"] {
        let read = facts(json!({"app_id": "9", "type": kind, "user_id": "7", "is_valid": true}));
        assert_eq!(read, Err(InspectError::NotAPersonToken), "{kind}");
    }
}

#[test]
fn a_dead_token_still_names_its_person() {
    let dead = json!({
        "app_id": "9", "type": "USER", "user_id": "7", "is_valid": false, "expires_at": 5,
        "error": {"code": 190, "subcode": 463, "message": "Session has expired"}, "scopes": [],
    });
    let error = facts(dead).unwrap_err();
    assert!(matches!(error, InspectError::Dead { .. }), "{error:?}");
    let facts = error.facts().unwrap();
    assert_eq!(facts.person_id.as_str(), "7");
    assert_eq!(facts.expires_at.unwrap().timestamp(), 5);
}

#[test]
fn a_token_at_a_checkpoint_and_one_refused_without_a_known_code_still_name_their_person() {
    for (subcode, kind) in [
        (459, RefusalKind::Checkpoint),
        (4711, RefusalKind::TokenRefused),
    ] {
        let error = facts(json!({
            "app_id": "9", "type": "USER", "user_id": "7", "is_valid": false,
            "error": {"code": 190, "subcode": subcode, "message": "m"},
        }))
        .unwrap_err();
        assert_eq!(error.facts().unwrap().person_id.as_str(), "7");
        assert!(matches!(error, InspectError::Invalid { refusal, .. } if refusal.kind == kind));
    }
}

#[test]
fn an_error_without_any_other_fact_is_undecipherable_unless_its_subcode_says_more() {
    let bare = |subcode: Value| {
        let error = json!({"code": 190, "subcode": subcode, "message": "m"});
        facts(json!({"error": error, "is_valid": false, "scopes": []})).unwrap_err()
    };
    assert_eq!(bare(Value::Null), InspectError::Undecipherable);
    assert!(matches!(
        bare(json!(463)),
        InspectError::Dead { facts: None, .. }
    ));
}

#[test]
fn validity_is_what_graph_says_and_unknown_where_it_says_nothing() {
    let error = json!({"code": 190, "message": "m"});
    for (json, validity) in [
        (json!({"is_valid": true, "error": error}), Validity::Valid),
        (json!({"is_valid": "true"}), Validity::Valid),
        (json!({"is_valid": false}), Validity::Invalid),
        (json!({"error": error, "user_id": "7"}), Validity::Invalid),
        (json!({"user_id": "7", "error": null}), Validity::Valid),
        (json!({"type": "USER"}), Validity::Valid),
        (json!({"scopes": []}), Validity::Unknown),
        (json!({}), Validity::Unknown),
    ] {
        assert_eq!(data(json.clone()).validity(), validity, "{json}");
    }
}

#[test]
fn scopes_in_another_form_hide_no_other_fact() {
    for scopes in [
        json!({}),
        json!({"0": "email"}),
        json!("email"),
        json!([{}]),
    ] {
        let read = facts(json!({"user_id": "7", "is_valid": true, "scopes": scopes})).unwrap();
        assert_eq!(read.person_id.as_str(), "7", "{scopes}");
        assert_eq!(read.scopes, [], "{scopes}");
    }
}

#[test]
fn targets_in_another_form_are_not_all_targets() {
    for targets in [
        json!({"0": "5"}),
        json!("5"),
        json!(5),
        json!([{"id": "5"}]),
    ] {
        let granular = json!([{"scope": "ads_read", "target_ids": targets}]);
        let read = facts(
            json!({"user_id": "7", "scopes": ["ads_read", "email"], "granular_scopes": granular}),
        );
        let named: Vec<_> = read
            .unwrap()
            .scopes
            .into_iter()
            .map(|it| (it.scope, it.target_ids))
            .collect();
        let expected = [
            ("ads_read".to_owned(), Some(Vec::new())),
            ("email".to_owned(), None),
        ];
        assert_eq!(named, expected, "{targets}");
    }
}

#[test]
fn a_scope_of_no_known_form_is_left_out() {
    let scopes = json!([{"scope": "ads_read", "target_ids": [5]}, 7, {"target_ids": []}, {"scope": "email"}]);
    let read = facts(json!({"user_id": "7", "granular_scopes": scopes})).unwrap();
    let names: Vec<_> = read.scopes.iter().map(|it| it.scope.as_str()).collect();
    assert_eq!(names, ["ads_read", "email"]);
}
