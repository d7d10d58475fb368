//! Clients of tenants: made, changed, given other secrets, deleted.
//!
//! The rule: whoever changes a client holds its row in the transaction of the change. `client_login.rs` reads one that
//! calls, `client_scope.rs` keeps which scopes are used.

use std::collections::HashMap;

use ipnet::IpNet;
use regrant_domain::{
    ClientId, Permission, Permissions, Reach, Sealed, TenantId, Timestamp, Within,
};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{Query, Row, maybe_json, maybe_time, time},
};

/// What an operator decides about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSpec {
    /// A name for people.
    pub name: String,
    /// What it may do.
    pub scopes: Permissions,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// From where it may call; `None` is from anywhere.
    pub networks: Option<Vec<IpNet>>,
    /// Which of the tenant's assets it may reach.
    pub reach: Reach,
    /// Whether each of its calls must carry a proof.
    pub proof_required: bool,
    /// Whether it keeps scopes that it does not use.
    pub keep_unused_scopes: bool,
}

/// A client to keep.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its id.
    pub id: ClientId,
    /// Its tenant.
    pub tenant: TenantId,
    /// What was decided about it.
    pub spec: ClientSpec,
    /// The hash of its secret.
    pub secret_hash: Vec<u8>,
    /// The key its calls are proved with.
    pub proof_key: Option<Sealed>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A client, without its hashes and keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// Its id.
    pub id: ClientId,
    /// What was decided about it.
    pub spec: ClientSpec,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is refused.
    pub disabled_at: Option<Timestamp>,
    /// Until when the secret before its newest counts.
    pub older_secret_until: Option<Timestamp>,
    /// Whether its calls can be proved: not before its first reset, if it was made before there were proofs.
    pub has_proof_key: bool,
    /// When it last called, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// Which scopes it was granted when, and when it last used them, to the hour.
    pub scope_uses: Vec<ScopeUse>,
}

/// A scope of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopeUse {
    /// Which.
    pub scope: Permission,
    /// Since when the client holds it.
    pub granted_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

impl ClientSpec {
    /// A client that nothing narrows but its scopes.
    #[must_use]
    pub fn named(name: impl Into<String>, scopes: Permissions) -> Self {
        Self {
            name: name.into(),
            scopes,
            expires_at: None,
            networks: None,
            reach: Reach::All,
            proof_required: false,
            keep_unused_scopes: false,
        }
    }
}

const SELECT: &str =
    "SELECT id, name, scopes, created_at, disabled_at, expires_at, networks, asset_ids,
    business_ids, proof_required, keep_unused_scopes, previous_secret_until, last_used_at,
    (proof_key_sealed IS NOT NULL) AS has_proof_key FROM clients WHERE tenant_id = $1";

impl TenantTx {
    /// Keeps a client unless the tenant has `most` already.
    ///
    /// # Errors
    /// [`Error::Taken`]: it has; [`Error::NotFound`]: another tenant's client.
    pub async fn insert_client(&self, client: &NewClient, most: usize) -> Result<(), Error> {
        if client.tenant != self.tenant {
            return Err(Error::NotFound);
        }
        // The tenant's row is held, so that two at once count one another.
        let hold = Query::of_tenant(self.tenant, "SELECT id FROM tenants WHERE id = $1");
        let tenant = hold
            .sql(self.dialect.for_update())
            .one(&self.transaction)
            .await?;
        tenant.ok_or(Error::NotFound)?;
        let count = self.query("SELECT count(*) AS n FROM clients WHERE tenant_id = $1");
        let count: i64 = self.one(count).await?.ok_or(Error::NotFound)?.get("n")?;
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

    /// The tenant's clients, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn clients(&self) -> Result<Vec<ClientRow>, Error> {
        let rows = self.all(self.query(SELECT).sql(" ORDER BY id")).await?;
        self.with_uses(&rows, None).await
    }

    /// The same, locked until this transaction ends.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lock_clients(&self) -> Result<Vec<ClientRow>, Error> {
        let rows = self
            .all(
                self.query(SELECT)
                    .sql(" ORDER BY id")
                    .sql(self.dialect.for_update()),
            )
            .await?;
        self.with_uses(&rows, None).await
    }

    /// The client with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn client(&self, id: ClientId) -> Result<ClientRow, Error> {
        let rows = self
            .all(self.query(SELECT).sql(" AND id = ").bind(id.uuid()))
            .await?;
        self.with_uses(&rows, Some(id))
            .await?
            .pop()
            .ok_or(Error::NotFound)
    }

    /// The same, locked until this transaction ends.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn lock_client(&self, id: ClientId) -> Result<ClientRow, Error> {
        let query = self
            .query(SELECT)
            .sql(" AND id = ")
            .bind(id.uuid())
            .sql(self.dialect.for_update());
        let rows = self.all(query).await?;
        self.with_uses(&rows, Some(id))
            .await?
            .pop()
            .ok_or(Error::NotFound)
    }

    /// Writes what was decided about a client. Its scopes' grants are [`TenantTx::grant_scopes`]'s.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn change_client(&self, id: ClientId, spec: &ClientSpec) -> Result<(), Error> {
        let (networks, assets, businesses) = limits(spec)?;
        let query = self
            .query("UPDATE clients SET name = ")
            .bind(spec.name.as_str());
        let query = query.sql(", scopes = ").bind(spec.scopes.to_string());
        let query = query
            .sql(", expires_at = ")
            .bind(maybe_time(spec.expires_at));
        let query = query.sql(", networks = ").bind(networks);
        let query = query
            .sql(", asset_ids = ")
            .bind(assets)
            .sql(", business_ids = ")
            .bind(businesses);
        let query = query.sql(", proof_required = ").bind(spec.proof_required);
        let query = query
            .sql(", keep_unused_scopes = ")
            .bind(spec.keep_unused_scopes);
        self.run_exactly(
            1,
            query.sql(" WHERE tenant_id = $1 AND id = ").bind(id.uuid()),
        )
        .await
    }

    /// Refuses a client from `at` on, and for good every access token that it holds; `None` lets it in again.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn disable_client(&self, id: ClientId, at: Option<Timestamp>) -> Result<(), Error> {
        let query = self
            .query("UPDATE clients SET disabled_at = ")
            .bind(maybe_time(at));
        let query = query
            .sql(", token_version = token_version + ")
            .bind(i64::from(at.is_some()));
        self.run_exactly(
            1,
            query.sql(" WHERE tenant_id = $1 AND id = ").bind(id.uuid()),
        )
        .await
    }

    /// Gives a client another secret. The one before it counts until `older_until`; or no more, nor does any access
    /// token that the client holds.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn set_client_secret(
        &self,
        id: ClientId,
        hash: &[u8],
        proof_key: &Sealed,
        older_until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let older = match older_until {
            Some(_) => {
                "previous_secret_hash = secret_hash, previous_proof_key_sealed = proof_key_sealed"
            }
            None => {
                "previous_secret_hash = NULL, previous_proof_key_sealed = NULL,
                 token_version = token_version + 1"
            }
        };
        let query = self
            .query("UPDATE clients SET ")
            .sql(older)
            .sql(", previous_secret_until = ");
        let query = query
            .bind(maybe_time(older_until))
            .sql(", secret_hash = ")
            .bind(hash);
        let query = query
            .sql(", proof_key_sealed = ")
            .bind(proof_key.as_bytes());
        self.run_exactly(
            1,
            query.sql(" WHERE tenant_id = $1 AND id = ").bind(id.uuid()),
        )
        .await
    }

    /// Revokes every access token that the client holds.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such client.
    pub async fn revoke_client_tokens(&self, id: ClientId) -> Result<(), Error> {
        let query =
            self.query("UPDATE clients SET token_version = token_version + 1 WHERE tenant_id = $1");
        match self.run(query.sql(" AND id = ").bind(id.uuid())).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }

    /// Forgets a client, what it used and what it proved.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such client.
    pub async fn delete_client(&self, id: ClientId) -> Result<(), Error> {
        let query = self
            .query("DELETE FROM clients WHERE tenant_id = $1 AND id = ")
            .bind(id.uuid());
        if self.run(query).await? == 0 {
            return Err(Error::NotFound);
        }
        for table in ["client_scopes", "client_proofs"] {
            let query = self
                .query("DELETE FROM ")
                .sql(table)
                .sql(" WHERE tenant_id = $1 AND client_id = ");
            self.run(query.bind(id.uuid())).await?;
        }
        Ok(())
    }

    async fn insert_client_row(&self, client: &NewClient) -> Result<(), Error> {
        let spec = &client.spec;
        let (networks, assets, businesses) = limits(spec)?;
        let row: [Value; 12] = [
            client.id.uuid().into(),
            spec.name.as_str().into(),
            client.secret_hash.as_slice().into(),
            client
                .proof_key
                .as_ref()
                .map(|it| it.as_bytes().to_vec())
                .into(),
            spec.scopes.to_string().into(),
            maybe_time(spec.expires_at).into(),
            networks.into(),
            assets.into(),
            businesses.into(),
            spec.proof_required.into(),
            spec.keep_unused_scopes.into(),
            time(client.created_at).into(),
        ];
        let query = self
            .query(
                "INSERT INTO clients (tenant_id, id, name, secret_hash, proof_key_sealed, scopes, expires_at,
                 networks, asset_ids, business_ids, proof_required, keep_unused_scopes, created_at)",
            )
            .tenant_rows([row])
            .sql(" ON CONFLICT DO NOTHING");
        match self.run(query).await? {
            0 => Err(Error::Taken("client")),
            _ => Ok(()),
        }
    }

    async fn with_uses(&self, rows: &[Row], of: Option<ClientId>) -> Result<Vec<ClientRow>, Error> {
        let mut uses: HashMap<ClientId, Vec<ScopeUse>> = HashMap::new();
        for (client, it) in self.scope_uses(of).await? {
            uses.entry(client).or_default().push(it);
        }
        rows.iter().map(|row| read(row, &mut uses)).collect()
    }
}

/// What a client is confined to. Neither column holds anything where it is confined to nothing.
pub(crate) fn reach(row: &Row) -> Result<Reach, Error> {
    let (assets, businesses) = (
        row.maybe_json("asset_ids")?,
        row.maybe_json("business_ids")?,
    );
    if assets.is_none() && businesses.is_none() {
        return Ok(Reach::All);
    }
    let (assets, businesses) = (assets.unwrap_or_default(), businesses.unwrap_or_default());
    Ok(Reach::Within(Within { assets, businesses }))
}

type Limits = (Option<String>, Option<String>, Option<String>);

/// Networks, assets and businesses as they are kept.
fn limits(spec: &ClientSpec) -> Result<Limits, Error> {
    let within = spec.reach.within();
    Ok((
        maybe_json(spec.networks.as_ref())?,
        maybe_json(within.map(|it| &it.assets))?,
        maybe_json(within.map(|it| &it.businesses))?,
    ))
}

fn read(row: &Row, uses: &mut HashMap<ClientId, Vec<ScopeUse>>) -> Result<ClientRow, Error> {
    let id = ClientId::from_uuid(row.get("id")?);
    Ok(ClientRow {
        id,
        spec: ClientSpec {
            name: row.get("name")?,
            scopes: row.parsed("scopes")?,
            expires_at: row.maybe_time("expires_at")?,
            networks: row.maybe_json("networks")?,
            reach: reach(row)?,
            proof_required: row.get("proof_required")?,
            keep_unused_scopes: row.get("keep_unused_scopes")?,
        },
        created_at: row.time("created_at")?,
        disabled_at: row.maybe_time("disabled_at")?,
        older_secret_until: row.maybe_time("previous_secret_until")?,
        has_proof_key: row.get("has_proof_key")?,
        last_used_at: row.maybe_time("last_used_at")?,
        scope_uses: uses.remove(&id).unwrap_or_default(),
    })
}
