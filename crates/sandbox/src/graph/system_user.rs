//! System users: their tokens and their assigned assets.

use serde_json::{Value, json};

use super::{
    Call, GraphError, Method, access,
    business::kind_of_plural,
    caller::CallerIdentity,
    list,
    node::{no_edge_error, require_user_token, simulated::NodeType},
    oauth::LONG_LIFETIME,
    profile, user,
};
use crate::{
    state::State,
    token::{Token, TokenEnding, TokenHolder},
};

/// Responds to a call on an edge of a system user.
pub(crate) fn respond_to_edge(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    id: &str,
    edge: &str,
) -> Result<Value, GraphError> {
    let token = require_user_token(call, caller)?;
    check_admin(state, call, token, id)?;
    match (call.method, edge) {
        (Method::Post, "access_tokens") => mint_token(state, call, token, id),
        (Method::Delete, "access_tokens") => {
            state.tokens.end_tokens(TokenEnding::Invalidated, |token| {
                token.holder.user_id() == id
            });
            Ok(json!({"success": true}))
        }
        (Method::Post, "applications") => Ok(json!({"success": true})),
        (Method::Get, "accounts" | "adaccounts" | "businesses") => {
            user::respond_to_edge(state, call, caller, edge)
        }
        (Method::Get, _) => list_assigned(state, call, token, id, edge),
        _ => Err(no_edge_error(call.method, NodeType::SystemUser, edge)),
    }
}

/// `/{business}/system_users`.
pub(crate) fn list_of_business(
    state: &mut State,
    call: &Call,
    business: &str,
) -> Result<Value, GraphError> {
    let users = state
        .world
        .system_users
        .iter()
        .filter(|user| user.business == business);
    let ids = users.map(|user| user.id.clone()).collect();
    list::respond_with_list(state, call, ids, |state, id| {
        let name = state
            .world
            .system_users
            .find_by_id(id)
            .map(|user| user.name.as_str());
        Ok(json!({"id": id, "name": name, "role": "ADMIN"}))
    })
}

/// `POST /{client_business}/system_user_access_tokens`: mints a token for a client's system user, or
/// returns its newest token.
pub(crate) fn respond_with_client_token(
    state: &mut State,
    call: &Call,
    token: &Token,
    business: &str,
) -> Result<Value, GraphError> {
    let asked = call.params.get("system_user_id");
    let mut users = state
        .world
        .system_users
        .iter()
        .filter(|user| user.business == business);
    let user = users
        .find(|user| asked.is_none_or(|id| id == user.id))
        .map(|user| user.id.clone());
    let user = user.ok_or_else(|| GraphError::unsupported_request(call.method, business))?;
    if call.params.flag_value("fetch_only") != Some(true) {
        return mint_token(state, call, token, &user);
    }
    let held = state
        .tokens
        .newest_token(&TokenHolder::SystemUser(user), &token.app);
    let held = held.ok_or_else(|| GraphError::new(100, "(#100) There is no token to fetch"))?;
    Ok(json!({"access_token": held.text}))
}

fn mint_token(
    state: &mut State,
    call: &Call,
    caller: &Token,
    id: &str,
) -> Result<Value, GraphError> {
    if call.params.get("appsecret_proof").is_none() {
        return Err(GraphError::proof_required());
    }
    let app = call.params.get("business_app").unwrap_or(&caller.app);
    if app != caller.app {
        return Err(GraphError::new(
            100,
            "(#100) Param business_app must be the app of the calling token",
        ));
    }
    let scopes = call.params.list_values("scope");
    if scopes.is_empty() {
        return Err(GraphError::missing_parameter("scope"));
    }
    let now = state.now_in_seconds();
    let made = Token::new(TokenHolder::SystemUser(id.to_owned()), app, scopes, now);
    let is_dated = call.params.flag_value("set_token_expires_in_60_days") == Some(true);
    let made = state.tokens.add_token(Token {
        expires_at: is_dated.then(|| now + LONG_LIFETIME),
        ..made
    });
    Ok(json!({"access_token": made.text}))
}

fn list_assigned(
    state: &mut State,
    call: &Call,
    caller: &Token,
    id: &str,
    edge: &str,
) -> Result<Value, GraphError> {
    let kind = edge.strip_prefix("assigned_").and_then(kind_of_plural);
    let kind = kind.ok_or_else(|| no_edge_error(call.method, NodeType::SystemUser, edge))?;
    let scopes = kind
        .own_scopes()
        .iter()
        .chain(kind.parent_scopes())
        .map(|&scope| scope.to_owned())
        .collect();
    // Graph lists assigned assets for every caller, so choose them with a token of the system user. It is not issued:
    // the rows are read with the caller's.
    let own = Token::new(
        TokenHolder::SystemUser(id.to_owned()),
        "",
        scopes,
        state.now(),
    );
    let assets = state
        .world
        .assets
        .iter()
        .filter(|a| a.kind == kind && access::check_access(state, &own, a).is_ok());
    let ids = assets.map(|asset| asset.id.clone()).collect();
    user::list_assets(state, call, caller, ids, profile::default_fields(kind))
}

/// Checks that the token belongs to the system user, or to a member of its business with the scope.
fn check_admin(state: &State, call: &Call, token: &Token, id: &str) -> Result<(), GraphError> {
    let is_self = token.holder == TokenHolder::SystemUser(id.to_owned());
    let user = state
        .world
        .system_users
        .find_by_id(id)
        .ok_or_else(|| GraphError::unsupported_request(call.method, id))?;
    let is_admin = access::find_businesses(state, token).contains(&user.business);
    match (
        is_self || is_admin,
        is_self || token.has_any_scope(&["business_management"]),
    ) {
        (true, true) => Ok(()),
        (true, false) => Err(GraphError::missing_permissions()),
        (false, _) => Err(GraphError::unsupported_request(call.method, id)),
    }
}
