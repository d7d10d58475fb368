//! Clients of tenants: created, read, changed and deleted.
//!
//! The rule: lock a client's row in the transaction that changes it. `client_login.rs` finds the client that
//! calls, `client_secret.rs` changes secrets, `client_scope.rs` stores which scopes are used.

use std::collections::HashMap;

use regrant_domain::{
    ClientId, ClientSpec, Permissions, Reach, ReachLimit, ScopeUse, TenantId, Timestamp,
};

use crate::{
    Error, TenantTx,
    integrity::CLIENTS,
    sql::{Query, Row, maybe_micros, maybe_to_json, to_micros},
};

/// A client to insert.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// The id.
    pub id: ClientId,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// The settings an operator made.
    pub spec: ClientSpec,
    /// The hash of its secret.
    pub secret_hash: Vec<u8>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A client, without its hashes and keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// The id.
    pub id: ClientId,
    /// The settings an operator made.
    pub spec: ClientSpec,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was disabled.
    pub disabled_at: Option<Timestamp>,
    /// When the secret before its newest stops being valid.
    pub older_secret_until: Option<Timestamp>,
    /// When it last called, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// When each scope was granted and last used, to the hour.
    pub scope_uses: Vec<ScopeUse>,
}

const SELECT: &str = "
    SELECT c.id, c.name, c.scopes, c.created_at, c.disabled_at, c.expires_at, c.networks,
        c.asset_ids, c.business_ids, c.proof_required, c.keep_unused_scopes,
        c.previous_secret_until, c.last_used_at,
        {sealed}
    FROM clients c WHERE c.tenant_id = :tenant";

impl TenantTx {
    /// Inserts a client unless the tenant has `most` already.
    ///
    /// # Errors
    /// [`Error::Taken`]: it has; [`Error::NotFound`]: another tenant's client.
    pub async fn insert_client(&self, client: &NewClient, most: usize) -> Result<(), Error> {
        if client.tenant != self.tenant {
            return Err(Error::NotFound);
        }
        // Locking the tenant's row makes a concurrent insert count this one.
        let lock = Query::tenant(
            self.tenant,
            "SELECT id FROM tenants WHERE id = :tenant {for_update}",
        );
        let tenant = lock.fetch_one(&self.transaction).await?;
        tenant.ok_or(Error::NotFound)?;
        let count = self.query("SELECT count(*) AS n FROM clients WHERE tenant_id = :tenant");
        let count: i64 = self
            .fetch_one(count)
            .await?
            .ok_or(Error::NotFound)?
            .get("n")?;
        if usize::try_from(count).is_ok_and(|it| it >= most) {
            return Err(Error::Taken("client"));
        }
        self.insert_client_row(client).await?;
        self.grant_scopes(
            client.id,
            Permissions::default(),
            client.spec.scopes,
            client.created_at,
        )
        .await
    }

    /// The tenant's clients, the oldest first.
    pub async fn list_clients(&self) -> Result<Vec<ClientRow>, Error> {
        self.read_clients("{select} ORDER BY c.id", None)
            .await
            .map(|all| all.into_iter().map(|(client, _)| client).collect())
    }

    /// The tenant's clients, the oldest first, locked until this transaction ends. Clients that were changed around
    /// the application are left out.
    pub async fn lock_clients(&self) -> Result<Vec<ClientRow>, Error> {
        let rows = self
            .read_clients("{select} ORDER BY c.id {for_update}", None)
            .await?;
        let is_intact = |(client, it): (ClientRow, Result<(), Error>)| it.is_ok().then_some(client);
        Ok(rows.into_iter().filter_map(is_intact).collect())
    }

    /// The client with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none; [`Error::Tampered`].
    pub async fn find_client(&self, id: ClientId) -> Result<ClientRow, Error> {
        self.read_client("{select} AND c.id = :id", id).await
    }

    /// The client with this id, locked until this transaction ends.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none; [`Error::Tampered`].
    pub async fn lock_client(&self, id: ClientId) -> Result<ClientRow, Error> {
        self.read_client("{select} AND c.id = :id {for_update}", id)
            .await
    }

    /// Writes a client's settings. [`TenantTx::grant_scopes`] writes when its scopes were granted.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn change_client(&self, id: ClientId, spec: &ClientSpec) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE clients SET name = :name, scopes = :scopes, expires_at = :expires_at,
                     networks = :networks, asset_ids = :asset_ids, business_ids = :business_ids,
                     proof_required = :proof_required, keep_unused_scopes = :keep_unused_scopes
                 WHERE tenant_id = :tenant AND id = :id",
            )
            .bind("id", id.uuid());
        self.change_client_row(id, bind_spec(query, spec)?).await
    }

    /// Runs a statement that changes one client.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone; [`Error::Tampered`].
    pub(crate) async fn change_client_row(&self, id: ClientId, change: Query) -> Result<(), Error> {
        match self.change_sealed(&CLIENTS, &[id.uuid()], change).await? {
            1 => Ok(()),
            _ => Err(Error::Stale),
        }
    }

    /// Deletes a client with its scope uses and proofs.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such client.
    pub async fn delete_client(&self, id: ClientId) -> Result<(), Error> {
        let query = self
            .query("DELETE FROM clients WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id.uuid());
        if self.execute(query).await? == 0 {
            return Err(Error::NotFound);
        }
        self.note_sealed_row_deleted(&CLIENTS, id.uuid());
        for table in ["client_scopes", "client_proofs"] {
            let query = self
                .query("DELETE FROM {table} WHERE tenant_id = :tenant AND client_id = :id")
                .fill("table", table)
                .bind("id", id.uuid());
            self.execute(query).await?;
        }
        Ok(())
    }

    async fn insert_client_row(&self, client: &NewClient) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO clients (tenant_id, id, name, secret_hash, scopes,
                     expires_at, networks, asset_ids, business_ids, proof_required,
                     keep_unused_scopes, created_at)
                 VALUES (:tenant, :id, :name, :secret_hash, :scopes,
                     :expires_at, :networks, :asset_ids, :business_ids, :proof_required,
                     :keep_unused_scopes, :created_at)
                 ON CONFLICT DO NOTHING",
            )
            .bind("id", client.id.uuid())
            .bind("secret_hash", client.secret_hash.as_slice())
            .bind("created_at", to_micros(client.created_at));
        let query = bind_spec(query, &client.spec)?;
        match self
            .insert_sealed(&CLIENTS, client.id.uuid(), query)
            .await?
        {
            0 => Err(Error::Taken("client")),
            _ => Ok(()),
        }
    }

    async fn read_client(&self, sql: &'static str, id: ClientId) -> Result<ClientRow, Error> {
        let rows = self.read_clients(sql, Some(id)).await?;
        let (client, seal) = rows.into_iter().next().ok_or(Error::NotFound)?;
        seal.map(|()| client)
    }

    /// Clients, and for each whether its seal fits.
    async fn read_clients(
        &self,
        sql: &'static str,
        id: Option<ClientId>,
    ) -> Result<Vec<(ClientRow, Result<(), Error>)>, Error> {
        let query = self
            .query(sql)
            .fill("select", SELECT)
            .fill("sealed", CLIENTS.select_list("c"));
        let query = match id {
            Some(id) => query.bind("id", id.uuid()),
            None => query,
        };
        let rows = self.fetch_all(query).await?;
        let mut uses: HashMap<ClientId, Vec<ScopeUse>> = HashMap::new();
        for (client, it) in self.list_scope_uses(id).await? {
            uses.entry(client).or_default().push(it);
        }
        rows.iter()
            .map(|row| {
                let seal = self.check_sealed(&CLIENTS, row, "c");
                Ok((client_from_row(row, &mut uses)?, seal))
            })
            .collect()
    }
}

/// The assets a client may reach. Both columns are null if it may reach all.
pub(crate) fn reach_from_row(row: &Row) -> Result<Reach, Error> {
    let (assets, businesses) = (
        row.maybe_json("asset_ids")?,
        row.maybe_json("business_ids")?,
    );
    if assets.is_none() && businesses.is_none() {
        return Ok(Reach::All);
    }
    let (assets, businesses) = (assets.unwrap_or_default(), businesses.unwrap_or_default());
    Ok(Reach::Within(ReachLimit { assets, businesses }))
}

fn bind_spec(query: Query, spec: &ClientSpec) -> Result<Query, Error> {
    let within = spec.reach.as_limit();
    Ok(query
        .bind("name", spec.name.as_str())
        .bind("scopes", spec.scopes.to_string())
        .bind("expires_at", maybe_micros(spec.expires_at))
        .bind("networks", maybe_to_json(spec.networks.as_ref())?)
        .bind("asset_ids", maybe_to_json(within.map(|it| &it.assets))?)
        .bind(
            "business_ids",
            maybe_to_json(within.map(|it| &it.businesses))?,
        )
        .bind("proof_required", spec.proof_required)
        .bind("keep_unused_scopes", spec.keep_unused_scopes))
}

fn client_from_row(
    row: &Row,
    uses: &mut HashMap<ClientId, Vec<ScopeUse>>,
) -> Result<ClientRow, Error> {
    let id = ClientId::from_uuid(row.get("id")?);
    Ok(ClientRow {
        id,
        spec: ClientSpec {
            name: row.get("name")?,
            scopes: row.parse("scopes")?,
            expires_at: row.maybe_time("expires_at")?,
            networks: row.maybe_json("networks")?,
            reach: reach_from_row(row)?,
            proof_required: row.get("proof_required")?,
            keep_unused_scopes: row.get("keep_unused_scopes")?,
        },
        created_at: row.time("created_at")?,
        disabled_at: row.maybe_time("disabled_at")?,
        older_secret_until: row.maybe_time("previous_secret_until")?,
        last_used_at: row.maybe_time("last_used_at")?,
        scope_uses: uses.remove(&id).unwrap_or_default(),
    })
}
