//! The seal of a slot: which credential serves an asset.
//!
//! The rule: only a credential that the application put into slot `active`, at the asset's generation, is served. A
//! credential that leaves the slot loses its seal.

use regrant_domain::{Credential, Slot, TenantId};
use tracing::error;

use crate::{
    Error, RowSeals, StoredCredential, TenantTx, credentials::credential::credential_from_row,
    integrity::seals::matches_seal, sql::Row,
};

/// A credential, and whether it is in its slot because the application put it there.
#[derive(Debug, Clone)]
pub struct SlottedCredential {
    /// The credential.
    pub stored: StoredCredential,
    /// Whether slot and generation are what the application wrote.
    pub is_intact: bool,
}

impl SlottedCredential {
    /// Whether the slot is intact; raises the alarm if it is not.
    #[must_use]
    pub fn check_slot(&self) -> bool {
        if !self.is_intact {
            error!(
                alarm = "row_tampered", row.table = "credentials", row.id = %self.stored.credential.id,
                "a credential was put into the slot that serves around the application and is refused; \
                 run `regrant audit verify`"
            );
        }
        self.is_intact
    }
}

impl TenantTx {
    /// The credential of a row, and whether its slot is intact.
    pub(crate) fn slotted_from_row(&self, row: &Row) -> Result<SlottedCredential, Error> {
        slotted_from_row(self.row_seals()?, self.tenant, row)
    }

    /// The seal of a credential's slot; `None` for a slot that carries none.
    pub(crate) fn seal_slot(&self, credential: &Credential) -> Result<Option<Vec<u8>>, Error> {
        if credential.slot != Slot::Active {
            return Ok(None);
        }
        let seal = self.row_seals()?.compute_slot(self.tenant, credential);
        Ok(Some(seal.to_vec()))
    }
}

/// The credential of a row, and whether its slot is intact. Only slot `active` carries a seal.
pub(crate) fn slotted_from_row(
    seals: &RowSeals,
    tenant: TenantId,
    row: &Row,
) -> Result<SlottedCredential, Error> {
    let stored = credential_from_row(row)?;
    let credential = &stored.credential;
    let seal: Option<Vec<u8>> = row.get("slot_seal")?;
    let computed = seals.compute_slot(tenant, credential);
    let is_intact = credential.slot != Slot::Active
        || (matches_seal(&computed, seal.as_deref())
            && credential.generation == row.get::<i64>("asset_generation")?);
    Ok(SlottedCredential { stored, is_intact })
}

impl RowSeals {
    /// The seal of a credential in slot `active`.
    pub(crate) fn compute_slot(&self, tenant: TenantId, credential: &Credential) -> [u8; 32] {
        let id = credential.id.uuid();
        let fields: [&[u8]; 7] = [
            b"credentials",
            id.as_bytes(),
            credential.asset_id.as_str().as_bytes(),
            credential.kind.as_str().as_bytes(),
            &credential.generation.to_be_bytes(),
            &credential.fingerprint,
            credential.sealed.as_bytes(),
        ];
        self.compute_fields(tenant, &fields)
    }
}
