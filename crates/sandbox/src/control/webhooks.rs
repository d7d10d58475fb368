//! Webhooks: where each app receives them, and what was sent.

use actix_web::{HttpResponse, get, put, web};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Refusal, read};
use crate::{state::Shared, webhook};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    url: String,
}

/// The last deliveries and their statuses.
#[get("/webhooks")]
pub(super) async fn show(shared: web::Data<Shared>) -> Answer {
    Ok(HttpResponse::Ok().json(json!({"data": shared.lock().deliveries})))
}

/// Have an app receive webhooks at a loopback URL.
#[put("/apps/{id}/webhook")]
pub(super) async fn set_url(shared: web::Data<Shared>, id: web::Path<String>, body: web::Bytes) -> Answer {
    let order: Order = read(&body)?;
    if webhook::loopback(&order.url).is_none() {
        return Err(Refusal::of("url", "webhooks go to http URLs on loopback only"));
    }
    let found = shared.lock().world.set_webhook_url(&id, &order.url);
    if found {
        Ok(HttpResponse::Ok().json(json!({"url": order.url})))
    } else {
        Err(Refusal::missing("no such app"))
    }
}
