//! Reads what Meta sends, after its signature has been believed.
//!
//! The rule: total. What is unknown, malformed, too old or from the future is left out and says nothing; a
//! message whose date cannot be read still says that its person's assets are to be read again.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration};
use regrant_domain::{InboxKind, PersonId, Timestamp, Word};
use serde_json::Value;

/// Older messages are replays, or were made up for by probes long ago.
const OLDEST: Duration = Duration::days(3);
/// How far Meta's clock may be ahead of this one.
const AHEAD: Duration = Duration::minutes(10);
/// Older signed requests are refused.
const OLDEST_REQUEST: Duration = Duration::days(1);

/// A word, with what tells it from every other.
pub struct Told {
    /// The notice.
    pub word: Word,
    /// Differs between notices and is equal for repeated ones.
    pub digest: String,
}

/// The words of a webhook's body, in their order.
pub fn words(raw: &[u8], now: Timestamp) -> Vec<Told> {
    let Ok(body) = serde_json::from_slice::<Value>(raw) else {
        return Vec::new();
    };
    let object = text(&body, "object").unwrap_or_default();
    let wanted: &[(InboxKind, Option<&str>)] = match object.as_str() {
        "managed_meta_account" => &[(InboxKind::Migration, Some("migration_expire_time"))],
        "permissions" => &[(InboxKind::Permissions, None)],
        _ => &[],
    };
    let entries = body
        .get("entry")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut words = Vec::new();
    for (kind, field) in wanted {
        let heard = entries
            .iter()
            .flat_map(|entry| of_entry(*kind, *field, entry, now));
        words.extend(heard);
    }
    last_of_each(words)
}

/// What a signed request says: who, and when it was made.
pub fn signed_request(payload: &[u8], now: Timestamp) -> Option<(PersonId, Timestamp)> {
    let payload = serde_json::from_slice::<Value>(payload).ok()?;
    let algorithm = text(&payload, "algorithm")?;
    let issued_at = moment(payload.get("issued_at")?)?;
    let fresh = issued_at >= now - OLDEST_REQUEST && issued_at <= now + AHEAD;
    let person = person(payload.get("user_id")?)?;
    (algorithm.eq_ignore_ascii_case("HMAC-SHA256") && fresh).then_some((person, issued_at))
}

fn of_entry(kind: InboxKind, field: Option<&str>, entry: &Value, now: Timestamp) -> Vec<Told> {
    let told_at = entry.get("time").and_then(moment);
    let Some(told_at) = told_at.filter(|at| *at >= now - OLDEST && *at <= now + AHEAD) else {
        return Vec::new();
    };
    let owner = ["uid", "id"]
        .into_iter()
        .find_map(|name| entry.get(name).and_then(person));
    let is_wanted = |name: &str| field.is_none_or(|field| field == name);
    let list = |name| {
        entry
            .get(name)
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
    };
    let changes = list("changes").iter().filter_map(|change| {
        let name = text(change, "field").filter(|it| is_wanted(it))?;
        let value = change.get("value").unwrap_or(&Value::Null);
        let person_id = value.get("user_id").map_or_else(|| owner.clone(), person)?;
        let cut_off = value.get("migration_expire_time").and_then(moment);
        Some(told(
            Word {
                kind,
                person_id,
                cut_off,
                told_at,
            },
            &name,
            value,
        ))
    });
    let fields = list("changed_fields").iter().filter_map(|field| {
        let name = field.as_str().filter(|it| is_wanted(it))?;
        Some(told(
            Word {
                kind,
                person_id: owner.clone()?,
                cut_off: None,
                told_at,
            },
            name,
            &Value::Null,
        ))
    });
    changes.chain(fields).collect()
}

fn told(word: Word, field: &str, value: &Value) -> Told {
    let digest = format!(
        "{}/{}/{}/{field}/{value}",
        word.kind,
        word.person_id,
        word.told_at.timestamp()
    );
    Told { word, digest }
}

/// Two dates for one person of one second: the later in the body counts.
fn last_of_each(words: Vec<Told>) -> Vec<Told> {
    let mut last = BTreeMap::new();
    for (n, it) in words.iter().enumerate() {
        last.insert(
            (
                it.word.kind,
                it.word.person_id.clone(),
                it.word.told_at,
                one_of_many(it),
            ),
            n,
        );
    }
    let kept = |(n, it)| last.values().any(|last| *last == n).then_some(it);
    words.into_iter().enumerate().filter_map(kept).collect()
}

/// Dates replace one another; permissions stand side by side, and one reading answers all of them.
fn one_of_many(told: &Told) -> bool {
    told.word.cut_off.is_some()
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field)?.as_str().map(ToOwned::to_owned)
}

/// Ids come as text and as numbers.
fn person(value: &Value) -> Option<PersonId> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64()?.to_string().parse().ok(),
        _ => None,
    }
}

/// A moment as seconds since 1970, or as ISO 8601 with any of Meta's offsets.
fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(seconds) => DateTime::from_timestamp(seconds.as_i64()?, 0),
        Value::String(text) => {
            let written = DateTime::parse_from_rfc3339(text)
                .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
            let seconds = || DateTime::from_timestamp(text.parse().ok()?, 0);
            written.ok().map(|it| it.to_utc()).or_else(seconds)
        }
        _ => None,
    }
    .filter(is_storable)
}

/// Microseconds since 1970 in 64 bits, with room for sums.
fn is_storable(at: &Timestamp) -> bool {
    (0..253_402_300_800).contains(&at.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn now() -> Timestamp {
        DateTime::from_timestamp(NOW, 0).unwrap()
    }

    fn heard(body: &Value) -> Vec<Word> {
        words(body.to_string().as_bytes(), now())
            .into_iter()
            .map(|it| it.word)
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
                let words = heard(&migration(&json!(NOW), &user, &date));
                assert_eq!(words.len(), 1, "{date}");
                assert_eq!(
                    (words[0].person_id.as_str(), words[0].cut_off),
                    ("77", wanted),
                    "{date}"
                );
            }
        }
    }

    #[test]
    fn what_is_unknown_or_out_of_its_time_is_left_out() {
        let good = migration(&json!(NOW), &json!("77"), &json!("2027-02-07T03:33:20Z"));
        assert_eq!(heard(&good).len(), 1);
        let with = |pointer: &str, value: Value| {
            let mut body = good.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            heard(&body)
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
        assert_eq!(undated[0].cut_off, None, "it is still to be read again");
    }

    #[test]
    fn a_message_without_values_says_to_read_again() {
        let body = json!({ "object": "managed_meta_account",
            "entry": [{ "id": "0", "uid": 77, "time": NOW, "changed_fields": ["migration_expire_time", "name"] }] });
        let words = heard(&body);
        assert_eq!(
            (words.len(), words[0].person_id.as_str(), words[0].cut_off),
            (1, "77", None)
        );
        let body = json!({ "object": "permissions",
            "entry": [{ "id": "77", "time": NOW, "changed_fields": ["ads_management"] }] });
        assert_eq!(heard(&body)[0].kind, InboxKind::Permissions);
    }

    #[test]
    fn of_two_dates_in_one_second_the_later_in_the_body_counts() {
        let change = |day: u32| {
            json!({ "field": "migration_expire_time",
                "value": { "user_id": "77", "migration_expire_time": format!("2027-02-{day:02}T00:00:00Z") } })
        };
        let body = json!({ "object": "managed_meta_account",
            "entry": [{ "time": NOW, "changes": [change(3), change(9), change(6)] }] });
        let words = heard(&body);
        assert_eq!(
            (words.len(), words[0].cut_off.map(|it| it.to_rfc3339())),
            (1, Some("2027-02-06T00:00:00+00:00".to_owned()))
        );
    }

    #[test]
    fn a_signed_request_names_its_algorithm_its_time_and_its_person() {
        let read = |payload: &Value| signed_request(payload.to_string().as_bytes(), now());
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
        assert_eq!(signed_request(b"[]", now()), None);
    }

    /// JSON like Meta's, with anything in any place.
    fn some_json() -> impl Strategy<Value = Value> {
        let word = prop_oneof![
            Just("managed_meta_account"),
            Just("permissions"),
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
            word.clone().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 12, 3, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((word.clone(), inner), 0..5).prop_map(|pairs| pairs
                    .into_iter()
                    .map(|(k, v)| (k.to_owned(), v))
                    .collect::<Value>()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 50_000, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_make_it_panic(raw in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _read = words(&raw, now());
            let _read = signed_request(&raw, now());
        }

        #[test]
        fn no_json_makes_it_panic(body in some_json()) {
            let raw = body.to_string();
            let _read = words(raw.as_bytes(), now());
            let _read = signed_request(raw.as_bytes(), now());
        }
    }
}
