//! Parses Meta's notices: webhook bodies and signed requests. The caller has verified the signature.
//!
//! The rule: parsing never fails. Unknown, malformed, too old and future parts are ignored. A notice without a
//! readable date is kept without a cut-off: the vault then probes the person's assets.
//! Start at [`parse_notices`].

use std::collections::BTreeMap;

use chrono::{DateTime, Duration};
use regrant_domain::{InboxKind, PersonId, Timestamp, Word};
use serde_json::Value;

/// Older notices are ignored: they are replays, or probes have found their facts since.
const OLDEST: Duration = Duration::days(3);
/// How far Meta's clock may be ahead of this process's clock.
const AHEAD: Duration = Duration::minutes(10);
/// Older signed requests are refused.
const OLDEST_REQUEST: Duration = Duration::days(1);

/// A notice with a digest that identifies it.
pub struct Told {
    /// The notice.
    pub word: Word,
    /// Equal for a repeated notice, different for every other. Text of the form `kind/person/time/field/value`.
    pub digest: String,
}

/// Parses the notices of a webhook's body, in the order of the body.
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
    let mut notices = Vec::new();
    for (kind, field) in wanted {
        let found = entries
            .iter()
            .flat_map(|entry| of_entry(*kind, *field, entry, now));
        notices.extend(found);
    }
    last_of_each(notices)
}

/// Parses a signed request's payload: the person and the time of issue. `None` if malformed, too old, or not
/// signed with HMAC-SHA256.
pub fn signed_request(payload: &[u8], now: Timestamp) -> Option<(PersonId, Timestamp)> {
    let payload = serde_json::from_slice::<Value>(payload).ok()?;
    let algorithm = text(&payload, "algorithm")?;
    let issued_at = moment(payload.get("issued_at")?)?;
    let is_fresh = issued_at >= now - OLDEST_REQUEST && issued_at <= now + AHEAD;
    let person = person(payload.get("user_id")?)?;
    (algorithm.eq_ignore_ascii_case("HMAC-SHA256") && is_fresh).then_some((person, issued_at))
}

fn of_entry(kind: InboxKind, field: Option<&str>, entry: &Value, now: Timestamp) -> Vec<Told> {
    let sent_at = entry.get("time").and_then(moment);
    let Some(sent_at) = sent_at.filter(|at| *at >= now - OLDEST && *at <= now + AHEAD) else {
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
                told_at: sent_at,
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
                told_at: sent_at,
            },
            name,
            &Value::Null,
        ))
    });
    changes.chain(fields).collect()
}

fn told(notice: Word, field: &str, value: &Value) -> Told {
    let digest = format!(
        "{}/{}/{}/{field}/{value}",
        notice.kind,
        notice.person_id,
        notice.told_at.timestamp()
    );
    Told {
        word: notice,
        digest,
    }
}

/// Of several notices of one kind for one person in one second, keeps only the last in the body.
fn last_of_each(notices: Vec<Told>) -> Vec<Told> {
    let mut last = BTreeMap::new();
    for (n, it) in notices.iter().enumerate() {
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
    let keep_last = |(n, it)| last.values().any(|last| *last == n).then_some(it);
    notices
        .into_iter()
        .enumerate()
        .filter_map(keep_last)
        .collect()
}

/// Whether the notice announces a date. A notice without a date does not replace one with a date.
fn one_of_many(notice: &Told) -> bool {
    notice.word.cut_off.is_some()
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field)?.as_str().map(ToOwned::to_owned)
}

/// Reads a person's id. Meta sends ids as text and as numbers.
fn person(value: &Value) -> Option<PersonId> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64()?.to_string().parse().ok(),
        _ => None,
    }
}

/// Reads a time: seconds since 1970, or ISO 8601 with any of the offset forms that Meta uses.
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

/// From 1970 to the year 9999: microseconds fit into 64 bits, and so do sums with them.
fn is_storable(at: &Timestamp) -> bool {
    (0..253_402_300_800).contains(&at.timestamp())
}

#[cfg(test)]
mod tests;
