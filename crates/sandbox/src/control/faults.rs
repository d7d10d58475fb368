//! `/sandbox/faults` and `/sandbox/latency`: fault rules and the delay of every call.

use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ControlRefusal, ControlResult, parse_body};
use crate::{
    fault::{Effect, NamedEffect, Rule},
    state::SharedState,
};

/// The maximum latency; no client waits longer.
const MAX_LATENCY_MS: u64 = 600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    ms: u64,
}

/// Adds a rule.
#[post("/faults")]
pub(super) async fn add_fault(shared: web::Data<SharedState>, body: web::Bytes) -> ControlResult {
    let written: Value = parse_body(&body)?;
    let rule: Rule =
        parse_body(&body).map_err(|refusal| explain_wrong_effect(&written).unwrap_or(refusal))?;
    rule.effect
        .check_values()
        .map_err(|why| ControlRefusal::invalid_field("effect", why))?;
    let id = shared.lock_state().faults.add_rule(rule);
    Ok(HttpResponse::Ok().json(json!({"id": id})))
}

/// Returns all rules and how often each fired.
#[get("/faults")]
pub(super) async fn list_faults(shared: web::Data<SharedState>) -> ControlResult {
    Ok(HttpResponse::Ok().json(json!({"data": shared.lock_state().faults.active_rules()})))
}

/// Removes all rules.
#[delete("/faults")]
pub(super) async fn clear_faults(shared: web::Data<SharedState>) -> ControlResult {
    Ok(HttpResponse::Ok().json(json!({"cleared": shared.lock_state().faults.clear_rules()})))
}

/// Removes one rule.
#[delete("/faults/{id}")]
pub(super) async fn remove_fault(
    shared: web::Data<SharedState>,
    id: web::Path<u64>,
) -> ControlResult {
    let removed = shared.lock_state().faults.remove_rule(*id);
    if removed {
        Ok(HttpResponse::Ok().json(json!({"cleared": 1})))
    } else {
        Err(ControlRefusal::not_found("no such fault"))
    }
}

/// Sets the minimum duration of every Graph call.
#[put("/latency")]
pub(super) async fn set_latency(shared: web::Data<SharedState>, body: web::Bytes) -> ControlResult {
    let input: Latency = parse_body(&body)?;
    if input.ms > MAX_LATENCY_MS {
        return Err(ControlRefusal::invalid_field(
            "ms",
            "no more than ten minutes",
        ));
    }
    shared.lock_state().latency_ms = input.ms;
    Ok(HttpResponse::Ok().json(json!({"ms": input.ms})))
}

/// A better message for a wrong `effect`: serde names no field for a value that fits no variant.
fn explain_wrong_effect(written: &Value) -> Option<ControlRefusal> {
    let effect = written.get("effect")?;
    serde_json::from_value::<Effect>(effect.clone()).err()?;
    let why = serde_json::from_value::<NamedEffect>(effect.clone()).err()?;
    let forms = "write {\"error\":{\"code\":190}}, {\"throttle\":{\"code\":4}}, {\"debug\":{\"is_valid\":false}}, \
                 {\"fields\":{\"account_status\":2}}, {\"exchange\":\"same_end\"}, \"null_item\", {\"latency_ms\":50}, \
                 \"drop\", {\"usage\":96} or {\"status\":503,\"body\":\"\"}";
    Some(ControlRefusal::invalid_field(
        "effect",
        format!("{why}; {forms}"),
    ))
}
