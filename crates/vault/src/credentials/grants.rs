//! Grants, and the directory of the tenants that know a person.
//!
//! The rule: store a grant through [`Vault::insert_grant`] alone. It adds the person to the directory, by which notices
//! from Meta find the tenants that they concern, and it finds the notice by which the person revoked the token before.
//! The directory holds keyed hashes, never an id.

use std::{net::IpAddr, sync::Arc};

use regrant_crypto::HashKey;
use regrant_domain::{
    AccessToken, AppId, AssetId, AuthorizationCode, Clock, Grant, GrantId, NoticeSubject,
    OperatorName, PersonId, SealedRecord, TenantId, Timestamp, TokenFacts, network_of,
};
use regrant_storage::{GrantedConsent, LoginOrigin, PersonHash, Reconnect, TenantScope, TenantTx};
use zeroize::Zeroizing;

use crate::{
    Error, Vault,
    credentials::{data_keys::DataKeys, seal::grant_context},
};

/// Meta sends whole seconds: a token that was issued in the second of a notice is revoked by it, too.
pub(crate) const NOTICE_PRECISION: chrono::Duration = chrono::Duration::seconds(1);

/// Computes the keyed hashes of the directory, always under the same key.
#[derive(Clone)]
pub(crate) struct PersonDirectory(Arc<HashKey>);

impl PersonDirectory {
    pub(crate) async fn load(keys: &DataKeys, now: Timestamp) -> Result<Self, Error> {
        let key = keys.open_or_derive_hash_key(now).await?;
        Ok(Self(Arc::new(key)))
    }

    /// The hash of a person at an app.
    pub(crate) fn hash_person(&self, app: &AppId, person: &PersonId) -> PersonHash {
        PersonHash(self.hash_message("person", app, person.as_str().as_bytes()))
    }

    /// The hash of an asset at an app.
    pub(crate) fn hash_asset(&self, app: &AppId, asset: &AssetId) -> PersonHash {
        PersonHash(self.hash_message("asset", app, asset.as_str().as_bytes()))
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

    /// The keyed hash of an authorization code of a tenant's app.
    pub(crate) fn hash_code(&self, tenant: TenantId, code: &AuthorizationCode) -> [u8; 16] {
        let head = format!("regrant/consent-code/{tenant}/");
        // A buffer that grows would leave copies of the code in freed memory.
        let mut message = Zeroizing::new(Vec::with_capacity(head.len() + code.expose().len()));
        message.extend_from_slice(head.as_bytes());
        message.extend_from_slice(code.expose().as_bytes());
        *self.0.compute_fingerprint(&message).as_bytes()
    }

    /// Where a log-in is tried.
    pub(crate) fn hash_login_origin(&self, name: &OperatorName, address: IpAddr) -> LoginOrigin {
        let network = network_of(address);
        let hash = self
            .0
            .compute_fingerprint(format!("regrant/login-address/{network}").as_bytes());
        LoginOrigin {
            name: self.hash_login_name(name),
            address: *hash.as_bytes(),
        }
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
    /// Opens the sealed token of a grant.
    pub(crate) async fn open_grant_token(
        &self,
        scope: &TenantScope,
        id: GrantId,
        sealed: &SealedRecord,
    ) -> Result<AccessToken, Error> {
        let context = grant_context(scope.tenant(), id);
        let plain = self.data_keys.open_record(scope, &context, sealed).await?;
        let text = std::str::from_utf8(&plain)
            .map_err(|_| Error::from_cause("the token of a grant is not text"))?;
        AccessToken::parse(text.to_owned()).map_err(Error::from_cause)
    }

    /// Stores a grant that came in at `now`, adds its person to the directory, and opens a notice again that revoked the
    /// token before.
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
        let facts = &grant.facts;
        let person = self
            .person_directory
            .hash_person(&facts.app_id, &facts.person_id);
        tx.add_to_directory(&facts.app_id, &[person]).await?;
        self.reopen_revocation(tx, facts, now).await
    }

    /// Makes the notice due again by which the person revoked this token before it came in, at `came_in`. A token whose
    /// issue Graph does not date counts as issued when it came in.
    pub(crate) async fn reopen_revocation(
        &self,
        tx: &TenantTx,
        facts: &TokenFacts,
        came_in: Timestamp,
    ) -> Result<(), regrant_storage::Error> {
        let issued_at = facts.issued_at.unwrap_or(came_in);
        let consent = GrantedConsent {
            app_id: &facts.app_id,
            person: &facts.person_id,
            hash: self
                .person_directory
                .hash_person(&facts.app_id, &facts.person_id),
            revoked_after: issued_at - NOTICE_PRECISION,
        };
        tx.reopen_revocation(consent, Clock::system_time())
            .await
            .map(drop)
    }

    /// A notice that arrived while a reconnect ran did not see what the reconnect stored after it: makes it due again.
    pub(crate) async fn revoke_after_reconnect(
        &self,
        tx: &TenantTx,
        reconnect: &Reconnect,
    ) -> Result<(), Error> {
        let Some(id) = reconnect.grant_id else {
            return Ok(());
        };
        let facts = tx.find_grant(id).await?.facts;
        Ok(self
            .reopen_revocation(tx, &facts, reconnect.created_at)
            .await?)
    }
}
