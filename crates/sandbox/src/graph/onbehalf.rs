//! Requests of one business to act on behalf of another business.
//!
//! The rule: POST reads, too. Meta's samples read these with `curl -G -F`, which curl sends as a POST.

use serde_json::{Value, json};

use super::{
    Call, GraphError, access,
    caller::CallerIdentity,
    fields, list,
    node::{require_user_token, simulated::NodeType},
    profile::business_ref,
};
use crate::{
    state::State,
    token::Token,
    world::{Asset, OnBehalfRequest},
};

const NODE_FIELDS: &str = "id,receiving_business,requesting_business,status,business_owned_object";
/// A list without `fields` has ids alone.
const LIST_FIELDS: &str = "id";

/// Reads the node of a request, for one of its two parties.
pub(crate) fn read_request(
    state: &State,
    call: &Call,
    caller: &CallerIdentity,
    id: &str,
) -> Result<Value, GraphError> {
    find_own_request(state, call, require_user_token(call, caller)?, id)?;
    render_request(state, call, id, NODE_FIELDS)
}

/// Withdraws or refuses a request.
pub(crate) fn cancel_request(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    id: &str,
) -> Result<Value, GraphError> {
    find_own_request(state, call, require_user_token(call, caller)?, id)?;
    state.world.onbehalf.retain(|request| request.id != id);
    Ok(json!({"success": "true"}))
}

/// `/{ad_account}/onbehalf_requests`.
pub(crate) fn list_of_asset(
    state: &mut State,
    call: &Call,
    asset: &Asset,
) -> Result<Value, GraphError> {
    let status = call.params.get("status");
    let asked = |request: &OnBehalfRequest| {
        request.asset == asset.id && status.is_none_or(|status| request.status == status)
    };
    list_requests(state, call, asked)
}

/// `/{business}/received_inprogress_onbehalf_requests`.
pub(crate) fn list_received(
    state: &mut State,
    call: &Call,
    business: &str,
) -> Result<Value, GraphError> {
    list_requests(state, call, |request| {
        request.receiving_business == business && request.status == "IN_PROGRESS"
    })
}

/// `/{business}/sent_inprogress_onbehalf_requests`.
pub(crate) fn list_sent(
    state: &mut State,
    call: &Call,
    business: &str,
) -> Result<Value, GraphError> {
    list_requests(state, call, |request| {
        request.requesting_business == business && request.status == "IN_PROGRESS"
    })
}

fn list_requests(
    state: &mut State,
    call: &Call,
    asked: impl Fn(&OnBehalfRequest) -> bool,
) -> Result<Value, GraphError> {
    let ids = state
        .world
        .onbehalf
        .iter()
        .filter(|request| asked(request))
        .map(|request| request.id.clone())
        .collect();
    list::respond_with_list(state, call, ids, |state, id| {
        render_request(state, call, id, LIST_FIELDS)
    })
}

fn render_request(
    state: &State,
    call: &Call,
    id: &str,
    default_fields: &str,
) -> Result<Value, GraphError> {
    let request = state.world.onbehalf.iter().find(|request| request.id == id);
    let request = request.ok_or_else(|| GraphError::unsupported_request(call.method, id))?;
    let asked = fields::parse_fields(call.params.get("fields").unwrap_or(default_fields));
    fields::render_node(NodeType::OnBehalfRequest, &asked, |name| match name {
        "id" => Some(json!(request.id)),
        "status" => Some(json!(request.status)),
        "receiving_business" => Some(business_ref(state, &request.receiving_business)),
        "requesting_business" => Some(business_ref(state, &request.requesting_business)),
        "business_owned_object" => Some(json!(request.asset)),
        _ => None,
    })
}

fn find_own_request<'a>(
    state: &'a State,
    call: &Call,
    token: &Token,
    id: &str,
) -> Result<&'a OnBehalfRequest, GraphError> {
    let mine = access::find_businesses(state, token);
    let is_party = |r: &&OnBehalfRequest| {
        mine.contains(&r.receiving_business) || mine.contains(&r.requesting_business)
    };
    let request = state
        .world
        .onbehalf
        .iter()
        .find(|request| request.id == id)
        .filter(is_party);
    request.ok_or_else(|| GraphError::unsupported_request(call.method, id))
}
