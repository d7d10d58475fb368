//! The steps of a rotation that operators take: stage and promote. `retirement.rs` has the last one.
//!
//! The rule: each step can be repeated.
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
        self.require_owner(by).await?;
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
        self.require_owner(by).await?;
        self.data_keys.reload_keyring(Refresh::Now).await;
        let staged = self
            .find_staged_kek()
            .ok_or(Error::Conflict(Conflict::NoStagedKey))?;
        self.require_opened_by_all(staged).await?;
        self.data_keys.provider().promote_kek(staged).await?;
        self.raise_floor(by.audit_name(), staged).await?;
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

    pub(super) async fn require_opened_by_all(&self, kek: KekRef) -> Result<(), Error> {
        let nodes = self.list_live_nodes().await?;
        let lacking = nodes.into_iter().filter(|it| !it.opens.contains(&kek));
        let names: Vec<String> = lacking.map(|it| it.name).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(Error::Conflict(Conflict::NodesLackKey(names)))
    }

    fn find_staged_kek(&self) -> Option<KekRef> {
        let keks = self.data_keys.provider().list_keks();
        let staged = keks.into_iter().find(|it| it.state == KekState::Staged);
        staged.map(|it| it.kek)
    }

    pub(super) fn find_kek(&self, kek: KekRef) -> Option<KekSummary> {
        let keks = self.data_keys.provider().list_keks();
        keks.into_iter().find(|it| it.kek == kek)
    }
}

pub(super) fn invalid_field(field: &str, reason: &impl ToString) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        reason: reason.to_string(),
    }
}
