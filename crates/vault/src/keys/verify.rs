//! Opens every wrapped data key, and counts those that are not under the active KEK.
//!
//! The rule: an outage of the provider is no verdict about a data key.

use regrant_domain::{TenantId, error_chain};
use regrant_storage::{WrappedBy, WrappedDataKey};
use uuid::Uuid;

use super::rewrap::is_outage;
use crate::{Error, Vault};

/// How many keys one query reads.
const PAGE: u32 = 500;
/// How many faults are listed.
const MAX_FAULTS: usize = 20;

/// What opening every data key showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyVerdict {
    /// How many data keys open.
    pub opened: u64,
    /// How many of them are not wrapped by the active KEK.
    pub outdated: u64,
    /// How many do not open.
    pub unreadable: u64,
    /// The first of those that do not open.
    pub faults: Vec<KeyFault>,
}

/// A data key that does not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFault {
    /// The tenant; the nil id for the installation.
    pub tenant: TenantId,
    /// The id of the data key.
    pub key_id: Uuid,
    /// Why.
    pub reason: String,
}

impl KeyVerdict {
    /// Whether every key opens and is wrapped by the active KEK.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.outdated == 0 && self.unreadable == 0
    }

    fn add_fault(&mut self, key: &WrappedDataKey, error: &Error) {
        self.unreadable = self.unreadable.saturating_add(1);
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(KeyFault {
                tenant: key.tenant,
                key_id: key.id,
                reason: error_chain(error),
            });
        }
    }
}

impl Vault {
    /// Unwraps every data key, of all tenants and of the installation; its check value must fit.
    ///
    /// # Errors
    /// `KeysUnavailable`, or the database failed: nothing is known of the keys. A key that the provider refuses to use is in
    /// the verdict, as one that does not open.
    pub async fn verify_data_keys(&self) -> Result<KeyVerdict, Error> {
        let (mut verdict, mut after) = (KeyVerdict::default(), None);
        loop {
            let page = self
                .store
                .list_wrapped_keys(WrappedBy::Any, after.as_ref(), PAGE)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            for key in &page {
                self.verify_key(key, &mut verdict).await?;
            }
        }
        Ok(verdict)
    }

    async fn verify_key(
        &self,
        key: &WrappedDataKey,
        verdict: &mut KeyVerdict,
    ) -> Result<(), Error> {
        match self.data_keys.unwrap_stored(key).await {
            Ok(_) => {
                verdict.opened = verdict.opened.saturating_add(1);
                let active = self.data_keys.provider().active_kek();
                if key.kek_ref() != Some(active) {
                    verdict.outdated = verdict.outdated.saturating_add(1);
                }
            }
            Err(error) if is_outage(&error) => return Err(error),
            Err(error) => verdict.add_fault(key, &error),
        }
        Ok(())
    }
}
