//! The steps of a rotation that operators take: stage, promote, retire.
//!
//! The rule: each step can be repeated. A key is destroyed only after the audit says that it is about to be, so that a
//! crash in between leaves a trace.
//! Start at [`Vault::stage_kek`].

use regrant_crypto::{KekState, KekSummary, Refresh};
use regrant_domain::KekRef;
use regrant_storage::AuditEvent;
use serde_json::json;

use crate::{Actor, Conflict, Error, KeyStatus, Vault};

impl Vault {
    /// Adds the next version of the KEK to the keyring. It wraps nothing before it is promoted. If one is staged already,
    /// nothing changes.
    ///
    /// # Errors
    /// `ReadOnly`; `Conflict(KeyringNotWritable)`.
    pub async fn stage_kek(&self, by: Actor) -> Result<KeyStatus, Error> {
        by.require_owner()?;
        self.data_keys.reload_keyring(Refresh::Now).await;
        let known = self.find_staged_kek();
        let staged = self.data_keys.provider().stage_kek().await?;
        if known != Some(staged) {
            self.write_kek_event(by.audit_name(), "kek.staged", staged)
                .await?;
        }
        self.key_status().await
    }

    /// Makes the staged version the one that wraps, if every process that runs can open it. From then on no older version
    /// wraps a new data key; the worker wraps the others again.
    ///
    /// # Errors
    /// `ReadOnly`; `Conflict(NoStagedKey)`; `Conflict(NodesLackKey)`; `Conflict(KeyringNotWritable)`.
    pub async fn promote_kek(&self, by: Actor) -> Result<KeyStatus, Error> {
        by.require_owner()?;
        self.data_keys.reload_keyring(Refresh::Now).await;
        let staged = self
            .find_staged_kek()
            .ok_or(Error::Conflict(Conflict::NoStagedKey))?;
        self.require_opened_by_all(staged).await?;
        self.data_keys.provider().promote_kek(staged).await?;
        self.raise_floor(by.audit_name(), staged).await?;
        self.key_status().await
    }

    /// Destroys a version that wraps nothing any more. Backups whose data keys it wrapped can never be opened again, and
    /// deletions that waited for it become effective.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid` unless `key` is `<id>/<version>` and `confirm` the same; `Conflict(KeyState)` unless it is decrypt-only;
    /// `Conflict(KeyInUse)`; `Conflict(NodesLackKey)`; `Conflict(KeyringNotWritable)`.
    pub async fn retire_kek(
        &self,
        by: Actor,
        key: &str,
        confirm: &str,
    ) -> Result<KeyStatus, Error> {
        by.require_owner()?;
        let kek: KekRef = key.parse().map_err(|it| invalid_field("key", &it))?;
        if confirm != key {
            return Err(invalid_field("confirm", &"expected the key again"));
        }
        self.data_keys.reload_keyring(Refresh::Now).await;
        match self.find_kek(kek).map(|it| it.state) {
            Some(KekState::DecryptOnly) => {}
            Some(KekState::Destroyed) => {
                self.record_destroyed_kek(by.audit_name(), kek).await?;
                return self.key_status().await;
            }
            _ => return Err(Error::Conflict(Conflict::KeyState)),
        }
        self.require_unused(kek).await?;
        self.write_kek_event(by.audit_name(), "kek.retiring", kek)
            .await?;
        self.data_keys.provider().destroy_kek(kek).await?;
        self.record_destroyed_kek(by.audit_name(), kek).await?;
        self.settle_deletions().await?;
        self.key_status().await
    }

    /// Notes that nothing older than `kek` may wrap. Where that was so before, nothing changes.
    pub(super) async fn raise_floor(&self, by: String, kek: KekRef) -> Result<(), Error> {
        let tx = self.store.begin(&self.store.system_scope()).await?;
        if tx.raise_kek_floor(kek).await? {
            let event = AuditEvent::new(by, "kek.promoted", kek, json!({}));
            tx.write_audit_events(&[event], self.clock.now()).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn write_kek_event(
        &self,
        by: String,
        action: &'static str,
        kek: KekRef,
    ) -> Result<(), Error> {
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let event = AuditEvent::new(by, action, kek, json!({}));
        tx.write_audit_events(&[event], self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn require_opened_by_all(&self, kek: KekRef) -> Result<(), Error> {
        let nodes = self.list_live_nodes().await?;
        let lacking = nodes.into_iter().filter(|it| !it.opens.contains(&kek));
        let names: Vec<String> = lacking.map(|it| it.name).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(Error::Conflict(Conflict::NodesLackKey(names)))
    }

    /// Nothing is wrapped by this version, and nothing will be: the floor is above it. Every process opens the active one.
    async fn require_unused(&self, kek: KekRef) -> Result<(), Error> {
        let active = self.data_keys.provider().active_kek();
        self.require_opened_by_all(active).await?;
        self.raise_floor("vault".to_owned(), active).await?;
        let uses = self.store.count_data_keys_by_kek().await?;
        match uses.into_iter().find(|it| it.kek == Some(kek)) {
            Some(found) => Err(Error::Conflict(Conflict::KeyInUse(found.data_keys))),
            None => Ok(()),
        }
    }

    fn find_staged_kek(&self) -> Option<KekRef> {
        let keks = self.data_keys.provider().list_keks();
        let staged = keks.into_iter().find(|it| it.state == KekState::Staged);
        staged.map(|it| it.kek)
    }

    fn find_kek(&self, kek: KekRef) -> Option<KekSummary> {
        let keks = self.data_keys.provider().list_keks();
        keks.into_iter().find(|it| it.kek == kek)
    }
}

fn invalid_field(field: &str, reason: &impl ToString) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        reason: reason.to_string(),
    }
}
