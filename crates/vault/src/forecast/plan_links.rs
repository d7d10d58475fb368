//! Links for a reconnect plan: one for each person to ask.
//!
//! The rule: a call makes all its links or none (`links/together.rs`), so that each address is in its response. A repetition
//! by the same key makes none again.

use chrono::TimeDelta;
use regrant_domain::{LinkId, Locale, PageUrl, Permission, Timestamp};

use crate::{
    Error, LinkRequest, LinkWithAddress, PlannedAsk, Principal, RepeatableRequest, Replayed,
    Targets, Vault, call::idempotency::IdempotentCall,
};

/// How many links one call makes.
const MAX_LINKS: usize = 200;

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
        let mut links_made = Vec::new();
        let make = async |call: Option<&IdempotentCall>| {
            let (links, has_more) = self.make_links(caller, &request, call).await?;
            let ids: Vec<LinkId> = links.iter().map(|it| it.link.summary.id).collect();
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
        call: Option<&IdempotentCall>,
    ) -> Result<(Vec<LinkWithAddress>, bool), Error> {
        let plan = self.plan_reconnects(caller, request.within).await?;
        let has_more = plan.asks.len() > MAX_LINKS;
        let asks = plan.asks.into_iter().take(MAX_LINKS);
        let links: Vec<_> = asks.map(|it| self.link_of_ask(it, request)).collect();
        let result = |ids: &[LinkId]| (ids.to_vec(), has_more);
        let made = self.create_links_together(caller, &links, call, result);
        Ok((made.await?, has_more))
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
