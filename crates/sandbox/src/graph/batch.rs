//! Batches: many calls in one request.
//!
//! The rule: a batch fails as a whole only for its own token, its form, or a fault rule on the batch
//! itself. Each item runs in order, like a single call.

use serde_json::{Value, json};

use super::{
    Call, CallResponse, GraphError, Method, Outcome, Reply, caller, faults, headers, refuse_call,
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
        Ok(calls) => CallResponse {
            items,
            ..run_items(state, call, &calls, delay_ms)
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

fn run_items(state: &mut State, call: &Call, items: &[Call], delay_ms: u64) -> CallResponse {
    let with_headers = call.params.flag_value("include_headers") != Some(false);
    let (mut list, mut slowest) = (Vec::with_capacity(items.len()), 0);
    for item in items {
        let answer = respond_single(state, item);
        slowest = answer.delay_ms.max(slowest);
        match answer.outcome {
            Outcome::Reply(reply) => list.push(render_item(reply, with_headers)),
            Outcome::Null => list.push(Value::Null),
            Outcome::Drop => return answer,
        }
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

/// The items of a batch with a valid token and form.
fn parse_items(
    state: &State,
    call: &Call,
    values: Option<Vec<Value>>,
) -> Result<Vec<Call>, GraphError> {
    caller::authenticate_call(state, call)?;
    let values =
        values.ok_or_else(|| GraphError::new(100, "(#100) param batch must be an array."))?;
    match values.len() {
        0 => Err(GraphError::batch_error("Empty batch is not allowed.")),
        1..=MAX_ITEMS => values.iter().map(|value| parse_item(call, value)).collect(),
        _ => Err(GraphError::batch_error(
            "Too many requests in batch message. Maximum batch size is 50",
        )),
    }
}

fn parse_item(batch: &Call, item: &Value) -> Result<Call, GraphError> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    if text("depends_on").is_some()
        || text("relative_url").is_some_and(|url| url.contains("{result="))
    {
        return Err(GraphError::not_simulated(
            "POST / with a batch item that depends on another one",
        ));
    }
    let url = text("relative_url").ok_or_else(|| GraphError::missing_parameter("relative_url"))?;
    let method = text("method")
        .and_then(Method::parse)
        .ok_or_else(|| GraphError::missing_parameter("method"))?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut call = Call::new(
        method,
        path,
        query,
        text("body").unwrap_or_default().as_bytes(),
    );
    if let Some(token) = text("access_token").filter(|_| call.params.get("access_token").is_none())
    {
        call.params.set_value("access_token", token);
    }
    call.version = call.version.or_else(|| batch.version.clone());
    call.in_batch = true;
    call.inherited = batch.token().map(str::to_owned);
    Ok(call)
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
