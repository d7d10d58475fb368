//! The permissions that a person has granted to the app, and their revocation.

use serde_json::{Value, json};

use super::{
    Call, GraphError, Method,
    caller::CallerIdentity,
    node::{no_edge_error, simulated::NodeType},
};
use crate::{state::State, token::TokenEnding};

/// `/{person}/permissions` and `/{person}/permissions/{name}`.
pub(crate) fn respond_to_permissions(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    person: &str,
    name: Option<&str>,
) -> Result<Value, GraphError> {
    let is_own = caller
        .user_token()
        .is_none_or(|token| token.holder.user_id() == person);
    match (call.method, name) {
        (Method::Get, None) if is_own => Ok(list_granted(caller)),
        (Method::Delete, None) if is_own => {
            deauthorize_app(state, person, caller.app_id());
            Ok(json!({"success": true}))
        }
        (Method::Delete, Some(name)) if is_own => {
            state.tokens.remove_scope(person, caller.app_id(), name);
            Ok(json!({"success": true}))
        }
        (method, _) if is_own => Err(no_edge_error(method, NodeType::Person, "permissions")),
        _ => Err(GraphError::unsupported_request(call.method, person)),
    }
}

/// The person removes the app: all tokens of the person for the app die at once.
pub(crate) fn deauthorize_app(state: &mut State, person: &str, app: &str) -> usize {
    state.tokens.end_tokens(TokenEnding::Deauthorized, |token| {
        token.app == app && token.holder.person_id() == Some(person)
    })
}

fn list_granted(caller: &CallerIdentity) -> Value {
    let scopes = caller
        .user_token()
        .map(|token| token.scopes.as_slice())
        .unwrap_or_default();
    let rows: Vec<Value> = scopes
        .iter()
        .map(|scope| json!({"permission": scope, "status": "granted"}))
        .collect();
    json!({ "data": rows })
}
