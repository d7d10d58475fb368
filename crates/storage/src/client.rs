//! Clients of tenants, and how one that calls is found.
//!
//! The rule: a client is looked up by its id before a tenant is known, so its table holds hashes of random
//! secrets alone.

use regrant_domain::{ClientId, Permissions, TenantId, Timestamp};
use sea_orm::Value;

use crate::{
    Candidate, Error, Store, TenantScope, TenantTx,
    query::{Query, maybe_time, time},
    row::Row,
};

/// A client to keep.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its id.
    pub id: ClientId,
    /// Its tenant.
    pub tenant: TenantId,
    /// A name for people.
    pub name: String,
    /// The hash of its secret.
    pub secret_hash: Vec<u8>,
    /// What it may do.
    pub scopes: Permissions,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A client, without its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// Its id.
    pub id: ClientId,
    /// A name for people.
    pub name: String,
    /// What it may do.
    pub scopes: Permissions,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is refused.
    pub disabled_at: Option<Timestamp>,
}

impl Store {
    /// Keeps a client.
    ///
    /// # Errors
    /// [`Error::Taken`]: its id is; [`Error::NotFound`]: no such tenant.
    pub async fn insert_client(&self, client: &NewClient) -> Result<(), Error> {
        self.tenant(client.tenant).await?;
        let tx = self.begin_as(client.tenant).await?;
        tx.insert_client(client).await?;
        tx.commit().await
    }

    /// The tenant's clients, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn clients(&self, tenant: TenantId) -> Result<Vec<ClientRow>, Error> {
        let sql =
            "SELECT id, name, scopes, created_at, disabled_at FROM clients WHERE tenant_id = $1 ORDER BY id";
        let rows = Query::of_tenant(tenant, sql).all(&self.connection).await?;
        rows.iter().map(read).collect()
    }

    /// Gives a client another secret; the old one is refused from here on.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such client.
    pub async fn set_client_secret(
        &self,
        tenant: TenantId,
        client: ClientId,
        hash: &[u8],
    ) -> Result<(), Error> {
        self.update_client(tenant, client, "secret_hash", hash.into()).await
    }

    /// Refuses a client from `at` on; `None` lets it in again.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such client.
    pub async fn disable_client(
        &self,
        tenant: TenantId,
        client: ClientId,
        at: Option<Timestamp>,
    ) -> Result<(), Error> {
        self.update_client(tenant, client, "disabled_at", maybe_time(at).into()).await
    }

    /// The client with this id, if it may call at all: not disabled, its tenant not suspended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn candidate(&self, client: ClientId) -> Result<Option<Candidate>, Error> {
        let query = Query::new(
            "SELECT c.id, c.tenant_id, c.scopes, c.secret_hash, t.app_id, t.reason_required
             FROM clients c JOIN tenants t ON t.id = c.tenant_id
             WHERE c.disabled_at IS NULL AND t.status = 'active' AND c.id = ",
        );
        let rows = query.bind(client.uuid()).all(&self.connection).await?;
        match rows.as_slice() {
            [] => Ok(None),
            [row] => candidate(row).map(Some),
            _ => Err(Error::Corrupt("client")),
        }
    }

    async fn update_client(
        &self,
        tenant: TenantId,
        client: ClientId,
        column: &str,
        value: Value,
    ) -> Result<(), Error> {
        let query = Query::of_tenant(tenant, "UPDATE clients SET ")
            .sql(column)
            .sql(" = ")
            .bind(value)
            .sql(" WHERE tenant_id = $1 AND id = ")
            .bind(client.uuid());
        match self.write(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

impl TenantTx {
    pub(crate) async fn insert_client(&self, client: &NewClient) -> Result<(), Error> {
        if client.tenant != self.tenant {
            return Err(Error::NotFound);
        }
        let row: [Value; 5] = [
            client.id.uuid().into(),
            client.name.as_str().into(),
            client.secret_hash.as_slice().into(),
            client.scopes.to_string().into(),
            time(client.created_at).into(),
        ];
        let query = self
            .query("INSERT INTO clients (tenant_id, id, name, secret_hash, scopes, created_at)")
            .tenant_rows([row])
            .sql(" ON CONFLICT DO NOTHING");
        match self.run(query).await? {
            0 => Err(Error::Taken("client")),
            _ => Ok(()),
        }
    }
}

fn candidate(row: &Row) -> Result<Candidate, Error> {
    Ok(Candidate {
        scope: TenantScope::new(TenantId::from_uuid(row.get("tenant_id")?), row.parsed("app_id")?),
        client: ClientId::from_uuid(row.get("id")?),
        permissions: row.parsed("scopes")?,
        secret_hash: row.get("secret_hash")?,
        reason_required: row.get("reason_required")?,
    })
}

fn read(row: &Row) -> Result<ClientRow, Error> {
    Ok(ClientRow {
        id: ClientId::from_uuid(row.get("id")?),
        name: row.get("name")?,
        scopes: row.parsed("scopes")?,
        created_at: row.time("created_at")?,
        disabled_at: row.maybe_time("disabled_at")?,
    })
}
