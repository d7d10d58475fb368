//! Signed checkpoints of audit chains: "at this time the chain of this tenant ended here".
//!
//! The rule: the header has a type of its own, so that a checkpoint never passes as an access token, nor the other way
//! round. A checkpoint does not expire, because it describes the past.

use jsonwebtoken::{Algorithm, Header};
use regrant_domain::TenantId;
use serde::{Deserialize, Serialize};

use super::{JwtError, JwtRefusal, SigningKey, Verifier};

/// The type in the header.
pub(super) const TYPE: &str = "regrant-audit-checkpoint+jwt";

/// The end of a tenant's audit chain at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The issuer.
    pub iss: String,
    /// The tenant that owns the chain.
    pub tenant: TenantId,
    /// The number of the chain's last row.
    pub seq: i64,
    /// The link of that row, in hex.
    pub hash: String,
    /// When it was signed, in seconds since 1970.
    pub iat: i64,
}

impl SigningKey {
    /// Signs a checkpoint.
    ///
    /// # Errors
    /// [`JwtError::Sign`]: the library could not sign.
    pub fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<String, JwtError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid().to_owned());
        jsonwebtoken::encode(&header, checkpoint, self.private()).map_err(|_| JwtError::Sign)
    }
}

impl Verifier {
    /// Verifies a checkpoint of this issuer and returns its content.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_checkpoint(&self, statement: &str) -> Result<Checkpoint, JwtRefusal> {
        let checkpoint: Checkpoint = self.decode_statement(statement, TYPE)?;
        if checkpoint.iss == self.issuer() {
            Ok(checkpoint)
        } else {
            Err(JwtRefusal::Issuer)
        }
    }
}
