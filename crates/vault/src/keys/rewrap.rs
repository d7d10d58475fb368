//! Wraps data keys again, with the active KEK.
//!
//! The rule: keys under an older version are due, no matter which process promoted the active one. A chunk is one short transaction
//! without any network in it; a key that another process replaced meanwhile is left as it is.
//! Start at [`Vault::rewrap_data_keys`].

use regrant_crypto::WrappedKey;
use regrant_domain::{KekRef, error_chain};
use regrant_storage::{AuditEvent, RewrappedDataKey, WrappedBy, WrappedDataKey};
use serde_json::json;
use tracing::{error, info};

use crate::{Error, Vault};

/// How many data keys one transaction replaces.
const CHUNK: u32 = 100;

/// The actor of the audit rows.
const ACTOR: &str = "vault";

impl Vault {
    /// Wraps every data key that an older version of the active KEK wraps, of all tenants and of the installation. Returns
    /// how many.
    ///
    /// # Errors
    /// The database failed, or some keys do not open; the others are wrapped again.
    pub async fn rewrap_data_keys(&self) -> Result<u64, Error> {
        let active = self.data_keys.provider().active_kek();
        self.resume_promotion(active).await?;
        let (mut all, mut unreadable, mut after) = (0_u64, 0_u64, None);
        while !self.runs.stop.is_cancelled() {
            let page = self
                .store
                .list_wrapped_keys(WrappedBy::OlderThan(active), after.as_ref(), CHUNK)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let rewrapped = self.rewrap_each(&page).await;
            unreadable = unreadable.saturating_add(count_missing(page.len(), rewrapped.len()));
            all = all.saturating_add(self.store.rewrap_data_keys(&rewrapped).await?);
        }
        if all > 0 {
            self.note_rewrapped(active, all).await?;
        }
        if unreadable > 0 {
            let text =
                format!("{unreadable} data keys do not open, so they cannot be wrapped again");
            return Err(Error::from_cause(text));
        }
        Ok(all)
    }

    /// A promotion that ended after it had changed the keyring is completed here.
    async fn resume_promotion(&self, active: KekRef) -> Result<(), Error> {
        match self.store.find_kek_floor(active.id).await? {
            Some(floor) if !floor.is_older_than(active) => Ok(()),
            _ => self.raise_floor(ACTOR.to_owned(), active).await,
        }
    }

    /// Those of the keys that open, wrapped again.
    async fn rewrap_each(&self, keys: &[WrappedDataKey]) -> Vec<RewrappedDataKey> {
        let mut rewrapped = Vec::with_capacity(keys.len());
        for read in keys {
            match self.rewrap_key(read).await {
                Ok(wrapped) => rewrapped.push(RewrappedDataKey {
                    read: read.clone(),
                    wrapped: wrapped.as_bytes().to_vec(),
                }),
                Err(error) => error!(
                    alarm = "data_key_unreadable",
                    tenant.id = %read.tenant,
                    key.id = %read.id,
                    error = error_chain(&error),
                    "a data key does not open"
                ),
            }
        }
        rewrapped
    }

    async fn rewrap_key(&self, read: &WrappedDataKey) -> Result<WrappedKey, Error> {
        let key = self.data_keys.unwrap_stored(read).await?;
        Ok(self.data_keys.provider().wrap_data_key(&key).await?)
    }

    async fn note_rewrapped(&self, active: KekRef, data_keys: u64) -> Result<(), Error> {
        info!(kek = %active, data_keys, "data keys are wrapped again");
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let detail = json!({ "data_keys": data_keys });
        let event = AuditEvent::new(ACTOR.to_owned(), "kek.rewrapped", active, detail);
        tx.write_audit_events(&[event], self.clock.now()).await?;
        Ok(tx.commit().await?)
    }
}

fn count_missing(read: usize, rewrapped: usize) -> u64 {
    u64::try_from(read.saturating_sub(rewrapped)).unwrap_or(u64::MAX)
}
