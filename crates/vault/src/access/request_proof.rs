//! Calls that must prove themselves: a client's own word for each call, counted once by all processes.
//!
//! The rule: whoever is refused is told what a proof is and never which check failed.

use chrono::DateTime;
use regrant_crypto::{CallProof, ProofKey};
use regrant_domain::Timestamp;
use regrant_storage::{Candidate, TenantScope};

use crate::{Error, Presented, Vault, tenants::client_secrets::proof_context};

impl Vault {
    /// Demands a proof that holds and was not seen before, where the client must give one.
    pub(super) async fn demand_proof(
        &self,
        scope: &TenantScope,
        candidate: &Candidate,
        presented: Presented<'_>,
        now: Timestamp,
    ) -> Result<(), Error> {
        if !candidate.proof_required() {
            return Ok(());
        }
        let proof = presented
            .proof
            .and_then(CallProof::parse)
            .ok_or(Error::ProofRefused)?;
        let holds = self
            .is_proved(scope, candidate, presented.token, &proof, now)
            .await?;
        if !holds || !proof.is_fresh(now.timestamp()) {
            return Err(Error::ProofRefused);
        }
        let until = DateTime::from_timestamp(proof.ends_at_unix(), 0).ok_or(Error::ProofRefused)?;
        let tx = self.store.begin(scope).await?;
        let first = tx
            .insert_proof(candidate.client(), proof.code(), until)
            .await?;
        tx.commit().await?;
        if first {
            Ok(())
        } else {
            Err(Error::ProofRefused)
        }
    }

    /// Whether a key of a secret that counts made it. All are tried.
    async fn is_proved(
        &self,
        scope: &TenantScope,
        candidate: &Candidate,
        token: &str,
        proof: &CallProof,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let context = proof_context(scope.tenant(), candidate.client());
        let mut holds = false;
        for sealed in candidate.proof_keys(now) {
            let plain = self.keys.open(scope, &context, sealed).await?;
            let key = ProofKey::from_slice(&plain)
                .ok_or_else(|| Error::internal("a proof key is not 32 bytes"))?;
            holds |= key.holds(token, proof);
        }
        Ok(holds)
    }
}
