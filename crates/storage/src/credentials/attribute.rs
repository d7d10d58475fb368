//! Attributing imported credentials: whose token each holds, and of which kind it is.
//!
//! The rule: only a credential without a grant is attributed, and the asset that it serves takes over the facts in the
//! same transaction.

use std::collections::HashSet;

use regrant_domain::{Credential, CredentialId, Timestamp};
use sea_orm::Value;

use crate::{
    Error, StoredCredential, TenantTx,
    credentials::credential::{SELECT, credential_from_row, read_sealing_key},
    sql::{CHUNK, decode_rows, maybe_micros, to_micros},
};

/// A credential that was resealed with the grant of its token.
#[derive(Debug, Clone)]
pub struct AttributedCredential {
    /// The credential, under the id that it had before.
    pub credential: Credential,
    /// When the facts of its grant were read.
    pub read_at: Timestamp,
}

const ATTRIBUTE: &str = "
    WITH owned (id, kind, grant_id, person_id, sealed, key_id, key_version, fingerprint, expires_at,
        data_access_expires_at, slot_seal) AS (VALUES :owned)
    UPDATE credentials AS c SET kind = owned.kind, grant_id = owned.grant_id,
        person_id = owned.person_id, sealed = owned.sealed, key_id = owned.key_id,
        key_version = owned.key_version, fingerprint = owned.fingerprint,
        expires_at = owned.expires_at,
        data_access_expires_at = owned.data_access_expires_at, ownerless_since = NULL,
        slot_seal = owned.slot_seal
    FROM owned
    WHERE c.tenant_id = :tenant AND c.id = owned.id AND c.grant_id IS NULL";

/// An asset has one standby of a person: the newer one stays where an arrival turns out to be theirs, too.
const DROP_OLDER_STANDBY: &str = "
    WITH owned (id, person_id) AS (VALUES :owned)
    DELETE FROM credentials WHERE tenant_id = :tenant AND id IN (
        SELECT CASE WHEN known.created_at <= arrival.created_at THEN known.id ELSE arrival.id END
        FROM owned
        JOIN credentials arrival ON arrival.tenant_id = :tenant AND arrival.id = owned.id
        JOIN credentials known ON known.tenant_id = :tenant
            AND known.asset_id = arrival.asset_id AND known.person_id = owned.person_id
            AND known.slot = 'standby' AND known.id <> arrival.id
        WHERE arrival.slot = 'standby' AND arrival.grant_id IS NULL)";

const TAKE_OVER: &str = "
    WITH owned (id, read_at) AS (VALUES :owned)
    UPDATE assets AS a SET person_id = c.person_id, expires_at = c.expires_at,
        data_access_expires_at = c.data_access_expires_at, dates_read_at = owned.read_at
    FROM credentials c JOIN owned ON owned.id = c.id
    WHERE a.tenant_id = :tenant AND c.tenant_id = :tenant AND c.asset_id = a.id
        AND c.slot = 'active' AND c.grant_id IS NOT NULL";

impl TenantTx {
    /// The credentials after `after` of which Graph never said whose token they hold, by id; at most `limit`. Whatever
    /// kind was declared: only Graph knows it.
    pub async fn list_unattributed_credentials(
        &self,
        after: Option<CredentialId>,
        limit: u32,
    ) -> Result<Vec<StoredCredential>, Error> {
        let query = self
            .query(
                "{select} AND c.grant_id IS NULL AND c.ownerless_since IS NULL
                     [AND c.id > :after]
                 ORDER BY c.id LIMIT :limit",
            )
            .fill("select", SELECT)
            .bind_optional("after", after.map(CredentialId::uuid))
            .bind("limit", i64::from(limit));
        self.fetch_decoded("credentials", query, credential_from_row)
            .await
    }

    /// Notes that no person of the app is known for these credentials: Graph was asked, or their records do not open.
    /// [`TenantTx::list_unattributed_credentials`] leaves them out from now on.
    pub async fn note_ownerless_credentials(
        &self,
        ids: &[CredentialId],
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "UPDATE credentials SET ownerless_since = :at
                     WHERE tenant_id = :tenant AND id IN :ids AND grant_id IS NULL
                         AND ownerless_since IS NULL",
                )
                .bind("at", to_micros(at))
                .bind_list("ids", chunk.iter().map(|id| id.uuid()));
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Attributes credentials; returns how many rows still had no grant. Lock their assets first.
    pub async fn attribute_credentials(
        &self,
        owned: &[AttributedCredential],
    ) -> Result<usize, Error> {
        let mut attributed = 0;
        for chunk in owned.chunks(CHUNK) {
            let intact = self.find_intact_slots(chunk).await?;
            let rows: Vec<[Value; 11]> = chunk
                .iter()
                .map(|it| {
                    // A credential that was put into the slot around the application stays without a seal.
                    let is_intact = intact.contains(&it.credential.id);
                    let seal = self.seal_slot(&it.credential)?;
                    to_row(&it.credential, seal.filter(|_| is_intact))
                })
                .collect::<Result<_, _>>()?;
            let persons = chunk.iter().map(|it| -> [Value; 2] {
                let person = it.credential.person_id.as_ref();
                [
                    it.credential.id.uuid().into(),
                    person.map(|id| id.as_str().to_owned()).into(),
                ]
            });
            self.execute(self.query(DROP_OLDER_STANDBY).bind_rows("owned", persons))
                .await?;
            attributed += self
                .execute(self.query(ATTRIBUTE).bind_rows("owned", rows))
                .await?;
            let readings = chunk.iter().map(|it| -> [Value; 2] {
                [it.credential.id.uuid().into(), to_micros(it.read_at).into()]
            });
            self.execute(self.query(TAKE_OVER).bind_rows("owned", readings))
                .await?;
        }
        usize::try_from(attributed).map_err(|_| Error::Corrupt("count"))
    }

    /// Those of the credentials whose slot is intact before they are attributed.
    async fn find_intact_slots(
        &self,
        owned: &[AttributedCredential],
    ) -> Result<HashSet<CredentialId>, Error> {
        let query = self
            .query("{select} AND c.id IN :ids")
            .fill("select", SELECT)
            .bind_list("ids", owned.iter().map(|it| it.credential.id.uuid()));
        let rows = self.fetch_all(query).await?;
        let slotted = decode_rows("credentials", &rows, |row| self.slotted_from_row(row));
        let intact = slotted.into_iter().filter(|it| it.is_intact);
        Ok(intact.map(|it| it.stored.credential.id).collect())
    }
}

fn to_row(it: &Credential, slot_seal: Option<Vec<u8>>) -> Result<[Value; 11], Error> {
    let (key_id, key_version) = read_sealing_key(&it.sealed)?;
    Ok([
        it.id.uuid().into(),
        it.kind.as_str().into(),
        it.grant_id.map(regrant_domain::GrantId::uuid).into(),
        it.person_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .into(),
        it.sealed.as_bytes().into(),
        key_id.into(),
        i64::from(key_version).into(),
        it.fingerprint.as_slice().into(),
        maybe_micros(it.expires_at).into(),
        maybe_micros(it.data_access_expires_at).into(),
        slot_seal.into(),
    ])
}
