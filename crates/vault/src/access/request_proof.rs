//! Checks the proof of a request: an HMAC that a client computes for each request with a key from
//! its secret.
//!
//! The rule: each proof is accepted once across all processes, and the error never reveals which
//! check failed.
//! Start at `Vault::require_request_proof`.

use chrono::DateTime;
use regrant_crypto::{ProofKey, RequestProof};
use regrant_domain::Timestamp;
use regrant_storage::{TenantScope, UnverifiedClient};

use crate::{Error, RequestCredentials, Vault, tenants::client_secrets::proof_context};

impl Vault {
    /// Requires a valid, unused proof if the client must send one.
    pub(super) async fn require_request_proof(
        &self,
        scope: &TenantScope,
        candidate: &UnverifiedClient,
        presented: RequestCredentials<'_>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let proof = presented
            .proof
            .and_then(RequestProof::parse)
            .ok_or(Error::ProofRefused)?;
        let is_proved = self
            .matches_proof_key(scope, candidate, presented.token, &proof, now)
            .await?;
        if !is_proved || !proof.is_fresh(now.timestamp()) {
            return Err(Error::ProofRefused);
        }
        let until = DateTime::from_timestamp(proof.ends_at_unix(), 0).ok_or(Error::ProofRefused)?;
        let tx = self.store.begin(scope).await?;
        // A conflicting row means that the proof was used before.
        let is_first_use = tx
            .insert_request_proof(candidate.client(), proof.code(), until)
            .await?;
        tx.commit().await?;
        if is_first_use {
            Ok(())
        } else {
            Err(Error::ProofRefused)
        }
    }

    /// Whether the proof was made with a valid secret of the client. Tries every key, so that the
    /// time does not depend on which one matches.
    async fn matches_proof_key(
        &self,
        scope: &TenantScope,
        candidate: &UnverifiedClient,
        token: &str,
        proof: &RequestProof,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let context = proof_context(scope.tenant(), candidate.client());
        let mut holds = false;
        for sealed in candidate.proof_keys(now) {
            let plain = self.data_keys.open_record(scope, &context, sealed).await?;
            let key = ProofKey::from_slice(&plain)
                .ok_or_else(|| Error::from_cause("a proof key is not 32 bytes"))?;
            holds |= key.accepts_proof(token, proof);
        }
        Ok(holds)
    }
}
