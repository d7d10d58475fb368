//! `/sandbox/world`: the world and an overview of it.

use actix_web::{HttpResponse, get, put, web};
use serde_json::{Value, json};

use super::{ControlRefusal, ControlResult};
use crate::{
    World,
    state::{SharedState, State},
};

/// Replaces the world; removes tokens, migrations and faults, keeps the clock.
#[put("/world")]
pub(super) async fn replace_world(
    shared: web::Data<SharedState>,
    body: web::Bytes,
) -> ControlResult {
    let world = World::from_yaml(read_text(&body)?)?;
    let mut state = shared.lock_state();
    state.replace_world(world);
    Ok(HttpResponse::Ok().json(world_as_json(&state)))
}

/// Replaces the world by one with the assets of a tenant: pages of `GET /v1/assets`, one after the other.
#[put("/world/assets")]
pub(super) async fn take_asset_list(
    shared: web::Data<SharedState>,
    body: web::Bytes,
) -> ControlResult {
    let world = World::from_asset_list(read_text(&body)?)?;
    let mut state = shared.lock_state();
    state.replace_world(world);
    Ok(HttpResponse::Ok().json(world_as_json(&state)))
}

/// Returns an overview of the world.
#[get("/world")]
pub(super) async fn show_world(shared: web::Data<SharedState>) -> ControlResult {
    Ok(HttpResponse::Ok().json(world_as_json(&shared.lock_state())))
}

fn read_text(body: &[u8]) -> Result<&str, ControlRefusal> {
    std::str::from_utf8(body)
        .map_err(|_| ControlRefusal::invalid_field("body", "the body is not UTF-8"))
}

fn world_as_json(state: &State) -> Value {
    let world = &state.world;
    let apps = world.apps.iter().map(|app| {
        json!({"id": app.id, "secret": app.secret, "name": app.name, "verify_token": app.verify_token,
               "require_proof": app.require_proof, "webhooks": app.webhooks})
    });
    let persons = world
        .persons
        .iter()
        .map(|p| json!({"id": p.id, "name": p.name, "is_work_account": p.is_work_account}));
    let users = world
        .system_users
        .iter()
        .map(|u| json!({"id": u.id, "name": u.name, "business": u.business}));
    let businesses = world
        .businesses
        .iter()
        .map(|b| json!({"id": b.id, "name": b.name}));
    let assets = world
        .assets
        .iter()
        .map(|a| json!({"id": a.id, "kind": a.kind, "business": a.business, "name": a.name}));
    json!({
        "now": state.now().to_rfc3339(),
        "apps": apps.collect::<Vec<_>>(),
        "persons": persons.collect::<Vec<_>>(),
        "system_users": users.collect::<Vec<_>>(),
        "businesses": businesses.collect::<Vec<_>>(),
        "assets": assets.collect::<Vec<_>>(),
        "migrations": state.migrations.iter().map(|m| super::migrations::migration_as_json(state, m)).collect::<Vec<_>>(),
    })
}
