//! `/sandbox/clock`: the current time of the sandbox.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read};
use crate::state::{Shared, State};

/// The maximum offset: longer than any token lives, and it keeps sums of dates in range.
const FURTHEST: Duration = Duration::days(36_500);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// `30d`, `1h`, `90m`, `15s` or seconds.
    advance: Option<Value>,
    now: Option<String>,
}

/// Advances or sets the clock.
#[post("/clock")]
pub(super) async fn set_clock(shared: web::Data<Shared>, body: web::Bytes) -> Answer {
    let input: Order = read(&body)?;
    let state = shared.lock();
    let by = match (&input.advance, &input.now) {
        (Some(by), None) => duration(by)?,
        (None, Some(now)) => moment("now", now)? - state.now(),
        _ => return Err(Refusal::of("advance", "give either advance or now")),
    };
    if (state.clock.moved() + by).abs() > FURTHEST {
        return Err(Refusal::of(
            "advance",
            "the clock stays within a hundred years of today",
        ));
    }
    state.clock.advance(by);
    Ok(HttpResponse::Ok().json(told(&state)))
}

/// Returns the current time.
#[get("/clock")]
pub(super) async fn show_clock(shared: web::Data<Shared>) -> Answer {
    Ok(HttpResponse::Ok().json(told(&shared.lock())))
}

/// Parses a time in ISO 8601.
pub(super) fn moment(field: &str, text: &str) -> Result<DateTime<Utc>, Refusal> {
    let read = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z"));
    read.map(|at| at.to_utc())
        .map_err(|_| Refusal::of(field, format!("{text:?} is not an ISO 8601 time")))
}

fn duration(by: &Value) -> Result<Duration, Refusal> {
    let read = match by {
        Value::Number(seconds) => seconds.as_i64().and_then(Duration::try_seconds),
        Value::String(text) => written(text),
        _ => None,
    };
    read.ok_or_else(|| Refusal::of("advance", "write 30d, 1h, 90m, 15s or a number of seconds"))
}

fn written(text: &str) -> Option<Duration> {
    let (unit_at, unit) = text.char_indices().next_back()?;
    let count = || text.get(..unit_at)?.parse::<i64>().ok();
    match unit {
        'd' => Duration::try_days(count()?),
        'h' => Duration::try_hours(count()?),
        'm' => Duration::try_minutes(count()?),
        's' => Duration::try_seconds(count()?),
        _ => Duration::try_seconds(text.parse().ok()?),
    }
}

fn told(state: &State) -> Value {
    json!({"now": state.now().to_rfc3339()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        assert_eq!(written("30d"), Some(Duration::days(30)));
        assert_eq!(written("-2h"), Some(Duration::hours(-2)));
        assert_eq!(written("45"), Some(Duration::seconds(45)));
        assert_eq!(
            (written("d"), written(""), written("9999999999999d")),
            (None, None, None)
        );
    }
}
