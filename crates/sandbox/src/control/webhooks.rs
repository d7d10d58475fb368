//! Webhooks: the URLs of each app, and the deliveries.

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Callbacks {
    deauthorize_url: Option<String>,
    data_deletion_url: Option<String>,
}

/// Returns the last deliveries.
#[get("/webhooks")]
pub(super) async fn list_deliveries(shared: web::Data<Shared>) -> Answer {
    Ok(HttpResponse::Ok().json(json!({"data": shared.lock().deliveries})))
}

/// Sets the webhook URL of an app; loopback only.
#[put("/apps/{id}/webhook")]
pub(super) async fn set_webhook_url(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let input: Order = read(&body)?;
    if webhook::loopback(&input.url).is_none() {
        return Err(Refusal::of(
            "url",
            "webhooks go to http URLs on loopback only",
        ));
    }
    let found = shared.lock().world.set_webhook_url(&id, &input.url);
    if found {
        Ok(HttpResponse::Ok().json(json!({"url": input.url})))
    } else {
        Err(Refusal::missing("no such app"))
    }
}

/// Sets the URLs of an app for the deauthorize and data deletion callbacks; loopback only.
#[put("/apps/{id}/callbacks")]
pub(super) async fn set_callbacks(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let input: Callbacks = read(&body)?;
    for (field, url) in [
        ("deauthorize_url", &input.deauthorize_url),
        ("data_deletion_url", &input.data_deletion_url),
    ] {
        if url
            .as_deref()
            .is_some_and(|url| webhook::loopback(url).is_none())
        {
            return Err(Refusal::of(
                field,
                "callbacks go to http URLs on loopback only",
            ));
        }
    }
    let mut state = shared.lock();
    let app = state
        .world
        .apps
        .find_mut(&id)
        .ok_or_else(|| Refusal::missing("no such app"))?;
    app.deauthorize_url = input.deauthorize_url.or(app.deauthorize_url.take());
    app.data_deletion_url = input.data_deletion_url.or(app.data_deletion_url.take());
    Ok(HttpResponse::Ok().json(json!({
        "deauthorize_url": app.deauthorize_url, "data_deletion_url": app.data_deletion_url,
    })))
}
