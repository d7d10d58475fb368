//! `/sandbox/tokens`: issues and revokes tokens, like a login without a browser.

use std::{collections::HashSet, sync::Arc};

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::json;

use super::{ControlRefusal, ControlResult, parse_body};
use crate::{
    state::{SharedState, State},
    token::{DEFAULT_SCOPES, Token, TokenEnding, TokenHolder},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRequest {
    pub person: Option<String>,
    pub system_user: Option<String>,
    pub app: String,
    #[serde(rename = "scopes")]
    pub granted_scopes: Option<Vec<String>>,
    /// Assets selected at login; absent: all.
    pub assets: Option<Vec<String>>,
    #[serde(default)]
    pub short_lived: bool,
    /// For system users: whether the token expires in 60 days.
    #[serde(default)]
    pub expires_in_60_days: bool,
}

/// Issues a token, as a login or the business settings would.
#[post("/tokens")]
pub(super) async fn issue_token(shared: web::Data<SharedState>, body: web::Bytes) -> ControlResult {
    let input: TokenRequest = parse_body(&body)?;
    let mut state = shared.lock_state();
    let made = input.issue(&mut state)?;
    let expires_at = made.expires_at.map(|at| at.to_rfc3339());
    Ok(HttpResponse::Ok().json(json!({"access_token": made.text, "expires_at": expires_at})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    token: String,
}

/// Revokes one token.
#[post("/tokens/revoke")]
pub(super) async fn revoke_token(
    shared: web::Data<SharedState>,
    body: web::Bytes,
) -> ControlResult {
    let input: Revocation = parse_body(&body)?;
    let mut state = shared.lock_state();
    if state.tokens.find_token(&input.token).is_none() {
        return Err(ControlRefusal::invalid_field(
            "token",
            "the sandbox did not issue this token",
        ));
    }
    let ended = state
        .tokens
        .end_tokens(TokenEnding::Invalidated, |token| token.text == input.token);
    Ok(HttpResponse::Ok().json(json!({"ended": ended})))
}

impl TokenRequest {
    /// Logs in: adds the token and extends the person's data access.
    pub fn issue(self, state: &mut State) -> Result<Arc<Token>, ControlRefusal> {
        let holder = self.find_holder(state)?;
        self.check_ids(state)?;
        let now = state.now_in_seconds();
        let scopes = self.scopes(state, &holder);
        let made = Token::new(holder, &self.app, scopes, now);
        let expires_at = self.expiry_from(&made.holder, now);
        if let Some(person) = made.holder.person_id() {
            state.tokens.record_login(person, &self.app, now);
        }
        Ok(state.tokens.add_token(Token {
            granted: self.assets.map(HashSet::from_iter),
            expires_at,
            short_lived: self.short_lived,
            ..made
        }))
    }

    pub fn find_holder(&self, state: &State) -> Result<TokenHolder, ControlRefusal> {
        match (&self.person, &self.system_user) {
            (Some(id), None) if state.world.persons.has_id(id) => {
                Ok(TokenHolder::Person(id.clone()))
            }
            (None, Some(id)) if state.world.system_users.has_id(id) => {
                Ok(TokenHolder::SystemUser(id.clone()))
            }
            (Some(id), None) => Err(ControlRefusal::invalid_field(
                "person",
                format!("there is no person {id}"),
            )),
            (None, Some(id)) => Err(ControlRefusal::invalid_field(
                "system_user",
                format!("there is no system user {id}"),
            )),
            _ => Err(ControlRefusal::invalid_field(
                "person",
                "name either a person or a system user",
            )),
        }
    }

    pub fn check_ids(&self, state: &State) -> Result<(), ControlRefusal> {
        if !state.world.apps.has_id(&self.app) {
            return Err(ControlRefusal::invalid_field(
                "app",
                format!("there is no app {}", self.app),
            ));
        }
        match self
            .assets
            .iter()
            .flatten()
            .find(|id| !state.world.assets.has_id(id))
        {
            Some(id) => Err(ControlRefusal::invalid_field(
                "assets",
                format!("there is no asset {id}"),
            )),
            None => Ok(()),
        }
    }

    /// The granted scopes.
    pub fn scopes(&self, state: &State, holder: &TokenHolder) -> Vec<String> {
        let usual = || {
            DEFAULT_SCOPES
                .iter()
                .map(|&scope| scope.to_owned())
                .collect()
        };
        let mut scopes: Vec<String> = self.granted_scopes.clone().unwrap_or_else(usual);
        let person = holder
            .person_id()
            .and_then(|id| state.world.persons.find_by_id(id));
        if let Some(person) = person {
            scopes.retain(|scope| person.can_grant(scope));
        }
        scopes
    }

    fn expiry_from(&self, holder: &TokenHolder, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let is_person = holder.person_id().is_some();
        match (self.short_lived, is_person || self.expires_in_60_days) {
            (true, _) => Some(now + Duration::hours(1)),
            (false, true) => Some(now + Duration::days(60)),
            (false, false) => None,
        }
    }
}
