//! `/sandbox/persons`: what people do to their own access.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Refusal, read};
use crate::{
    state::{Shared, State},
    token::Ending,
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

/// All the person's tokens, for every app, are dead.
#[post("/persons/{id}/password-change")]
pub(super) async fn change_password(shared: web::Data<Shared>, id: web::Path<String>) -> Answer {
    let mut state = shared.lock();
    known(&state, &id)?;
    let ended =
        state.tokens.end_where(Ending::PasswordChanged, |token| token.holder.person() == Some(id.as_str()));
    Ok(HttpResponse::Ok().json(json!({"ended": ended})))
}

/// The person removes one app.
#[post("/persons/{id}/deauthorize")]
pub(super) async fn deauthorize(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let order: OfApp = read(&body)?;
    let mut state = shared.lock();
    known(&state, &id)?;
    if !state.world.apps.has(&order.app) {
        return Err(Refusal::of("app", format!("there is no app {}", order.app)));
    }
    let ended = crate::graph::deauthorize(&mut state, &id, &order.app);
    Ok(HttpResponse::Ok().json(json!({"ended": ended})))
}

/// The person leaves a business; their tokens stay alive and lose its assets.
#[post("/persons/{id}/leave")]
pub(super) async fn remove_role(
    shared: web::Data<Shared>,
    id: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    let order: OfBusiness = read(&body)?;
    let mut state = shared.lock();
    known(&state, &id)?;
    let Some(person) = state.world.persons.find_mut(&id) else {
        return Err(Refusal::missing("no such person"));
    };
    let before = person.roles.len();
    person.roles.retain(|role| role.business != order.business);
    if person.roles.len() == before {
        return Err(Refusal::of("business", "the person has no role in this business"));
    }
    Ok(HttpResponse::Ok().json(json!({"left": order.business})))
}

fn known(state: &State, id: &str) -> Result<(), Refusal> {
    if state.world.persons.has(id) { Ok(()) } else { Err(Refusal::missing("there is no such person")) }
}
