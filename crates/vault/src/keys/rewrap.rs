//! Wraps data keys again, with the active KEK.
//!
//! The rule: keys under an older version are due, no matter which process promoted the active one; keys of another
//! provider are due only when no process wraps with it any more. A chunk is one short transaction without any network in
//! it; a key that another process replaced meanwhile is left as it is.
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

/// What a pass has done.
#[derive(Default)]
struct RewrapPass {
    rewrapped: u64,
    unreadable: u64,
}

impl Vault {
    /// Wraps every data key that an older version of the active KEK wraps, of all tenants and of the installation; once
    /// every process wraps with this KEK, those under other KEKs, too. Returns how many.
    ///
    /// # Errors
    /// The database failed, or some keys do not open; the others are wrapped again.
    pub async fn rewrap_data_keys(&self) -> Result<u64, Error> {
        let active = self.data_keys.provider().active_kek();
        self.resume_promotion(active).await?;
        let mut pass = RewrapPass::default();
        self.rewrap_each_page(WrappedBy::OlderThan(active), &mut pass)
            .await?;
        if self.is_wrapped_with_by_all(active).await? {
            for which in [WrappedBy::LowerIds(active), WrappedBy::HigherIds(active)] {
                self.rewrap_each_page(which, &mut pass).await?;
            }
        }
        if pass.rewrapped > 0 {
            self.note_rewrapped(active, pass.rewrapped).await?;
        }
        if pass.unreadable > 0 {
            let text = format!(
                "{} data keys do not open, so they cannot be wrapped again",
                pass.unreadable
            );
            return Err(Error::from_cause(text));
        }
        Ok(pass.rewrapped)
    }

    async fn rewrap_each_page(&self, which: WrappedBy, pass: &mut RewrapPass) -> Result<(), Error> {
        let mut after = None;
        while !self.runs.stop.is_cancelled() {
            let page = self
                .store
                .list_wrapped_keys(which, after.as_ref(), CHUNK)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let rewrapped = self.rewrap_each(&page).await;
            let missing = count_missing(page.len(), rewrapped.len());
            pass.unreadable = pass.unreadable.saturating_add(missing);
            let replaced = self.store.rewrap_data_keys(&rewrapped).await?;
            pass.rewrapped = pass.rewrapped.saturating_add(replaced);
            self.yield_to_other_processes().await;
        }
        Ok(())
    }

    /// Whether every process that runs wraps with this KEK, in any version. Otherwise two of them would wrap the same keys
    /// again and again, each with its own.
    async fn is_wrapped_with_by_all(&self, kek: KekRef) -> Result<bool, Error> {
        let nodes = self.list_live_nodes().await?;
        Ok(nodes.iter().all(|it| it.wraps_with.id == kek.id))
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
