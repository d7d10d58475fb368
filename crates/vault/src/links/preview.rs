//! The preview that a hosted page shows: one for each consent, however often, in however many tabs and processes its page
//! is loaded.
//!
//! The rule: the database says which preview it is, so every process shows the same one.

use std::time::Duration;

use regrant_crypto::Capability;
use regrant_domain::{Consent, LinkPerson, PreviewId, PreviewStatus};
use tokio::time::Instant;

use super::{
    flow::LinkStep,
    visit::{LinkName, LinkPage},
};
use crate::{
    Error, PreviewFailure, PreviewView, Principal, Resource, Targets, TokenSource, Vault,
    reconnect::preview::PreviewOrder,
};

/// How long a page waits for its preview before it says that it is running.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// What a consent would cover.
pub struct LinkPreview {
    /// Who logged in.
    pub person: LinkPerson,
    /// The permissions that the person declined.
    pub missing_scopes: Vec<String>,
    /// What a reconnect would do.
    pub preview: PreviewView,
}

/// How many assets were checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckProgress {
    /// How many have a coverage.
    pub done: u64,
    /// How many there are; 0 before the check begins.
    pub total: u64,
}

impl Vault {
    /// The preview of the page's consent, or that it is running.
    ///
    /// # Errors
    /// `TokenRefused`; `Conflict(SessionUsedUp)`.
    pub(super) async fn find_page_preview(
        &self,
        caller: &Principal,
        page: &LinkPage,
        consent: Consent,
    ) -> Result<LinkStep, Error> {
        let preview = match self.begin_page_preview(caller, page, &consent).await {
            Ok(id) => {
                self.await_preview(caller, id, Instant::now() + PATIENCE)
                    .await
            }
            Err(error) => Err(error),
        };
        match preview {
            Ok(preview) => self.show_preview(caller, consent, preview).await,
            // Another preview of the tenant runs; or another tab used the consent, or asked again, a moment ago.
            Err(
                Error::TooManyPreviews | Error::NotFound(Resource::Consent | Resource::Preview),
            ) => Ok(LinkStep::Checking(CheckProgress::default())),
            Err(error) => Err(error),
        }
    }

    /// The preview of the consent; begins one if there is none.
    async fn begin_page_preview(
        &self,
        caller: &Principal,
        page: &LinkPage,
        consent: &Consent,
    ) -> Result<PreviewId, Error> {
        if let Some(id) = self.find_begun_preview(caller, consent).await? {
            return Ok(id);
        }
        let order = PreviewOrder {
            source: TokenSource::Consent(consent.id),
            targets: Targets::Listed(page.list_asset_ids()),
            expect_person: caller.person().cloned(),
            finds_new: false,
            page_consent: Some(consent.id),
        };
        let begun = self.begin_preview(caller, order, None).await;
        match begun {
            Ok(id) => Ok(id),
            // Another tab was first.
            Err(error) => match self.find_begun_preview(caller, consent).await? {
                Some(id) => Ok(id),
                None => Err(error),
            },
        }
    }

    async fn find_begun_preview(
        &self,
        caller: &Principal,
        consent: &Consent,
    ) -> Result<Option<PreviewId>, Error> {
        let tx = self.store.begin_short_read(&caller.scope).await?;
        let (owner, now) = (caller.caller_id(), self.clock.now());
        let found = tx.find_page_preview(owner, consent.id, now).await?;
        tx.commit().await?;
        Ok(found.map(|it| it.id))
    }

    async fn show_preview(
        &self,
        caller: &Principal,
        consent: Consent,
        preview: PreviewView,
    ) -> Result<LinkStep, Error> {
        match (preview.status, &preview.failure) {
            (PreviewStatus::Completed, _) => Ok(LinkStep::Preview(Box::new(LinkPreview {
                person: LinkPerson {
                    id: consent.person_id,
                    name: consent.person_name,
                },
                missing_scopes: consent.missing_scopes,
                preview,
            }))),
            (_, Some(PreviewFailure::TokenRefused(refusal))) => {
                Err(Error::TokenRefused(refusal.clone()))
            }
            (PreviewStatus::Failed, _) => {
                // Its process is gone: the next load begins another one.
                self.forget_preview(caller, preview.id).await?;
                Ok(LinkStep::Checking(CheckProgress::default()))
            }
            (PreviewStatus::Running, _) => Ok(LinkStep::Checking(CheckProgress {
                done: preview.tally.coverages.values().sum(),
                total: u64::try_from(preview.total).unwrap_or(0),
            })),
        }
    }

    /// Forgets the preview, so that the page asks Graph again.
    ///
    /// # Errors
    /// `NotFound`: the link opens nothing, or this browser has no part in it.
    pub async fn check_link_again(
        &self,
        name: LinkName,
        browser: &Capability,
    ) -> Result<(), Error> {
        let hash = *browser.hash().as_bytes();
        let (found, _) = self.find_link_of_browser(name, &hash).await?;
        if let Ok(caller) = self.find_caller_of_link(&found, &hash).await
            && let Some(consent) = self.find_session_consent(&caller).await?
            && let Some(id) = self.find_begun_preview(&caller, &consent).await?
        {
            self.forget_preview(&caller, id).await?;
        }
        Ok(())
    }

    async fn forget_preview(&self, caller: &Principal, id: PreviewId) -> Result<(), Error> {
        match self.delete_preview(caller, id).await {
            Ok(()) | Err(Error::NotFound(Resource::Preview)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
