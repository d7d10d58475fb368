//! `/sandbox/persons`: what persons do at Meta that ends or changes access.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;

use super::{ControlRefusal, ControlResult, parse_body};
use crate::{
    state::{SharedState, State},
    token::TokenEnding,
    webhook::{self, Callback, Change},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppInput {
    app: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BusinessInput {
    business: String,
}

/// The person changes the password: all tokens of the person, for every app, die.
#[post("/persons/{id}/password-change")]
pub(super) async fn change_password(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
) -> ControlResult {
    let mut state = shared.lock_state();
    require_person(&state, &id)?;
    let ended = state
        .tokens
        .end_tokens(TokenEnding::PasswordChanged, |token| {
            token.holder.person_id() == Some(id.as_str())
        });
    Ok(HttpResponse::Ok().json(json!({"ended": ended})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PermissionChange {
    app: String,
    permission: String,
    /// `granted` or `revoked`.
    verb: String,
}

/// The person removes one app; the app gets a callback if it has set a URL.
#[post("/persons/{id}/deauthorize")]
pub(super) async fn deauthorize_app(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ControlResult {
    remove_app(&shared, &id, &body, Callback::Deauthorize)
}

/// The person removes one app and asks it to delete the person's data.
#[post("/persons/{id}/data-deletion")]
pub(super) async fn delete_data(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ControlResult {
    remove_app(&shared, &id, &body, Callback::DataDeletion)
}

/// The person grants one app a permission or revokes it; the app gets a message if it has a webhook.
#[post("/persons/{id}/permissions")]
pub(super) async fn change_permission(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ControlResult {
    let input: PermissionChange = parse_body(&body)?;
    let messages = {
        let mut state = shared.lock_state();
        require_person(&state, &id)?;
        require_app(&state, &input.app)?;
        match input.verb.as_str() {
            "granted" => {
                require_grantable(&state, &id, &input.permission)?;
                state.tokens.add_scope(&id, &input.app, &input.permission);
            }
            "revoked" => state
                .tokens
                .remove_scope(&id, &input.app, &input.permission),
            _ => {
                return Err(ControlRefusal::invalid_field(
                    "verb",
                    "a permission is granted or revoked",
                ));
            }
        }
        let change = Change {
            object: "permissions",
            field: &input.permission,
            entry: &id,
            value: json!({"verb": input.verb, "user_id": id.as_str()}),
        };
        webhook::build_messages(&state, &change, |app| app.id == input.app)
    };
    tokio::spawn(webhook::deliver_messages(
        shared.get_ref().clone(),
        messages,
    ));
    Ok(HttpResponse::Ok().json(json!({"verb": input.verb})))
}

/// The person leaves a business: the tokens stay alive and lose the assets of the business.
#[post("/persons/{id}/leave")]
pub(super) async fn leave_business(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ControlResult {
    let input: BusinessInput = parse_body(&body)?;
    let mut state = shared.lock_state();
    require_person(&state, &id)?;
    let Some(person) = state.world.persons.find_mut(&id) else {
        return Err(ControlRefusal::not_found("no such person"));
    };
    let before = person.roles.len();
    person.roles.retain(|role| role.business != input.business);
    if person.roles.len() == before {
        return Err(ControlRefusal::invalid_field(
            "business",
            "the person has no role in this business",
        ));
    }
    Ok(HttpResponse::Ok().json(json!({"left": input.business})))
}

fn remove_app(
    shared: &web::Data<SharedState>,
    id: &str,
    body: &web::Bytes,
    callback: Callback,
) -> ControlResult {
    let input: AppInput = parse_body(body)?;
    let (ended, messages) = {
        let mut state = shared.lock_state();
        require_person(&state, id)?;
        require_app(&state, &input.app)?;
        let ended = crate::graph::deauthorize_app(&mut state, id, &input.app);
        (
            ended,
            webhook::build_callback(&state, callback, &input.app, id),
        )
    };
    tokio::spawn(webhook::deliver_messages(
        shared.get_ref().clone(),
        messages,
    ));
    Ok(HttpResponse::Ok().json(json!({"ended": ended})))
}

fn require_app(state: &State, id: &str) -> Result<(), ControlRefusal> {
    let known = state.world.apps.has_id(id);
    if known {
        Ok(())
    } else {
        Err(ControlRefusal::invalid_field(
            "app",
            format!("there is no app {id}"),
        ))
    }
}

fn require_grantable(state: &State, person: &str, permission: &str) -> Result<(), ControlRefusal> {
    let person = state.world.persons.find_by_id(person);
    if person.is_some_and(|it| it.can_grant(permission)) {
        Ok(())
    } else {
        Err(ControlRefusal::invalid_field(
            "permission",
            "a managed account grants no permission of a user",
        ))
    }
}

fn require_person(state: &State, id: &str) -> Result<(), ControlRefusal> {
    if state.world.persons.has_id(id) {
        Ok(())
    } else {
        Err(ControlRefusal::not_found("there is no such person"))
    }
}
