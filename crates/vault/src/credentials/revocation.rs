//! Ends the app's access for persons at Meta, when their data is deleted and the caller asks for it.
//!
//! The rule: Meta ends the access of the whole app, in every tenant, so a person keeps it while another tenant of the app
//! holds a credential of theirs, or a token whose person is not known yet. No transaction is open during a call. The
//! audit says before the calls that they begin, and after them what came of it; the deletion continues in any case.
//! Start at [`Vault::revoke_persons_of_tenant`].

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, stream};
use regrant_domain::{
    AccessRevocation, AccessToken, AppId, CredentialKind, NotRevoked, PersonId, RefusalKind,
    error_chain,
};
use regrant_graph::{AppCredentials, CallError};
use regrant_storage::{AuditEvent, GrantToken, PersonHash, TenantScope, TenantTx};
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use tracing::error;

use crate::{Error, Vault};

/// How many persons' access is ended at the same time.
const AT_ONCE: usize = 4;
/// How long the calls of one deletion may take together: its caller waits for them.
const TIME_FOR_ALL: Duration = Duration::from_secs(20);
/// How many persons of a tenant are looked at; there is no time for more. The others count as not tried.
const MAX_PERSONS: usize = 10_000;

/// Whether the deletion of a person's data ends the app's access for the person at Meta, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessAtMeta {
    /// It stays; the person can end it in the settings of the account.
    Keep,
    /// It ends, in every tenant of the app.
    Revoke,
}

/// The token by which the access of a person can be ended; or why it is not.
type Tokens = HashMap<PersonId, Result<AccessToken, NotRevoked>>;
type Revocable = (PersonId, Result<AccessToken, NotRevoked>);
type Outcome = (PersonId, Result<(), NotRevoked>);

impl Vault {
    /// Ends the app's access for the persons of a tenant whose data keys are about to be destroyed. Ends the transaction.
    pub(crate) async fn revoke_persons_of_tenant(
        &self,
        tx: TenantTx,
        by: &str,
        scope: &TenantScope,
    ) -> Result<AccessRevocation, Error> {
        let mut persons = tx.list_persons_with_credentials().await?;
        let beyond = persons.split_off(persons.len().min(MAX_PERSONS));
        let grants = tx.list_grant_tokens_of_persons(&persons).await?;
        let count_of_all = persons.len() + beyond.len();
        self.audit_begin(tx, by, scope, count_of_all).await?;
        let kept = self.find_persons_to_keep(scope, &persons).await?;
        let mut tokens = self.open_newest_tokens(scope, grants).await;
        for (person, reason) in kept {
            tokens.insert(person, Err(reason));
        }
        let revocable = choose_tokens(&persons, tokens);
        let mut outcomes = self.revoke_each(scope.app_id(), revocable).await;
        let not_tried = |person| (person, Err(NotRevoked::NotTried));
        outcomes.extend(beyond.into_iter().map(not_tried));
        self.audit_end(by, scope, &outcomes).await?;
        Ok(count(&outcomes))
    }

    /// Ends the app's access for persons whose data is about to be deleted in every tenant of the app.
    pub(crate) async fn revoke_persons_of_app(
        &self,
        by: &str,
        app: &AppId,
        persons: &[PersonId],
    ) -> Result<Vec<(PersonHash, AccessRevocation)>, Error> {
        let system = self.store.system_scope();
        let tx = self.store.begin(&system).await?;
        self.audit_begin(tx, by, &system, persons.len()).await?;
        let tokens = self.open_tokens_of_app(app, persons).await?;
        let outcomes = self.revoke_each(app, choose_tokens(persons, tokens)).await;
        self.audit_end(by, &system, &outcomes).await?;
        let of_person = |(person, outcome): &Outcome| {
            let hash = self.person_directory.hash_person(app, person);
            (hash, AccessRevocation::from_iter([*outcome]))
        };
        Ok(outcomes.iter().map(of_person).collect())
    }

    /// A token of each person that opens, from any tenant.
    async fn open_tokens_of_app(&self, app: &AppId, persons: &[PersonId]) -> Result<Tokens, Error> {
        let hash = |it: &PersonId| self.person_directory.hash_person(app, it);
        let hashes: Vec<_> = persons.iter().map(hash).collect();
        let scopes = self
            .store
            .list_scopes_of_persons(app, &hashes, None)
            .await?;
        let mut tokens = Tokens::new();
        for scope in scopes {
            let tx = self.store.begin_read(&scope).await?;
            let grants = tx.list_grant_tokens_of_persons(persons).await?;
            tx.commit().await?;
            for (person, token) in self.open_newest_tokens(&scope, grants).await {
                if token.is_ok() || !tokens.contains_key(&person) {
                    tokens.insert(person, token);
                }
            }
        }
        Ok(tokens)
    }

    async fn audit_begin(
        &self,
        tx: TenantTx,
        by: &str,
        scope: &TenantScope,
        persons: usize,
    ) -> Result<(), Error> {
        let (action, detail) = ("access_revocation.began", json!({ "persons": persons }));
        let event = AuditEvent::new(by.to_owned(), action, scope.tenant(), detail);
        tx.write_audit_events(&[event], self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn audit_end(
        &self,
        by: &str,
        scope: &TenantScope,
        outcomes: &[Outcome],
    ) -> Result<(), Error> {
        let (action, detail) = ("access_revocation.ended", json!(count(outcomes)));
        let event = AuditEvent::new(by.to_owned(), action, scope.tenant(), detail);
        let tx = self.store.begin(scope).await?;
        tx.write_audit_events(&[event], self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The persons who keep the access because another tenant of the app may need it.
    async fn find_persons_to_keep(
        &self,
        scope: &TenantScope,
        persons: &[PersonId],
    ) -> Result<HashMap<PersonId, NotRevoked>, Error> {
        let (app, tenant) = (scope.app_id(), scope.tenant());
        let hash = |it: &PersonId| self.person_directory.hash_person(app, it);
        let mut hashes: Vec<_> = persons.iter().map(hash).collect();
        hashes.push(PersonHash::UNATTRIBUTED);
        let others = self
            .store
            .list_scopes_of_persons(app, &hashes, Some(tenant))
            .await?;
        let ids: Vec<_> = others.iter().map(TenantScope::tenant).collect();
        let unclear = self
            .store
            .find_tenants_with_unattributed_tokens(&ids)
            .await?;
        if !unclear.is_empty() {
            let keep = |it: &PersonId| (it.clone(), NotRevoked::OwnersUnknown);
            return Ok(persons.iter().map(keep).collect());
        }
        let mut kept = HashMap::new();
        for other in &others {
            let tx = self.store.begin_read(other).await?;
            let held = tx.find_persons_with_credentials(persons).await?;
            tx.commit().await?;
            kept.extend(held.into_iter().map(|it| (it, NotRevoked::OtherTenant)));
        }
        Ok(kept)
    }

    /// The token of each person's newest grant.
    async fn open_newest_tokens(&self, scope: &TenantScope, grants: Vec<GrantToken>) -> Tokens {
        let mut tokens = Tokens::new();
        for stored in grants {
            let (id, facts) = (stored.grant.id, stored.grant.facts);
            if tokens.contains_key(&facts.person_id) {
                continue;
            }
            let token = match &stored.sealed {
                _ if facts.kind == CredentialKind::SystemUser => Err(NotRevoked::SystemUser),
                Some(sealed) => {
                    let opened = self.open_grant_token(scope, id, sealed).await;
                    opened.map_err(|_| NotRevoked::NoToken)
                }
                None => Err(NotRevoked::NoToken),
            };
            tokens.insert(facts.person_id, token);
        }
        tokens
    }

    async fn revoke_each(&self, app: &AppId, revocable: Vec<Revocable>) -> Vec<Outcome> {
        let opened = self.open_app_credentials(app).await;
        if let Err(cause) = &opened {
            error!(
                error = error_chain(cause),
                "the app's secret does not open, so no access ends at Meta"
            );
        }
        let (app, deadline) = (opened.ok(), Instant::now() + TIME_FOR_ALL);
        let calls: Vec<_> = revocable
            .into_iter()
            .map(|it| self.revoke_one(app.as_deref(), it, deadline))
            .collect();
        stream::iter(calls).buffered(AT_ONCE).collect().await
    }

    async fn revoke_one(
        &self,
        app: Option<&AppCredentials>,
        (person, token): Revocable,
        deadline: Instant,
    ) -> Outcome {
        let outcome = match (app, token) {
            (_, Err(reason)) => Err(reason),
            (None, Ok(_)) => Err(NotRevoked::Unavailable),
            _ if Instant::now() >= deadline => Err(NotRevoked::NotTried),
            (Some(app), Ok(token)) => {
                let call = self.graph.revoke_access(app, &token, &person);
                match timeout_at(deadline, call).await {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(refused)) => Err(reason_of(&refused)),
                    Err(_) => Err(NotRevoked::Unavailable),
                }
            }
        };
        (person, outcome)
    }
}

/// The persons in their order, each with the token or the reason that there is none.
fn choose_tokens(persons: &[PersonId], mut tokens: Tokens) -> Vec<Revocable> {
    let choose = |person: &PersonId| {
        let token = tokens.remove(person);
        (person.clone(), token.unwrap_or(Err(NotRevoked::NoToken)))
    };
    persons.iter().map(choose).collect()
}

fn count(outcomes: &[Outcome]) -> AccessRevocation {
    outcomes.iter().map(|(_, outcome)| *outcome).collect()
}

const fn reason_of(refused: &CallError) -> NotRevoked {
    match refused.refusal().kind {
        RefusalKind::Unavailable | RefusalKind::Throttled { .. } | RefusalKind::AppFault => {
            NotRevoked::Unavailable
        }
        _ => NotRevoked::Refused,
    }
}
