//! The directory: which tenants know a person, or own an asset that Meta's notices are about.
//!
//! The rule: across tenants a person is found only by a keyed hash; the id stays inside each tenant. A tenant that holds
//! a token whose person is not known yet has the entry [`PersonHash::UNATTRIBUTED`], from the transaction of the import on.

use std::collections::HashSet;

use regrant_domain::{AppId, TenantId};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, Store, TenantScope, TenantTx,
    sql::{CHUNK, Query, decode_rows},
    tenants::scope::tenant_scope_from_row,
};

/// A keyed hash of the id of a person, or of an asset, at one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PersonHash(pub [u8; 16]);

impl PersonHash {
    /// The entry of a tenant that holds a token whose person is not known yet. No keyed hash has this value.
    pub const UNATTRIBUTED: Self = Self([0; 16]);
}

impl From<PersonHash> for Value {
    fn from(hash: PersonHash) -> Self {
        hash.0.to_vec().into()
    }
}

impl Store {
    /// The tenants of an app that know one of these persons, without `except` and those that are shredded or deleted.
    pub async fn list_scopes_of_persons(
        &self,
        app: &AppId,
        persons: &[PersonHash],
        except: Option<TenantId>,
    ) -> Result<Vec<TenantScope>, Error> {
        let mut found = Vec::new();
        for chunk in persons.chunks(CHUNK) {
            let query = Query::new(
                "SELECT t.id AS t_id, t.app_id AS t_app_id FROM tenants t
                 WHERE t.deleted_at IS NULL AND t.shredded_at IS NULL [AND t.id <> :except]
                     AND t.id IN (SELECT p.tenant_id FROM person_directory p
                         WHERE p.app_id = :app AND p.person_hash IN :persons) ORDER BY t.id",
            )
            .bind("app", app.as_str())
            .bind_list("persons", chunk.iter().copied())
            .bind_optional("except", except.map(TenantId::uuid));
            let rows = query.fetch_all(&self.connection).await?;
            found.extend(decode_rows("tenants", &rows, tenant_scope_from_row));
        }
        Ok(found)
    }

    /// Those of the tenants that hold a token whose person is not known yet.
    pub async fn find_tenants_with_unattributed_tokens(
        &self,
        tenants: &[TenantId],
    ) -> Result<HashSet<TenantId>, Error> {
        let mut found = HashSet::new();
        for chunk in tenants.chunks(CHUNK) {
            let query = Query::new(
                "SELECT tenant_id FROM person_directory
                 WHERE person_hash = :unattributed AND tenant_id IN :tenants",
            )
            .bind("unattributed", PersonHash::UNATTRIBUTED)
            .bind_list("tenants", chunk.iter().map(|it| it.uuid()));
            for row in query.fetch_all(&self.connection).await? {
                found.insert(TenantId::from_uuid(row.get::<Uuid>("tenant_id")?));
            }
        }
        Ok(found)
    }
}

impl TenantTx {
    /// Notes in the directory that this tenant knows these persons or assets.
    pub async fn add_to_directory(
        &self,
        app: &AppId,
        subjects: &[PersonHash],
    ) -> Result<(), Error> {
        for chunk in subjects.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|it| -> [Value; 2] { [app.as_str().into(), (*it).into()] });
            let query = self
                .query(
                    "INSERT INTO person_directory (tenant_id, app_id, person_hash) VALUES :rows
                     ON CONFLICT DO NOTHING",
                )
                .bind_tenant_rows("rows", rows);
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Removes a person or an asset from the directory.
    pub async fn remove_from_directory(
        &self,
        app: &AppId,
        subject: PersonHash,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "DELETE FROM person_directory
                 WHERE tenant_id = :tenant AND app_id = :app AND person_hash = :subject",
            )
            .bind("app", app.as_str())
            .bind("subject", subject);
        self.execute(query).await.map(drop)
    }

    /// Notes that this tenant holds a token whose person is not known yet.
    pub async fn add_unattributed_entry(&self, app: &AppId) -> Result<(), Error> {
        // Deleted first, because that waits for a concurrent removal: the entry stays where either of them needs it.
        self.remove_from_directory(app, PersonHash::UNATTRIBUTED)
            .await?;
        self.add_to_directory(app, &[PersonHash::UNATTRIBUTED])
            .await
    }

    /// Removes the entry [`PersonHash::UNATTRIBUTED`] unless the tenant still has an unattributed credential.
    pub async fn remove_unattributed_entry(&self, app: &AppId) -> Result<(), Error> {
        // Deleted first, because that waits for a concurrent import, whose credentials the second statement then sees.
        self.remove_from_directory(app, PersonHash::UNATTRIBUTED)
            .await?;
        let query = self.query(
            "SELECT 1 FROM credentials c
             WHERE c.tenant_id = :tenant AND c.grant_id IS NULL AND c.ownerless_since IS NULL
             LIMIT 1",
        );
        match self.fetch_one(query).await? {
            Some(_) => {
                self.add_to_directory(app, &[PersonHash::UNATTRIBUTED])
                    .await
            }
            None => Ok(()),
        }
    }
}
