//! Where a person is on the hosted pages: what the page shows next is computed from what is stored.
//!
//! The rule: everything that matters is on the server, so a reload, another tab and the way back show the same step. The
//! browser acts as the session that its link opened. `preview.rs` is the preview that a page shows.

use std::time::Duration;

use regrant_crypto::Capability;
use regrant_domain::{Consent, LoginNotice, PlanId};
use regrant_storage::{BrowserHash, LinkKey, UnverifiedLink};

use super::{
    notice::notice_of_error,
    preview::{CheckProgress, LinkPreview},
    visit::{LinkName, LinkPage},
};
use crate::{
    Conflict, Error, Principal, ReconnectRequest, ReconnectView, Resource, Targets, TokenSource,
    UndoRequest, Vault,
};

/// How long a confirmation waits for all outcomes, before the page shows progress.
const CONFIRM_WAIT: Duration = Duration::from_secs(2);

/// Where a person is.
pub struct LinkFlow {
    /// What every page of the link says.
    pub page: LinkPage,
    /// What happened at the newest log-in, if it brought no consent.
    pub notice: Option<LoginNotice>,
    /// The step.
    pub step: LinkStep,
}

/// The step that a page shows.
pub enum LinkStep {
    /// The person logs in at Meta, for the first time or again.
    LogIn,
    /// The consent is checked on each asset.
    Checking(CheckProgress),
    /// The person confirms, or chooses again.
    Preview(Box<LinkPreview>),
    /// The reconnect runs or has ended.
    Reconnect(Box<ReconnectView>),
}

impl Vault {
    /// Where the person of a link is, in the browser that started a log-in with it.
    ///
    /// # Errors
    /// `NotFound`: the link opens nothing, or this browser has no part in it.
    pub async fn read_link_flow(
        &self,
        name: LinkName,
        browser: &Capability,
    ) -> Result<LinkFlow, Error> {
        let hash = *browser.hash().as_bytes();
        let (found, notice) = self.find_link_of_browser(name, &hash).await?;
        let caller = self.find_caller_of_link(&found, &hash).await;
        let is_own = found.link.browser.is_some();
        let page = self.read_link_page(found).await?;
        let (step, ended) = match caller {
            Ok(caller) => self.find_step(&caller, &page).await?,
            Err(Error::Unauthenticated) => (LinkStep::LogIn, is_own.then_some(LoginNotice::Ended)),
            Err(error) => return Err(error),
        };
        let notice = notice.or(ended);
        Ok(LinkFlow { page, notice, step })
    }

    /// Starts the reconnect that the person confirmed, with the consent that the page showed.
    ///
    /// # Errors
    /// `NotFound`, as above; `Conflict(PlanOutdated)`; `Conflict(SessionUsedUp)`; `TokenRefused`; `TooManyRunning`.
    pub async fn confirm_link(
        &self,
        name: LinkName,
        browser: &Capability,
        plan: PlanId,
    ) -> Result<(), Error> {
        let hash = *browser.hash().as_bytes();
        let (found, _) = self.find_link_of_browser(name, &hash).await?;
        let caller = self.find_caller_of_link(&found, &hash).await?;
        let Some(consent) = self.find_session_consent(&caller).await? else {
            // A double click, or another tab, was first.
            return Ok(());
        };
        let page = self.read_link_page(found).await?;
        let request = ReconnectRequest {
            source: TokenSource::Consent(consent.id),
            targets: Targets::Listed(page.list_asset_ids()),
            expect_person: None,
            plan: Some(plan),
            wait: CONFIRM_WAIT,
            repeatable: None,
        };
        match self.replace_tokens(&caller, request).await {
            Ok(_) | Err(Error::NotFound(Resource::Consent)) => Ok(()),
            // What changed is that another tab used the consent.
            Err(Error::Conflict(Conflict::PlanOutdated))
                if self.find_session_consent(&caller).await?.is_none() =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Undoes the newest reconnect of the page.
    ///
    /// # Errors
    /// `NotFound`, as above; `Conflict` where it runs, or can be undone no more.
    pub async fn undo_link(&self, name: LinkName, browser: &Capability) -> Result<(), Error> {
        let hash = *browser.hash().as_bytes();
        let (found, _) = self.find_link_of_browser(name, &hash).await?;
        let caller = self.find_caller_of_link(&found, &hash).await?;
        let newest = self.list_reconnects(&caller, None, 1).await?.data.pop();
        // A double click, or another tab, was first.
        let Some(newest) = newest.filter(|it| it.undo_of.is_none()) else {
            return Ok(());
        };
        let request = UndoRequest {
            reconnect: newest.id,
            asset_ids: None,
            wait: CONFIRM_WAIT,
            repeatable: None,
        };
        self.undo_reconnect(&caller, request).await.map(drop)
    }

    /// The link, if this browser gave its consent, or started a log-in while no browser has; and why the newest log-in of
    /// this browser ended without a consent.
    pub(super) async fn find_link_of_browser(
        &self,
        name: LinkName,
        browser: &BrowserHash,
    ) -> Result<(UnverifiedLink, Option<LoginNotice>), Error> {
        let found = self
            .find_open_link(name.tenant, LinkKey::Id(name.id))
            .await?;
        let tx = self.store.begin_read(found.scope()).await?;
        let newest = tx.find_newest_login(name.id, browser).await?;
        tx.commit().await?;
        let is_own = found.link.browser.as_ref() == Some(browser);
        let is_free = found.link.browser.is_none() && newest.is_some();
        if is_own || is_free {
            Ok((found, newest.flatten()))
        } else {
            Err(Error::NotFound(Resource::Link))
        }
    }

    /// The session that the link opened for its browser.
    pub(super) async fn find_caller_of_link(
        &self,
        found: &UnverifiedLink,
        browser: &BrowserHash,
    ) -> Result<Principal, Error> {
        let session = found.link.summary.session;
        let session = session.filter(|_| found.link.browser.as_ref() == Some(browser));
        let session = session.ok_or(Error::Unauthenticated)?;
        let tenant = found.scope().tenant();
        self.find_session_caller(tenant, session, (found.client_version, None))
            .await
    }

    async fn find_step(
        &self,
        caller: &Principal,
        page: &LinkPage,
    ) -> Result<(LinkStep, Option<LoginNotice>), Error> {
        if let Some(consent) = self.find_session_consent(caller).await? {
            return match self.find_page_preview(caller, page, consent).await {
                Ok(step) => Ok((step, None)),
                Err(error) => match notice_of_error(&error) {
                    Some(notice) => Ok((LinkStep::LogIn, Some(notice))),
                    None => Err(error),
                },
            };
        }
        let newest = self.list_reconnects(caller, None, 1).await?.data.pop();
        let Some(newest) = newest else {
            return Ok((LinkStep::LogIn, Some(LoginNotice::Ended)));
        };
        let view = self.reconnect_view(caller, newest.id).await?;
        Ok((LinkStep::Reconnect(Box::new(view)), None))
    }

    pub(super) async fn find_session_consent(
        &self,
        caller: &Principal,
    ) -> Result<Option<Consent>, Error> {
        match self.find_current_consent(caller).await {
            Ok(consent) => Ok(Some(consent)),
            Err(Error::NotFound(Resource::Consent)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
