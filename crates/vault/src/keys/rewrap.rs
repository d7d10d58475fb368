//! Wraps data keys again, with the active KEK.
//!
//! The rule: keys under an older version are due, no matter which process promoted the active one; keys of another
//! provider are due only when no process wraps with it any more. A chunk is one short transaction without any network in
//! it; a key that another process replaced meanwhile is left as it is. An outage ends the pass, after what was wrapped before
//! it is stored: it says nothing about a data key.
//! Start at [`Vault::rewrap_data_keys`].

use std::collections::BTreeSet;

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
    /// The first refusal of a provider: to use a key, or any of its keys.
    refused: Option<Error>,
    /// The KEKs of the data keys that were refused, which the log has named.
    refused_keks: BTreeSet<Option<KekRef>>,
}

impl RewrapPass {
    /// Notes why a data key was not wrapped again.
    fn add_failure(&mut self, read: &WrappedDataKey, error: Error) {
        if matches!(error, Error::KeysUnavailable(_)) {
            self.add_refusal(read, error);
            return;
        }
        self.unreadable = self.unreadable.saturating_add(1);
        error!(
            alarm = "data_key_unreadable",
            tenant.id = %read.tenant,
            key.id = %read.id,
            error = error_chain(&error),
            "a data key does not open"
        );
    }

    /// Notes that a provider refuses a key. The log names each KEK once.
    fn add_refusal(&mut self, read: &WrappedDataKey, error: Error) {
        let kek = read.kek_ref();
        if self.refused_keks.insert(kek) {
            error!(
                alarm = "key_provider_key",
                kek = kek.map(tracing::field::display),
                tenant.id = %read.tenant,
                key.id = %read.id,
                error = error_chain(&error),
                "the key provider refuses a key, so data keys under it cannot be wrapped again"
            );
        }
        self.refused = self.refused.take().or(Some(error));
    }

    /// How many keys were wrapped again.
    fn finish(self) -> Result<u64, Error> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        if self.unreadable > 0 {
            let text = format!(
                "{} data keys do not open, so they cannot be wrapped again",
                self.unreadable
            );
            return Err(Error::from_cause(text));
        }
        Ok(self.rewrapped)
    }
}

impl Vault {
    /// Wraps every data key that an older version of the active KEK wraps, of all tenants and of the installation; once
    /// every process wraps with this KEK, those under other KEKs, too. Returns how many.
    ///
    /// # Errors
    /// `KeysUnavailable`, or the database failed: the next pass continues. `Internal`: some keys do not open; the others are
    /// wrapped again.
    pub async fn rewrap_data_keys(&self) -> Result<u64, Error> {
        let active = self.data_keys.provider().active_kek();
        self.resume_promotion(active).await?;
        let mut pass = RewrapPass::default();
        let ended = self.rewrap_due_keys(active, &mut pass).await;
        if pass.rewrapped > 0 {
            self.note_rewrapped(active, pass.rewrapped).await?;
        }
        ended?;
        pass.finish()
    }

    async fn rewrap_due_keys(&self, active: KekRef, pass: &mut RewrapPass) -> Result<(), Error> {
        self.rewrap_each_page(WrappedBy::OlderThan(active), pass)
            .await?;
        if self.is_wrapped_with_by_all(active).await? {
            for which in [WrappedBy::LowerIds(active), WrappedBy::HigherIds(active)] {
                self.rewrap_each_page(which, pass).await?;
            }
        }
        Ok(())
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
            let (rewrapped, outage) = self.rewrap_each(&page, pass).await;
            let replaced = self.store.rewrap_data_keys(&rewrapped).await?;
            pass.rewrapped = pass.rewrapped.saturating_add(replaced);
            if let Some(outage) = outage {
                return Err(outage);
            }
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

    /// Those of the keys that open, wrapped again, up to an outage: the keys after it would all fail, whatever they are.
    async fn rewrap_each(
        &self,
        keys: &[WrappedDataKey],
        pass: &mut RewrapPass,
    ) -> (Vec<RewrappedDataKey>, Option<Error>) {
        let mut rewrapped = Vec::with_capacity(keys.len());
        for read in keys {
            match self.rewrap_key(read).await {
                Ok(wrapped) => rewrapped.push(RewrappedDataKey {
                    read: read.clone(),
                    wrapped: wrapped.as_bytes().to_vec(),
                }),
                Err(error) if is_outage(&error) => return (rewrapped, Some(error)),
                Err(error) => pass.add_failure(read, error),
            }
        }
        (rewrapped, None)
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

/// Whether the provider or the database does not respond, so that the error says nothing about a data key.
pub(super) fn is_outage(error: &Error) -> bool {
    let is_of_database = matches!(
        error,
        Error::DatabaseBusy | Error::TenantBusy | Error::Unavailable(..)
    );
    is_of_database || matches!(error, Error::KeysUnavailable(cause) if cause.is_retryable())
}
