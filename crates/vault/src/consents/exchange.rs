//! Keeps a log-in: exchanges its code once, validates its token, seals it.
//!
//! The rule: a row says that the exchange of a code begins before the code is sent, and the row stays. A process that dies
//! in between, an answer that does not come and a second request with the code all find the code spent; none sends it again.
//! Start at [`Vault::keep_login`].

use std::time::Duration;

use regrant_domain::{
    AccessToken, AuthorizationCode, Consent, ConsentId, ConsentOwner, RedirectUri, Refusal,
    RefusalKind, TokenFacts, find_missing_scopes,
};
use regrant_graph::{AppCredentials, CodeExchangeError};
use regrant_storage::{AuditEvent, NewConsentCode, StoredConsent};
use serde_json::json;

use super::{LIFETIME, MAX_OPEN, consent_context, login::Login, receiver::ConsentReceiver};
use crate::{
    CodeRefusal, Conflict, Error, TokenRefusal, Vault, call::idempotency::IdempotentCall,
    credentials::submitted::ValidationFailure,
};

/// How long an exchange takes at most, with the calls that validate its token.
const EXCHANGE_TIME: Duration = Duration::from_mins(2);

/// The keyed hash of a code whose exchange was begun.
type CodeHash = [u8; 16];

impl Vault {
    /// Validates a log-in and keeps it as a consent; returns its id.
    ///
    /// # Errors
    /// `CodeRefused`, `TokenRefused`, `Upstream`: nothing was kept. `Conflict(SessionUsedUp)`, `Conflict(ConsentLimit)`,
    /// `RecordsFull`, `TenantBusy`; `Raced`: the same call exchanges the code now.
    pub(super) async fn keep_login(
        &self,
        receiver: &ConsentReceiver,
        login: Login,
        call: Option<&IdempotentCall>,
    ) -> Result<ConsentId, Error> {
        let vault = self.for_tenant(receiver.scope.tenant());
        let records = vault.check_record_quota(&receiver.scope).await?;
        let app = vault.open_app_credentials(receiver.scope.app_id()).await?;
        let _permit = vault
            .wait_for_consent_permit(receiver.scope.tenant())
            .await?;
        let (validated, code) = match login {
            Login::Token(token) => {
                vault.begin_login(receiver, None).await?;
                let validated = vault.validate_login(receiver, &app, token).await;
                (validated.map_err(|it| vault.unvalidated(it)), None)
            }
            Login::Code { code, redirect_uri } => {
                let hash = vault
                    .person_directory
                    .hash_code(receiver.scope.tenant(), &code);
                vault.begin_code(receiver, hash, call).await?;
                let redirect = redirect_uri.as_ref();
                let validated = vault
                    .exchange_code(receiver, &app, hash, &code, redirect)
                    .await;
                (validated, Some(hash))
            }
        };
        let id = match validated {
            Ok((token, facts)) => {
                vault
                    .seal_consent(receiver, &token, facts, code, call)
                    .await?
            }
            Err(error) => return Err(vault.note_refused_login(receiver, code, error).await?),
        };
        records.add(2, 0);
        Ok(id)
    }

    /// Notes that the exchange of a code begins.
    ///
    /// # Errors
    /// `CodeRefused(Spent)`: it was begun before; `Raced`: by the same call, a moment ago.
    async fn begin_code(
        &self,
        receiver: &ConsentReceiver,
        hash: CodeHash,
        call: Option<&IdempotentCall>,
    ) -> Result<(), Error> {
        let code = NewConsentCode {
            hash,
            owner: receiver.owner,
            call_key: call.map(|it| it.key_text().to_owned()),
            begun_at: self.clock.now(),
        };
        match self.begin_login(receiver, Some(&code)).await {
            Err(Error::Raced) => Err(self.explain_begun_code(receiver, &code).await?),
            begun => begun,
        }
    }

    /// The error for a code whose exchange was begun before.
    async fn explain_begun_code(
        &self,
        receiver: &ConsentReceiver,
        code: &NewConsentCode,
    ) -> Result<Error, Error> {
        let tx = self.store.begin_short_read(&receiver.scope).await?;
        let begun = tx.find_consent_code(&code.hash).await?;
        tx.commit().await?;
        let is_this_call = begun.is_some_and(|it| {
            it.ended_at.is_none()
                && it.owner_id == code.owner.to_parts().1
                && it.call_key.is_some()
                && it.call_key == code.call_key
                && code.begun_at < it.begun_at + EXCHANGE_TIME
        });
        Ok(if is_this_call {
            Error::Raced
        } else {
            Error::CodeRefused(CodeRefusal::Spent)
        })
    }

    /// Notes that Graph is asked about a log-in. A session may ask as often as it may preview, because both let a page try
    /// tokens.
    ///
    /// # Errors
    /// `Raced`: the exchange of the code was begun before.
    async fn begin_login(
        &self,
        receiver: &ConsentReceiver,
        code: Option<&NewConsentCode>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&receiver.scope).await?;
        if let Some(code) = code {
            let begun = tx.begin_consent_code(code).await;
            begun.map_err(|error| match error {
                regrant_storage::Error::Taken(_) => Error::Raced,
                other => other.into(),
            })?;
        }
        if let ConsentOwner::Session(session) = receiver.owner
            && !tx.take_session_preview(session, now).await?
        {
            return Err(Error::Conflict(Conflict::SessionUsedUp));
        }
        if !receiver.owner.has_one_consent() && tx.count_consents(now).await? >= MAX_OPEN {
            return Err(Error::Conflict(Conflict::ConsentLimit(MAX_OPEN)));
        }
        Ok(tx.commit().await?)
    }

    /// Exchanges a code, once, and validates the token.
    async fn exchange_code(
        &self,
        receiver: &ConsentReceiver,
        app: &AppCredentials,
        hash: CodeHash,
        code: &AuthorizationCode,
        redirect: Option<&RedirectUri>,
    ) -> Result<(AccessToken, TokenFacts), Error> {
        let issued = match self.graph.exchange_code(app, code, redirect).await {
            Ok(issued) => issued,
            Err(CodeExchangeError::NotSent(refusal)) => {
                let tx = self.store.begin(&receiver.scope).await?;
                tx.forget_consent_code(&hash).await?;
                tx.commit().await?;
                return Err(self.upstream_error(&refusal));
            }
            Err(CodeExchangeError::Faulty { fault, refusal }) => {
                let message = refusal.message;
                return Err(Error::CodeRefused(CodeRefusal::Faulty { fault, message }));
            }
            Err(CodeExchangeError::AppRefused(refusal)) => {
                return Err(Error::CodeRefused(CodeRefusal::AppRefused(refusal.message)));
            }
            Err(CodeExchangeError::Unknown(_)) => {
                return Err(Error::CodeRefused(CodeRefusal::Spent));
            }
        };
        let validated = self.validate_login(receiver, app, issued.token).await;
        validated.map_err(|failure| match failure {
            // The token is lost with the answer that did not come.
            ValidationFailure::ForEveryItem(refusal) if refusal.kind.is_transient() => {
                Error::CodeRefused(CodeRefusal::Spent)
            }
            failure => self.unvalidated(failure),
        })
    }

    async fn validate_login(
        &self,
        receiver: &ConsentReceiver,
        app: &AppCredentials,
        token: AccessToken,
    ) -> Result<(AccessToken, TokenFacts), ValidationFailure> {
        self.validate_submitted_token(app, token, receiver.person.as_ref())
            .await
    }

    /// Seals the token and keeps it.
    async fn seal_consent(
        &self,
        receiver: &ConsentReceiver,
        token: &AccessToken,
        facts: TokenFacts,
        code: Option<CodeHash>,
        call: Option<&IdempotentCall>,
    ) -> Result<ConsentId, Error> {
        let consent = self.describe_consent(receiver, facts).await?;
        let (id, now, owner) = (consent.id, consent.created_at, receiver.owner.to_string());
        let key = self.data_keys.active(&receiver.scope).await?;
        let context = consent_context(receiver.scope.tenant(), &consent, &owner);
        let sealed = key.seal_record(&context, token.expose().as_bytes())?;
        let detail = json!({
            "owner": owner, "form": if code.is_some() { "code" } else { "token" },
            "person": consent.person_id, "kind": consent.kind, "ends_at": consent.ends_at,
        });
        let person = self
            .person_directory
            .hash_person(receiver.scope.app_id(), &consent.person_id);
        let tx = self.store.begin(&receiver.scope).await?;
        // So that a notice about the person finds the tenant.
        tx.add_to_directory(receiver.scope.app_id(), &[person])
            .await?;
        tx.store_consent(&StoredConsent { consent, sealed }).await?;
        if let Some(hash) = code {
            tx.end_consent_code(&hash, now).await?;
        }
        if let Some(call) = call {
            call.store_result(&tx, &id, None, now).await?;
        }
        let event = AuditEvent::new(receiver.actor.clone(), "consent.given", id, detail);
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn describe_consent(
        &self,
        receiver: &ConsentReceiver,
        facts: TokenFacts,
    ) -> Result<Consent, Error> {
        let kinds = self.find_kinds(receiver).await?;
        let app = self.find_app(receiver.scope.app_id()).await?;
        let missing_scopes = find_missing_scopes(&facts, app.login.scopes.as_slice(), kinds);
        let now = self.clock.now();
        let ends_at = now + LIFETIME;
        Ok(Consent {
            id: ConsentId::mint(),
            owner: receiver.owner,
            person_id: facts.person_id,
            person_name: facts.person_name,
            kind: facts.kind,
            is_work_account: facts.is_work_account,
            token_expires_at: facts.expires_at,
            missing_scopes,
            created_at: now,
            ends_at: receiver.ends_at.map_or(ends_at, |it| it.min(ends_at)),
        })
    }

    /// Notes that a log-in was refused; returns the error. An outage refuses nothing.
    async fn note_refused_login(
        &self,
        receiver: &ConsentReceiver,
        code: Option<CodeHash>,
        error: Error,
    ) -> Result<Error, Error> {
        if !matches!(error, Error::CodeRefused(_) | Error::TokenRefused(_)) {
            return Ok(error);
        }
        let now = self.clock.now();
        let tx = self.store.begin(&receiver.scope).await?;
        if let Some(hash) = code {
            tx.end_consent_code(&hash, now).await?;
        }
        let detail = json!({ "reason": error.to_string() });
        let event = AuditEvent::new(
            receiver.actor.clone(),
            "consent.refused",
            receiver.owner,
            detail,
        );
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        Ok(error)
    }

    fn unvalidated(&self, failure: ValidationFailure) -> Error {
        match failure {
            ValidationFailure::Refused(refusal) => Error::TokenRefused(refusal),
            ValidationFailure::ForEveryItem(refusal) if refusal.kind.is_transient() => {
                self.upstream_error(&refusal)
            }
            ValidationFailure::ForEveryItem(refusal) => {
                Error::TokenRefused(TokenRefusal::NotAccepted(refusal.message))
            }
        }
    }

    fn upstream_error(&self, refusal: &Refusal) -> Error {
        let retry_after = match refusal.kind {
            RefusalKind::Throttled { retry_at } => (retry_at - self.clock.now()).to_std().ok(),
            _ => None,
        };
        Error::Upstream { retry_after }
    }
}
