//! Reconnect sessions: a tenant's client lets a browser replace tokens of some assets, for minutes.
//!
//! The rule: a session reaches nothing that the client which opened it does not reach, and its token is shown once.
//! Continue at `visitor.rs` for how a browser is let in with it.

use std::{collections::HashSet, time::Duration};

use regrant_domain::{Asset, AssetId, AssetKind, PersonId, ReconnectSessionId, Timestamp};
use regrant_storage::{AuditEvent, NewReconnectSession, ReconnectSession, TenantTx};
use serde_json::json;

use crate::{
    Conflict, Done, Error, Principal, Repeatable, Resource, Vault,
    page::{Page, query_limit},
};

const MINUTES: std::ops::RangeInclusive<u32> = 1..=60;
const USES: std::ops::RangeInclusive<u32> = 1..=20;
/// How many previews a session may look at: each asks Graph about a token of the page's choice.
const PREVIEWS: u32 = 20;
/// How many sessions of a tenant are open at once.
const MOST_OPEN: usize = 1_000;

/// A session to open.
#[derive(Debug, Clone)]
pub struct SessionOrder {
    /// For whom.
    pub person_id: Option<PersonId>,
    /// Whether nobody else's token may be handed in.
    pub require_person: bool,
    /// Which assets it reaches.
    pub asset_ids: Vec<AssetId>,
    /// How long it lasts, 1 to 60.
    pub minutes: u32,
    /// How many reconnects it may start, 1 to 20.
    pub uses: u32,
}

/// A session, and the one sight of its token.
pub struct OpenedSession {
    /// The session.
    pub session: SessionView,
    /// Its token; `None` where the call only repeats the one that opened it.
    pub token: Option<String>,
}

/// A session as its tenant sees it.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// The session.
    pub session: ReconnectSession,
    /// Whether a browser can still call with its token.
    pub is_open: bool,
}

impl SessionView {
    /// When the session ends, or ended.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.session.ended_at.unwrap_or(self.session.expires_at)
    }
}

/// What a session is to the browser that holds its token.
#[derive(Debug, Clone)]
pub struct OwnSession {
    /// The session.
    pub session: SessionView,
    /// The assets it reaches, by id.
    pub assets: Vec<NamedAsset>,
}

/// An asset as far as a browser is told of it.
#[derive(Debug, Clone)]
pub struct NamedAsset {
    /// Its id.
    pub id: AssetId,
    /// Its kind.
    pub kind: AssetKind,
    /// A name for people.
    pub name: Option<String>,
}

/// One page of sessions, newest first.
pub struct SessionList {
    /// The sessions.
    pub data: Vec<SessionView>,
    /// The cursor of the next page.
    pub next: Option<ReconnectSessionId>,
}

impl Vault {
    /// Opens a session over assets of the caller's.
    ///
    /// # Errors
    /// `Invalid`, `TooMany`; `Conflict(SessionLimit)`; `UnknownAssets` with the places of those that the caller cannot reach.
    pub async fn open_reconnect_session(
        &self,
        caller: &Principal,
        order: SessionOrder,
        repeatable: Option<Repeatable>,
    ) -> Result<Done<OpenedSession>, Error> {
        self.check_order(&order)?;
        let (now, id) = (self.clock.now(), ReconnectSessionId::mint());
        let life = Duration::from_secs(u64::from(order.minutes) * 60);
        let token = self.session_token(caller, id, life, now).await?;
        let done = self
            .once(&caller.scope, caller.id(), repeatable, async |once| {
                let tx = self.store.begin(&caller.scope).await?;
                tx.hold_tenant().await?;
                let asset_ids = reached(&tx, caller, &order.asset_ids).await?;
                let session = NewReconnectSession {
                    id,
                    client: caller.client(),
                    person_id: order.person_id.clone(),
                    require_person: order.require_person,
                    asset_ids,
                    uses: order.uses,
                    previews: PREVIEWS,
                    created_at: now,
                    expires_at: now + life,
                };
                if let Some(once) = once {
                    once.remember(&tx, &id, None, now).await?;
                }
                if tx.open_reconnect_sessions(now).await? >= MOST_OPEN {
                    return Err(Error::Conflict(Conflict::SessionLimit(MOST_OPEN)));
                }
                tx.insert_reconnect_session(&session).await?;
                tx.audit(&[opened(caller, &session)], now).await?;
                tx.commit().await?;
                Ok(id)
            })
            .await?;
        let session = self.reconnect_session(caller, done.value).await?;
        let token = (!done.repeated).then_some(token);
        Ok(Done {
            value: OpenedSession { session, token },
            repeated: done.repeated,
        })
    }

    /// A session.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn reconnect_session(
        &self,
        caller: &Principal,
        id: ReconnectSessionId,
    ) -> Result<SessionView, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let session = own_session(&tx, caller, id).await?;
        tx.commit().await?;
        Ok(view(session, self.clock.now()))
    }

    /// Sessions, newest first, from behind `after`. Of a confined client those that it opened.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn reconnect_sessions(
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
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id);
        Ok(SessionList {
            data: rows.into_iter().map(|it| view(it, now)).collect(),
            next,
        })
    }

    /// Ends a session at once; one that has ended stays so.
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
        own_session(&tx, caller, id).await?;
        if tx.end_reconnect_session(id, now).await? {
            tx.audit(
                &[AuditEvent::new(
                    caller.actor(),
                    "reconnect_session.ended",
                    id,
                    json!({}),
                )],
                now,
            )
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// The session that calls.
    ///
    /// # Errors
    /// `NotFound` for a caller that is none.
    pub async fn own_reconnect_session(&self, caller: &Principal) -> Result<OwnSession, Error> {
        let id = caller
            .session()
            .ok_or(Error::NotFound(Resource::ReconnectSession))?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let session = tx.reconnect_session(id).await.map_err(missing())?;
        let mut assets = tx.assets(&session.asset_ids).await?;
        tx.commit().await?;
        assets.retain(|it| caller.reach.includes(&it.id, it.business_id.as_ref()));
        assets.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Ok(OwnSession {
            session: view(session, self.clock.now()),
            assets: assets.into_iter().map(NamedAsset::from).collect(),
        })
    }

    fn check_order(&self, order: &SessionOrder) -> Result<(), Error> {
        let invalid = |field: &str, reason: &str| {
            Err(Error::Invalid {
                field: field.to_owned(),
                reason: reason.to_owned(),
            })
        };
        let limit = self.settings.reconnect.max_assets;
        if order.asset_ids.is_empty() {
            return invalid("asset_ids", "expected at least one asset");
        }
        if order.asset_ids.len() > limit {
            return Err(Error::TooMany {
                field: "asset_ids",
                limit,
            });
        }
        if !MINUTES.contains(&order.minutes) {
            return invalid("minutes", "expected a whole number from 1 to 60");
        }
        if !USES.contains(&order.uses) {
            return invalid("uses", "expected a whole number from 1 to 20");
        }
        if order.require_person && order.person_id.is_none() {
            return invalid("require_person", "needs `person_id`");
        }
        Ok(())
    }
}

/// The assets a call names, each once and as it is registered; all must be there and within the caller's reach.
async fn reached(
    tx: &TenantTx,
    caller: &Principal,
    ids: &[AssetId],
) -> Result<Vec<AssetId>, Error> {
    let mut spellings: Vec<_> = ids
        .iter()
        .flat_map(|id| [id.clone(), id.as_ad_account()])
        .collect();
    spellings.sort_unstable();
    spellings.dedup();
    let mut known = tx.assets(&spellings).await?;
    known.retain(|it| caller.reach.includes(&it.id, it.business_id.as_ref()));
    let known: HashSet<_> = known.into_iter().map(|it| it.id).collect();
    let (mut found, mut unknown, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for (place, id) in ids.iter().enumerate() {
        match [id.clone(), id.as_ad_account()]
            .into_iter()
            .find(|it| known.contains(it))
        {
            Some(id) if seen.insert(id.clone()) => found.push(id),
            Some(_) => {}
            None => unknown.push(place),
        }
    }
    if unknown.is_empty() {
        Ok(found)
    } else {
        Err(Error::UnknownAssets(unknown))
    }
}

/// A session that shows itself to the caller: a confined client sees those that it opened.
async fn own_session(
    tx: &TenantTx,
    caller: &Principal,
    id: ReconnectSessionId,
) -> Result<ReconnectSession, Error> {
    let session = tx.reconnect_session(id).await.map_err(missing())?;
    if caller.reach.is_all() || session.client == caller.client() {
        Ok(session)
    } else {
        Err(Error::NotFound(Resource::ReconnectSession))
    }
}

fn missing() -> impl Fn(regrant_storage::Error) -> Error {
    Error::missing(Resource::ReconnectSession)
}

fn opened(caller: &Principal, session: &NewReconnectSession) -> AuditEvent {
    let detail = json!({
        "person_id": session.person_id,
        "require_person": session.require_person,
        "assets": session.asset_ids.len(),
        "uses": session.uses,
        "expires_at": session.expires_at,
    });
    AuditEvent::new(
        caller.actor(),
        "reconnect_session.opened",
        session.id,
        detail,
    )
}

fn view(session: ReconnectSession, now: Timestamp) -> SessionView {
    SessionView {
        is_open: session.is_open(now),
        session,
    }
}

impl From<Asset> for NamedAsset {
    fn from(asset: Asset) -> Self {
        Self {
            id: asset.id,
            kind: asset.kind,
            name: asset.name,
        }
    }
}
