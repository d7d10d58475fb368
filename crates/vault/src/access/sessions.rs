//! Reconnect sessions: a client lets a browser reconnect some assets for a few minutes.
//!
//! The rule: a session never reaches an asset that its client does not reach, and its token is
//! shown once.
//! Continue at `session_auth.rs` for the authentication of a browser, and at `sessions/assets.rs` for what it sees.

mod assets;
mod refresh;
mod view;

use std::{collections::HashSet, time::Duration};

use regrant_domain::{AssetId, ConsentOwner, PersonId, ReconnectSessionId};
use regrant_storage::{AuditEvent, NewReconnectSession, ReconnectSession, TenantTx};
use serde_json::json;
use uuid::Uuid;

pub use assets::{BrowserSession, SessionAsset};
pub use refresh::SessionRefresh;
pub use view::{ListedSession, SessionList, SessionView, SessionWithToken};

use crate::{
    Conflict, Error, Principal, RepeatableRequest, Replayed, Resource, Vault,
    access::sessions::view::{list_session, view_session},
    call::idempotency::IdempotentCall,
    call::page::{Page, query_limit},
};

/// The allowed lifetime of a session, in minutes.
const MINUTES_RANGE: std::ops::RangeInclusive<u32> = 1..=60;
/// The allowed number of reconnects in a session.
const USES_RANGE: std::ops::RangeInclusive<u32> = 1..=20;
/// The number of previews in a session. It is limited because each sends a token from the page to
/// the Graph API.
const MAX_PREVIEWS: u32 = 20;
/// About how many bytes the id of an asset takes in the row of a session.
const BYTES_AN_ID: usize = 20;
/// The maximum number of open sessions per tenant.
const MAX_OPEN_SESSIONS: usize = 1_000;

/// A session to open.
#[derive(Debug, Clone)]
pub struct SessionRequest {
    /// The person for whom the session is.
    pub person_id: Option<PersonId>,
    /// Whether the session accepts only tokens of `person_id`.
    pub require_person: bool,
    /// The assets that the session reaches.
    pub asset_ids: Vec<AssetId>,
    /// The lifetime in minutes, 1 to 60.
    pub minutes: u32,
    /// The number of reconnects that the session may start, 1 to 20.
    pub uses: u32,
}

impl Vault {
    /// Opens a session for assets that the caller reaches.
    ///
    /// # Errors
    /// `Invalid`; `TooMany`; `RecordsFull`; `Conflict(SessionLimit)`; `UnknownAssets` with the positions of the
    /// assets that the caller does not reach.
    pub async fn open_reconnect_session(
        &self,
        caller: &Principal,
        request: SessionRequest,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<Replayed<SessionWithToken>, Error> {
        self.check_session_request(&request)?;
        let (now, id) = (self.clock.now(), ReconnectSessionId::mint());
        let lifetime = Duration::from_secs(u64::from(request.minutes) * 60);
        let client = self.store.find_client_for_login(caller.client()).await;
        let client = client.map_err(Error::of_caller)?;
        let client = client.ok_or(Error::Unauthenticated)?;
        let token = (id, Uuid::now_v7());
        let token = self
            .sign_session_token(&client, token, lifetime, now)
            .await?;
        let open = async |call: Option<&IdempotentCall>| {
            let records = self.check_record_quota(&caller.scope).await?;
            let tx = self.store.begin(&caller.scope).await?;
            tx.lock_tenant_row().await?;
            let asset_ids = find_requested_assets(&tx, caller, &request.asset_ids).await?;
            let session = NewReconnectSession {
                id,
                client: caller.client(),
                person_id: request.person_id.clone(),
                require_person: request.require_person,
                asset_ids,
                uses: request.uses,
                previews: MAX_PREVIEWS,
                created_at: now,
                expires_at: now + lifetime,
            };
            if let Some(call) = call {
                call.store_result(&tx, &id, None, now).await?;
            }
            insert_session(&tx, caller, &session).await?;
            tx.commit().await?;
            records.add(1, session.asset_ids.len().saturating_mul(BYTES_AN_ID));
            Ok(id)
        };
        let done = self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, open)
            .await?;
        let session = self.find_reconnect_session(caller, done.value).await?;
        let token = (!done.is_replay).then_some(token);
        Ok(Replayed {
            value: SessionWithToken { session, token },
            is_replay: done.is_replay,
        })
    }

    /// Finds a session that the caller may see.
    ///
    /// # Errors
    /// `NotFound`, also if the caller may not see the session.
    pub async fn find_reconnect_session(
        &self,
        caller: &Principal,
        id: ReconnectSessionId,
    ) -> Result<SessionView, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let session = find_visible_session(&tx, caller, id).await?;
        tx.commit().await?;
        Ok(view_session(session, self.clock.now()))
    }

    /// Lists sessions, newest first, starting behind `after`. A client with limited reach sees only
    /// the sessions that it opened.
    pub async fn list_reconnect_sessions(
        &self,
        caller: &Principal,
        after: Option<ReconnectSessionId>,
        limit: u32,
    ) -> Result<SessionList, Error> {
        let now = self.clock.now();
        let own = (!caller.reach.is_all()).then(|| caller.client());
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx
            .list_reconnect_sessions(own, after, query_limit(limit))
            .await?;
        tx.commit().await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id)?;
        Ok(SessionList {
            data: rows.into_iter().map(|it| list_session(it, now)).collect(),
            next,
        })
    }

    /// Ends a session at once. Does nothing if the session has already ended.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn end_reconnect_session(
        &self,
        caller: &Principal,
        id: ReconnectSessionId,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        find_visible_session(&tx, caller, id).await?;
        if tx.end_reconnect_session(id, now).await? {
            tx.delete_consents_of_owner(ConsentOwner::Session(id))
                .await?;
            let event = AuditEvent::new(
                caller.audit_name(),
                "reconnect_session.ended",
                id,
                json!({}),
            );
            tx.write_audit_events(&[event], now).await?;
        }
        Ok(tx.commit().await?)
    }

    fn check_session_request(&self, request: &SessionRequest) -> Result<(), Error> {
        let invalid = |field: &str, reason: &str| {
            Err(Error::Invalid {
                field: field.to_owned(),
                reason: reason.to_owned(),
            })
        };
        let limit = self.settings.reconnect.max_assets;
        if request.asset_ids.is_empty() {
            return invalid("asset_ids", "expected at least one asset");
        }
        if request.asset_ids.len() > limit {
            return Err(Error::TooMany {
                field: "asset_ids",
                limit,
            });
        }
        if !MINUTES_RANGE.contains(&request.minutes) {
            return invalid("minutes", "expected a whole number from 1 to 60");
        }
        if !USES_RANGE.contains(&request.uses) {
            return invalid("uses", "expected a whole number from 1 to 20");
        }
        if request.require_person && request.person_id.is_none() {
            return invalid("require_person", "needs `person_id`");
        }
        Ok(())
    }
}

async fn insert_session(
    tx: &TenantTx,
    caller: &Principal,
    session: &NewReconnectSession,
) -> Result<(), Error> {
    let now = session.created_at;
    if tx.count_open_sessions(now).await? >= MAX_OPEN_SESSIONS {
        return Err(Error::Conflict(Conflict::SessionLimit(MAX_OPEN_SESSIONS)));
    }
    tx.insert_reconnect_session(session).await?;
    Ok(tx
        .write_audit_events(&[opened_event(caller, session)], now)
        .await?)
}

/// Finds the requested assets, each once, with the id that is registered. Fails unless the caller
/// reaches all of them.
pub(crate) async fn find_requested_assets(
    tx: &TenantTx,
    caller: &Principal,
    ids: &[AssetId],
) -> Result<Vec<AssetId>, Error> {
    // An ad account may be requested with or without the `act_` prefix.
    let mut spellings: Vec<_> = ids
        .iter()
        .flat_map(|id| [id.clone(), id.to_ad_account()])
        .collect();
    spellings.sort_unstable();
    spellings.dedup();
    let mut known = tx.find_assets(&spellings).await?;
    known.retain(|it| caller.can_reach(it));
    let known: HashSet<_> = known.into_iter().map(|it| it.id).collect();
    let (mut found, mut unknown, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for (index, id) in ids.iter().enumerate() {
        match [id.clone(), id.to_ad_account()]
            .into_iter()
            .find(|it| known.contains(it))
        {
            Some(id) if seen.insert(id.clone()) => found.push(id),
            Some(_) => {}
            None => unknown.push(index),
        }
    }
    if unknown.is_empty() {
        Ok(found)
    } else {
        Err(Error::UnknownAssets(unknown))
    }
}

/// Finds a session that the caller may see. A client with limited reach sees only the sessions that
/// it opened.
async fn find_visible_session(
    tx: &TenantTx,
    caller: &Principal,
    id: ReconnectSessionId,
) -> Result<ReconnectSession, Error> {
    let session = tx
        .find_reconnect_session(id)
        .await
        .map_err(session_not_found())?;
    if caller.reach.is_all() || session.client == caller.client() {
        Ok(session)
    } else {
        Err(Error::NotFound(Resource::ReconnectSession))
    }
}

fn session_not_found() -> impl Fn(regrant_storage::Error) -> Error {
    Error::not_found_as(Resource::ReconnectSession)
}

fn opened_event(caller: &Principal, session: &NewReconnectSession) -> AuditEvent {
    let detail = json!({
        "person_id": session.person_id,
        "require_person": session.require_person,
        "assets": session.asset_ids.len(),
        "uses": session.uses,
        "expires_at": session.expires_at,
    });
    AuditEvent::new(
        caller.audit_name(),
        "reconnect_session.opened",
        session.id,
        detail,
    )
}
