//! Requests of one business to act on behalf of another business.

use serde_json::{Value, json};

use super::{
    Call, GraphError, access, caller::Caller, fields, list, node::user_token, profile::business_ref,
};
use crate::{
    state::State,
    token::Token,
    world::{Asset, OnBehalf},
};

const DEFAULT_FIELDS: &str =
    "id,receiving_business,requesting_business,status,business_owned_object";

/// Reads the node of a request, for one of its two parties.
pub(crate) fn read(
    state: &State,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    find(state, call, user_token(call, caller)?, id)?;
    row(state, call, id)
}

/// Withdraws or refuses a request.
pub(crate) fn cancel(
    state: &mut State,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    find(state, call, user_token(call, caller)?, id)?;
    state.world.onbehalf.retain(|request| request.id != id);
    Ok(json!({"success": "true"}))
}

/// `/{ad_account}/onbehalf_requests`.
pub(crate) fn of_asset(state: &mut State, call: &Call, asset: &Asset) -> Result<Value, GraphError> {
    let status = call.params.get("status");
    let asked = |request: &OnBehalf| {
        request.asset == asset.id && status.is_none_or(|status| request.status == status)
    };
    listed(state, call, asked)
}

/// `/{business}/received_inprogress_onbehalf_requests`.
pub(crate) fn received(
    state: &mut State,
    call: &Call,
    business: &str,
) -> Result<Value, GraphError> {
    listed(state, call, |request| {
        request.receiving_business == business && request.status == "IN_PROGRESS"
    })
}

/// `/{business}/sent_inprogress_onbehalf_requests`.
pub(crate) fn sent(state: &mut State, call: &Call, business: &str) -> Result<Value, GraphError> {
    listed(state, call, |request| {
        request.requesting_business == business && request.status == "IN_PROGRESS"
    })
}

fn listed(
    state: &mut State,
    call: &Call,
    asked: impl Fn(&OnBehalf) -> bool,
) -> Result<Value, GraphError> {
    let ids = state
        .world
        .onbehalf
        .iter()
        .filter(|request| asked(request))
        .map(|request| request.id.clone())
        .collect();
    list::answer(state, call, ids, |state, id| row(state, call, id))
}

fn row(state: &State, call: &Call, id: &str) -> Result<Value, GraphError> {
    let request = state.world.onbehalf.iter().find(|request| request.id == id);
    let request = request.ok_or_else(|| GraphError::unsupported(call.method, id))?;
    let asked = fields::parse(call.params.get("fields").unwrap_or(DEFAULT_FIELDS));
    fields::render(
        "BusinessOwnedObjectOnBehalfOfRequest",
        &asked,
        |name| match name {
            "id" => Some(json!(request.id)),
            "status" => Some(json!(request.status)),
            "receiving_business" => Some(business_ref(state, &request.receiving_business)),
            "requesting_business" => Some(business_ref(state, &request.requesting_business)),
            "business_owned_object" => Some(json!(request.asset)),
            _ => None,
        },
    )
}

fn find<'a>(
    state: &'a State,
    call: &Call,
    token: &Token,
    id: &str,
) -> Result<&'a OnBehalf, GraphError> {
    let mine = access::businesses(state, token);
    let is_party = |r: &&OnBehalf| {
        mine.contains(&r.receiving_business) || mine.contains(&r.requesting_business)
    };
    let request = state
        .world
        .onbehalf
        .iter()
        .find(|request| request.id == id)
        .filter(is_party);
    request.ok_or_else(|| GraphError::unsupported(call.method, id))
}
