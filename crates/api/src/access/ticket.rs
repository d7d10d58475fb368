//! Calls that open a stream of events with a ticket instead of an access token.
//!
//! The rule: a ticket counts only on the path of a stream, and only where no Authorization header is sent. A page of an
//! origin that the tenant lists may read the stream, also of a client's ticket: tickets are made for pages.

use actix_web::{
    HttpMessage,
    dev::ServiceRequest,
    http::{Method, header},
};
use regrant_vault::{Principal, Vault};

use crate::{
    json::{parse_pairs, read_request},
    problem::Problem,
};

/// Marks a request that was admitted by a ticket.
pub(super) struct AdmittedByTicket;

/// The caller that made the ticket of the request, which is used up; `None` if the request has none.
pub(super) async fn identify_by_ticket(
    vault: &Vault,
    request: &ServiceRequest,
) -> Option<Result<Principal, Problem>> {
    let path = request.match_info().as_str();
    let is_stream = request.method() == Method::GET && path.ends_with("/events");
    if !is_stream || request.headers().contains_key(header::AUTHORIZATION) {
        return None;
    }
    let ticket = find_ticket(request.query_string())?;
    let caller = vault.redeem_stream_ticket(&ticket, path).await;
    if caller.is_ok() {
        request.extensions_mut().insert(AdmittedByTicket);
    }
    Some(caller.map_err(Problem::from))
}

fn find_ticket(query: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct TicketQuery {
        ticket: Option<String>,
    }
    let query: TicketQuery = read_request(parse_pairs(query).ok()?).ok()?;
    query.ticket
}
