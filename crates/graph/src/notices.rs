//! Parses Meta's notices: webhook bodies and signed requests. The caller has verified the signature.
//!
//! The rule: parsing never fails. Unknown, malformed, too old and future parts are ignored. A notice without a
//! readable date is kept without a cut-off: the vault then probes the person's assets.
//! Start at [`parse_notices`].

use std::{collections::BTreeSet, str::FromStr};

use chrono::{DateTime, Duration};
use regrant_domain::{AssetId, MetaNotice, NoticeKind, NoticeSubject, PersonId, Timestamp};
use serde_json::Value;

use crate::call::wire::is_storable;

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
    /// Equal for a repeated notice, different for every other. Text of the form `kind/subject/time/field/value`.
    pub digest: String,
}

/// Parses the notices of a webhook's body, in the order of the body.
#[must_use]
pub fn parse_notices(raw: &[u8], now: Timestamp) -> Vec<NoticeWithDigest> {
    let Ok(body) = serde_json::from_slice::<Value>(raw) else {
        return Vec::new();
    };
    let object = text_field(&body, "object").unwrap_or_default();
    let Some(wanted) = WANTED.iter().find(|it| it.object == object) else {
        return Vec::new();
    };
    let notices = list_field(&body, "entry")
        .iter()
        .flat_map(|entry| parse_entry(wanted, entry, now))
        .collect();
    keep_last_of_each(notices)
}

/// Which changes of which object are notices.
struct WantedNotice {
    object: &'static str,
    kind: NoticeKind,
    /// The one field that counts; `None`: every field.
    field: Option<&'static str>,
}

const WANTED: [WantedNotice; 3] = [
    WantedNotice {
        object: "managed_meta_account",
        kind: NoticeKind::Migration,
        field: Some("migration_expire_time"),
    },
    WantedNotice {
        object: "permissions",
        kind: NoticeKind::Permissions,
        field: None,
    },
    WantedNotice {
        object: "whatsapp_business_account",
        kind: NoticeKind::PartnerRemoved,
        field: Some("account_update"),
    },
];

/// The events of `account_update` that end the provider's access (Meta's reference of that webhook).
const REMOVALS: [&str; 3] = [
    "PARTNER_REMOVED",
    "PARTNER_APP_UNINSTALLED",
    "ACCOUNT_DELETED",
];

/// Parses a signed request's payload: the person and the time of issue. `None` if malformed, too old, or not
/// signed with HMAC-SHA256.
#[must_use]
pub fn parse_signed_request(payload: &[u8], now: Timestamp) -> Option<(PersonId, Timestamp)> {
    let payload = serde_json::from_slice::<Value>(payload).ok()?;
    let algorithm = text_field(&payload, "algorithm")?;
    let issued_at = parse_time(payload.get("issued_at")?)?;
    let is_fresh = issued_at >= now - MAX_REQUEST_AGE && issued_at <= now + MAX_CLOCK_LEAD;
    let person = parse_id(payload.get("user_id")?)?;
    (algorithm.eq_ignore_ascii_case("HMAC-SHA256") && is_fresh).then_some((person, issued_at))
}

fn parse_entry(wanted: &WantedNotice, entry: &Value, now: Timestamp) -> Vec<NoticeWithDigest> {
    let sent_at = entry.get("time").and_then(parse_time);
    let Some(sent_at) =
        sent_at.filter(|at| *at >= now - MAX_NOTICE_AGE && *at <= now + MAX_CLOCK_LEAD)
    else {
        return Vec::new();
    };
    let is_wanted = |name: &str| wanted.field.is_none_or(|field| field == name);
    let changes = list_field(entry, "changes").iter().filter_map(|change| {
        let name = text_field(change, "field")?;
        Some((name, change.get("value").unwrap_or(&Value::Null)))
    });
    let fields = list_field(entry, "changed_fields")
        .iter()
        .filter_map(|field| Some((field.as_str()?.to_owned(), &Value::Null)));
    let notice = |(name, value): (String, &Value)| {
        let notice = MetaNotice {
            kind: wanted.kind,
            subject: parse_subject(wanted.kind, entry, value)?,
            cut_off: value.get("migration_expire_time").and_then(parse_time),
            sent_at,
        };
        Some(add_digest(notice, &name, value))
    };
    let named = changes.chain(fields).filter(|(name, _)| is_wanted(name));
    named.filter_map(notice).collect()
}

/// Whom a change is about; `None` where it names no subject, or is an event that is no notice.
fn parse_subject(kind: NoticeKind, entry: &Value, value: &Value) -> Option<NoticeSubject> {
    if kind == NoticeKind::PartnerRemoved {
        return parse_removed_assets(entry, value).map(NoticeSubject::Assets);
    }
    let owner = || {
        ["uid", "id"]
            .into_iter()
            .find_map(|name| entry.get(name).and_then(parse_id))
    };
    let person = value.get("user_id").map_or_else(owner, parse_id);
    person.map(NoticeSubject::Person)
}

/// The account that a provider lost, or may have lost: without values Meta does not say which event it was, and a probe
/// harms nothing. Its id stands in the value and may differ from the entry's; both are given.
fn parse_removed_assets(entry: &Value, value: &Value) -> Option<Vec<AssetId>> {
    let is_removal = || text_field(value, "event").is_some_and(|it| REMOVALS.contains(&&*it));
    let named = [value.pointer("/waba_info/waba_id"), entry.get("id")];
    let mut ids: Vec<AssetId> = named.into_iter().flatten().filter_map(parse_id).collect();
    ids.dedup();
    ((value.is_null() || is_removal()) && !ids.is_empty()).then_some(ids)
}

fn add_digest(notice: MetaNotice, field: &str, value: &Value) -> NoticeWithDigest {
    let digest = format!(
        "{}/{}/{}/{field}/{value}",
        notice.kind,
        notice.subject,
        notice.sent_at.timestamp()
    );
    NoticeWithDigest { notice, digest }
}

/// Of several notices of one kind about one subject in one second, keeps only the last in the body. A notice without a
/// date does not replace one with a date.
fn keep_last_of_each(notices: Vec<NoticeWithDigest>) -> Vec<NoticeWithDigest> {
    let mut later = BTreeSet::new();
    let topic_of = |NoticeWithDigest { notice: it, .. }: &NoticeWithDigest| {
        (
            it.kind,
            it.subject.clone(),
            it.sent_at,
            it.cut_off.is_some(),
        )
    };
    let mut kept: Vec<_> = notices
        .into_iter()
        .rev()
        .filter(|it| later.insert(topic_of(it)))
        .collect();
    kept.reverse();
    kept
}

fn text_field(value: &Value, field: &str) -> Option<String> {
    value.get(field)?.as_str().map(ToOwned::to_owned)
}

fn list_field<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    let list = value.get(field).and_then(Value::as_array);
    list.map_or(&[][..], Vec::as_slice)
}

/// Reads the id of a person or an asset. Meta sends ids as text and as numbers.
fn parse_id<T: FromStr>(value: &Value) -> Option<T> {
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

#[cfg(test)]
mod tests;
