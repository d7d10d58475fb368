//! `/sandbox/calls`: the record of calls.

use actix_web::{HttpResponse, delete, get, web};
use serde_json::json;

use super::Answer;
use crate::state::Shared;

/// Returns counters and log.
#[get("/calls")]
pub(super) async fn show_calls(shared: web::Data<Shared>) -> Answer {
    Ok(HttpResponse::Ok().json(&shared.lock().calls))
}

/// Resets counters and log.
#[delete("/calls")]
pub(super) async fn reset_calls(shared: web::Data<Shared>) -> Answer {
    shared.lock().calls.reset();
    Ok(HttpResponse::Ok().json(json!({"total": 0})))
}
