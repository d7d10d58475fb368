//! Deletions of persons' data that an operator orders by a list of ids, where Meta's callback did not arrive.
//!
//! The rule: such a deletion is a notice like any other, with the code that the callback would give. Only the notice
//! holds the person's id, until it is done; audit and stored results do not.

use chrono::SubsecRound;
use regrant_domain::{
    AccessRevocation, AppId, Clock, MetaNotice, NoticeKind, NoticeSubject, PersonId, Timestamp,
};
use regrant_storage::{AuditEvent, NewNotice, PersonHash};
use serde_json::json;

use crate::{
    AccessAtMeta, Actor, Error, RepeatableRequest, Vault, call::idempotency::IdempotentCall,
    inbound::digest_notice,
};

/// How many persons one request may name.
const MAX_PERSONS: usize = 1_000;
/// How many, if the app's access ends at Meta, too: the caller waits for that.
const MAX_REVOKED: usize = 50;

/// A deletion that an operator ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedDeletion {
    /// The person.
    pub person_id: PersonId,
    /// The confirmation code. With it, the person reads the status of the deletion.
    pub code: String,
}

impl Vault {
    /// Orders the deletion of the data of these persons in every tenant of the app; the results have their order. It
    /// covers what was issued until now, also of a person with an earlier deletion that is open. With
    /// [`AccessAtMeta::Revoke`] the app's access for the persons ends first; whatever comes of that, the deletions are
    /// ordered.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid` for an empty list; `TooMany`; `NotFound(App)`; `Conflict(OtherBody)`.
    pub async fn order_deletions(
        &self,
        by: Actor,
        app: &AppId,
        persons: Vec<PersonId>,
        access: AccessAtMeta,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<Vec<OrderedDeletion>, Error> {
        self.require_owner(by).await?;
        let limit = match access {
            AccessAtMeta::Keep => MAX_PERSONS,
            AccessAtMeta::Revoke => MAX_REVOKED,
        };
        check_person_count(persons.len(), limit)?;
        self.find_app(app).await?;
        let order = async |call: Option<&IdempotentCall>| {
            let revoked = match access {
                AccessAtMeta::Keep => Vec::new(),
                AccessAtMeta::Revoke => {
                    let by = by.audit_name();
                    Box::pin(self.revoke_persons_of_app(&by, app, &persons)).await?
                }
            };
            self.store_deletions(by, app, (&persons, &revoked), call)
                .await
        };
        let system = self.store.system_scope();
        let sent_at: Vec<Timestamp> = self
            .run_idempotent(&system, by.caller_id(), repeatable, order)
            .await?
            .value;
        let ordered = persons.into_iter().zip(sent_at);
        Ok(ordered
            .map(|(person_id, sent_at)| OrderedDeletion {
                code: self.deletion_code(app, &deletion_notice(&person_id, sent_at)),
                person_id,
            })
            .collect())
    }

    /// Stores a notice for each person; returns the times of the deletions, which their codes depend on. An order in the
    /// same second is the same notice.
    async fn store_deletions(
        &self,
        by: Actor,
        app: &AppId,
        (persons, revoked): (&[PersonId], &[(PersonHash, AccessRevocation)]),
        call: Option<&IdempotentCall>,
    ) -> Result<Vec<Timestamp>, Error> {
        let now = self.clock.now();
        // Meta's own notices have whole seconds.
        let times = vec![now.trunc_subsecs(0); persons.len()];
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let new: Vec<_> = persons
            .iter()
            .zip(&times)
            .map(|(person, at)| self.new_deletion(app, deletion_notice(person, *at)).0)
            .collect();
        let stored = tx.store_notices(&new, now, Clock::system_time()).await?;
        tx.note_revocations(app, revoked, now).await?;
        let detail = json!({ "persons": persons.len(), "new": stored });
        let event = AuditEvent::new(by.audit_name(), "deletions.ordered", app, detail);
        tx.write_audit_events(&[event], now).await?;
        self.commit_with_key(tx, call, &times, now).await?;
        Ok(times)
    }

    /// A deletion to store, and its confirmation code.
    pub(super) fn new_deletion(&self, app: &AppId, notice: MetaNotice) -> (NewNotice, String) {
        let (code, digest) = (self.deletion_code(app, &notice), digest_notice(&notice));
        let code_hash = self
            .person_directory
            .hash_message("code-hash", app, code.as_bytes());
        (self.new_notice(app, notice, &digest, Some(code_hash)), code)
    }

    fn deletion_code(&self, app: &AppId, notice: &MetaNotice) -> String {
        let digest = digest_notice(notice);
        let bytes = self
            .person_directory
            .hash_message("code", app, digest.as_bytes());
        uuid::Uuid::from_bytes(bytes).simple().to_string()
    }
}

fn deletion_notice(person: &PersonId, sent_at: Timestamp) -> MetaNotice {
    MetaNotice {
        kind: NoticeKind::DataDeletion,
        subject: NoticeSubject::Person(person.clone()),
        cut_off: None,
        sent_at,
    }
}

fn check_person_count(n: usize, limit: usize) -> Result<(), Error> {
    let field = "person_ids";
    match n {
        0 => Err(Error::Invalid {
            field: field.to_owned(),
            reason: "expected at least one person".to_owned(),
        }),
        n if n > limit => Err(Error::TooMany { field, limit }),
        _ => Ok(()),
    }
}
