//! Validates the submitted token once, before any asset is probed (design D3, step 2).
//!
//! The rule: a token that can serve nothing refuses the whole request while the caller still waits, and nothing is
//! changed; later, the refusal becomes the outcome of each item. `credentials/submitted.rs` asks Graph.

use regrant_crypto::{Context, Purpose};
use regrant_domain::{
    AccessToken, Grant, GrantId, ProbeResult, Refusal, RefusalKind, SealedRecord, TenantId,
};
use regrant_graph::TokenFacts;
use regrant_storage::{AuditEvent, Reconnect};
use serde_json::json;
use tokio::sync::oneshot;

use crate::{
    Error, TokenRefusal,
    credentials::{seal::grant_context, submitted::ValidationFailure},
    reconnect::{offer::Credentials, run::Run},
};

/// How many items one transaction settles.
const CHUNK: usize = 500;

/// `Err`: the token is refused. `Ok`: it is not, or Graph has not said yet.
pub(super) type TokenVerdict = Result<(), TokenRefusal>;

/// The result of validating the token.
pub(super) enum Validation {
    /// The items can be probed with these credentials.
    Valid(Box<Credentials>),
    /// The reconnect was refused and erased.
    Ended,
    /// The token cannot be used now, or no caller is left to refuse: every open item got the reason.
    Deferred,
}

impl Run<'_> {
    /// Validates the token, or reads the result of an earlier run. `verdict` receives the result while a caller waits.
    pub(super) async fn validate_token(
        &self,
        verdict: Option<oneshot::Sender<TokenVerdict>>,
    ) -> Result<Validation, Error> {
        let token = self.open_submitted_token().await?;
        let reconnect = &self.reconnect;
        if let Some(grant_id) = reconnect.grant_id.filter(|_| reconnect.token_validated) {
            let grant = self.read_grant(grant_id).await?;
            return Ok(Validation::Valid(Box::new(Credentials { token, grant })));
        }
        let expected = reconnect.expect_person.as_ref();
        let validated = self
            .vault
            .validate_submitted_token(&self.app, token, expected)
            .await;
        match validated {
            Ok((token, facts)) => {
                let credentials = self.store_validated_token(token, facts).await?;
                verdict.map(|it| it.send(Ok(())));
                Ok(Validation::Valid(Box::new(credentials)))
            }
            Err(ValidationFailure::Refused(refusal)) => self.refuse_token(refusal, verdict).await,
            Err(ValidationFailure::ForEveryItem(refusal)) => {
                verdict.map(|it| it.send(Ok(())));
                self.refuse_open_items(&refusal).await?;
                Ok(Validation::Deferred)
            }
        }
    }

    /// Stores the grant and the validated token, sealed once for the reconnect and once for the grant.
    async fn store_validated_token(
        &self,
        token: AccessToken,
        facts: TokenFacts,
    ) -> Result<Credentials, Error> {
        let (vault, id, now) = (self.vault, self.reconnect.id, self.vault.clock.now());
        let tenant = self.scope.tenant();
        let grant = Grant {
            id: GrantId::mint(),
            facts,
        };
        let key = vault.data_keys.active(self.scope).await?;
        let plain = token.expose().as_bytes();
        let submitted = key.seal_record(&submitted_context(tenant, &self.reconnect), plain)?;
        let sealed = key.seal_record(&grant_context(tenant, grant.id), plain)?;
        let tx = vault.store.begin(self.scope).await?;
        tx.hold_lease(self.lease).await?;
        vault.insert_grant(&tx, &grant, now).await?;
        tx.store_grant_token(grant.id, &sealed).await?;
        tx.mark_token_validated(id, grant.id, &submitted).await?;
        let detail =
            json!({ "grant": grant.id, "person": grant.facts.person_id, "kind": grant.facts.kind });
        let event = AuditEvent::new("vault", "reconnect.proved", id, detail);
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        Ok(Credentials { token, grant })
    }

    /// If the caller is still waiting, erases the reconnect and returns the refusal; otherwise settles every item
    /// with it.
    async fn refuse_token(
        &self,
        refusal: TokenRefusal,
        verdict: Option<oneshot::Sender<TokenVerdict>>,
    ) -> Result<Validation, Error> {
        let Some(verdict) = verdict.filter(|it| !it.is_closed()) else {
            self.refuse_open_items(&item_refusal(&refusal)).await?;
            return Ok(Validation::Deferred);
        };
        let id = self.reconnect.id;
        let tx = self.vault.store.begin(self.scope).await?;
        tx.hold_lease(self.lease).await?;
        tx.erase_reconnect(id).await?;
        let detail = json!({ "reason": refusal.to_string() });
        let event = AuditEvent::new("vault", "reconnect.refused", id, detail);
        tx.write_audit_events(&[event], self.vault.clock.now())
            .await?;
        tx.commit().await?;
        // A caller that disconnected gets the same refusal when it calls again.
        let _disconnected = verdict.send(Err(refusal));
        Ok(Validation::Ended)
    }

    /// Settles every open item with the same refusal.
    async fn refuse_open_items(&self, refusal: &Refusal) -> Result<(), Error> {
        let items = self.read_open_items(u32::MAX).await?;
        for chunk in items.chunks(CHUNK) {
            let refused = chunk
                .iter()
                .map(|item| (item, ProbeResult::Refused(refusal.clone())))
                .collect();
            self.settle_items(None, refused).await?;
        }
        Ok(())
    }

    async fn open_submitted_token(&self) -> Result<AccessToken, Error> {
        let sealed: &SealedRecord = self
            .reconnect
            .submitted
            .as_ref()
            .ok_or_else(|| Error::from_cause("the submitted token is gone"))?;
        let context = submitted_context(self.scope.tenant(), &self.reconnect);
        let plain = self
            .vault
            .data_keys
            .open_record(self.scope, &context, sealed)
            .await?;
        let text = std::str::from_utf8(&plain)
            .map_err(|_| Error::from_cause("the submitted token is not text"))?;
        AccessToken::parse(text.to_owned()).map_err(Error::from_cause)
    }

    async fn read_grant(&self, id: GrantId) -> Result<Grant, Error> {
        let tx = self.vault.store.begin_read(self.scope).await?;
        let grant = tx.find_grant(id).await?;
        tx.commit().await?;
        Ok(grant)
    }
}

/// The refusal of a token as the refusal of each item.
fn item_refusal(refusal: &TokenRefusal) -> Refusal {
    let kind = match refusal {
        TokenRefusal::Dead(_) => RefusalKind::TokenDead,
        _ => RefusalKind::Unclassified,
    };
    Refusal {
        kind,
        message: refusal.to_string(),
        fbtrace_id: None,
    }
}

/// What the ciphertext of a submitted token is bound to.
fn submitted_context(tenant: TenantId, reconnect: &Reconnect) -> Context<'static> {
    Context::of_row(tenant, reconnect.id.uuid(), Purpose::SubmittedToken)
}
