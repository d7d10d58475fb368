//! Tests of good and faulty requests.

use regrant_domain::{AccessToken, AssetId, AssetKind};

use super::*;
use crate::problem::MAX_FAULTS;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Request {
    access_token: AccessToken,
    asset_ids: ListIn<AssetId>,
    kind: Option<AssetKind>,
    wait: Option<u64>,
    parts: Option<ListIn<Request>>,
}

fn faults(text: &str) -> Vec<(String, String)> {
    let faults = read_request::<Request>(Node::parse_document(text.as_bytes()).unwrap())
        .err()
        .unwrap_or_default();
    faults.into_iter().map(|it| (it.field, it.detail)).collect()
}

#[test]
fn a_good_request_is_read() {
    assert_eq!(
        faults(r#"{"access_token":"EAAB","asset_ids":["1","act_2"],"kind":"page","wait":3}"#),
        []
    );
}

#[test]
fn every_faulty_element_of_a_list_is_reported() {
    let found = faults(r#"{"access_token":"EAAB","asset_ids":["1","x/../me",3,"4",null]}"#);
    let fields: Vec<_> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["asset_ids[1]", "asset_ids[2]", "asset_ids[4]"]);
    assert!(found.iter().all(|(_, detail)| !detail.contains("me\"")));
    assert_eq!(found.get(1).unwrap().1, "expected a string");
}

#[test]
fn a_fault_in_a_nested_list_has_its_whole_path() {
    let found = faults(
        r#"{"access_token":"E","asset_ids":[],"parts":[{"access_token":"E","asset_ids":["1","?"]}]}"#,
    );
    assert_eq!(found.first().unwrap().0, "parts[0].asset_ids[1]");
}

#[test]
fn at_most_twenty_faults_are_listed() {
    let ids = vec!["\"?\""; 300].join(",");
    assert_eq!(
        faults(&format!(r#"{{"access_token":"E","asset_ids":[{ids}]}}"#)).len(),
        MAX_FAULTS
    );
}

#[test]
fn no_value_is_repeated() {
    for text in [
        r#"{"access_token":"EAAB canary","asset_ids":[]}"#,
        r#"{"access_token":["EAAB-canary"],"asset_ids":[]}"#,
        r#"{"access_token":"E","asset_ids":"EAAB-canary"}"#,
        r#"{"access_token":"E","asset_ids":[],"kind":"EAAB-canary"}"#,
        r#"{"access_token":"E","asset_ids":[],"wait":"EAAB-canary"}"#,
        r#"{"access_token":"E","asset_ids":[],"EAAB-canary":1}"#,
        r#"{"access_token":"E","asset_ids":[],"token":"EAAB-canary"}"#,
        r#""EAAB-canary""#,
    ] {
        let found = faults(text);
        assert!(
            !found.is_empty() && !format!("{found:?}").contains("canary"),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn unknown_missing_and_repeated_fields_are_named() {
    assert_eq!(
        faults(r#"{"asset_ids":[]}"#),
        [("access_token".to_owned(), "is required".to_owned())]
    );
    assert_eq!(faults(r#"{"plan_id":1}"#).first().unwrap().0, "plan_id");
    let twice = r#"{"access_token":"a","access_token":"b","asset_ids":[]}"#;
    assert_eq!(
        faults(twice),
        [("access_token".to_owned(), "is given twice".to_owned())]
    );
    assert_eq!(
        faults("[]"),
        [(String::new(), "expected an object".to_owned())]
    );
}
