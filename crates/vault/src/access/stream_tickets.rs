//! Tickets with which a page in a browser opens a stream of events: its `EventSource` can send no access token.
//!
//! The rule: a ticket opens the stream that it was made for, once, within [`LIFETIME`]. A ticket that opens nothing looks
//! like an unknown one.
//! Start at [`Vault::create_stream_ticket`].

use regrant_domain::{DiscoveryId, Permission, PreviewId, ReconnectId, TenantId, Timestamp};
use regrant_storage::{AuditEvent, StreamTicket};
use serde_json::json;
use uuid::Uuid;

use crate::{Error, Principal, TenantCapability, Vault};

/// How long a ticket waits to be used.
const LIFETIME: chrono::Duration = chrono::Duration::seconds(30);

/// A stream of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStream {
    /// The items of a reconnect or an undo.
    Reconnect(ReconnectId),
    /// The assets of a discovery.
    Discovery(DiscoveryId),
    /// The findings of a preview.
    Preview(PreviewId),
}

impl EventStream {
    /// The path of the stream.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Reconnect(id) => format!("/v1/reconnects/{id}/events"),
            Self::Discovery(id) => format!("/v1/discoveries/{id}/events"),
            Self::Preview(id) => format!("/v1/reconnect-previews/{id}/events"),
        }
    }

    fn subject(self) -> String {
        match self {
            Self::Reconnect(id) => id.to_string(),
            Self::Discovery(id) => id.to_string(),
            Self::Preview(id) => id.to_string(),
        }
    }

    /// The permission of the stream with this path.
    fn permission_of(path: &str) -> Permission {
        if path.starts_with("/v1/reconnects/") {
            Permission::ReconnectsWrite
        } else {
            Permission::ReconnectsPreview
        }
    }
}

/// A new ticket.
pub struct MadeTicket {
    /// The secret, shown only once.
    pub secret: TenantCapability,
    /// The path of the stream that it opens.
    pub path: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Vault {
    /// Makes a ticket for a stream that the caller may read.
    ///
    /// # Errors
    /// `NotFound`: the caller may not read the stream, or there is none.
    pub async fn create_stream_ticket(
        &self,
        caller: &Principal,
        stream: EventStream,
    ) -> Result<MadeTicket, Error> {
        match stream {
            EventStream::Reconnect(id) => {
                self.list_events_after(caller, id, i64::MAX).await?;
            }
            EventStream::Discovery(id) => {
                self.list_discovery_events(caller, id, i64::MAX).await?;
            }
            EventStream::Preview(id) => {
                self.list_preview_events(caller, id, i64::MAX).await?;
            }
        }
        let now = self.clock.now();
        let made = MadeTicket {
            secret: TenantCapability::mint(caller.tenant())?,
            path: stream.path(),
            expires_at: now + LIFETIME,
        };
        let ticket = StreamTicket {
            id: Uuid::now_v7(),
            stream: made.path.clone(),
            client: caller.client(),
            client_version: caller.token_version,
            session: caller.session(),
            token: caller.token_id,
            expires_at: made.expires_at,
        };
        let tx = self.store.begin(&caller.scope).await?;
        tx.insert_stream_ticket(&ticket, *made.secret.hash().as_bytes())
            .await?;
        let event = AuditEvent::new(
            caller.audit_name(),
            "stream_ticket.created",
            stream.subject(),
            json!({}),
        );
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// The caller that made a ticket, which is used up.
    ///
    /// # Errors
    /// `Unauthenticated`: the ticket is unknown, used, expired or for another path, or its maker may no longer call.
    pub async fn redeem_stream_ticket(&self, secret: &str, path: &str) -> Result<Principal, Error> {
        let secret = TenantCapability::parse(secret).ok_or(Error::Unauthenticated)?;
        let tenant = secret.tenant();
        let found = self
            .store
            .find_stream_ticket(tenant, *secret.hash().as_bytes())
            .await
            .map_err(Error::of_caller)?;
        let now = self.clock.now();
        let ticket = found
            .filter(|it| it.stream == path && now < it.expires_at)
            .ok_or(Error::Unauthenticated)?;
        let caller = self.find_ticket_maker(tenant, &ticket).await?;
        let tx = self.store.begin(&caller.scope).await?;
        let is_first_use = tx.take_stream_ticket(ticket.id).await?;
        tx.commit().await?;
        if is_first_use {
            Ok(caller)
        } else {
            Err(Error::Unauthenticated)
        }
    }

    /// The maker of a ticket, if its token still counts.
    async fn find_ticket_maker(
        &self,
        tenant: TenantId,
        ticket: &StreamTicket,
    ) -> Result<Principal, Error> {
        if let Some(session) = ticket.session {
            let holder = (ticket.client_version, ticket.token);
            return self.find_session_caller(tenant, session, holder).await;
        }
        let permission = EventStream::permission_of(&ticket.stream);
        let found = self
            .find_capability_caller(tenant, ticket.client, permission)
            .await?;
        let maker = Principal {
            token_id: ticket.token,
            token_version: ticket.client_version,
            ..found.ok_or(Error::Unauthenticated)?
        };
        self.recheck_caller(&maker, permission).await?;
        Ok(maker)
    }
}
