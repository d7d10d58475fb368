//! Parses Meta's notices: webhook bodies and signed requests. The caller has verified the signature.
//!
//! The rule: parsing never fails. Unknown, malformed, too old and future parts are ignored. A notice without a
//! readable date is kept without a cut-off: the vault then probes the person's assets.
//! Start at [`parse_notices`].

use std::collections::BTreeMap;

use chrono::{DateTime, Duration};
use regrant_domain::{MetaNotice, NoticeKind, PersonId, Timestamp};
use serde_json::Value;

/// Older notices are ignored: they are replays, or probes have found their facts since.
const MAX_NOTICE_AGE: Duration = Duration::days(3);
/// How far Meta's clock may be ahead of this process's clock.
const MAX_CLOCK_LEAD: Duration = Duration::minutes(10);
/// Older signed requests are refused.
const MAX_REQUEST_AGE: Duration = Duration::days(1);

/// A notice with a digest that identifies it.
pub struct NoticeWithDigest {
    /// The notice.
    pub notice: MetaNotice,
    /// Equal for a repeated notice, different for every other. Text of the form `kind/person/time/field/value`.
    pub digest: String,
}

/// Parses the notices of a webhook's body, in the order of the body.
pub fn parse_notices(raw: &[u8], now: Timestamp) -> Vec<NoticeWithDigest> {
    let Ok(body) = serde_json::from_slice::<Value>(raw) else {
        return Vec::new();
    };
    let object = text_field(&body, "object").unwrap_or_default();
    let wanted: &[(NoticeKind, Option<&str>)] = match object.as_str() {
        "managed_meta_account" => &[(NoticeKind::Migration, Some("migration_expire_time"))],
        "permissions" => &[(NoticeKind::Permissions, None)],
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
            .flat_map(|entry| parse_entry(*kind, *field, entry, now));
        notices.extend(found);
    }
    keep_last_of_each(notices)
}

/// Parses a signed request's payload: the person and the time of issue. `None` if malformed, too old, or not
/// signed with HMAC-SHA256.
#[must_use]
pub fn parse_signed_request(payload: &[u8], now: Timestamp) -> Option<(PersonId, Timestamp)> {
    let payload = serde_json::from_slice::<Value>(payload).ok()?;
    let algorithm = text_field(&payload, "algorithm")?;
    let issued_at = parse_time(payload.get("issued_at")?)?;
    let is_fresh = issued_at >= now - MAX_REQUEST_AGE && issued_at <= now + MAX_CLOCK_LEAD;
    let person = parse_person(payload.get("user_id")?)?;
    (algorithm.eq_ignore_ascii_case("HMAC-SHA256") && is_fresh).then_some((person, issued_at))
}

fn parse_entry(
    kind: NoticeKind,
    field: Option<&str>,
    entry: &Value,
    now: Timestamp,
) -> Vec<NoticeWithDigest> {
    let sent_at = entry.get("time").and_then(parse_time);
    let Some(sent_at) =
        sent_at.filter(|at| *at >= now - MAX_NOTICE_AGE && *at <= now + MAX_CLOCK_LEAD)
    else {
        return Vec::new();
    };
    let owner = ["uid", "id"]
        .into_iter()
        .find_map(|name| entry.get(name).and_then(parse_person));
    let is_wanted = |name: &str| field.is_none_or(|field| field == name);
    let list = |name| {
        entry
            .get(name)
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
    };
    let changes = list("changes").iter().filter_map(|change| {
        let name = text_field(change, "field").filter(|it| is_wanted(it))?;
        let value = change.get("value").unwrap_or(&Value::Null);
        let person_id = value
            .get("user_id")
            .map_or_else(|| owner.clone(), parse_person)?;
        let cut_off = value.get("migration_expire_time").and_then(parse_time);
        Some(add_digest(
            MetaNotice {
                kind,
                person_id,
                cut_off,
                sent_at,
            },
            &name,
            value,
        ))
    });
    let fields = list("changed_fields").iter().filter_map(|field| {
        let name = field.as_str().filter(|it| is_wanted(it))?;
        Some(add_digest(
            MetaNotice {
                kind,
                person_id: owner.clone()?,
                cut_off: None,
                sent_at,
            },
            name,
            &Value::Null,
        ))
    });
    changes.chain(fields).collect()
}

fn add_digest(notice: MetaNotice, field: &str, value: &Value) -> NoticeWithDigest {
    let digest = format!(
        "{}/{}/{}/{field}/{value}",
        notice.kind,
        notice.person_id,
        notice.sent_at.timestamp()
    );
    NoticeWithDigest { notice, digest }
}

/// Of several notices of one kind for one person in one second, keeps only the last in the body.
fn keep_last_of_each(notices: Vec<NoticeWithDigest>) -> Vec<NoticeWithDigest> {
    let mut last = BTreeMap::new();
    for (n, it) in notices.iter().enumerate() {
        last.insert(
            (
                it.notice.kind,
                it.notice.person_id.clone(),
                it.notice.sent_at,
                has_date(it),
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
fn has_date(notice: &NoticeWithDigest) -> bool {
    notice.notice.cut_off.is_some()
}

fn text_field(value: &Value, field: &str) -> Option<String> {
    value.get(field)?.as_str().map(ToOwned::to_owned)
}

/// Reads a person's id. Meta sends ids as text and as numbers.
fn parse_person(value: &Value) -> Option<PersonId> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64()?.to_string().parse().ok(),
        _ => None,
    }
}

/// Reads a time: seconds since 1970, or ISO 8601 with any of the offset forms that Meta uses.
fn parse_time(value: &Value) -> Option<Timestamp> {
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
