//! Tickets with which an `EventSource` of a browser opens a stream of events.
//!
//! The rule: a ticket opens one stream, once. Only the response that made it contains it.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{DiscoveryId, PreviewId, ReconnectId};
use regrant_vault::{EventStream, MadeTicket, Principal, Vault};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::{Caller, ReconnectsPreview, ReconnectsWrite},
    extract::{PathId, public_address},
    problem::Problem,
    secret_response::secret_response,
};

/// A ticket for one stream of events.
#[derive(Serialize, ToSchema)]
#[schema(as = StreamTicket)]
pub(crate) struct TicketOut {
    /// Address to give to `EventSource`, with the ticket in it. Add `&last_event_id=` to continue a stream.
    url: String,
    /// When the ticket ends if it is not used: 30 seconds after it was made.
    expires_at: DateTime<Utc>,
}

/// Make a ticket with which a browser follows the reconnect or undo.
///
/// Open its `url` within 30 seconds with `new EventSource(url)`; it needs no access token, and works once. After a lost
/// connection make another ticket, and continue with `last_event_id`. Close the `EventSource` on the event `reconnect`.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The reconnect's id.")),
    responses((status = 201, description = "The ticket.", body = TicketOut)),
)]
#[post("/reconnects/{id}/events/tickets")]
pub(crate) async fn create_reconnect_ticket(
    request: HttpRequest,
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    id: PathId<ReconnectId>,
) -> Result<HttpResponse, Problem> {
    let stream = EventStream::Reconnect(id.0);
    create_ticket(&request, &vault, &caller.principal, stream).await
}

/// Make a ticket with which a browser follows the discovery. Use it as a ticket for a reconnect.
#[utoipa::path(
    tag = "discoveries",
    security(("oauth2" = ["reconnects:preview"])),
    params(("id" = String, Path, description = "The discovery's id.")),
    responses((status = 201, description = "The ticket.", body = TicketOut)),
)]
#[post("/discoveries/{id}/events/tickets")]
pub(crate) async fn create_discovery_ticket(
    request: HttpRequest,
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<DiscoveryId>,
) -> Result<HttpResponse, Problem> {
    let stream = EventStream::Discovery(id.0);
    create_ticket(&request, &vault, &caller.principal, stream).await
}

/// Make a ticket with which a browser follows the preview. Use it as a ticket for a reconnect.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:preview"])),
    params(("id" = String, Path, description = "The preview's id.")),
    responses((status = 201, description = "The ticket.", body = TicketOut)),
)]
#[post("/reconnect-previews/{id}/events/tickets")]
pub(crate) async fn create_preview_ticket(
    request: HttpRequest,
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<PreviewId>,
) -> Result<HttpResponse, Problem> {
    let stream = EventStream::Preview(id.0);
    create_ticket(&request, &vault, &caller.principal, stream).await
}

async fn create_ticket(
    request: &HttpRequest,
    vault: &Vault,
    caller: &Principal,
    stream: EventStream,
) -> Result<HttpResponse, Problem> {
    let made = vault.create_stream_ticket(caller, stream).await?;
    let ticket = TicketOut::new(&made, &public_address(request));
    secret_response(HttpResponse::Created(), &ticket, 1)
}

impl TicketOut {
    fn new(made: &MadeTicket, base: &str) -> Self {
        let (base, secret) = (base.trim_end_matches('/'), made.secret.expose());
        Self {
            url: format!("{base}{}?ticket={}", made.path, *secret),
            expires_at: made.expires_at,
        }
    }
}
