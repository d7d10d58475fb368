//! Grants, and the directory of the tenants that know a person.
//!
//! The rule: store a grant through [`Vault::insert_grant`] alone. It adds the person to the directory, by which notices
//! from Meta find the tenants that they concern. The directory holds keyed hashes, never an id.

use std::sync::Arc;

use regrant_crypto::DataKey;
use regrant_domain::{AppId, AssetId, Grant, NoticeSubject, OperatorName, PersonId, Timestamp};
use regrant_storage::{PersonHash, TenantTx};

use crate::{Error, Vault, credentials::data_keys::DataKeys};

/// Computes the keyed hashes of the directory, always under the installation's first data key.
#[derive(Clone)]
pub(crate) struct PersonDirectory(Arc<DataKey>);

impl PersonDirectory {
    pub(crate) async fn load(keys: &DataKeys) -> Result<Self, Error> {
        Ok(Self(keys.first_system_key().await?))
    }

    /// The hash of a person at an app.
    pub(crate) fn hash_person(&self, app: &AppId, person: &PersonId) -> PersonHash {
        PersonHash(self.hash_message("person", app, person.as_str().as_bytes()))
    }

    /// The hash of the person or of the first asset that a notice is about.
    pub(crate) fn hash_subject(&self, app: &AppId, subject: &NoticeSubject) -> PersonHash {
        match subject {
            NoticeSubject::Person(id) => self.hash_person(app, id),
            NoticeSubject::Assets(ids) => {
                let id = ids.first().map_or("", AssetId::as_str);
                PersonHash(self.hash_message("asset", app, id.as_bytes()))
            }
        }
    }

    /// The keyed hash of a message that belongs to an app; `what` separates the uses.
    pub(crate) fn hash_message(&self, what: &str, app: &AppId, message: &[u8]) -> [u8; 16] {
        let head = format!("regrant/inbox/{what}/{app}/");
        *self
            .0
            .compute_fingerprint(&[head.as_bytes(), message].concat())
            .as_bytes()
    }

    /// The keyed hash of a name that is used to log in.
    pub(crate) fn hash_login_name(&self, name: &OperatorName) -> [u8; 16] {
        *self
            .0
            .compute_fingerprint(format!("regrant/login/{name}").as_bytes())
            .as_bytes()
    }
}

impl Vault {
    /// Stores a grant and adds its person to the directory.
    ///
    /// # Errors
    /// `Taken`: the grant is stored already, with its person.
    pub(crate) async fn insert_grant(
        &self,
        tx: &TenantTx,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<(), regrant_storage::Error> {
        tx.insert_grant(grant, now).await?;
        let person = self
            .person_directory
            .hash_person(&grant.facts.app_id, &grant.facts.person_id);
        tx.add_person_to_directory(&grant.facts.app_id, person)
            .await
    }
}
