//! Links: hosted pages at which one person gives a consent for listed assets.
//!
//! The rule: opening a page consumes nothing, and neither does a form. A link belongs to the first browser in which its
//! person came back from Meta with the state of that browser's log-in; what happens then happens in a reconnect session
//! that the link opens, with no more rights than the client which made the link.
//! Start at [`Vault::create_reconnect_link`]; continue at `visit.rs` for what a browser sees.

mod address;
mod dialog;
pub(crate) mod flow;
mod giver;
mod login;
mod notice;
mod preview;
mod together;
mod view;
mod visit;

use regrant_domain::{AssetId, ConsentOwner, LinkId, Locale, PageUrl, PersonId, Timestamp};
use regrant_storage::{AuditEvent, Link, NewLink, TenantTx};
use serde_json::json;

pub use address::TenantCapability;
pub use flow::{LinkFlow, LinkStep};
pub use login::{DialogAnswer, LinkEntry};
pub use preview::{CheckProgress, LinkPreview};
pub use view::{LinkList, LinkView, LinkWithAddress};
pub use visit::{BusinessAssets, LinkAsset, LinkName, LinkPage, LinkVisit};

use crate::{
    Conflict, Error, Principal, RepeatableRequest, Replayed, Resource, Targets, Vault,
    access::sessions::find_requested_assets,
    call::idempotency::IdempotentCall,
    call::page::{Page, query_limit},
};

/// The longest life of a link.
const LONGEST_LIFE: chrono::Duration = chrono::Duration::days(7);
/// About how many bytes the id of an asset takes in the row of a link.
const BYTES_AN_ID: usize = 20;
/// The maximum number of links of a tenant that open their page.
const MAX_LIVE_LINKS: usize = 10_000;

/// A link to make.
#[derive(Debug, Clone)]
pub struct LinkRequest {
    /// The person for whom the link is.
    pub person_id: Option<PersonId>,
    /// Whether only a consent of `person_id` is accepted.
    pub require_person: bool,
    /// The assets.
    pub targets: Targets,
    /// The language of the pages.
    pub locale: Locale,
    /// When the link ends, at most seven days from now; `None`: seven days from now.
    pub ends_at: Option<Timestamp>,
    /// The page of the tenant to which the person is led back.
    pub return_url: Option<PageUrl>,
}

impl Vault {
    /// Makes a link for assets that the caller reaches.
    ///
    /// # Errors
    /// `Invalid` with the field; `TooMany`; `RecordsFull`; `Conflict(LinkLimit)`; `UnknownAssets` with the positions of
    /// the assets that the caller does not reach; `Restricted` for a session.
    pub async fn create_reconnect_link(
        &self,
        caller: &Principal,
        request: LinkRequest,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<Replayed<LinkWithAddress>, Error> {
        if caller.session().is_some() {
            return Err(Error::Restricted);
        }
        self.check_link_request(caller, &request).await?;
        let address = TenantCapability::mint(caller.tenant())?;
        let make = async |call: Option<&IdempotentCall>| {
            self.store_link(caller, &request, &address, call).await
        };
        let done = self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, make)
            .await?;
        let link = self.find_reconnect_link(caller, done.value).await?;
        let address = (!done.is_replay).then_some(address);
        Ok(Replayed {
            value: LinkWithAddress { link, address },
            is_replay: done.is_replay,
        })
    }

    /// Finds a link that the caller may see.
    ///
    /// # Errors
    /// `NotFound`, also if the caller may not see the link.
    pub async fn find_reconnect_link(
        &self,
        caller: &Principal,
        id: LinkId,
    ) -> Result<LinkView, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let link = find_visible_link(&tx, caller, id).await?;
        tx.commit().await?;
        Ok(LinkView::of_link(link, self.clock.now()))
    }

    /// Lists links, newest first, starting behind `after`. A client with limited reach sees only the links that it made.
    pub async fn list_reconnect_links(
        &self,
        caller: &Principal,
        after: Option<LinkId>,
        limit: u32,
    ) -> Result<LinkList, Error> {
        let now = self.clock.now();
        let own = (!caller.reach.is_all()).then(|| caller.client());
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx.list_links(own, after, query_limit(limit)).await?;
        tx.commit().await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id)?;
        let data = rows
            .into_iter()
            .map(|it| (it.times.status(now), it))
            .collect();
        Ok(LinkList { data, next })
    }

    /// Withdraws a link, and ends the session that it opened. Does nothing if the link has already ended.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn revoke_reconnect_link(&self, caller: &Principal, id: LinkId) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        let link = find_visible_link(&tx, caller, id).await?;
        if tx.revoke_link(id, now).await? {
            if let Some(session) = link.summary.session {
                tx.delete_consents_of_owner(ConsentOwner::Session(session))
                    .await?;
                tx.end_reconnect_session(session, now).await?;
            }
            let event = AuditEvent::new(
                caller.audit_name(),
                "reconnect_link.revoked",
                id,
                json!({ "session_id": link.summary.session }),
            );
            tx.write_audit_events(&[event], now).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn store_link(
        &self,
        caller: &Principal,
        request: &LinkRequest,
        address: &TenantCapability,
        call: Option<&IdempotentCall>,
    ) -> Result<LinkId, Error> {
        let now = self.clock.now();
        let records = self.check_record_quota(&caller.scope).await?;
        let tx = self.store.begin(&caller.scope).await?;
        tx.lock_tenant_row().await?;
        let link = self.new_link(&tx, caller, request, address, now).await?;
        if let Some(call) = call {
            call.store_result(&tx, &link.id, None, now).await?;
        }
        check_room_for_links(&tx, 1, now).await?;
        insert_link(&tx, caller, &link).await?;
        tx.commit().await?;
        records.add(1, link.asset_ids.len().saturating_mul(BYTES_AN_ID));
        Ok(link.id)
    }

    async fn new_link(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        request: &LinkRequest,
        address: &TenantCapability,
        now: Timestamp,
    ) -> Result<NewLink, Error> {
        Ok(NewLink {
            id: LinkId::mint(),
            client: caller.client(),
            client_version: caller.token_version,
            secret_hash: *address.hash().as_bytes(),
            person_id: request.person_id.clone(),
            require_person: request.require_person,
            asset_ids: self.find_link_assets(tx, caller, &request.targets).await?,
            locale: request.locale,
            return_url: request.return_url.clone(),
            created_at: now,
            expires_at: request.ends_at.unwrap_or(now + LONGEST_LIFE),
        })
    }

    async fn find_link_assets(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        targets: &Targets,
    ) -> Result<Vec<AssetId>, Error> {
        match targets {
            Targets::Listed(ids) => find_requested_assets(tx, caller, ids).await,
            Targets::Selected(_) => {
                let (items, _) = self
                    .resolve_targets(tx, caller, targets, self.clock.now())
                    .await?;
                Ok(items.into_iter().map(|it| it.asset_id).collect())
            }
        }
    }

    async fn check_link_request(
        &self,
        caller: &Principal,
        request: &LinkRequest,
    ) -> Result<(), Error> {
        if let Targets::Listed(ids) = &request.targets {
            self.check_asset_count("asset_ids", ids.len())?;
        }
        if request.require_person && request.person_id.is_none() {
            return Err(invalid("require_person", "needs `person_id`"));
        }
        let now = self.clock.now();
        let has_end = |end: &Timestamp| *end > now && *end <= now + LONGEST_LIFE;
        if !request.ends_at.as_ref().is_none_or(has_end) {
            return Err(invalid("ends_at", "expected a time within the next 7 days"));
        }
        let Some(back) = &request.return_url else {
            return Ok(());
        };
        let origin = back.origin().as_str();
        if self.is_origin_of_caller(caller, origin).await? {
            Ok(())
        } else {
            Err(invalid(
                "return_url",
                "its origin is not among those that are listed for the tenant",
            ))
        }
    }
}

/// Refuses `n` more links than a tenant may have. The row of the tenant is locked.
async fn check_room_for_links(tx: &TenantTx, n: usize, now: Timestamp) -> Result<(), Error> {
    let live = tx.count_live_links(now).await?;
    if live.saturating_add(n) > MAX_LIVE_LINKS {
        return Err(Error::Conflict(Conflict::LinkLimit(MAX_LIVE_LINKS)));
    }
    Ok(())
}

async fn insert_link(tx: &TenantTx, caller: &Principal, link: &NewLink) -> Result<(), Error> {
    tx.insert_link(link).await?;
    let detail = json!({
        "person_id": link.person_id,
        "require_person": link.require_person,
        "assets": link.asset_ids.len(),
        "locale": link.locale,
        "return_url": link.return_url,
        "expires_at": link.expires_at,
    });
    let made = AuditEvent::new(
        caller.audit_name(),
        "reconnect_link.created",
        link.id,
        detail,
    );
    Ok(tx.write_audit_events(&[made], link.created_at).await?)
}

/// Finds a link that the caller may see. A client with limited reach sees only the links that it made.
async fn find_visible_link(tx: &TenantTx, caller: &Principal, id: LinkId) -> Result<Link, Error> {
    let link = tx
        .find_link(id)
        .await
        .map_err(Error::not_found_as(Resource::Link))?;
    if caller.reach.is_all() || link.summary.client == caller.client() {
        Ok(link)
    } else {
        Err(Error::NotFound(Resource::Link))
    }
}

fn invalid(field: &str, reason: &str) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        reason: reason.to_owned(),
    }
}
