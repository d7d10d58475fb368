//! Grants, and the directory of the tenants that know a person.
//!
//! The rule: store a grant through [`Vault::insert_grant`] alone. It adds the person to the directory, by which notices
//! from Meta find the tenants that they concern. The directory holds keyed hashes, never an id.

use std::sync::Arc;

use regrant_crypto::DataKey;
use regrant_domain::{AppId, Grant, OperatorName, PersonId, Timestamp};
use regrant_storage::{PersonHash, TenantTx};

use crate::{Error, Vault, credentials::data_keys::Keys};

/// Computes the keyed hashes of the directory, always under the installation's first data key.
#[derive(Clone)]
pub(crate) struct Directory(Arc<DataKey>);

impl Directory {
    pub(crate) async fn load(keys: &Keys) -> Result<Self, Error> {
        Ok(Self(keys.first_of_system().await?))
    }

    /// The hash of a person at an app.
    pub(crate) fn person(&self, app: &AppId, person: &PersonId) -> PersonHash {
        PersonHash(self.hash("person", app, person.as_str().as_bytes()))
    }

    /// The keyed hash of a message that belongs to an app; `what` separates the uses.
    pub(crate) fn hash(&self, what: &str, app: &AppId, message: &[u8]) -> [u8; 16] {
        let head = format!("regrant/inbox/{what}/{app}/");
        *self
            .0
            .fingerprint(&[head.as_bytes(), message].concat())
            .as_bytes()
    }

    /// The keyed hash of a name that is used to log in.
    pub(crate) fn login(&self, name: &OperatorName) -> [u8; 16] {
        *self
            .0
            .fingerprint(format!("regrant/login/{name}").as_bytes())
            .as_bytes()
    }
}

impl Vault {
    /// Stores a grant and adds its person to the directory.
    ///
    /// # Errors
    /// `Taken`: the grant is stored already, with its person.
    pub(crate) async fn keep_grant(
        &self,
        tx: &TenantTx,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<(), regrant_storage::Error> {
        tx.insert_grant(grant, now).await?;
        let person = self
            .directory
            .person(&grant.facts.app_id, &grant.facts.person_id);
        tx.note_person(&grant.facts.app_id, person).await
    }
}
