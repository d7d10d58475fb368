//! Signed checkpoints of audit chains: "at this time the chain of this tenant ended here".
//!
//! The rule: a type of its own in the header, so that a checkpoint is never an access token nor the other way
//! round. It has no end: it says what was.

use jsonwebtoken::{Algorithm, Header, Validation};
use regrant_domain::TenantId;
use serde::{Deserialize, Serialize};

use super::{JwtError, JwtRefused, SigningKey, Verifier};

/// The type in the header.
pub(super) const TYPE: &str = "regrant-audit-checkpoint+jwt";

/// Where a tenant's audit chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Who signed it.
    pub iss: String,
    /// Whose chain.
    pub tenant: TenantId,
    /// The number of its last row.
    pub seq: i64,
    /// That row's link, in hex.
    pub hash: String,
    /// When it was signed, in seconds since 1970.
    pub iat: i64,
}

impl SigningKey {
    /// Signs a checkpoint.
    ///
    /// # Errors
    /// [`JwtError::Sign`]: the library refused.
    pub fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<String, JwtError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid().to_owned());
        jsonwebtoken::encode(&header, checkpoint, self.private()).map_err(|_| JwtError::Sign)
    }
}

impl Verifier {
    /// What a checkpoint of this issuer says.
    ///
    /// # Errors
    /// The first check it fails.
    pub fn verify_checkpoint(&self, statement: &str) -> Result<Checkpoint, JwtRefused> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims::<&str>(&[]);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let checkpoint: Checkpoint = self.decode(statement, TYPE, &validation)?;
        if checkpoint.iss == self.issuer() {
            Ok(checkpoint)
        } else {
            Err(JwtRefused::Issuer)
        }
    }
}
