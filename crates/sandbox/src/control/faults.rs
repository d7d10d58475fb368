//! `/sandbox/faults` and `/sandbox/latency`: fault rules and the delay of every call.

use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read};
use crate::{fault::Rule, state::Shared};

/// The maximum latency; no client waits longer.
const LONGEST_MS: u64 = 600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    ms: u64,
}

/// Adds a rule.
#[post("/faults")]
pub(super) async fn add_fault(shared: web::Data<Shared>, body: web::Bytes) -> Answer {
    let written: Value = read(&body)?;
    let rule: Rule = read(&body).map_err(|refusal| effect_refusal(&written).unwrap_or(refusal))?;
    let id = shared.lock().faults.add(rule);
    Ok(HttpResponse::Ok().json(json!({"id": id})))
}

/// Returns all rules and how often each fired.
#[get("/faults")]
pub(super) async fn list_faults(shared: web::Data<Shared>) -> Answer {
    Ok(HttpResponse::Ok().json(json!({"data": shared.lock().faults.list()})))
}

/// Removes all rules.
#[delete("/faults")]
pub(super) async fn clear_faults(shared: web::Data<Shared>) -> Answer {
    Ok(HttpResponse::Ok().json(json!({"cleared": shared.lock().faults.clear()})))
}

/// Removes one rule.
#[delete("/faults/{id}")]
pub(super) async fn remove_fault(shared: web::Data<Shared>, id: web::Path<u64>) -> Answer {
    let removed = shared.lock().faults.remove(*id);
    if removed {
        Ok(HttpResponse::Ok().json(json!({"cleared": 1})))
    } else {
        Err(Refusal::missing("no such fault"))
    }
}

/// Sets the minimum duration of every Graph call.
#[put("/latency")]
pub(super) async fn set_latency(shared: web::Data<Shared>, body: web::Bytes) -> Answer {
    let input: Latency = read(&body)?;
    if input.ms > LONGEST_MS {
        return Err(Refusal::of("ms", "no more than ten minutes"));
    }
    shared.lock().latency_ms = input.ms;
    Ok(HttpResponse::Ok().json(json!({"ms": input.ms})))
}

/// A better message for a wrong `effect`: serde names no field for a value that fits no variant.
fn effect_refusal(written: &Value) -> Option<Refusal> {
    let effect = written.get("effect")?;
    let is_wrong = serde_json::from_value::<crate::fault::Effect>(effect.clone()).is_err();
    let forms = "write {\"throttle\":{\"code\":4}}, {\"error\":{\"code\":190}}, \"null_item\", {\"latency_ms\":50}, \
                 \"drop\", {\"usage\":96} or {\"status\":503,\"body\":\"\"}";
    is_wrong.then(|| Refusal::of("effect", forms))
}
