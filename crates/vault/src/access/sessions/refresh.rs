//! Refreshes a reconnect session: a new token for the same session, which keeps its place.
//!
//! The rule: the session stays the one that it is. Its assets, uses, previews, reconnects and idempotency keys are its
//! own; only its token and its end are new. The token before ends at once, or after a short overlap.

use std::time::Duration;

use regrant_domain::{ReconnectSessionId, Timestamp};
use regrant_storage::{AuditEvent, ReconnectSession, TenantTx};
use serde_json::json;
use uuid::Uuid;

use super::{
    MAX_OPEN_SESSIONS, MINUTES_RANGE, find_visible_session,
    view::{SessionWithToken, view_session},
};
use crate::{
    Conflict, Error, Principal, RepeatableRequest, Replayed, Vault,
    call::idempotency::IdempotentCall,
};

/// How long after its opening a session can be refreshed.
const MAX_AGE: chrono::Duration = chrono::Duration::hours(24);
/// The longest time for which the token before stays valid, in seconds.
const MAX_OVERLAP_SECONDS: u32 = 60;

/// How a session is refreshed.
#[derive(Debug, Clone, Copy)]
pub struct SessionRefresh {
    /// The lifetime from now on in minutes, 1 to 60.
    pub minutes: u32,
    /// How long the token before stays valid in seconds, 0 to 60.
    pub overlap_seconds: u32,
}

impl Vault {
    /// Gives a session another token and another end. An expired session is open again; one that was ended is not.
    ///
    /// # Errors
    /// `NotFound`; `Invalid`; `Conflict(SessionEnded)` for a session that was ended or opened more than a day ago, or whose
    /// client is disabled, has expired or lost its right to reconnect; `Conflict(SessionLimit)`; `Conflict(OtherBody)`.
    pub async fn refresh_reconnect_session(
        &self,
        caller: &Principal,
        id: ReconnectSessionId,
        refresh: SessionRefresh,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<Replayed<SessionWithToken>, Error> {
        refresh.check_ranges()?;
        let (now, token) = (self.clock.now(), Uuid::now_v7());
        let opened = self.find_reconnect_session(caller, id).await?.session;
        let lifetime = Duration::from_secs(u64::from(refresh.minutes) * 60);
        let client = self.find_client_of_session(opened.client, now).await?;
        let signed = self
            .sign_session_token(&client, (id, token), lifetime, now)
            .await?;
        let renew = async |call: Option<&IdempotentCall>| {
            let tx = self.store.begin(&caller.scope).await?;
            tx.lock_tenant_row().await?;
            let session = find_visible_session(&tx, caller, id).await?;
            check_refreshable(&tx, &session, now).await?;
            let older_until = now + chrono::Duration::seconds(refresh.overlap_seconds.into());
            let is_renewed = tx
                .refresh_reconnect_session(id, token, older_until, now + lifetime)
                .await?;
            if !is_renewed {
                return Err(Error::Conflict(Conflict::SessionEnded));
            }
            let detail = json!({ "expires_at": now + lifetime, "older_token_until": older_until });
            let action = "reconnect_session.refreshed";
            let event = AuditEvent::new(caller.audit_name(), action, id, detail);
            tx.write_audit_events(&[event], now).await?;
            if let Some(call) = call {
                call.store_result(&tx, &id, None, now).await?;
            }
            tx.commit().await?;
            Ok(id)
        };
        let done = self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, renew)
            .await?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let session = find_visible_session(&tx, caller, done.value).await?;
        tx.commit().await?;
        Ok(Replayed {
            value: SessionWithToken {
                session: view_session(session, self.clock.now()),
                token: (!done.is_replay).then_some(signed),
            },
            is_replay: done.is_replay,
        })
    }
}

impl SessionRefresh {
    fn check_ranges(self) -> Result<(), Error> {
        let invalid = |field: &str, reason: &str| {
            Err(Error::Invalid {
                field: field.to_owned(),
                reason: reason.to_owned(),
            })
        };
        if !MINUTES_RANGE.contains(&self.minutes) {
            return invalid("minutes", "expected a whole number from 1 to 60");
        }
        if self.overlap_seconds > MAX_OVERLAP_SECONDS {
            return invalid("overlap_seconds", "expected a whole number from 0 to 60");
        }
        Ok(())
    }
}

async fn check_refreshable(
    tx: &TenantTx,
    session: &ReconnectSession,
    now: Timestamp,
) -> Result<(), Error> {
    if session.ended_at.is_some() || now - session.created_at > MAX_AGE {
        return Err(Error::Conflict(Conflict::SessionEnded));
    }
    // An expired session counts again.
    let is_full = tx.count_open_sessions(now).await? >= MAX_OPEN_SESSIONS;
    if is_full && !session.is_open(now) {
        return Err(Error::Conflict(Conflict::SessionLimit(MAX_OPEN_SESSIONS)));
    }
    Ok(())
}
