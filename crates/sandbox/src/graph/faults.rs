//! Fault rules on calls: what of a call a rule matches, and what its effect does to the answer.
//!
//! The rule: a rule acts on every kind of call alike: single calls, items of a batch, `debug_token`,
//! exchanges and `/me`.

use serde_json::{Map, Value};

use super::{
    Call, GraphError, Method, Outcome, Reply, caller,
    error::{METHOD, OAUTH},
    fields, headers, list,
};
use crate::{
    fault::{
        AnswerChanges, Effect, ErrorFault, HeaderMap, MatchSubject, Members, NamedEffect,
        Operation, Throttle,
    },
    state::State,
};

/// What rules match of a single call or an item of a batch.
pub(crate) fn match_subject(state: &State, call: &Call) -> MatchSubject {
    let asset = call
        .first_segment()
        .and_then(|id| state.world.assets.find_by_id(id));
    let (person, token_kind) = caller::find_caller(state, call);
    let (input_person, input_kind) = caller::find_input(state, call);
    MatchSubject {
        path: call.joined_path(),
        operation: operation_of(call),
        asset: asset.map(|asset| asset.id.clone()),
        kind: asset.map(|asset| asset.kind),
        batch_item: call.in_batch,
        person,
        token_kind,
        input_person,
        input_kind,
    }
}

/// What rules match of a whole batch.
pub(crate) fn match_batch(state: &State, call: &Call) -> MatchSubject {
    MatchSubject {
        path: "batch".to_owned(),
        operation: Operation::Other,
        ..match_subject(state, call)
    }
}

/// The outcome of a call whose answer a rule replaces.
pub(crate) fn fault_outcome(state: &State, call: &Call, effect: &Effect) -> Outcome {
    match effect {
        Effect::Named(NamedEffect::Drop) => Outcome::Drop,
        Effect::Named(NamedEffect::Throttle(throttle)) => Outcome::Reply(
            GraphError::from(throttle)
                .to_reply()
                .with_headers(headers::throttle_headers(state, call, throttle)),
        ),
        Effect::Named(NamedEffect::Error(fault)) => {
            let reply = GraphError::from(fault).to_reply();
            let reply = reply.with_headers(headers::common_headers(call));
            Outcome::Reply(set_headers(reply, &fault.headers))
        }
        Effect::Named(_) => Outcome::Null,
        Effect::Raw(raw) => Outcome::Reply(set_headers(
            Reply::text(raw.status, &raw.body),
            &raw.headers,
        )),
    }
}

/// Changes the facts in the answer of a call that succeeded.
pub(crate) fn change_answer(call: &Call, answer: &mut Value, changes: &AnswerChanges) {
    let node = answer
        .as_object_mut()
        .filter(|_| !changes.fields.is_empty());
    if let Some(node) = node {
        let asked = fields::parse_fields(call.params.get("fields").unwrap_or_default());
        let is_shown = |node: &Members, name: &String| {
            node.contains_key(name) || asked.iter().any(|field| field.name == *name)
        };
        for (name, value) in &changes.fields {
            if is_shown(node, name) {
                set_member(node, name, value);
            }
        }
    }
    if changes.empty_page && answer.get("data").is_some_and(Value::is_array) {
        list::empty_page(call, answer);
    }
    if let Some(data) = answer.get_mut("data").and_then(Value::as_object_mut) {
        for (name, value) in &changes.debug {
            set_member(data, name, value);
        }
    }
}

fn set_member(members: &mut Members, name: &str, value: &Value) {
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value.clone());
    }
}

fn set_headers(reply: Reply, headers: &HeaderMap) -> Reply {
    headers.iter().fold(reply, |reply, (name, value)| {
        reply.set_header(name.clone(), value.clone())
    })
}

fn operation_of(call: &Call) -> Operation {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method, path.as_slice()) {
        (Method::Get, ["debug_token"]) => Operation::DebugToken,
        (_, ["oauth", "access_token"])
            if call.params.get("grant_type") == Some("fb_exchange_token") =>
        {
            Operation::Exchange
        }
        (Method::Get, [_]) => Operation::NodeRead,
        _ => Operation::Other,
    }
}

impl From<&Throttle> for GraphError {
    fn from(throttle: &Throttle) -> Self {
        let usual = Self::throttled_with(throttle.code);
        Self {
            status: throttle.http.unwrap_or(usual.status),
            subcode: throttle.subcode,
            message: throttle.message.clone().unwrap_or(usual.message),
            ..usual
        }
    }
}

impl From<&ErrorFault> for GraphError {
    fn from(fault: &ErrorFault) -> Self {
        let is_server_error = matches!(fault.code, 1 | 2);
        let kind = match (fault.code, fault.subcode) {
            (100, Some(33)) => METHOD,
            (960, _) => "FacebookApiException",
            _ => OAUTH,
        };
        let fallback = || format!("(#{}) Error made by a fault rule", fault.code);
        Self {
            status: fault
                .http
                .unwrap_or(if is_server_error { 500 } else { 400 }),
            kind: fault.kind.clone().unwrap_or_else(|| kind.to_owned()),
            code: fault.code,
            subcode: fault.subcode,
            message: fault.message.clone().unwrap_or_else(fallback),
            is_transient: fault.is_transient.unwrap_or(is_server_error),
            details: details_of_fault(fault),
            not_simulated: None,
        }
    }
}

fn details_of_fault(fault: &ErrorFault) -> Map<String, Value> {
    let text = |text: &Option<String>| text.clone().map(Value::String);
    let members = [
        ("error_data", fault.error_data.clone()),
        ("error_user_title", text(&fault.user_title)),
        ("error_user_msg", text(&fault.user_msg)),
    ];
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
