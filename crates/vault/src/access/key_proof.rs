//! Checks that a call was proved with a key (DPoP, RFC 9449).
//!
//! The rule: each proof is accepted once across all processes, with a nonce of this installation, for the call that it was
//! made for. Only a proof that passes every other check is kept as used. The error says only whether a newer nonce is needed.
//! Start at `Vault::check_proof`; `used_proofs.rs` keeps those that were used.

use chrono::DateTime;
use regrant_crypto::{KeyProof, ProvedCall};
use regrant_domain::{ClientId, Timestamp};
use regrant_storage::{ClientProof, TenantScope};

use crate::{Error, Vault};

/// The proof of one call, as it was sent.
#[derive(Debug, Clone, Copy)]
pub struct PresentedProof<'a> {
    /// The value of the `DPoP` header.
    pub proof: &'a str,
    /// The method of the call.
    pub method: &'a str,
    /// The public address of the call.
    pub url: &'a str,
}

/// Who must prove a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prover<'a> {
    /// The tenant.
    pub(super) scope: &'a TenantScope,
    /// The client.
    pub(super) client: ClientId,
    /// The access token of the call, and the thumbprint of the key that it is bound to; `None`: the call asks for a token.
    pub(super) token: Option<(&'a str, &'a str)>,
}

/// A proof that is valid for its call, unless it was used before.
#[must_use = "a proof that is not used up can be used again"]
pub struct CheckedProof {
    scope: TenantScope,
    proof: ClientProof,
    /// The thumbprint of its key.
    pub(super) key: String,
}

impl Vault {
    /// The nonce that proofs must have from now on; it is accepted for five minutes.
    ///
    /// # Errors
    /// There is no key that signs.
    pub async fn proof_nonce(&self) -> Result<String, Error> {
        let now = self.clock.now();
        let keys = self.issuer.current_keys().await;
        Ok(keys.signing_key(now)?.proof_nonce(now.timestamp()))
    }

    /// Checks the proof of a call in every respect but whether it was used before.
    ///
    /// # Errors
    /// `NonceRequired`: the nonce is missing, or older than five minutes; `ProofRefused` for every other fault.
    pub(super) async fn check_proof(
        &self,
        prover: Prover<'_>,
        presented: Option<PresentedProof<'_>>,
        now: Timestamp,
    ) -> Result<CheckedProof, Error> {
        let presented = presented.ok_or(Error::ProofRefused)?;
        let proof = verify_proof(prover, presented, now).ok_or(Error::ProofRefused)?;
        let keys = self.issuer.current_keys().await;
        if !keys.accepts_proof_nonce(proof.nonce().unwrap_or_default(), now) {
            return Err(Error::NonceRequired);
        }
        Ok(CheckedProof {
            scope: prover.scope.clone(),
            proof: ClientProof {
                client: prover.client,
                digest: proof.digest(),
                until: DateTime::from_timestamp(proof.ends_at_unix(), 0)
                    .ok_or(Error::ProofRefused)?,
            },
            key: proof.thumbprint().to_owned(),
        })
    }

    /// Uses a proof up. Returns when that is committed.
    ///
    /// # Errors
    /// `ProofRefused`: it was used before; `TenantBusy`; the database does not respond.
    pub async fn use_proof(&self, checked: CheckedProof) -> Result<(), Error> {
        let is_first_use = self
            .used_proofs
            .use_proof(&checked.scope, checked.proof)
            .await?;
        if is_first_use {
            Ok(())
        } else {
            Err(Error::ProofRefused)
        }
    }
}

/// The proof, if it is for this call, of this time, and of the key of the call's token.
fn verify_proof(
    prover: Prover<'_>,
    presented: PresentedProof<'_>,
    now: Timestamp,
) -> Option<KeyProof> {
    let call = ProvedCall {
        method: presented.method,
        url: presented.url,
        token: prover.token.map(|(text, _)| text),
    };
    let has_key = |it: &KeyProof| prover.token.is_none_or(|(_, key)| it.thumbprint() == key);
    KeyProof::verify(presented.proof)
        .filter(|it| it.is_for(call) && it.is_fresh(now.timestamp()) && has_key(it))
}
