//! Webhooks: the URLs of each app, and the deliveries.

use actix_web::{HttpResponse, get, put, web};
use serde::Deserialize;
use serde_json::json;

use super::{ControlRefusal, ControlResult, parse_body};
use crate::{state::SharedState, webhook};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookUrl {
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallbackUrls {
    deauthorize_url: Option<String>,
    data_deletion_url: Option<String>,
}

/// Returns the last deliveries.
#[get("/webhooks")]
pub(super) async fn list_deliveries(shared: web::Data<SharedState>) -> ControlResult {
    Ok(HttpResponse::Ok().json(json!({"data": shared.lock_state().deliveries})))
}

/// Sets the webhook URL of an app; loopback only.
#[put("/apps/{id}/webhook")]
pub(super) async fn set_webhook_url(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ControlResult {
    let input: WebhookUrl = parse_body(&body)?;
    if webhook::parse_loopback_url(&input.url).is_none() {
        return Err(ControlRefusal::invalid_field(
            "url",
            "webhooks go to http URLs on loopback only",
        ));
    }
    let found = shared.lock_state().world.set_webhook_url(&id, &input.url);
    if found {
        Ok(HttpResponse::Ok().json(json!({"url": input.url})))
    } else {
        Err(ControlRefusal::not_found("no such app"))
    }
}

/// Sets the URLs of an app for the deauthorize and data deletion callbacks; loopback only.
#[put("/apps/{id}/callbacks")]
pub(super) async fn set_callbacks(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ControlResult {
    let input: CallbackUrls = parse_body(&body)?;
    for (field, url) in [
        ("deauthorize_url", &input.deauthorize_url),
        ("data_deletion_url", &input.data_deletion_url),
    ] {
        if url
            .as_deref()
            .is_some_and(|url| webhook::parse_loopback_url(url).is_none())
        {
            return Err(ControlRefusal::invalid_field(
                field,
                "callbacks go to http URLs on loopback only",
            ));
        }
    }
    let mut state = shared.lock_state();
    let app = state
        .world
        .apps
        .find_mut(&id)
        .ok_or_else(|| ControlRefusal::not_found("no such app"))?;
    app.deauthorize_url = input.deauthorize_url.or(app.deauthorize_url.take());
    app.data_deletion_url = input.data_deletion_url.or(app.data_deletion_url.take());
    Ok(HttpResponse::Ok().json(json!({
        "deauthorize_url": app.deauthorize_url, "data_deletion_url": app.data_deletion_url,
    })))
}
