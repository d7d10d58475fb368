//! `/sandbox/calls`: what callers did.

use actix_web::{HttpResponse, delete, get, web};
use serde_json::json;

use super::Answer;
use crate::state::Shared;

/// Counters and the log.
#[get("/calls")]
pub(super) async fn show(shared: web::Data<Shared>) -> Answer {
    Ok(HttpResponse::Ok().json(&shared.lock().calls))
}

/// Begin to count anew.
#[delete("/calls")]
pub(super) async fn reset(shared: web::Data<Shared>) -> Answer {
    shared.lock().calls.reset();
    Ok(HttpResponse::Ok().json(json!({"total": 0})))
}
