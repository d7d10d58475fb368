//! Batches: many calls in one request.
//!
//! The rule: a batch fails as a whole only for its own token, its form, or a fault rule on the batch
//! itself. Each item runs in order, like a single call; `item.rs` says how one depends on others.

mod item;

use serde_json::{Value, json};

use self::item::{BatchItem, NamedBodies};
use super::{
    Call, CallResponse, GraphError, Outcome, Reply, caller, faults, headers, refuse_call,
    respond_single,
};
use crate::state::State;

const MAX_ITEMS: usize = 50;

/// Responds to a batch.
pub(crate) fn respond_to_batch(state: &mut State, call: &Call) -> CallResponse {
    let values: Option<Vec<Value>> =
        serde_json::from_str(call.params.get("batch").unwrap_or_default()).ok();
    let items = values.as_ref().map_or(0, Vec::len);
    state.calls.count_batch(items);
    let subject = faults::match_batch(state, call);
    let rules = state.faults.apply_rules(&subject);
    let delay_ms = rules.delay_ms;
    if let Some(effect) = rules.effect {
        return CallResponse {
            outcome: faults::fault_outcome(state, call, &effect),
            delay_ms,
            items,
        };
    }
    match parse_items(state, call, values) {
        Ok(list) => CallResponse {
            items,
            ..run_items(state, call, &list, delay_ms)
        },
        Err(error) => {
            let outcome = Outcome::Reply(
                refuse_call(state, &error).with_headers(headers::common_headers(call)),
            );
            CallResponse {
                outcome,
                delay_ms,
                items,
            }
        }
    }
}

fn run_items(state: &mut State, call: &Call, items: &[BatchItem], delay_ms: u64) -> CallResponse {
    let with_headers = call.params.flag_value("include_headers") != Some(false);
    let (mut list, mut slowest) = (Vec::with_capacity(items.len()), 0);
    let mut bodies = NamedBodies::default();
    for item in items {
        let answer = run_item(state, call, item, &bodies);
        slowest = answer.delay_ms.max(slowest);
        let reply = match answer.outcome {
            Outcome::Reply(reply) => Some(reply),
            Outcome::Null => None,
            Outcome::Drop => return answer,
        };
        let success = reply.as_ref().filter(|it| it.status == 200);
        let is_omitted = success.is_some() && omits_success(item, items);
        if let Some(name) = &item.name {
            bodies.keep(name, success.map(|it| it.body.as_str()));
        }
        let shown = reply.filter(|_| !is_omitted);
        list.push(shown.map_or(Value::Null, |it| render_item(it, with_headers)));
    }
    let reply =
        Reply::json(&Value::Array(list)).with_headers(headers::response_headers(state, call, None));
    let delay_ms = delay_ms.saturating_add(slowest);
    CallResponse {
        outcome: Outcome::Reply(reply),
        delay_ms,
        items: items.len(),
    }
}

fn run_item(
    state: &mut State,
    call: &Call,
    item: &BatchItem,
    bodies: &NamedBodies,
) -> CallResponse {
    match item.to_call(call, bodies) {
        Ok(item) => respond_single(state, &item),
        Err(error) => CallResponse {
            outcome: Outcome::Reply(
                refuse_call(state, &error).with_headers(headers::common_headers(call)),
            ),
            delay_ms: 0,
            items: 1,
        },
    }
}

/// A success on which others depend is null in the response unless the item says otherwise.
fn omits_success(item: &BatchItem, items: &[BatchItem]) -> bool {
    let is_depended_on = |name: &String| items.iter().any(|other| other.depends_on(name));
    let by_default = item.name.as_ref().is_some_and(is_depended_on);
    item.omits_success.unwrap_or(by_default)
}

/// The items of a batch with a valid token and form.
fn parse_items(
    state: &State,
    call: &Call,
    values: Option<Vec<Value>>,
) -> Result<Vec<BatchItem>, GraphError> {
    caller::authenticate_call(state, call)?;
    let values =
        values.ok_or_else(|| GraphError::new(100, "(#100) param batch must be an array."))?;
    match values.len() {
        0 => Err(GraphError::batch_error("Empty batch is not allowed.")),
        1..=MAX_ITEMS => values.iter().map(BatchItem::parse).collect(),
        _ => Err(GraphError::batch_error(
            "Too many requests in batch message. Maximum batch size is 50",
        )),
    }
}

fn render_item(reply: Reply, with_headers: bool) -> Value {
    if !with_headers {
        return json!({"code": reply.status, "body": reply.body});
    }
    let kind = (
        "Content-Type".into(),
        "text/javascript; charset=UTF-8".to_owned(),
    );
    let headers = reply.headers.into_iter().chain([kind]);
    let headers: Vec<Value> = headers
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    json!({"code": reply.status, "headers": headers, "body": reply.body})
}
