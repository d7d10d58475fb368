//! Authentication of a call: its token, its proof, and whether the token is alive.
//!
//! The rule: check in the order of Graph: first whether the text is a token, then the proof, then
//! whether the token is alive.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Call, GraphError};
use crate::{
    state::State,
    token::{Token, TokenKind},
    webhook::hmac_hex,
    world::App,
};

/// A time-stamped proof is valid this many seconds before and after its time.
const PROOF_WINDOW: i64 = 300;

/// The identity behind a token.
#[derive(Clone)]
pub(crate) enum CallerIdentity {
    /// `id|secret`.
    App(String),
    User(Arc<Token>),
}

impl CallerIdentity {
    /// The token of a person, page or system user; `None` for an app token.
    pub fn user_token(&self) -> Option<&Arc<Token>> {
        match self {
            Self::User(token) => Some(token),
            Self::App(_) => None,
        }
    }

    /// The id of the app.
    pub fn app_id(&self) -> &str {
        match self {
            Self::App(id) => id,
            Self::User(token) => &token.app,
        }
    }
}

/// The identity of a call with a valid proof and a living token.
pub(crate) fn authenticate_call(state: &State, call: &Call) -> Result<CallerIdentity, GraphError> {
    let text = call
        .token()
        .ok_or_else(|| GraphError::no_token(call.first_segment() == Some("me")))?;
    let caller = decode_token(state, text)?;
    let app = state
        .world
        .apps
        .find_by_id(caller.app_id())
        .ok_or_else(|| GraphError::malformed_token(text))?;
    check_proof(call, &caller, app, state.now())?;
    if let CallerIdentity::User(token) = &caller {
        check_token_alive(state, token)?;
    }
    Ok(caller)
}

/// The identity of a token text, dead or alive.
pub(crate) fn decode_token(state: &State, text: &str) -> Result<CallerIdentity, GraphError> {
    if let Some((id, secret)) = text.split_once('|') {
        let app = state
            .world
            .apps
            .find_by_id(id)
            .filter(|app| app.secret == secret);
        return app
            .map(|app| CallerIdentity::App(app.id.clone()))
            .ok_or_else(GraphError::wrong_app_secret);
    }
    state
        .tokens
        .find_token(text)
        .map(CallerIdentity::User)
        .ok_or_else(|| GraphError::malformed_token(text))
}

/// The person or system user of a call's token, and the kind of the token, for faults and the log.
pub(crate) fn find_caller(state: &State, call: &Call) -> (Option<String>, Option<TokenKind>) {
    match call.token() {
        Some(text) => describe_token(state, text),
        // An exchange has no token: it is a call of the app.
        None => (None, call.params.get("client_id").map(|_| TokenKind::App)),
    }
}

/// Whose token a call is about, and of which kind: the token to inspect, exchange or revoke.
pub(crate) fn find_input(state: &State, call: &Call) -> (Option<String>, Option<TokenKind>) {
    let names = ["input_token", "fb_exchange_token", "revoke_token"];
    let text = names.iter().find_map(|name| call.params.get(name));
    text.map_or((None, None), |text| describe_token(state, text))
}

fn describe_token(state: &State, text: &str) -> (Option<String>, Option<TokenKind>) {
    match state.tokens.find_token(text) {
        Some(token) => (
            Some(token.holder.user_id().to_owned()),
            Some(token.holder.kind()),
        ),
        None => (None, text.contains('|').then_some(TokenKind::App)),
    }
}

/// The id of the app whose quota a call uses.
pub(crate) fn find_app_id(state: &State, call: &Call) -> Option<String> {
    let text = call.token().or(call.params.get("client_id"))?;
    let id = match text.split_once('|') {
        Some((id, _)) => id.to_owned(),
        None => state
            .tokens
            .find_token(text)
            .map_or_else(|| text.to_owned(), |token| token.app.clone()),
    };
    state.world.apps.has_id(&id).then_some(id)
}

fn check_proof(
    call: &Call,
    caller: &CallerIdentity,
    app: &App,
    now: DateTime<Utc>,
) -> Result<(), GraphError> {
    let Some(proof) = call.params.get("appsecret_proof") else {
        // The proof of a batch covers the items that use its token.
        let is_covered = call.own_token().is_none() || matches!(caller, CallerIdentity::App(_));
        let is_due = app.require_proof && !is_covered;
        return if is_due {
            Err(GraphError::proof_required())
        } else {
            Ok(())
        };
    };
    let token = call.token().unwrap_or_default();
    let message = match call.params.get("appsecret_time") {
        None => token.to_owned(),
        Some(time) if is_recent(time, now) => format!("{token}|{time}"),
        Some(_) => return Err(GraphError::wrong_proof()),
    };
    let holds = hmac_hex(&app.secret, message.as_bytes()) == proof;
    if holds {
        Ok(())
    } else {
        Err(GraphError::wrong_proof())
    }
}

fn is_recent(time: &str, now: DateTime<Utc>) -> bool {
    time.parse::<i64>()
        .is_ok_and(|time| now.timestamp().saturating_sub(time).saturating_abs() <= PROOF_WINDOW)
}

fn check_token_alive(state: &State, token: &Token) -> Result<(), GraphError> {
    let now = state.now();
    if let Some(ending) = state.tokens.find_ending(token, now) {
        return Err(GraphError::token_ended(ending, &token.app, now));
    }
    let lapsed = state
        .tokens
        .data_access_ends_at(token)
        .is_some_and(|end| end <= now);
    if lapsed {
        return Err(GraphError::data_access_lapsed());
    }
    Ok(())
}
