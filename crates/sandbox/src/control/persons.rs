//! `/sandbox/persons`: what persons do at Meta that ends or changes access.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Refusal, read};
use crate::{
    state::{Shared, State},
    token::Ending,
    webhook::{self, Callback},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfApp {
    app: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfBusiness {
    business: String,
}

/// The person changes the password: all tokens of the person, for every app, die.
#[post("/persons/{id}/password-change")]
pub(super) async fn change_password(shared: web::Data<Shared>, id: web::Path<String>) -> Answer {
    let mut state = shared.lock();
    known(&state, &id)?;
    let ended = state.tokens.end_where(Ending::PasswordChanged, |token| {
        token.holder.person() == Some(id.as_str())
    });
    Ok(HttpResponse::Ok().json(json!({"ended": ended})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    app: String,
    permission: String,
    /// `granted` or `revoked`.
    verb: String,
}

/// The person removes one app; the app gets a callback if it has set a URL.
#[post("/persons/{id}/deauthorize")]
pub(super) async fn deauthorize_app(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    remove_app(&shared, &id, &body, Callback::Deauthorize)
}

/// The person removes one app and asks it to delete the person's data.
#[post("/persons/{id}/data-deletion")]
pub(super) async fn delete_data(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    remove_app(&shared, &id, &body, Callback::DataDeletion)
}

/// The person grants or revokes a permission; every app with a webhook gets a message.
#[post("/persons/{id}/permissions")]
pub(super) async fn change_permission(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let input: Change = read(&body)?;
    let messages = {
        let mut state = shared.lock();
        known(&state, &id)?;
        known_app(&state, &input.app)?;
        match input.verb.as_str() {
            "granted" => {}
            "revoked" => state.tokens.strip_scope(&id, &input.app, &input.permission),
            _ => return Err(Refusal::of("verb", "a permission is granted or revoked")),
        }
        let value = json!({"verb": input.verb, "user_id": id.as_str()});
        webhook::messages(&state, "permissions", &input.permission, &id, &value)
    };
    tokio::spawn(webhook::deliver(shared.get_ref().clone(), messages));
    Ok(HttpResponse::Ok().json(json!({"verb": input.verb})))
}

/// The person leaves a business: the tokens stay alive and lose the assets of the business.
#[post("/persons/{id}/leave")]
pub(super) async fn leave_business(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let input: OfBusiness = read(&body)?;
    let mut state = shared.lock();
    known(&state, &id)?;
    let Some(person) = state.world.persons.find_mut(&id) else {
        return Err(Refusal::missing("no such person"));
    };
    let before = person.roles.len();
    person.roles.retain(|role| role.business != input.business);
    if person.roles.len() == before {
        return Err(Refusal::of(
            "business",
            "the person has no role in this business",
        ));
    }
    Ok(HttpResponse::Ok().json(json!({"left": input.business})))
}

fn remove_app(
    shared: &web::Data<Shared>,
    id: &str,
    body: &web::Bytes,
    callback: Callback,
) -> Answer {
    let input: OfApp = read(body)?;
    let (ended, messages) = {
        let mut state = shared.lock();
        known(&state, id)?;
        known_app(&state, &input.app)?;
        let ended = crate::graph::deauthorize(&mut state, id, &input.app);
        (ended, webhook::callback(&state, callback, &input.app, id))
    };
    tokio::spawn(webhook::deliver(shared.get_ref().clone(), messages));
    Ok(HttpResponse::Ok().json(json!({"ended": ended})))
}

fn known_app(state: &State, id: &str) -> Result<(), Refusal> {
    let known = state.world.apps.has(id);
    if known {
        Ok(())
    } else {
        Err(Refusal::of("app", format!("there is no app {id}")))
    }
}

fn known(state: &State, id: &str) -> Result<(), Refusal> {
    if state.world.persons.has(id) {
        Ok(())
    } else {
        Err(Refusal::missing("there is no such person"))
    }
}
