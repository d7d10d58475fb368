//! Consents: one log-in at Meta, handed over as a code or a token, kept sealed until it is used or ends.
//!
//! The rule: a consent opens for its owner alone: the session or the client that it was given to. Unknown, used,
//! replaced, ended and foreign are one answer. A code is exchanged once (`exchange.rs`). Previews and discoveries do not
//! use a consent up; an accepted reconnect does, in the transaction that accepts it (`source.rs`).
//! Start at [`Vault::give_consent`].

mod exchange;
mod login;
mod receiver;
pub(crate) mod source;

use std::time::Duration;

use regrant_crypto::{Context, Purpose};
use regrant_domain::{
    AuthorizationCode, Consent, ConsentForm, ConsentId, PageUrl, RedirectUri, TenantId,
};
use regrant_permits::{Limits, Permit, Urgency, Wait};
use regrant_storage::AuditEvent;
use serde_json::json;
use tracing::Instrument;

pub use self::{
    login::{ConsentRequest, Login},
    source::TokenSource,
};

use self::receiver::ConsentReceiver;
use crate::{
    Error, Principal, Replayed, Resource, Vault,
    call::{
        idempotency::IdempotentCall,
        page::{Page, query_limit},
    },
};

/// How long a consent can be used.
const LIFETIME: Duration = Duration::from_mins(15);
/// How many consents of a tenant may be open.
const MAX_OPEN: usize = 1_000;
/// How many log-ins a process asks Graph about at the same time, and how many of one tenant.
pub(crate) const LIMITS: Limits = Limits {
    total: 32,
    of_key: 8,
};
/// How a log-in waits for its turn to ask Graph.
const WAIT: Wait = Wait {
    urgency: Urgency::Normal,
    patience: Duration::from_secs(20),
    max_waiting: 64,
};

/// One page of consents, newest first.
pub struct ConsentList {
    /// The consents.
    pub data: Vec<Consent>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<ConsentId>,
}

impl Vault {
    /// Takes a log-in of the caller: exchanges a code, validates the token and keeps it. It continues if the caller no longer
    /// waits, because a code cannot be exchanged again.
    ///
    /// # Errors
    /// `ConsentFormNotAllowed`; `CodeRefused`; `TokenRefused`: nothing was kept. `Invalid` for a `redirect_uri` of another
    /// origin than the tenant's; `Conflict(SessionUsedUp)`, `Conflict(ConsentLimit)`, `Conflict(OtherBody)`; `Upstream`;
    /// `NotFound(Consent)`: the call repeats one whose consent was used or has ended.
    pub async fn give_consent(
        &self,
        caller: &Principal,
        request: ConsentRequest,
    ) -> Result<Replayed<Consent>, Error> {
        let (vault, caller) = (self.clone(), caller.clone());
        self.run_to_end(async move { vault.give_consent_of(&caller, request).await })
            .await
    }

    /// Takes the code that came back to the callback of a link, for the session that the link opened. State and cookie
    /// were checked before. Run it to its end, because a code cannot be exchanged again.
    ///
    /// # Errors
    /// As [`Vault::give_consent`].
    pub(crate) async fn give_hosted_consent(
        &self,
        session: &Principal,
        code: AuthorizationCode,
        callback: PageUrl,
    ) -> Result<Consent, Error> {
        session.require_consent_form(ConsentForm::Hosted)?;
        let receiver = self.find_receiver(session).await?;
        let redirect_uri = Some(RedirectUri::Page(callback));
        let login = Login::Code { code, redirect_uri };
        let id = self.keep_login(&receiver, login, None).await?;
        self.find_consent_of(&receiver, id).await
    }

    async fn give_consent_of(
        &self,
        caller: &Principal,
        request: ConsentRequest,
    ) -> Result<Replayed<Consent>, Error> {
        let ConsentRequest { login, repeatable } = request;
        caller.require_consent_form(login.form())?;
        self.check_redirect(caller, &login).await?;
        let receiver = self.find_receiver(caller).await?;
        let keep =
            async |call: Option<&IdempotentCall>| self.keep_login(&receiver, login, call).await;
        let done = self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, keep)
            .await?;
        Ok(Replayed {
            value: self.find_consent_of(&receiver, done.value).await?,
            is_replay: done.is_replay,
        })
    }

    /// Finds a consent of the caller.
    ///
    /// # Errors
    /// `NotFound(Consent)`.
    pub async fn find_consent(&self, caller: &Principal, id: ConsentId) -> Result<Consent, Error> {
        let tx = self.store.begin_short_read(&caller.scope).await?;
        let stored = tx
            .find_consent(caller.consent_owner(), id, self.clock.now())
            .await
            .map_err(Error::not_found_as(Resource::Consent))?;
        tx.commit().await?;
        Ok(stored.consent)
    }

    /// Lists consents of the caller, newest first, starting behind `after`.
    pub async fn list_consents(
        &self,
        caller: &Principal,
        after: Option<ConsentId>,
        limit: u32,
    ) -> Result<ConsentList, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let (owner, now) = (caller.consent_owner(), self.clock.now());
        let rows = tx
            .list_consents(owner, after, query_limit(limit), now)
            .await?;
        tx.commit().await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.consent.id)?;
        Ok(ConsentList {
            data: rows.into_iter().map(|it| it.consent).collect(),
            next,
        })
    }

    /// Deletes a consent of the caller, with its token.
    ///
    /// # Errors
    /// `NotFound(Consent)`.
    pub async fn delete_consent(&self, caller: &Principal, id: ConsentId) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        if !tx.delete_consent(caller.consent_owner(), id, now).await? {
            return Err(Error::NotFound(Resource::Consent));
        }
        let event = AuditEvent::new(caller.audit_name(), "consent.deleted", id, json!({}));
        tx.write_audit_events(&[event], now).await?;
        Ok(tx.commit().await?)
    }

    /// Finds the consent of the calling session.
    ///
    /// # Errors
    /// `NotFound(ReconnectSession)` if the caller is no session; `NotFound(Consent)` if it has none.
    pub async fn find_current_consent(&self, caller: &Principal) -> Result<Consent, Error> {
        require_session(caller)?;
        let list = self.list_consents(caller, None, 1).await?;
        let first = list.data.into_iter().next();
        first.ok_or(Error::NotFound(Resource::Consent))
    }

    /// Deletes the consent of the calling session, if it has one: its person wants to log in as someone else.
    ///
    /// # Errors
    /// `NotFound(ReconnectSession)` if the caller is no session.
    pub async fn delete_current_consent(&self, caller: &Principal) -> Result<(), Error> {
        require_session(caller)?;
        match self.find_current_consent(caller).await {
            Ok(consent) => match self.delete_consent(caller, consent.id).await {
                // It was used or replaced meanwhile.
                Err(Error::NotFound(_)) => Ok(()),
                deleted => deleted,
            },
            Err(Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes a log-in of the calling session.
    ///
    /// # Errors
    /// As [`Vault::give_consent`]; `NotFound(ReconnectSession)` if the caller is no session.
    pub async fn give_current_consent(
        &self,
        caller: &Principal,
        request: ConsentRequest,
    ) -> Result<Replayed<Consent>, Error> {
        require_session(caller)?;
        self.give_consent(caller, request).await
    }

    async fn find_consent_of(
        &self,
        receiver: &ConsentReceiver,
        id: ConsentId,
    ) -> Result<Consent, Error> {
        let tx = self.store.begin_short_read(&receiver.scope).await?;
        let stored = tx
            .find_consent(receiver.owner, id, self.clock.now())
            .await
            .map_err(Error::not_found_as(Resource::Consent))?;
        tx.commit().await?;
        Ok(stored.consent)
    }

    async fn wait_for_consent_permit(&self, tenant: TenantId) -> Result<Permit<TenantId>, Error> {
        let permit = self.consent_permits.acquire(tenant, WAIT).await;
        permit.map_err(|refused| regrant_storage::Error::from(refused).into())
    }

    /// Runs work of a call that must not end with it; the process waits for it before it ends.
    pub(crate) async fn run_to_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let work = work.in_current_span();
        let running = self.runs.tracker.spawn_on(work, &self.runs.runtime);
        running.await.map_err(Error::from_cause)?
    }
}

fn require_session(caller: &Principal) -> Result<(), Error> {
    match caller.session() {
        Some(_) => Ok(()),
        None => Err(Error::NotFound(Resource::ReconnectSession)),
    }
}

/// What the ciphertext of a consent's token is bound to: its row, its owner and its end.
fn consent_context<'a>(tenant: TenantId, consent: &Consent, owner: &'a str) -> Context<'a> {
    Context {
        asset_id: owner,
        generation: consent.ends_at.timestamp_micros().unsigned_abs(),
        ..Context::of_row(tenant, consent.id.uuid(), Purpose::Consent)
    }
}
