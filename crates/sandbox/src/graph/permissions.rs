//! The permissions that a person has granted to the app, and their revocation.

use serde_json::{Value, json};

use super::{Call, GraphError, Method, caller::Caller};
use crate::{state::State, token::Ending};

/// `/{person}/permissions` and `/{person}/permissions/{name}`.
pub(crate) fn answer(
    state: &mut State,
    call: &Call,
    caller: &Caller,
    person: &str,
    name: Option<&str>,
) -> Result<Value, GraphError> {
    let is_own = caller
        .user()
        .is_none_or(|token| token.holder.user() == person);
    match (call.method, name) {
        (Method::Get, None) if is_own => Ok(granted(caller)),
        (Method::Delete, None) if is_own => {
            deauthorize(state, person, caller.app());
            Ok(json!({"success": true}))
        }
        (Method::Delete, Some(name)) if is_own => {
            state.tokens.strip_scope(person, caller.app(), name);
            Ok(json!({"success": true}))
        }
        _ => Err(GraphError::unsupported(call.method, person)),
    }
}

/// The person removes the app: all tokens of the person for the app die at once.
pub(crate) fn deauthorize(state: &mut State, person: &str, app: &str) -> usize {
    state.tokens.end_where(Ending::Deauthorized, |token| {
        token.app == app && token.holder.person() == Some(person)
    })
}

fn granted(caller: &Caller) -> Value {
    let scopes = caller
        .user()
        .map(|token| token.scopes.as_slice())
        .unwrap_or_default();
    let rows: Vec<Value> = scopes
        .iter()
        .map(|scope| json!({"permission": scope, "status": "granted"}))
        .collect();
    json!({ "data": rows })
}
