//! The headers of every response, and the usage headers.

use serde_json::json;

use super::Header;
use crate::{
    fault::{Throttle, UsageHeader},
    graph::{Call, caller, error::new_trace_id},
    state::State,
    token::TokenHolder,
    world::Kind,
};

const NEWEST: u32 = 26;
const OLDEST: u32 = 21;

type Headers = Vec<Header>;

/// The headers of an ordinary response; `forced` is the usage that a fault rule sets.
pub(crate) fn response_headers(state: &State, call: &Call, forced: Option<u64>) -> Headers {
    let mut headers = common_headers(call);
    let share = caller::find_app_id(state, call)
        .map(|app| state.usage.usage_of(&app))
        .unwrap_or_default();
    if share.is_shown || forced.is_some() {
        let percent = forced.unwrap_or(share.percent);
        headers.push(("X-App-Usage".into(), app_usage(percent)));
        headers.extend(business_usage_header(state, call, percent));
    }
    headers
}

/// The headers of a throttled response.
pub(crate) fn throttle_headers(state: &State, call: &Call, throttle: &Throttle) -> Headers {
    let by_code = if throttle.code < 80_000 {
        UsageHeader::App
    } else {
        UsageHeader::BusinessUseCase
    };
    let usage: Option<Header> = match throttle.header.unwrap_or(by_code) {
        UsageHeader::App => Some(("X-App-Usage".into(), app_usage(100))),
        UsageHeader::Page => Some(("X-Page-Usage".into(), app_usage(100))),
        UsageHeader::AdAccount => Some((
            "X-Ad-Account-Usage".into(),
            ad_account_usage(throttle.minutes),
        )),
        UsageHeader::BusinessUseCase => Some((
            "X-Business-Use-Case-Usage".into(),
            throttled_use_case(state, call, throttle),
        )),
        UsageHeader::None => None,
    };
    common_headers(call).into_iter().chain(usage).collect()
}

/// The headers of every response.
pub(crate) fn common_headers(call: &Call) -> Headers {
    vec![
        (
            "facebook-api-version".into(),
            served_version(call.version.as_deref()),
        ),
        ("x-fb-trace-id".into(), new_trace_id()),
        ("x-fb-rev".into(), "1030000000".to_owned()),
        ("x-fb-debug".into(), new_trace_id()),
    ]
}

/// The use case of the asset in the path, or of its business.
fn throttled_use_case(state: &State, call: &Call, throttle: &Throttle) -> String {
    let named = call.first_segment().unwrap_or_default();
    let asset = state
        .world
        .assets
        .find_by_id(named)
        .filter(|_| throttle.business);
    let id = asset.map_or(named, |it| it.business.as_str());
    let use_case = throttle
        .use_case
        .as_deref()
        .unwrap_or_else(|| use_case_of_code(throttle.code));
    business_usage(
        id.trim_start_matches("act_"),
        use_case,
        100,
        throttle.minutes,
    )
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

/// The reset time is in seconds here, and in minutes in the business use case header.
fn ad_account_usage(minutes: u64) -> String {
    json!({
        "acc_id_util_pct": 100.0, "reset_time_duration": minutes.saturating_mul(60),
        "ads_api_access_tier": "standard_access",
    })
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
fn business_usage_header(state: &State, call: &Call, percent: u64) -> Option<Header> {
    let asset = state.world.assets.find_by_id(call.first_segment()?)?;
    let token = state.tokens.find_token(call.token()?)?;
    let is_platform = asset.kind == Kind::Page && matches!(token.holder, TokenHolder::Person(_));
    let kind = asset.kind.usage_type().filter(|_| !is_platform)?;
    Some((
        "X-Business-Use-Case-Usage".into(),
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
        80_007 | 80_008 => "whatsapp",
        80_009 | 80_014 => "catalog_management",
        _ => "ads_management",
    }
}
