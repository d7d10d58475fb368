//! `/sandbox/clock`: the current time of the sandbox.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ControlRefusal, ControlResult, parse_body};
use crate::state::{SharedState, State};

/// The maximum offset: longer than any token lives, and it keeps sums of dates in range.
pub(super) const MAX_OFFSET: Duration = Duration::days(36_500);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    /// `30d`, `1h`, `90m`, `15s` or seconds.
    advance: Option<Value>,
    now: Option<String>,
}

/// Advances or sets the clock.
#[post("/clock")]
pub(super) async fn set_clock(shared: web::Data<SharedState>, body: web::Bytes) -> ControlResult {
    let input: ClockChange = parse_body(&body)?;
    let state = shared.lock_state();
    let by = match (&input.advance, &input.now) {
        (Some(by), None) => read_duration(by)?,
        (None, Some(now)) => parse_time("now", now)? - state.now(),
        _ => {
            return Err(ControlRefusal::invalid_field(
                "advance",
                "give either advance or now",
            ));
        }
    };
    if (state.clock.offset_from_wall() + by).abs() > MAX_OFFSET {
        return Err(ControlRefusal::invalid_field(
            "advance",
            "the clock stays within a hundred years of today",
        ));
    }
    state.clock.advance(by);
    Ok(HttpResponse::Ok().json(time_as_json(&state)))
}

/// Returns the current time.
#[get("/clock")]
pub(super) async fn show_clock(shared: web::Data<SharedState>) -> ControlResult {
    Ok(HttpResponse::Ok().json(time_as_json(&shared.lock_state())))
}

/// Parses a time in ISO 8601.
pub(super) fn parse_time(field: &str, text: &str) -> Result<DateTime<Utc>, ControlRefusal> {
    let read = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z"));
    read.map(|at| at.to_utc()).map_err(|_| {
        ControlRefusal::invalid_field(field, format!("{text:?} is not an ISO 8601 time"))
    })
}

fn read_duration(by: &Value) -> Result<Duration, ControlRefusal> {
    let read = match by {
        Value::Number(seconds) => seconds.as_i64().and_then(Duration::try_seconds),
        Value::String(text) => parse_duration_text(text),
        _ => None,
    };
    read.ok_or_else(|| {
        ControlRefusal::invalid_field("advance", "write 30d, 1h, 90m, 15s or a number of seconds")
    })
}

/// Parses `30d`, `1h`, `90m`, `15s` or seconds.
pub(super) fn parse_duration_text(text: &str) -> Option<Duration> {
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

fn time_as_json(state: &State) -> Value {
    json!({"now": state.now().to_rfc3339()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        assert_eq!(parse_duration_text("30d"), Some(Duration::days(30)));
        assert_eq!(parse_duration_text("-2h"), Some(Duration::hours(-2)));
        assert_eq!(parse_duration_text("45"), Some(Duration::seconds(45)));
        assert_eq!(
            (
                parse_duration_text("d"),
                parse_duration_text(""),
                parse_duration_text("9999999999999d")
            ),
            (None, None, None)
        );
    }
}
