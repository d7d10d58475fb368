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
mod fields;
mod headers;
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

use serde_json::Value;

use crate::{
    fault::{Effect, Named, Subject},
    state::State,
    world::Kind,
};

pub(crate) use call::{Call, Method};
pub(crate) use caller::holder_of;
pub(crate) use error::GraphError;
pub(crate) use permissions::deauthorize;
pub(crate) use reply::{Answer, Outcome, Reply};

/// Responds to a call as Graph would.
pub(crate) fn answer(state: &mut State, call: &Call) -> Answer {
    if call.path.is_empty() && call.method == Method::Post && call.params.has("batch") {
        return batch::run(state, call);
    }
    single(state, call)
}

/// Responds to a single call or to one item of a batch.
fn single(state: &mut State, call: &Call) -> Answer {
    note(state, call);
    let holder = caller::holder_of(state, call);
    let path = call.joined_path();
    let subject = subject(state, call, holder.as_deref(), &path);
    let strike = state.faults.strike(&subject);
    let outcome = match strike.effect {
        None => Outcome::Reply(routed(state, call, None)),
        Some(Effect::Named(Named::Usage(percent))) => {
            Outcome::Reply(routed(state, call, Some(percent)))
        }
        Some(effect) => struck(state, call, &effect),
    };
    Answer {
        outcome,
        delay_ms: strike.delay_ms,
        items: 1,
    }
}

fn subject<'a>(
    state: &State,
    call: &'a Call,
    person: Option<&'a str>,
    path: &'a str,
) -> Subject<'a> {
    let asset = call
        .first()
        .and_then(|id| state.world.assets.find(id).map(|asset| (id, asset.kind)));
    Subject {
        path,
        asset: asset.map(|(id, _)| id),
        kind: asset.map(|(_, kind)| kind),
        batch_item: call.in_batch,
        person,
    }
}

/// The outcome of a call that a fault rule hits.
fn struck(state: &State, call: &Call, effect: &Effect) -> Outcome {
    match effect {
        Effect::Named(Named::Drop) => Outcome::Drop,
        Effect::Named(Named::Throttle(throttle)) => {
            let error = GraphError::throttled(throttle.code);
            Outcome::Reply(
                error
                    .reply()
                    .with_headers(headers::throttled(state, call, throttle)),
            )
        }
        Effect::Named(Named::Error(fault)) => Outcome::Reply(GraphError::from(fault).reply()),
        Effect::Named(Named::NullItem | Named::LatencyMs(_) | Named::Usage(_)) => Outcome::Null,
        Effect::Raw { status, body } => Outcome::Reply(Reply::text(*status, body)),
    }
}

fn routed(state: &mut State, call: &Call, usage: Option<u64>) -> Reply {
    let result = meter(state, call).and_then(|()| route(state, call));
    let headers = headers::of(state, call, usage);
    let reply = result.map_or_else(|error| error.reply(), |body| Reply::json(&body));
    reply.with_headers(headers)
}

/// Counts the call for its app; throttles an app beyond its limit.
fn meter(state: &mut State, call: &Call) -> Result<(), GraphError> {
    let now = state.now();
    let app = caller::app_of(state, call).and_then(|id| state.world.apps.find(&id));
    match app.map(|app| state.usage.count(app, now)) {
        Some(share) if share.is_exceeded => Err(GraphError::throttled(4)),
        _ => Ok(()),
    }
}

fn route(state: &mut State, call: &Call) -> Result<Value, GraphError> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method, path.as_slice()) {
        (Method::Get, []) if call.params.has("ids") => Err(GraphError::ids_refused()),
        (_, []) => Err(GraphError::unsupported(call.method, "")),
        (_, ["oauth", "access_token"]) => oauth::access_token(state, call),
        (_, ["oauth", "revoke"]) => oauth::revoke(state, call),
        (Method::Get, ["debug_token"]) => debug_token::inspect(state, call),
        (_, [id]) => node::answer(state, call, id),
        (_, [id, edge, rest @ ..]) => node::edge(state, call, id, edge, rest.first().copied()),
    }
}

/// Records the call under a pattern of its path, in which ids are replaced by the kind of node.
fn note(state: &mut State, call: &Call) {
    let kind = call
        .first()
        .and_then(|id| state.world.assets.find(id))
        .map(|asset| asset.kind);
    state.calls.note_path(&pattern(state, call, kind));
    if let (Some(_), Method::Get, [asset]) = (kind, call.method, call.path.as_slice()) {
        state.calls.note_probe(asset);
    }
    if call.first() == Some("debug_token") {
        state.calls.debug_tokens = state.calls.debug_tokens.saturating_add(1);
    }
    if call.params.get("grant_type") == Some("fb_exchange_token") {
        state.calls.exchanges = state.calls.exchanges.saturating_add(1);
    }
}

fn pattern(state: &State, call: &Call, kind: Option<Kind>) -> String {
    let first = call.first().unwrap_or_default();
    let node = match kind {
        Some(kind) => format!("{{{}}}", kind.word()),
        None if state.world.persons.has(first) => "{person}".to_owned(),
        None if state.world.system_users.has(first) => "{system_user}".to_owned(),
        None if first.chars().any(|c| c.is_ascii_digit()) => "{unknown}".to_owned(),
        None => crate::calls::redacted(first),
    };
    let rest: Vec<&str> = call.path.iter().skip(1).map(String::as_str).collect();
    std::iter::once(format!("/{node}"))
        .chain(rest.into_iter().map(crate::calls::redacted))
        .collect::<Vec<_>>()
        .join("/")
}
