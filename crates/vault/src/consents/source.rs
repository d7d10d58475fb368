//! The token of a request: given with it, or kept as a consent.
//!
//! The rule: a browser session may send a raw token only if its tenant accepts tokens.

use std::ops::Deref;

use regrant_domain::{AccessToken, ConsentForm, ConsentId};
use regrant_storage::TenantTx;

use super::consent_context;
use crate::{Error, Principal, Resource, Vault};

/// Where the token of a request comes from.
pub enum TokenSource {
    /// It is given with the request.
    Token(AccessToken),
    /// It is that of a consent of the caller.
    Consent(ConsentId),
}

/// The token of a request.
pub(crate) enum SourceToken<'a> {
    /// As it was given.
    Given(&'a AccessToken),
    /// Opened from a consent.
    Opened(AccessToken),
}

impl Deref for SourceToken<'_> {
    type Target = AccessToken;

    fn deref(&self) -> &AccessToken {
        match self {
            Self::Given(token) => token,
            Self::Opened(token) => token,
        }
    }
}

impl SourceToken<'_> {
    /// The token, if it was opened from a consent.
    pub(crate) fn into_opened(self) -> Option<AccessToken> {
        match self {
            Self::Given(_) => None,
            Self::Opened(token) => Some(token),
        }
    }
}

impl TokenSource {
    /// The consent, if it is one.
    pub(crate) const fn consent(&self) -> Option<ConsentId> {
        match self {
            Self::Token(_) => None,
            Self::Consent(id) => Some(*id),
        }
    }
}

impl Vault {
    /// The token of a request of the caller. It does not use a consent up.
    ///
    /// # Errors
    /// `NotFound(Consent)`; `ConsentFormNotAllowed`.
    pub(crate) async fn open_token_source<'a>(
        &self,
        caller: &Principal,
        source: &'a TokenSource,
    ) -> Result<SourceToken<'a>, Error> {
        match source {
            TokenSource::Token(token) => {
                caller.require_consent_form(ConsentForm::Token)?;
                Ok(SourceToken::Given(token))
            }
            TokenSource::Consent(id) => {
                let opened = self.open_consent(caller, *id).await?;
                Ok(SourceToken::Opened(opened))
            }
        }
    }

    /// The token of a consent of the caller.
    ///
    /// # Errors
    /// `NotFound(Consent)`.
    async fn open_consent(&self, caller: &Principal, id: ConsentId) -> Result<AccessToken, Error> {
        let tx = self.store.begin_short_read(&caller.scope).await?;
        let stored = tx
            .find_consent(caller.consent_owner(), id, self.clock.now())
            .await
            .map_err(Error::not_found_as(Resource::Consent))?;
        tx.commit().await?;
        let owner = caller.consent_owner().to_string();
        let context = consent_context(caller.tenant(), &stored.consent, &owner);
        let plain = self
            .data_keys
            .open_record(&caller.scope, &context, &stored.sealed)
            .await?;
        let text = std::str::from_utf8(&plain)
            .map_err(|_| Error::from_cause("the token of a consent is not text"))?;
        AccessToken::parse(text.to_owned()).map_err(Error::from_cause)
    }

    /// Uses the consent of a request up, in the transaction that accepts the request.
    ///
    /// # Errors
    /// `NotFound(Consent)`: another request used it meanwhile, or it has ended.
    pub(crate) async fn use_token_source(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        source: &TokenSource,
    ) -> Result<(), Error> {
        let Some(id) = source.consent() else {
            return Ok(());
        };
        let now = self.clock.now();
        if tx.delete_consent(caller.consent_owner(), id, now).await? {
            Ok(())
        } else {
            Err(Error::NotFound(Resource::Consent))
        }
    }
}
