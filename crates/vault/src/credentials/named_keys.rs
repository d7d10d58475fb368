//! Keys of the installation that outlive data keys, each by a name: of audit chains, of row seals, of hashes.
//!
//! The rule: the data key that seals stores them; a rotation of it seals them again and changes none. If several processes
//! create one at the same time, all use the key that was stored first.
//! Start at [`DataKeys::open_named_key`].

use regrant_crypto::{AuditKey, Context, HashKey, Purpose};
use regrant_domain::Timestamp;
use zeroize::Zeroizing;

use crate::{Error, credentials::data_keys::DataKeys};

/// The name of the only key of hashes.
const HASH_KEY_NAME: &str = "hashes-1";

impl DataKeys {
    /// The key of this name; creates it where there is none.
    pub(crate) async fn open_or_create_key(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<AuditKey, Error> {
        let plain = if let Some(plain) = self.open_named_key(name).await? {
            plain
        } else {
            let new = AuditKey::generate()?;
            self.store_named_key(name, new.as_bytes(), now).await?
        };
        AuditKey::from_bytes(&plain).ok_or_else(malformed)
    }

    /// The key of this name; `None` where there is none.
    pub(crate) async fn find_key(&self, name: &str) -> Result<Option<AuditKey>, Error> {
        let plain = self.open_named_key(name).await?;
        plain
            .map(|it| AuditKey::from_bytes(&it).ok_or_else(malformed))
            .transpose()
    }

    /// The key of the hashes of persons and log-ins. Where there is none yet, the one with which they were computed under
    /// the installation's first data key.
    pub(crate) async fn open_or_derive_hash_key(&self, now: Timestamp) -> Result<HashKey, Error> {
        let plain = if let Some(plain) = self.open_named_key(HASH_KEY_NAME).await? {
            plain
        } else {
            let derived = self.first_system_key().await?.derive_hash_key();
            self.store_named_key(HASH_KEY_NAME, derived.as_bytes(), now)
                .await?
        };
        HashKey::from_bytes(&plain).ok_or_else(malformed)
    }

    async fn open_named_key(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let Some(sealed) = self.store().find_audit_key(name).await? else {
            return Ok(None);
        };
        let system = self.store().system_scope();
        let context = named_key_context(name);
        let plain = self.open_record(&system, &context, &sealed).await?;
        Ok(Some(plain))
    }

    /// Stores a key unless one of this name is there; returns the one that is.
    async fn store_named_key(
        &self,
        name: &str,
        key: &[u8],
        now: Timestamp,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let data_key = self.active(&self.store().system_scope()).await?;
        let sealed = data_key.seal_record(&named_key_context(name), key)?;
        match self.store().insert_audit_key(name, &sealed, now).await {
            Ok(()) | Err(regrant_storage::Error::Taken(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.open_named_key(name).await?.ok_or_else(malformed)
    }
}

/// What the record of a named key is bound to.
pub(crate) fn named_key_context(name: &str) -> Context<'_> {
    Context::of_installation(Purpose::AuditKey, name)
}

fn malformed() -> Error {
    Error::from_cause("a key of the installation is missing or malformed")
}
