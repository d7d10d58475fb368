//! `/sandbox/calls`: the record of calls.

use actix_web::{HttpResponse, delete, get, web};
use serde_json::json;

use super::ControlResult;
use crate::state::SharedState;

/// Returns counters and log.
#[get("/calls")]
pub(super) async fn show_calls(shared: web::Data<SharedState>) -> ControlResult {
    Ok(HttpResponse::Ok().json(&shared.lock_state().calls))
}

/// Resets counters and log.
#[delete("/calls")]
pub(super) async fn reset_calls(shared: web::Data<SharedState>) -> ControlResult {
    shared.lock_state().calls.reset_counters();
    Ok(HttpResponse::Ok().json(json!({"total": 0})))
}
