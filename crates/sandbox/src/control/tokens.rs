//! `/sandbox/tokens`: issues and revokes tokens, like a login without a browser.

use std::collections::HashSet;

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Refusal, read};
use crate::{
    state::{Shared, State},
    token::{DEFAULT_SCOPES, Ending, Holder, Token},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    person: Option<String>,
    system_user: Option<String>,
    app: String,
    scopes: Option<Vec<String>>,
    /// Assets selected at login; absent: all.
    assets: Option<Vec<String>>,
    #[serde(default)]
    short_lived: bool,
    /// For system users: whether the token expires in 60 days.
    #[serde(default)]
    expires_in_60_days: bool,
}

/// Issues a token, as a login or the business settings would.
#[post("/tokens")]
pub(super) async fn issue_token(shared: web::Data<Shared>, body: web::Bytes) -> Answer {
    let input: Order = read(&body)?;
    let mut state = shared.lock();
    let holder = input.holder(&state)?;
    input.check(&state)?;
    let now = state.second();
    let scopes = input.scopes(&state, &holder);
    let made = Token::new(holder, &input.app, scopes, now);
    let expires_at = input.expires_at(&made.holder, now);
    if let Some(person) = made.holder.person() {
        state.tokens.note_login(person, &input.app, now);
    }
    let granted = input.assets.map(HashSet::from_iter);
    let made = state.tokens.keep(Token {
        granted,
        expires_at,
        ..made
    });
    let expires_at = expires_at.map(|at| at.to_rfc3339());
    Ok(HttpResponse::Ok().json(json!({"access_token": made.text, "expires_at": expires_at})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    token: String,
}

/// Revokes one token.
#[post("/tokens/revoke")]
pub(super) async fn revoke_token(shared: web::Data<Shared>, body: web::Bytes) -> Answer {
    let input: Revocation = read(&body)?;
    let mut state = shared.lock();
    if state.tokens.find(&input.token).is_none() {
        return Err(Refusal::of("token", "the sandbox did not issue this token"));
    }
    let ended = state
        .tokens
        .end_where(Ending::Invalidated, |token| token.text == input.token);
    Ok(HttpResponse::Ok().json(json!({"ended": ended})))
}

impl Order {
    fn holder(&self, state: &State) -> Result<Holder, Refusal> {
        match (&self.person, &self.system_user) {
            (Some(id), None) if state.world.persons.has(id) => Ok(Holder::Person(id.clone())),
            (None, Some(id)) if state.world.system_users.has(id) => {
                Ok(Holder::SystemUser(id.clone()))
            }
            (Some(id), None) => Err(Refusal::of("person", format!("there is no person {id}"))),
            (None, Some(id)) => Err(Refusal::of(
                "system_user",
                format!("there is no system user {id}"),
            )),
            _ => Err(Refusal::of(
                "person",
                "name either a person or a system user",
            )),
        }
    }

    fn check(&self, state: &State) -> Result<(), Refusal> {
        if !state.world.apps.has(&self.app) {
            return Err(Refusal::of("app", format!("there is no app {}", self.app)));
        }
        match self
            .assets
            .iter()
            .flatten()
            .find(|id| !state.world.assets.has(id))
        {
            Some(id) => Err(Refusal::of("assets", format!("there is no asset {id}"))),
            None => Ok(()),
        }
    }

    /// The granted scopes. A managed account can log in with `user_*` requested, but does not grant
    /// it.
    fn scopes(&self, state: &State, holder: &Holder) -> Vec<String> {
        let usual = || {
            DEFAULT_SCOPES
                .iter()
                .map(|&scope| scope.to_owned())
                .collect()
        };
        let mut scopes: Vec<String> = self.scopes.clone().unwrap_or_else(usual);
        let person = holder.person().and_then(|id| state.world.persons.find(id));
        if person.is_some_and(|person| person.is_work_account) {
            scopes.retain(|scope| !scope.starts_with("user_"));
        }
        scopes
    }

    fn expires_at(&self, holder: &Holder, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let is_person = holder.person().is_some();
        match (self.short_lived, is_person || self.expires_in_60_days) {
            (true, _) => Some(now + Duration::hours(1)),
            (false, true) => Some(now + Duration::days(60)),
            (false, false) => None,
        }
    }
}
