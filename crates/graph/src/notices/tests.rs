use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

fn now() -> Timestamp {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

fn parsed(body: &Value) -> Vec<MetaNotice> {
    parse_notices(body.to_string().as_bytes(), now())
        .into_iter()
        .map(|it| it.notice)
        .collect()
}

fn migration(time: &Value, user: &Value, date: &Value) -> Value {
    let value = json!({ "user_id": user, "migration_expire_time": date });
    let change = json!({ "field": "migration_expire_time", "value": value });
    json!({ "object": "managed_meta_account", "entry": [{ "id": "5", "time": time, "changes": [change] }] })
}

#[test]
fn ids_and_dates_come_in_several_forms() {
    let wanted = DateTime::from_timestamp(1_802_000_000, 0);
    for date in [
        json!("2027-02-07T11:33:20Z"),
        json!("2027-02-07T11:33:20+0000"),
        json!("2027-02-07T12:33:20+01:00"),
        json!(1_802_000_000),
        json!("1802000000"),
    ] {
        for user in [json!("77"), json!(77)] {
            let notices = parsed(&migration(&json!(NOW), &user, &date));
            assert_eq!(notices.len(), 1, "{date}");
            assert_eq!(
                (notices[0].subject.to_string().as_str(), notices[0].cut_off),
                ("77", wanted),
                "{date}"
            );
        }
    }
}

#[test]
fn unknown_malformed_and_untimely_notices_are_ignored() {
    let good = migration(&json!(NOW), &json!("77"), &json!("2027-02-07T03:33:20Z"));
    assert_eq!(parsed(&good).len(), 1);
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        parsed(&body)
    };
    for (pointer, value) in [
        ("/object", json!("page")),
        ("/object", json!(7)),
        ("/entry", json!({})),
        ("/entry/0", json!(null)),
        ("/entry/0/time", json!(NOW - 3 * 86_400 - 1)),
        ("/entry/0/time", json!(NOW + 601)),
        ("/entry/0/time", json!("soon")),
        ("/entry/0/time", json!(i64::MAX)),
        ("/entry/0/changes", json!("none")),
        ("/entry/0/changes/0/field", json!("another")),
        ("/entry/0/changes/0/value/user_id", json!("1/../me")),
        ("/entry/0/changes/0/value/user_id", json!(-1)),
        ("/entry/0/changes/0/value/user_id", json!([])),
    ] {
        assert_eq!(with(pointer, value.clone()), [], "{pointer} {value}");
    }
    let undated = with(
        "/entry/0/changes/0/value/migration_expire_time",
        json!("one day"),
    );
    assert_eq!(
        undated[0].cut_off, None,
        "the notice is kept without a date"
    );
}

#[test]
fn a_notice_without_values_is_kept_without_a_date() {
    let body = json!({ "object": "managed_meta_account",
        "entry": [{ "id": "0", "uid": 77, "time": NOW, "changed_fields": ["migration_expire_time", "name"] }] });
    let notices = parsed(&body);
    assert_eq!(
        (
            notices.len(),
            notices[0].subject.to_string().as_str(),
            notices[0].cut_off
        ),
        (1, "77", None)
    );
    let body = json!({ "object": "permissions",
        "entry": [{ "id": "77", "time": NOW, "changed_fields": ["ads_management"] }] });
    assert_eq!(parsed(&body)[0].kind, NoticeKind::Permissions);
}

#[test]
fn of_several_dates_in_one_second_the_last_in_the_body_counts() {
    let change = |day: u32| {
        json!({ "field": "migration_expire_time",
            "value": { "user_id": "77", "migration_expire_time": format!("2027-02-{day:02}T00:00:00Z") } })
    };
    let body = json!({ "object": "managed_meta_account",
        "entry": [{ "time": NOW, "changes": [change(3), change(9), change(6)] }] });
    let notices = parsed(&body);
    assert_eq!(
        (notices.len(), notices[0].cut_off.map(|it| it.to_rfc3339())),
        (1, Some("2027-02-06T00:00:00+00:00".to_owned()))
    );
}

#[test]
fn a_thousand_entries_are_kept_in_their_order() {
    let entry = |user: u32, day: u32| {
        let value = json!({ "user_id": user.to_string(),
            "migration_expire_time": format!("2027-02-{day:02}T00:00:00Z") });
        let change = json!({ "field": "migration_expire_time", "value": value });
        json!({ "id": "5", "time": NOW, "changes": [change] })
    };
    let replaced = (1..=500).map(|user| entry(user, 3));
    let last = (1..=500).map(|user| entry(user, 9));
    let entries: Vec<_> = replaced.chain(last).collect();
    let notices = parsed(&json!({ "object": "managed_meta_account", "entry": entries }));
    let users: Vec<_> = notices.iter().map(|it| it.subject.to_string()).collect();
    let expected: Vec<_> = (1..=500).map(|user| user.to_string()).collect();
    assert_eq!(users, expected);
    let date = DateTime::parse_from_rfc3339("2027-02-09T00:00:00Z").unwrap();
    assert!(notices.iter().all(|it| it.cut_off == Some(date.to_utc())));
}

fn account_update(entry: &Value, value: &Value) -> Value {
    let change = json!({ "field": "account_update", "value": value });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": entry, "time": NOW, "changes": [change] }] })
}

#[test]
fn a_removed_partner_names_the_account_of_the_value_and_that_of_the_entry() {
    let removed = |entry: Value, info: Value| {
        parsed(&account_update(
            &entry,
            &json!({ "event": "PARTNER_REMOVED", "waba_info": info }),
        ))
    };
    let named = |ids: &[&str]| {
        let ids = ids.iter().map(|it| it.parse().unwrap());
        NoticeSubject::Assets(ids.collect())
    };
    let info = json!({ "waba_id": "54", "owner_business_id": "77" });
    for (entry, info, ids) in [
        (json!("54"), info.clone(), &["54"][..]),
        (json!("55"), info.clone(), &["54", "55"]),
        (json!(55), json!({ "waba_id": 54 }), &["54", "55"]),
        (json!("0/"), info, &["54"]),
        (json!("55"), Value::Null, &["55"]),
    ] {
        let notices = removed(entry, info);
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].subject, named(ids));
        assert_eq!(notices[0].kind, NoticeKind::PartnerRemoved);
    }
    assert_eq!(removed(json!("none"), Value::Null), []);
}

#[test]
fn only_events_that_end_the_access_to_an_account_are_notices() {
    let events = |event: &str| {
        let value = json!({ "event": event, "waba_info": { "waba_id": "54" } });
        parsed(&account_update(&json!("54"), &value)).len()
    };
    for ends in [
        "PARTNER_REMOVED",
        "PARTNER_APP_UNINSTALLED",
        "ACCOUNT_DELETED",
    ] {
        assert_eq!(events(ends), 1, "{ends}");
    }
    for other in ["PARTNER_ADDED", "VERIFIED_ACCOUNT", "partner_removed", ""] {
        assert_eq!(events(other), 0, "{other}");
    }
    let messages = json!({ "field": "messages", "value": { "event": "PARTNER_REMOVED" } });
    let body = json!({ "object": "whatsapp_business_account",
        "entry": [{ "id": "54", "time": NOW, "changes": [messages] }] });
    assert_eq!(parsed(&body), []);
}

#[test]
fn an_update_of_an_account_without_values_names_the_account_of_the_entry() {
    let body = |id: Value, field: &str| {
        json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": id, "time": NOW, "changed_fields": ["messages", field] }] })
    };
    let notices = parsed(&body(json!("54"), "account_update"));
    assert_eq!(notices.len(), 1);
    let ids = vec!["54".parse().unwrap()];
    assert_eq!(notices[0].subject, NoticeSubject::Assets(ids));
    assert_eq!(notices[0].kind, NoticeKind::PartnerRemoved);
    for (id, field) in [
        (json!("54"), "account_alerts"),
        (json!("none"), "account_update"),
        (Value::Null, "account_update"),
    ] {
        assert_eq!(parsed(&body(id.clone(), field)), [], "{id} {field}");
    }
}

#[test]
fn two_removals_in_one_second_are_two_notices_if_their_accounts_differ() {
    let change = |waba: &str| {
        json!({ "field": "account_update",
            "value": { "event": "PARTNER_REMOVED", "waba_info": { "waba_id": waba } } })
    };
    let body = json!({ "object": "whatsapp_business_account",
        "entry": [{ "id": "9", "time": NOW, "changes": [change("54"), change("55"), change("54")] }] });
    assert_eq!(parsed(&body).len(), 2);
}

#[test]
fn a_signed_request_needs_an_algorithm_a_fresh_time_and_a_person() {
    let read = |payload: &Value| parse_signed_request(payload.to_string().as_bytes(), now());
    let good = json!({ "algorithm": "hmac-sha256", "issued_at": NOW - 60, "user_id": "77" });
    assert_eq!(
        read(&good),
        Some(("77".parse().unwrap(), now() - Duration::seconds(60)))
    );
    for (field, value) in [
        ("algorithm", json!("HMAC-SHA1")),
        ("algorithm", json!("none")),
        ("algorithm", json!("")),
        ("algorithm", json!(null)),
        ("issued_at", json!(NOW - 86_401)),
        ("issued_at", json!(NOW + 601)),
        ("issued_at", json!(null)),
        ("issued_at", json!(-1)),
        ("user_id", json!("")),
        ("user_id", json!("act_1")),
        ("user_id", json!(null)),
        ("user_id", json!(7.5)),
    ] {
        let mut payload = good.clone();
        payload[field] = value.clone();
        assert_eq!(read(&payload), None, "{field} {value}");
        payload.as_object_mut().unwrap().remove(field);
        assert_eq!(read(&payload), None, "without {field}");
    }
    assert_eq!(parse_signed_request(b"[]", now()), None);
}

/// JSON with Meta's field names, and arbitrary values anywhere.
fn some_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("managed_meta_account"),
        Just("permissions"),
        Just("whatsapp_business_account"),
        Just("account_update"),
        Just("event"),
        Just("PARTNER_REMOVED"),
        Just("waba_info"),
        Just("waba_id"),
        Just("object"),
        Just("entry"),
        Just("time"),
        Just("changes"),
        Just("changed_fields"),
        Just("field"),
        Just("value"),
        Just("user_id"),
        Just("uid"),
        Just("id"),
        Just("migration_expire_time"),
        Just("algorithm"),
        Just("HMAC-SHA256"),
        Just("issued_at"),
        Just("2027-02-07T03:33:20Z"),
        Just("99999-99-99T99:99:99Z"),
        Just("77"),
        Just(""),
    ];
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        (NOW - 9..NOW + 9).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 12, 3, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((text.clone(), inner), 0..5).prop_map(|pairs| pairs
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect::<Value>()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50_000, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_do_not_panic(raw in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _read = parse_notices(&raw, now());
        let _read = parse_signed_request(&raw, now());
    }

    #[test]
    fn arbitrary_json_does_not_panic(body in some_json()) {
        let raw = body.to_string();
        let _read = parse_notices(raw.as_bytes(), now());
        let _read = parse_signed_request(raw.as_bytes(), now());
    }
}
