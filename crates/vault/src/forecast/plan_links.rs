//! Links for a reconnect plan: one for each person to ask.
//!
//! The rule: each link is made by the use case that makes a single one. A repetition by the same key makes none again,
//! also where the first call ended half-way.

use chrono::TimeDelta;
use regrant_domain::{LinkId, Locale, PageUrl, Permission, Timestamp};
use zeroize::Zeroizing;

use crate::{
    Error, IdempotencyKey, LinkRequest, LinkWithAddress, PlannedAsk, Principal, RepeatableRequest,
    ReplayNote, Replayed, Targets, Vault, call::idempotency::IdempotentCall,
};

/// How many links one call makes.
const MAX_LINKS: usize = 200;
/// The calls that make the link of one person, among repeatable calls.
const LINK_OF_PERSON: &str = "POST /v1/reconnect-plan, the link of one person";

/// A request to make links for a plan.
pub struct PlanLinksRequest {
    /// Assets that end within this time are at risk.
    pub within: TimeDelta,
    /// The language of the pages.
    pub locale: Locale,
    /// When the links end; `None`: as late as a link may.
    pub ends_at: Option<Timestamp>,
    /// The page of the tenant to which the persons are led back.
    pub return_url: Option<PageUrl>,
    /// The idempotency key, if the caller sent one.
    pub repeatable: Option<RepeatableRequest>,
}

/// The links of a plan.
pub struct PlanLinks {
    /// One for each person, the most urgent first; addresses only in the first response.
    pub links: Vec<LinkWithAddress>,
    /// Whether the plan has more persons than one call makes links for.
    pub has_more: bool,
}

impl Vault {
    /// Makes a link for each person of the plan, with the assets that the person is asked for.
    ///
    /// # Errors
    /// `Forbidden` without `forecast:read`; those of [`Vault::plan_reconnects`] and [`Vault::create_reconnect_link`].
    pub async fn create_plan_links(
        &self,
        caller: &Principal,
        mut request: PlanLinksRequest,
    ) -> Result<Replayed<PlanLinks>, Error> {
        self.use_permission(caller, Permission::ForecastRead)?;
        caller.require_whole_tenant()?;
        let repeatable = request.repeatable.take();
        let key = repeatable.as_ref().map(|it| it.key.clone());
        let mut links_made = Vec::new();
        let make = async |call: Option<&IdempotentCall>| {
            let (links, has_more) = self.make_links(caller, &request, key.as_ref()).await?;
            let ids: Vec<LinkId> = links.iter().map(|it| it.link.summary.id).collect();
            if let Some(call) = call {
                let tx = self.store.begin(&caller.scope).await?;
                let now = self.clock.now();
                call.store_result(&tx, &(&ids, has_more), None, now).await?;
                tx.commit().await?;
            }
            links_made = links;
            Ok((ids, has_more))
        };
        let by = caller.caller_id();
        let done = self
            .run_idempotent(&caller.scope, by, repeatable, make)
            .await?;
        let (ids, has_more) = done.value;
        let links = if done.is_replay {
            self.find_links(caller, ids).await?
        } else {
            links_made
        };
        Ok(Replayed {
            value: PlanLinks { links, has_more },
            is_replay: done.is_replay,
        })
    }

    async fn make_links(
        &self,
        caller: &Principal,
        request: &PlanLinksRequest,
        key: Option<&IdempotencyKey>,
    ) -> Result<(Vec<LinkWithAddress>, bool), Error> {
        let plan = self.plan_reconnects(caller, request.within).await?;
        let has_more = plan.asks.len() > MAX_LINKS;
        let mut links = Vec::new();
        for ask in plan.asks.into_iter().take(MAX_LINKS) {
            let part = key.and_then(|it| it.for_part(ask.person.id.as_str()));
            let repeatable = part.map(|key| RepeatableRequest {
                key,
                route: LINK_OF_PERSON,
                canonical_request: Zeroizing::new(Vec::new()),
                replay: ReplayNote::default(),
            });
            let link = self.link_of_ask(ask, request);
            let made = self.create_reconnect_link(caller, link, repeatable).await?;
            links.push(made.value);
        }
        Ok((links, has_more))
    }

    fn link_of_ask(&self, ask: PlannedAsk, request: &PlanLinksRequest) -> LinkRequest {
        let mut assets = ask.assets;
        assets.truncate(self.settings.reconnect.max_assets);
        LinkRequest {
            // A person whose account is cut off logs in with another one.
            require_person: ask.needs_other_account == 0,
            person_id: Some(ask.person.id),
            targets: Targets::Listed(assets),
            locale: request.locale,
            ends_at: request.ends_at,
            return_url: request.return_url.clone(),
        }
    }

    /// Those of the links that are still there, without their addresses.
    async fn find_links(
        &self,
        caller: &Principal,
        ids: Vec<LinkId>,
    ) -> Result<Vec<LinkWithAddress>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            match self.find_reconnect_link(caller, id).await {
                Ok(link) => found.push(LinkWithAddress {
                    link,
                    address: None,
                }),
                Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}
