//! The simulated Graph API: turns one call into one response.
//!
//! The rule: a batch runs its items through the same code as single calls, so both behave alike.
//! Nothing here sleeps: `http.rs` reads the delay, and whether to drop the connection, from the
//! [`CallResponse`].
//! Start at [`respond_to_call`].
//!
//! [`CallResponse`]: reply::CallResponse

mod access;
mod batch;
mod business;
mod call;
mod caller;
mod debug_token;
mod error;
mod faults;
mod fields;
mod list;
mod node;
mod oauth;
mod onbehalf;
mod permissions;
mod profile;
mod reply;
mod sharing;
mod subscriptions;
mod system_user;
mod user;

use serde_json::{Value, json};

use crate::{
    fault::{AnswerChanges, Effect, ExchangeResult, NamedEffect},
    state::State,
    world::Kind,
};

pub(crate) use access::reaches_asset;
pub(crate) use call::{Call, Method, multipart::read_parts};
pub(crate) use caller::find_caller;
pub(crate) use error::GraphError;
pub(crate) use node::simulated;
pub(crate) use permissions::deauthorize_app;
pub(crate) use reply::{CallResponse, Outcome, Reply};
pub(crate) use subscriptions::find_challenge;

use reply::headers;

/// Responds to a call as Graph would.
pub(crate) fn respond_to_call(state: &mut State, call: &Call) -> CallResponse {
    if is_batch(call) {
        return batch::respond_to_batch(state, call);
    }
    respond_single(state, call)
}

/// Meta's samples post a batch to the root and to `/me`.
fn is_batch(call: &Call) -> bool {
    let takes_batch = call.path.is_empty() || call.path == ["me"];
    takes_batch && call.method == Method::Post && call.params.has_name("batch")
}

/// Responds to a single call or to one item of a batch.
fn respond_single(state: &mut State, call: &Call) -> CallResponse {
    record_call(state, call);
    let subject = faults::match_subject(state, call);
    let rules = state.faults.apply_rules(&subject);
    let outcome = match rules.effect {
        None => Outcome::Reply(route_with_headers(state, call, None, &rules.changes)),
        Some(Effect::Named(NamedEffect::Usage(percent))) => Outcome::Reply(route_with_headers(
            state,
            call,
            Some(percent),
            &rules.changes,
        )),
        Some(effect) => faults::fault_outcome(state, call, &effect),
    };
    CallResponse {
        outcome,
        delay_ms: rules.delay_ms,
        items: 1,
    }
}

fn route_with_headers(
    state: &mut State,
    call: &Call,
    usage: Option<u64>,
    changes: &AnswerChanges,
) -> Reply {
    let result = check_quota(state, call).and_then(|()| route_call(state, call, changes.exchange));
    let headers = headers::response_headers(state, call, usage);
    let reply = match result {
        Err(error) => refuse_call(state, &error),
        Ok(mut body) => {
            faults::change_answer(call, &mut body, changes);
            Reply::json(&body)
        }
    };
    reply.with_headers(headers)
}

/// The reply of an error; what is not simulated is counted.
fn refuse_call(state: &mut State, error: &GraphError) -> Reply {
    if let Some(what) = &error.not_simulated {
        state.calls.count_not_simulated(what);
    }
    error.to_reply()
}

/// Counts the call for its app; throttles an app beyond its limit.
fn check_quota(state: &mut State, call: &Call) -> Result<(), GraphError> {
    let now = state.now();
    let app = caller::find_app_id(state, call).and_then(|id| state.world.apps.find_by_id(&id));
    match app.map(|app| state.usage.count_call(app, now)) {
        Some(share) if share.is_exceeded => Err(GraphError::throttled_with(4)),
        _ => Ok(()),
    }
}

fn route_call(
    state: &mut State,
    call: &Call,
    exchange: Option<ExchangeResult>,
) -> Result<Value, GraphError> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method, path.as_slice()) {
        (Method::Get, []) if call.params.has_name("ids") => Err(GraphError::ids_refused()),
        (method, []) => Err(GraphError::not_simulated(format!("{} /", method.verb()))),
        (_, ["oauth", "access_token"]) => oauth::respond_to_access_token(state, call, exchange),
        (_, ["oauth", "revoke"]) => oauth::revoke_token(state, call),
        (Method::Get, ["community", "groups"]) => list_groups(state, call),
        (Method::Get, ["debug_token"]) => debug_token::respond_to_debug_token(state, call),
        (method, ["debug_token"]) => {
            caller::authenticate_call(state, call)?;
            Err(GraphError::unsupported_request(method, "debug_token"))
        }
        (_, [id]) => node::respond_to_node(state, call, id),
        (_, [id, edge, rest @ ..]) => node::respond_to_edge(state, call, id, edge, rest),
    }
}

/// The groups of Workplace, of which the world has none: only the token and its proof are checked.
fn list_groups(state: &State, call: &Call) -> Result<Value, GraphError> {
    caller::authenticate_call(state, call)?;
    Ok(json!({"data": []}))
}

/// Records the call under a pattern of its path, in which ids are replaced by the kind of node.
fn record_call(state: &mut State, call: &Call) {
    let kind = call
        .first_segment()
        .and_then(|id| state.world.assets.find_by_id(id))
        .map(|asset| asset.kind);
    state.calls.count_path(&path_pattern(state, call, kind));
    if let (Some(_), Method::Get, [asset]) = (kind, call.method, call.path.as_slice()) {
        state.calls.count_probe(asset);
    }
    if call.first_segment() == Some("debug_token") {
        state.calls.debug_tokens = state.calls.debug_tokens.saturating_add(1);
    }
    if call.params.get("grant_type") == Some("fb_exchange_token") {
        state.calls.exchanges = state.calls.exchanges.saturating_add(1);
    }
    if call.first_segment() == Some("oauth") && call.params.has_name("code") {
        state.calls.code_exchanges = state.calls.code_exchanges.saturating_add(1);
    }
}

fn path_pattern(state: &State, call: &Call, kind: Option<Kind>) -> String {
    let first = call.first_segment().unwrap_or_default();
    let node = match kind {
        Some(kind) => format!("{{{}}}", kind.as_str()),
        None if state.world.persons.has_id(first) => "{person}".to_owned(),
        None if state.world.system_users.has_id(first) => "{system_user}".to_owned(),
        None if first.chars().any(|c| c.is_ascii_digit()) => "{unknown}".to_owned(),
        None => crate::calls::mask_secrets(first),
    };
    let rest: Vec<&str> = call.path.iter().skip(1).map(String::as_str).collect();
    std::iter::once(format!("/{node}"))
        .chain(rest.into_iter().map(crate::calls::mask_secrets))
        .collect::<Vec<_>>()
        .join("/")
}
