//! `/sandbox/tokens/dates`: moves the dates of tokens that are issued already.
//!
//! The rule: the token itself honours the new dates; nothing else about it changes.

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{
    ControlRefusal, ControlResult,
    clock::{MAX_OFFSET, parse_duration_text, parse_time},
    parse_body,
};
use crate::{
    state::{SharedState, State},
    token::{EndDate, NewDates},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DateChange {
    token: Option<String>,
    person: Option<String>,
    app: Option<String>,
    #[serde(default, deserialize_with = "keep_null")]
    expires_at: Option<Value>,
    #[serde(default, deserialize_with = "keep_null")]
    data_access_expires_at: Option<Value>,
}

/// Moves the dates of one token, or of all tokens of a person.
#[post("/tokens/dates")]
pub(super) async fn move_dates(shared: web::Data<SharedState>, body: web::Bytes) -> ControlResult {
    let input: DateChange = parse_body(&body)?;
    let mut state = shared.lock_state();
    let dates = input.read_dates(state.now_in_seconds())?;
    let moved = input.apply_dates(&mut state, dates)?;
    let shown = |end: Option<EndDate>| end.and_then(EndDate::date).map(|at| at.to_rfc3339());
    Ok(HttpResponse::Ok().json(json!({
        "moved": moved, "expires_at": shown(dates.expires_at),
        "data_access_expires_at": shown(dates.data_access),
    })))
}

impl DateChange {
    fn read_dates(&self, now: DateTime<Utc>) -> Result<NewDates, ControlRefusal> {
        let read = |field: &str, value: &Option<Value>| {
            let value = value.as_ref();
            value.map(|value| read_end(field, value, now)).transpose()
        };
        let dates = NewDates {
            expires_at: read("expires_at", &self.expires_at)?,
            data_access: read("data_access_expires_at", &self.data_access_expires_at)?,
        };
        if dates.expires_at.is_none() && dates.data_access.is_none() {
            let why = "give expires_at, data_access_expires_at or both";
            return Err(ControlRefusal::invalid_field("expires_at", why));
        }
        Ok(dates)
    }

    fn apply_dates(&self, state: &mut State, dates: NewDates) -> Result<usize, ControlRefusal> {
        let refuse = |field, why| Err(ControlRefusal::invalid_field(field, why));
        match (&self.token, &self.person, &self.app) {
            (Some(token), None, None) if state.tokens.move_token_dates(token, dates) => Ok(1),
            (Some(_), None, None) => refuse("token", "the sandbox did not issue this token"),
            (None, Some(person), app) => {
                let app = app.as_deref();
                match state.tokens.move_person_dates(person, app, dates) {
                    0 => refuse("person", "this person has no such token"),
                    moved => Ok(moved),
                }
            }
            (Some(_), None, Some(_)) => refuse("app", "a token belongs to one app already"),
            _ => refuse("token", "name either a token or a person"),
        }
    }
}

/// An RFC 3339 time, `+90d` or `-1h` from now, or `null` for never.
fn read_end(field: &str, value: &Value, now: DateTime<Utc>) -> Result<EndDate, ControlRefusal> {
    match value {
        Value::Null => Ok(EndDate::Never),
        Value::String(text) if text.starts_with(['+', '-']) => parse_duration_text(text)
            .filter(|by| by.abs() <= MAX_OFFSET)
            .map(|by| EndDate::At(now + by))
            .ok_or_else(|| ControlRefusal::invalid_field(field, "write +90d, -1h, +30m or -15s")),
        Value::String(text) => parse_time(field, text).map(EndDate::At),
        _ => Err(ControlRefusal::invalid_field(
            field,
            "write a time in RFC 3339, a distance such as +90d, or null for never",
        )),
    }
}

/// Keeps `null` apart from an absent field.
fn keep_null<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}
