//! The OAuth endpoints: exchange of codes and tokens, app token, revocation.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    Call, GraphError,
    caller::{self, CallerIdentity},
};
use crate::{
    fault::ExchangeResult,
    state::State,
    token::{Token, TokenEnding, TokenHolder},
    world::App,
};

/// The lifetime of a long-lived user token and of a refreshed system user token.
pub(crate) const LONG_LIFETIME: Duration = Duration::days(60);

/// The lifetime of a person's token that a code was exchanged for.
const SHORT_LIFETIME: Duration = Duration::hours(1);

/// Responds to `/oauth/access_token`; a fault rule may keep an exchange from moving the end.
pub(crate) fn respond_to_access_token(
    state: &mut State,
    call: &Call,
    forced: Option<ExchangeResult>,
) -> Result<Value, GraphError> {
    let app = authenticate_app(state, call)?.clone();
    match call.params.get("grant_type") {
        Some("client_credentials") => Ok(
            json!({"access_token": format!("{}|{}", app.id, app.secret), "token_type": "bearer"}),
        ),
        Some("fb_exchange_token") => exchange_token(state, call, &app, forced),
        _ if call.params.has_name("code") => exchange_code(state, call, &app),
        _ => Err(GraphError::new(1, "Missing grant_type or code parameter.")),
    }
}

/// Responds to `/oauth/revoke`: ends one token at once.
pub(crate) fn revoke_token(state: &mut State, call: &Call) -> Result<Value, GraphError> {
    let app = authenticate_app(state, call)?.id.clone();
    caller::authenticate_call(state, call)?;
    let text = call
        .params
        .get("revoke_token")
        .ok_or_else(|| GraphError::missing_parameter("revoke_token"))?;
    let token = state
        .tokens
        .find_token(text)
        .filter(|token| token.app == app);
    let token = token.ok_or_else(|| GraphError::new(100, "(#100) Invalid revoke_token"))?;
    state
        .tokens
        .end_tokens(TokenEnding::Invalidated, |candidate| {
            candidate.text == token.text
        });
    Ok(json!({"success": true}))
}

fn authenticate_app<'a>(state: &'a State, call: &Call) -> Result<&'a App, GraphError> {
    let id = call
        .params
        .get("client_id")
        .ok_or_else(|| GraphError::new(101, "Missing client_id parameter."))?;
    let app = state.world.apps.find_by_id(id).ok_or_else(|| {
        let text =
            "Error validating application. Cannot get application info due to a system error.";
        GraphError::new(101, text)
    })?;
    let is_right = call.params.get("client_secret") == Some(app.secret.as_str());
    if is_right {
        Ok(app)
    } else {
        Err(GraphError::new(1, "Error validating client secret."))
    }
}

/// Makes a token of a code. A person's lasts for an hour, as after a log-in in a browser.
fn exchange_code(state: &mut State, call: &Call, app: &App) -> Result<Value, GraphError> {
    let text = call.params.get("code").unwrap_or_default();
    let (redirect, now) = (call.params.get("redirect_uri"), state.now_in_seconds());
    let login = state.codes.spend_code(text, &app.id, redirect, now);
    let login = login.map_err(GraphError::code_refused)?;
    let short_lived = login.holder.person_id().is_some();
    let expires_at = short_lived.then(|| now + SHORT_LIFETIME);
    let made = Token::new(login.holder, &app.id, login.scopes, now);
    let token = state.tokens.add_token(Token {
        granted: login.granted,
        expires_at,
        short_lived,
        ..made
    });
    let mut answer = json!({"access_token": token.text, "token_type": "bearer"});
    if let (Some(end), Some(fields)) = (expires_at, answer.as_object_mut()) {
        fields.insert("expires_in".to_owned(), (end - now).num_seconds().into());
    }
    Ok(answer)
}

fn exchange_token(
    state: &mut State,
    call: &Call,
    app: &App,
    forced: Option<ExchangeResult>,
) -> Result<Value, GraphError> {
    let text = call.params.get("fb_exchange_token");
    let text =
        text.ok_or_else(|| GraphError::new(1, "fb_exchange_token parameter not specified"))?;
    let token = find_exchangeable_token(state, text, app)?;
    let now = state.now_in_seconds();
    let answered = match forced {
        Some(ExchangeResult::SameToken) => token,
        Some(ExchangeResult::SameEnd) => add_successor(state, &token, token.expires_at, now),
        None => {
            let end = end_of_successor(call, &token, now);
            add_successor(state, &token, end, now)
        }
    };
    let mut answer = json!({"access_token": answered.text, "token_type": "bearer"});
    let shown_expiry = answered.expires_at.filter(|_| !app.exchange_without_expiry);
    if let (Some(end), Some(fields)) = (shown_expiry, answer.as_object_mut()) {
        fields.insert("expires_in".to_owned(), (end - now).num_seconds().into());
    }
    Ok(answer)
}

/// The end of the token that an exchange issues.
fn end_of_successor(call: &Call, token: &Token, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match &token.holder {
        TokenHolder::SystemUser(_)
            if call.params.flag_value("set_token_expires_in_60_days") == Some(true) =>
        {
            Some(now + LONG_LIFETIME)
        }
        // Without the parameter a system user's token keeps its expiry.
        TokenHolder::SystemUser(_) => token.expires_at,
        TokenHolder::Person(_) | TokenHolder::Page { .. } => Some(now + LONG_LIFETIME),
    }
}

fn add_successor(
    state: &mut State,
    token: &Token,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Arc<Token> {
    let made = Token::new(token.holder.clone(), &token.app, token.scopes.clone(), now);
    state.tokens.add_token(Token {
        granted: token.granted.clone(),
        expires_at,
        ..made
    })
}

fn find_exchangeable_token(state: &State, text: &str, app: &App) -> Result<Arc<Token>, GraphError> {
    let CallerIdentity::User(token) = caller::decode_token(state, text)? else {
        return Err(GraphError::new(
            100,
            "The access token cannot be exchanged.",
        ));
    };
    if token.app != app.id {
        return Err(GraphError::new(
            100,
            format!("The access token does not belong to application {}", app.id),
        ));
    }
    if matches!(token.holder, TokenHolder::Page { .. }) {
        return Err(GraphError::new(
            100,
            "The access token cannot be exchanged.",
        ));
    }
    let now = state.now();
    match state.tokens.find_ending(&token, now) {
        Some(ending) => Err(GraphError::token_ended(ending, &app.id, now)),
        None => Ok(token),
    }
}
