//! Signed receipts of acts: "at this time this was done, and the audit says so".
//!
//! The rule: every receipt has this one form; `act` says what was done, and `detail` what that act has to say. Its type
//! keeps it apart from access tokens and checkpoints. A receipt does not expire, because it describes the past.

use jsonwebtoken::{Algorithm, Header};
use regrant_domain::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{JwtError, JwtRefusal, SigningKey, Verifier};

/// The type in the header.
const TYPE: &str = "regrant-receipt+jwt";

/// What was done, and where the audit stood when the receipt was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The issuer.
    pub iss: String,
    /// What was done, such as `tenant.shredded`.
    pub act: String,
    /// To what: an id, never a name or a person's id.
    pub sub: String,
    /// When it was done, in seconds since 1970.
    pub at: i64,
    /// What this act has to say.
    pub detail: Map<String, Value>,
    /// The ends of the audit chains that record it.
    pub audit: Vec<ChainEnd>,
    /// When the receipt was signed, in seconds since 1970.
    pub iat: i64,
}

/// The end of an audit chain, as a checkpoint names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainEnd {
    /// The tenant that owns the chain.
    pub tenant: TenantId,
    /// The number of the chain's last row.
    pub seq: i64,
    /// The link of that row, in hex.
    pub hash: String,
}

impl SigningKey {
    /// Signs a receipt.
    ///
    /// # Errors
    /// [`JwtError::Sign`]: the library could not sign.
    pub fn sign_receipt(&self, receipt: &Receipt) -> Result<String, JwtError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid().to_owned());
        jsonwebtoken::encode(&header, receipt, self.private()).map_err(|_| JwtError::Sign)
    }
}

impl Verifier {
    /// Verifies a receipt of this issuer and returns its content.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_receipt(&self, statement: &str) -> Result<Receipt, JwtRefusal> {
        let receipt: Receipt = self.decode_statement(statement, TYPE)?;
        if receipt.iss == self.issuer() {
            Ok(receipt)
        } else {
            Err(JwtRefusal::Issuer)
        }
    }
}
