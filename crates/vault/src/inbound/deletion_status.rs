//! The progress of a person's deletion, and what it waits for.
//!
//! The rule: "completed" is a statement about what Regrant holds, "effective" one about every copy. The person's tokens were
//! sealed under data keys that live on, so copies in logs and backups can be opened until those data keys are replaced and
//! every key-encryption key (KEK) that wrapped them is destroyed.

use regrant_domain::{AccessRevocation, AppId, KekRef, TenantId, Timestamp};
use regrant_storage::{DeletionRecord, StoredDeletion};

use crate::{Error, Resource, Vault};

/// The progress of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionStatus {
    /// When the request was received.
    pub received_at: Timestamp,
    /// When the first tenant's data began to be deleted.
    pub started_at: Option<Timestamp>,
    /// When it was completed in every tenant, and on SQLite also rewritten out of the file.
    pub completed_at: Option<Timestamp>,
    /// Whether every tenant's data is deleted, and the SQLite file still has to be rewritten.
    pub awaits_erasure: bool,
    /// Whether Meta is still being asked whose some tokens are.
    pub waits_for_owners: bool,
    /// From when on no copy of the person's tokens can be opened; `None` while that waits.
    pub effective_at: Option<Timestamp>,
    /// The KEKs that it waits for: each wrapped a data key that sealed tokens in a tenant of the person.
    pub waits_for: Vec<KekRef>,
    /// The tenants whose data key from before the deletion is still in use: rotate it.
    pub data_keys_to_rotate: Vec<TenantId>,
    /// What became of the app's access at Meta; `None` where ending it was not asked for.
    pub revocation: Option<AccessRevocation>,
    /// What was deleted, tenant by tenant.
    pub(crate) records: Vec<DeletionRecord>,
}

impl Vault {
    /// Reads the progress of the deletion with this code.
    ///
    /// # Errors
    /// `NotFound(Deletion)` for an unknown code and for an unknown app.
    pub async fn find_deletion_status(
        &self,
        app: &AppId,
        code: &str,
    ) -> Result<DeletionStatus, Error> {
        let code_hash = self
            .person_directory
            .hash_message("code-hash", app, code.as_bytes());
        let stored = self.store.find_deletion(app, code_hash).await;
        let stored = stored.map_err(Error::not_found_as(Resource::Deletion))?;
        let records = self.list_deletions(&[stored.id]).await?;
        Ok(describe_deletion(&stored, records))
    }
}

fn describe_deletion(stored: &StoredDeletion, records: Vec<DeletionRecord>) -> DeletionStatus {
    let completed_at = stored
        .done_at
        .filter(|_| !stored.awaits_erasure)
        .map(|it| stored.erased_at.map_or(it, |erased| erased.max(it)));
    let is_waiting = records.iter().any(|it| it.effective_at.is_none());
    let last = records.iter().filter_map(|it| it.effective_at).max();
    let mut waits_for: Vec<_> = records
        .iter()
        .flat_map(|it| it.waits_for.iter().copied())
        .collect();
    waits_for.sort_unstable();
    waits_for.dedup();
    let with_live_key = records.iter().filter(|it| it.has_live_key);
    DeletionStatus {
        received_at: stored.received_at,
        started_at: stored.begun_at,
        completed_at,
        awaits_erasure: stored.done_at.is_some() && stored.awaits_erasure,
        waits_for_owners: stored.waits_for_owners,
        effective_at: completed_at
            .filter(|_| !is_waiting)
            .map(|it| last.map_or(it, |last| last.max(it))),
        waits_for,
        data_keys_to_rotate: with_live_key.map(|it| it.tenant).collect(),
        revocation: stored.revocation.clone(),
        records,
    }
}
