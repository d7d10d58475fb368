//! Proves the submitted token once, before any asset (design D3, step 2).
//!
//! The rule: a token that can serve nothing refuses the whole call while its caller still waits,
//! and nothing is changed; found dead later, its items say so. An outage proves nothing.

use regrant_crypto::{Context, Purpose};
use regrant_domain::{
    AccessToken, Clock, CredentialKind, Grant, GrantId, PersonId, Proof, Refusal, RefusalKind,
    Sealed, TenantId,
};
use regrant_graph::{AppCredentials, CallError, InspectError, Inspected, TokenFacts};
use regrant_storage::{Lease, Origin, Reconnect, TenantScope};
use serde_json::json;
use tokio::sync::oneshot;

use crate::{
    Error, TokenRefusal, Vault,
    credentials::seal::grant_context,
    reconnect::{
        event,
        run::{Proved, id_of},
    },
};

/// The proved token and what is known of it.
pub(crate) struct Credentials {
    pub(crate) token: AccessToken,
    pub(crate) grant: Grant,
    pub(crate) intent_seq: i64,
    pub(crate) origin: Origin,
}

/// What proving the token led to.
pub(crate) enum Prove {
    Proved(Box<Credentials>),
    /// The reconnect has ended, or is no more.
    Ended,
    /// Nobody can say yet; every item is deferred.
    Later,
}

/// Why the token was not proved.
pub(crate) enum NotProved {
    Refused(TokenRefusal),
    /// Holds for every item alike: a checkpoint, an outage.
    Everywhere(Refusal),
}

impl Vault {
    pub(crate) async fn prove_token(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        reconnect: &Reconnect,
        app: &AppCredentials,
        tell: Option<oneshot::Sender<Proved>>,
    ) -> Result<Prove, Error> {
        let token = self.submitted(scope, reconnect).await?;
        if let Some(grant_id) = reconnect.grant_id.filter(|_| reconnect.proved) {
            let grant = self.read_grant(scope, grant_id).await?;
            let (intent_seq, origin) = (reconnect.intent_seq, reconnect.origin);
            return Ok(Prove::Proved(Box::new(Credentials {
                token,
                grant,
                intent_seq,
                origin,
            })));
        }
        match self.examine(app, token, reconnect).await {
            Ok((token, facts)) => {
                let proved = self
                    .note_proved(scope, lease, reconnect, token, facts)
                    .await?;
                tell.map(|tell| tell.send(Ok(())));
                Ok(Prove::Proved(Box::new(proved)))
            }
            Err(NotProved::Refused(refusal)) => self.refuse(scope, lease, refusal, tell).await,
            Err(NotProved::Everywhere(refusal)) => {
                tell.map(|tell| tell.send(Ok(())));
                self.settle_everywhere(scope, lease, reconnect, &refusal)
                    .await?;
                Ok(Prove::Later)
            }
        }
    }

    /// Asks the Graph about the token; a short-lived one becomes a long-lived one.
    async fn examine(
        &self,
        app: &AppCredentials,
        token: AccessToken,
        reconnect: &Reconnect,
    ) -> Result<(AccessToken, TokenFacts), NotProved> {
        let inspected = self
            .inspected(app, &token, reconnect.expect_person.as_ref())
            .await?;
        if !inspected.short_lived || inspected.facts.kind != CredentialKind::User {
            return Ok((token, inspected.facts));
        }
        let exchanged = self
            .graph
            .exchange(app, &token)
            .await
            .map_err(NotProved::from)?;
        // The exchange may keep its end to itself; the facts are the new token's own.
        let inspected = self
            .graph
            .inspect(app, &exchanged.token)
            .await
            .map_err(NotProved::from)?;
        Ok((exchanged.token, inspected.facts))
    }

    /// Asks the Graph about the token, and whether it is whose it must be.
    pub(crate) async fn inspected(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        expect: Option<&PersonId>,
    ) -> Result<Inspected, NotProved> {
        let inspected = self
            .graph
            .inspect(app, token)
            .await
            .map_err(NotProved::from)?;
        if expect.is_some_and(|person| *person != inspected.facts.person_id) {
            return Err(NotProved::Refused(TokenRefusal::OtherPerson));
        }
        if inspected
            .facts
            .data_access_expires_at
            .is_some_and(|at| at <= self.clock.now())
        {
            let message = "Data access of this token has lapsed.".to_owned();
            let kind = RefusalKind::DataAccessExpired;
            return Err(NotProved::Everywhere(Refusal {
                kind,
                message,
                fbtrace_id: None,
            }));
        }
        Ok(inspected)
    }

    async fn note_proved(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        reconnect: &Reconnect,
        token: AccessToken,
        facts: TokenFacts,
    ) -> Result<Credentials, Error> {
        let now = self.clock.now();
        let grant = grant_of(facts);
        let key = self.keys.active(scope).await?;
        let submitted = key.seal(
            &submitted_context(scope.tenant(), reconnect),
            token.expose().as_bytes(),
        )?;
        let kept = key.seal(
            &grant_context(scope.tenant(), grant.id),
            token.expose().as_bytes(),
        )?;
        let tx = self.store.begin(scope).await?;
        tx.hold(lease).await?;
        self.keep_grant(&tx, &grant, now).await?;
        tx.keep_grant_token(grant.id, &kept).await?;
        tx.mark_proved(reconnect.id, grant.id, &submitted).await?;
        let detail = json!({ "grant": grant.id, "person": grant.person_id, "kind": grant.kind });
        tx.audit(
            &[event(
                "vault".to_owned(),
                "reconnect.proved",
                reconnect.id,
                detail,
            )],
            now,
        )
        .await?;
        tx.commit().await?;
        Ok(Credentials {
            token,
            grant,
            intent_seq: reconnect.intent_seq,
            origin: reconnect.origin,
        })
    }

    /// While the caller waits the call never was; after that its items say what happened.
    async fn refuse(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        refusal: TokenRefusal,
        tell: Option<oneshot::Sender<Proved>>,
    ) -> Result<Prove, Error> {
        let (id, now) = (id_of(lease), self.clock.now());
        let waiting = tell.filter(|tell| !tell.is_closed());
        let Some(tell) = waiting else {
            let dead = matches!(refusal, TokenRefusal::Dead(_));
            let kind = if dead {
                RefusalKind::TokenDead
            } else {
                RefusalKind::Unclassified
            };
            let refusal = Refusal {
                kind,
                message: refusal.to_string(),
                fbtrace_id: None,
            };
            let reconnect = self.read_reconnect(scope, id).await?;
            self.settle_everywhere(scope, lease, &reconnect, &refusal)
                .await?;
            return Ok(Prove::Later);
        };
        let tx = self.store.begin(scope).await?;
        tx.hold(lease).await?;
        tx.erase_reconnect(id).await?;
        let detail = json!({ "reason": refusal.to_string() });
        tx.audit(
            &[event("vault".to_owned(), "reconnect.refused", id, detail)],
            now,
        )
        .await?;
        tx.commit().await?;
        // A caller who went away meanwhile gets the same refusal when it calls again.
        let _gone = tell.send(Err(refusal));
        Ok(Prove::Ended)
    }

    /// Settles every open item with the same refusal.
    async fn settle_everywhere(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        reconnect: &Reconnect,
        refusal: &Refusal,
    ) -> Result<(), Error> {
        let tx = self.store.begin_read(scope).await?;
        let items = tx.open_items(reconnect.id, Clock::wall(), u32::MAX).await?;
        tx.commit().await?;
        for chunk in items.chunks(500) {
            let probed = chunk
                .iter()
                .map(|item| (item, Proof::Refused(refusal.clone())))
                .collect();
            self.settle_refused(scope, lease, reconnect.intent_seq, probed)
                .await?;
        }
        Ok(())
    }

    async fn submitted(
        &self,
        scope: &TenantScope,
        reconnect: &Reconnect,
    ) -> Result<AccessToken, Error> {
        let sealed: &Sealed = reconnect
            .submitted
            .as_ref()
            .ok_or_else(|| Error::internal("the submitted token is gone"))?;
        let plain = self
            .keys
            .open(scope, &submitted_context(scope.tenant(), reconnect), sealed)
            .await?;
        let text = std::str::from_utf8(&plain)
            .map_err(|_| Error::internal("the submitted token is not text"))?;
        AccessToken::parse(text.to_owned()).map_err(Error::internal)
    }

    async fn read_grant(&self, scope: &TenantScope, id: GrantId) -> Result<Grant, Error> {
        let tx = self.store.begin_read(scope).await?;
        let grant = tx.grant(id).await?;
        tx.commit().await?;
        Ok(grant)
    }
}

impl From<InspectError> for NotProved {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Dead { reason } => Self::Refused(TokenRefusal::Dead(reason)),
            InspectError::ForeignApp => Self::Refused(TokenRefusal::ForeignApp),
            InspectError::Undecipherable => Self::Refused(TokenRefusal::Undecipherable),
            InspectError::NotAPersonToken => Self::Refused(TokenRefusal::WrongKind),
            InspectError::UserAction(refusal) => Self::Everywhere(refusal),
            InspectError::Call(error) => error.into(),
        }
    }
}

impl From<CallError> for NotProved {
    fn from(error: CallError) -> Self {
        let refusal = Refusal::from(error);
        match refusal.kind {
            RefusalKind::TokenDead => Self::Refused(TokenRefusal::Dead(refusal.message)),
            // These speak of one asset; here none was asked about.
            RefusalKind::NotReached
            | RefusalKind::NoRole
            | RefusalKind::MissingTask(_)
            | RefusalKind::PageMoved(_) => Self::Everywhere(Refusal {
                kind: RefusalKind::Unclassified,
                ..refusal
            }),
            _ => Self::Everywhere(refusal),
        }
    }
}

fn submitted_context(tenant: TenantId, reconnect: &Reconnect) -> Context<'static> {
    Context::of_row(tenant, reconnect.id.uuid(), Purpose::SubmittedToken)
}

pub(crate) fn grant_of(facts: TokenFacts) -> Grant {
    Grant {
        id: GrantId::mint(),
        app_id: facts.app_id,
        kind: facts.kind,
        person_id: facts.person_id,
        person_name: facts.person_name,
        is_work_account: facts.is_work_account,
        scopes: facts.scopes,
        issued_at: facts.issued_at,
        expires_at: facts.expires_at,
        data_access_expires_at: facts.data_access_expires_at,
    }
}
