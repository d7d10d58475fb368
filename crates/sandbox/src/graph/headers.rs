//! The headers of every response, and the usage headers.

use serde_json::json;

use super::{Call, caller, error::new_trace_id};
use crate::{fault::Throttle, state::State, token::TokenHolder, world::Kind};

const NEWEST: u32 = 26;
const OLDEST: u32 = 21;

type Headers = Vec<(&'static str, String)>;

/// The headers of an ordinary response; `forced` is the usage that a fault rule sets.
pub(crate) fn response_headers(state: &State, call: &Call, forced: Option<u64>) -> Headers {
    let mut headers = common_headers(call);
    let share = caller::find_app_id(state, call)
        .map(|app| state.usage.usage_of(&app))
        .unwrap_or_default();
    if share.is_shown || forced.is_some() {
        let percent = forced.unwrap_or(share.percent);
        headers.push(("X-App-Usage", app_usage(percent)));
        headers.extend(business_usage_header(state, call, percent));
    }
    headers
}

/// The headers of a throttled response.
pub(crate) fn throttle_headers(state: &State, call: &Call, throttle: &Throttle) -> Headers {
    let mut headers = common_headers(call);
    if throttle.code < 80_000 {
        headers.push(("X-App-Usage", app_usage(100)));
    } else {
        let named = call.first_segment().unwrap_or_default();
        let asset = state
            .world
            .assets
            .find_by_id(named)
            .filter(|_| throttle.business);
        let id = asset
            .map_or(named, |it| it.business.as_str())
            .trim_start_matches("act_");
        headers.push((
            "X-Business-Use-Case-Usage",
            business_usage(id, use_case_of_code(throttle.code), 100, throttle.minutes),
        ));
    }
    headers
}

/// The headers of every response.
pub(crate) fn common_headers(call: &Call) -> Headers {
    vec![
        (
            "facebook-api-version",
            served_version(call.version.as_deref()),
        ),
        ("x-fb-trace-id", new_trace_id()),
        ("x-fb-rev", "1030000000".to_owned()),
        ("x-fb-debug", new_trace_id()),
    ]
}

/// The version that serves a call: the oldest usable one for an expired version, the newest for none.
fn served_version(asked: Option<&str>) -> String {
    let major = asked.and_then(|v| v.trim_start_matches('v').split('.').next()?.parse().ok());
    format!("v{}.0", major.unwrap_or(NEWEST).max(OLDEST))
}

fn app_usage(percent: u64) -> String {
    json!({"call_count": percent, "total_cputime": percent / 2, "total_time": percent / 2})
        .to_string()
}

fn business_usage(id: &str, kind: &str, percent: u64, minutes: u64) -> String {
    json!({id: [{
        "type": kind, "call_count": percent, "total_cputime": percent / 2, "total_time": percent / 2,
        "estimated_time_to_regain_access": minutes,
    }]})
    .to_string()
}

/// The business use case header. A page has one only for page and system user tokens.
fn business_usage_header(
    state: &State,
    call: &Call,
    percent: u64,
) -> Option<(&'static str, String)> {
    let asset = state.world.assets.find_by_id(call.first_segment()?)?;
    let token = state.tokens.find_token(call.token()?)?;
    let is_platform = asset.kind == Kind::Page && matches!(token.holder, TokenHolder::Person(_));
    let kind = asset.kind.usage_type().filter(|_| !is_platform)?;
    Some((
        "X-Business-Use-Case-Usage",
        business_usage(&asset.business, kind, percent, 0),
    ))
}

fn use_case_of_code(code: i64) -> &'static str {
    match code {
        80_000 => "ads_insights",
        80_001 => "pages",
        80_002 => "instagram",
        80_003 => "custom_audience",
        80_005 => "leadgen",
        80_006 => "messenger",
        80_008 => "whatsapp",
        80_009 | 80_014 => "catalog_management",
        _ => "ads_management",
    }
}
