//! Credentials that do not serve yet: candidates that wait for their asset, and standby ones.
//!
//! The rule: a credential of a newer reconnect stays; an older one is replaced.

use regrant_domain::{Credential, Slot};
use sea_orm::Value;

use crate::{Error, NewCredential, TenantTx, credentials::activate::check_slot, sql::CHUNK};

impl TenantTx {
    /// Parks credentials that do not reach their asset yet, one an asset; a candidate of a newer
    /// reconnect stays instead.
    pub async fn park_credentials(&self, credentials: &[NewCredential]) -> Result<(), Error> {
        check_slot(Slot::Candidate, credentials)?;
        self.replace_older("c.slot = 'candidate'", credentials)
            .await
    }

    /// Inserts standby credentials, one an asset and person; a newer one of the same person stays instead.
    pub async fn insert_standby_credentials(
        &self,
        credentials: &[NewCredential],
    ) -> Result<(), Error> {
        check_slot(Slot::Standby, credentials)?;
        let same = "c.slot = 'standby' AND c.person_id IS NOT DISTINCT FROM arrival.person_id";
        self.replace_older(same, credentials).await
    }

    /// Inserts credentials, and deletes those that `same` finds and that are not newer.
    async fn replace_older(
        &self,
        same: &'static str,
        credentials: &[NewCredential],
    ) -> Result<(), Error> {
        for chunk in credentials.chunks(CHUNK) {
            let older = self
                .query(
                    "WITH arrival (asset_id, intent_seq, person_id) AS (VALUES :arrivals)
                     DELETE FROM credentials
                     WHERE tenant_id = :tenant AND id IN (
                         SELECT c.id FROM arrival CROSS JOIN credentials c
                         WHERE c.tenant_id = :tenant AND c.asset_id = arrival.asset_id
                             AND c.intent_seq <= arrival.intent_seq AND {same})",
                )
                .fill("same", same)
                .bind_rows("arrivals", chunk.iter().map(|it| to_row(&it.credential)));
            self.execute(older).await?;
            self.insert_credentials(chunk, true).await?;
        }
        Ok(())
    }
}

fn to_row(credential: &Credential) -> [Value; 3] {
    let person = credential.person_id.as_ref();
    [
        credential.asset_id.as_str().into(),
        credential.intent_seq.into(),
        person.map(|id| id.as_str().to_owned()).into(),
    ]
}
