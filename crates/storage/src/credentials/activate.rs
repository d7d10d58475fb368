//! Replacing the credentials that serve assets: activate, refresh, promote, adopt, reseal.
//!
//! The rule: a decision names the generation it was made at, and an older reconnect never overwrites what
//! a newer one settled. If a row is not as expected, the call is [`Error::Stale`] and its transaction
//! must be dropped. `generation.rs` holds the statement that checks this.

use regrant_domain::{CredentialId, CutOff, ObjectCondition, Slot, Timestamp};

use crate::{Error, StoredCredential, TenantTx, credentials::generation::IntentSeq, sql::CHUNK};

/// A credential to insert into the slot that it names.
pub type NewCredential = StoredCredential;

/// A proved or imported credential that is to serve its asset.
#[derive(Debug, Clone)]
pub struct Activation {
    /// The credential, in slot `active`, sealed for the generation after the expected one.
    pub credential: NewCredential,
    /// The asset's generation when this was decided.
    pub expected_generation: i64,
    /// The asset's cut-off for the credential's person, where one is known.
    pub cut_off: Option<CutOff>,
    /// When the dates of the credential were read from `debug_token`; `None` if they never were.
    pub dates_read_at: Option<Timestamp>,
    /// What Graph says of the object beside access.
    pub condition: Option<ObjectCondition>,
}

/// A candidate or standby credential that is to serve its asset.
#[derive(Debug, Clone)]
pub struct Promotion {
    /// The credential, resealed for slot `active`.
    pub activation: Activation,
    /// The id of its row as candidate or standby.
    pub replaced_id: CredentialId,
}

impl TenantTx {
    /// Activates new credentials. The active ones become `previous`; candidates of this reconnect or an
    /// older one are deleted. `intent_seq` 0 is an import: it takes only assets that no reconnect has
    /// settled.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation, or a newer reconnect settled it.
    pub async fn activate_credentials(
        &self,
        activations: &[Activation],
        intent_seq: i64,
        at: Timestamp,
    ) -> Result<(), Error> {
        check_slot(Slot::Active, activations.iter().map(|it| &it.credential))?;
        for chunk in activations.chunks(CHUNK) {
            self.raise_generation(chunk.iter(), IntentSeq::Set(intent_seq), at)
                .await?;
            // No credential has served an asset of generation 0.
            let later = chunk.iter().filter(|it| it.expected_generation > 0);
            if later.clone().next().is_some() {
                self.retire_active(later).await?;
            }
            self.delete_candidates(chunk.iter(), intent_seq).await?;
            self.insert_credentials(chunk.iter().map(|it| &it.credential), false)
                .await?;
        }
        Ok(())
    }

    /// Stores the first credentials of assets that this transaction has created with them.
    ///
    /// # Errors
    /// [`Error::Corrupt`]: a credential is of another slot.
    pub async fn insert_first_credentials(
        &self,
        credentials: &[NewCredential],
    ) -> Result<(), Error> {
        check_slot(Slot::Active, credentials)?;
        for chunk in credentials.chunks(CHUNK) {
            self.insert_credentials(chunk, false).await?;
        }
        Ok(())
    }

    /// Replaces tokens by refreshed ones; the old ones become `previous`. Candidates stay, and the assets
    /// keep the reconnect that settled them last.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation.
    pub async fn refresh_credentials(
        &self,
        activations: &[Activation],
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in activations.chunks(CHUNK) {
            self.raise_generation(chunk.iter(), IntentSeq::Leave, at)
                .await?;
            self.retire_active(chunk.iter()).await?;
            self.insert_credentials(chunk.iter().map(|it| &it.credential), false)
                .await?;
        }
        Ok(())
    }

    /// Promotes candidates and standby credentials; the active ones become `previous`. An asset's
    /// `intent_seq` becomes the credential's if that is newer.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation.
    pub async fn promote_credentials(
        &self,
        promotions: &[Promotion],
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in promotions.chunks(CHUNK) {
            let activations = || chunk.iter().map(|it| &it.activation);
            self.raise_generation(activations(), IntentSeq::Raise, at)
                .await?;
            let waited: Vec<_> = chunk.iter().map(|it| it.replaced_id).collect();
            self.delete_credentials(&waited).await?;
            self.retire_active(activations()).await?;
            self.insert_credentials(activations().map(|it| &it.credential), false)
                .await?;
        }
        Ok(())
    }

    /// Replaces imported credentials by the same ones, resealed with the facts that probing them gave.
    /// Unlike [`TenantTx::activate_credentials`] it leaves `previous` as it is.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation.
    pub async fn adopt_imported_credentials(
        &self,
        adoptions: &[Activation],
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in adoptions.chunks(CHUNK) {
            self.raise_generation(chunk.iter(), IntentSeq::Raise, at)
                .await?;
            self.delete_active(chunk).await?;
            self.insert_credentials(chunk.iter().map(|it| &it.credential), false)
                .await?;
        }
        Ok(())
    }

    /// Replaces active credentials by resealed ones; `previous` stays as it is.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has another generation, or a newer reconnect settled it.
    pub async fn reseal_active_credentials(
        &self,
        renewals: &[Activation],
        intent_seq: i64,
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in renewals.chunks(CHUNK) {
            self.raise_generation(chunk.iter(), IntentSeq::Set(intent_seq), at)
                .await?;
            self.delete_active(chunk).await?;
            self.delete_candidates(chunk.iter(), intent_seq).await?;
            self.insert_credentials(chunk.iter().map(|it| &it.credential), false)
                .await?;
        }
        Ok(())
    }

    /// Moves active credentials to `previous`; those that were there are deleted.
    async fn retire_active<'a>(
        &self,
        activations: impl Iterator<Item = &'a Activation> + Clone,
    ) -> Result<(), Error> {
        let previous = self
            .query(
                "DELETE FROM credentials
                 WHERE tenant_id = :tenant AND slot = 'previous' AND asset_id IN :ids",
            )
            .bind_list("ids", asset_ids(activations.clone()));
        self.execute(previous).await?;
        let retire = self
            .query(
                "UPDATE credentials SET slot = 'previous', slot_seal = NULL
                 WHERE tenant_id = :tenant AND slot = 'active' AND asset_id IN :ids",
            )
            .bind_list("ids", asset_ids(activations));
        self.execute(retire).await.map(drop)
    }

    async fn delete_active(&self, activations: &[Activation]) -> Result<(), Error> {
        let query = self
            .query(
                "DELETE FROM credentials
                 WHERE tenant_id = :tenant AND slot = 'active' AND asset_id IN :ids",
            )
            .bind_list("ids", asset_ids(activations.iter()));
        self.execute(query).await.map(drop)
    }

    /// Deletes the assets' candidates of this reconnect or an older one.
    async fn delete_candidates<'a>(
        &self,
        activations: impl Iterator<Item = &'a Activation>,
        intent_seq: i64,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "DELETE FROM credentials
                 WHERE tenant_id = :tenant AND slot = 'candidate' AND intent_seq <= :intent_seq
                     AND asset_id IN :ids",
            )
            .bind("intent_seq", intent_seq)
            .bind_list("ids", asset_ids(activations));
        self.execute(query).await.map(drop)
    }
}

fn asset_ids<'a>(
    activations: impl Iterator<Item = &'a Activation>,
) -> impl Iterator<Item = &'a str> {
    activations.map(|it| it.credential.credential.asset_id.as_str())
}

/// Checks that every credential names this slot: in another one it would not be found.
pub(crate) fn check_slot<'a>(
    slot: Slot,
    credentials: impl IntoIterator<Item = &'a NewCredential>,
) -> Result<(), Error> {
    let fits = credentials.into_iter().all(|it| it.credential.slot == slot);
    fits.then_some(()).ok_or(Error::Corrupt("slot"))
}
