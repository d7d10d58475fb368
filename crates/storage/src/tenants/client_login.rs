//! Finding the client that calls, and the limits its calls must keep to.
//!
//! The rule: a client is found by its id before a tenant is known, so its table holds only hashes of
//! random secrets. An unverified client becomes a [`TenantScope`] through its secret or a
//! verified token.

use std::{collections::HashMap, net::IpAddr};

use ipnet::IpNet;
use regrant_domain::{AppId, ClientId, Permissions, Reach, RevokedTokens, TenantId, Timestamp};
use uuid::Uuid;

use crate::{
    Error, Store, TenantScope,
    integrity::{CLIENTS, TENANTS},
    sql::{Query, Row},
    tenants::client::reach_from_row,
};

/// A client that a call names, not verified yet.
pub struct UnverifiedClient {
    scope: TenantScope,
    client: ClientId,
    permissions: Permissions,
    secret_hash: Vec<u8>,
    older: Option<OlderSecret>,
    limits: CallLimits,
    reason_required: bool,
    requests_per_second: Option<u32>,
}

/// The secret before the newest one, while it is valid.
struct OlderSecret {
    secret_hash: Vec<u8>,
    until: Timestamp,
}

/// The limits of a client's calls.
struct CallLimits {
    expires_at: Option<Timestamp>,
    token_version: i64,
    revoked: Option<RevokedTokens>,
    networks: Option<Vec<IpNet>>,
    reach: Reach,
    proof_required: bool,
}

const SELECT: &str = "
    SELECT c.id, c.tenant_id, c.scopes, c.secret_hash, c.previous_secret_hash,
        c.previous_secret_until, c.expires_at,
        c.token_version, c.revoked_tokens, c.networks, c.asset_ids, c.business_ids, c.proof_required, t.app_id,
        t.reason_required, t.requests_per_second, {sealed_client}, {sealed_tenant}
    FROM {client} c JOIN tenants t ON t.id = c.tenant_id
    WHERE c.disabled_at IS NULL AND t.status = 'active' AND c.id IN (VALUES :clients)";

impl Store {
    /// The client with this id, unless it is disabled or its tenant suspended.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the client or its tenant was changed around the application.
    pub async fn find_client_for_login(
        &self,
        client: ClientId,
    ) -> Result<Option<UnverifiedClient>, Error> {
        let mut found = self.find_clients_for_login(&[client]).await?;
        found.remove(&client).transpose()
    }

    /// The clients with these ids, without those that are disabled or whose tenant is suspended. A client that was
    /// changed around the application, or whose tenant was, is [`Error::Tampered`] of its own.
    pub async fn find_clients_for_login(
        &self,
        clients: &[ClientId],
    ) -> Result<HashMap<ClientId, Result<UnverifiedClient, Error>>, Error> {
        let query = Query::new(SELECT)
            .fill("client", self.dialect.clients_by_ids())
            .fill("sealed_client", CLIENTS.select_list("c"))
            .fill("sealed_tenant", TENANTS.select_list("t"))
            .bind_rows("clients", clients.iter().map(|it| [it.uuid().into()]));
        let rows = self.fetch_shortly(TenantId::SYSTEM, query).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in rows {
            let id = ClientId::from_uuid(row.get("id")?);
            if found.insert(id, self.read_client(&row)).is_some() {
                return Err(Error::Corrupt("client"));
            }
        }
        Ok(found)
    }

    fn read_client(&self, row: &Row) -> Result<UnverifiedClient, Error> {
        let tenant = TenantId::from_uuid(row.get("tenant_id")?);
        let seals = self.row_seals()?;
        seals.check_row(&CLIENTS, tenant, row, "c")?;
        seals.check_row(&TENANTS, tenant, row, "t")?;
        unverified_client_from_row(row)
    }
}

impl UnverifiedClient {
    /// The client's tenant.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.scope.tenant()
    }

    /// The client.
    #[must_use]
    pub const fn client(&self) -> ClientId {
        self.client
    }

    /// The client's permissions.
    #[must_use]
    pub const fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// Whether the client's tenant requires a reason for each read of a token.
    #[must_use]
    pub const fn reason_required(&self) -> bool {
        self.reason_required
    }

    /// How many requests a second the client's tenant may send, if the operator set it.
    #[must_use]
    pub const fn requests_per_second(&self) -> Option<u32> {
        self.requests_per_second
    }

    /// The Meta app of the client's tenant.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        self.scope.app_id()
    }

    /// Which of the tenant's assets the client may reach.
    #[must_use]
    pub const fn reach(&self) -> &Reach {
        &self.limits.reach
    }

    /// The client's token version; access tokens of a lower version are revoked.
    #[must_use]
    pub const fn token_version(&self) -> i64 {
        self.limits.token_version
    }

    /// Whether the access token with this id was revoked by itself.
    #[must_use]
    pub fn has_revoked(&self, token: Uuid) -> bool {
        self.limits
            .revoked
            .as_ref()
            .is_some_and(|it| it.contains(token))
    }

    /// Whether each request must carry a proof.
    #[must_use]
    pub const fn proof_required(&self) -> bool {
        self.limits.proof_required
    }

    /// Whether the client has expired.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.limits.expires_at.is_some_and(|it| it <= now)
    }

    /// Whether the client may call from this address. An IPv4 address mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn admits_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.limits
            .networks
            .as_ref()
            .is_none_or(|all| all.iter().any(|it| it.contains(&address)))
    }

    /// The scope, if `verify` accepts the hash of a valid secret of the client. Both hashes are tried, so that
    /// the time it takes does not show which one matched.
    #[must_use]
    pub fn scope_for_secret(
        &self,
        now: Timestamp,
        verify: impl Fn(&[u8]) -> bool,
    ) -> Option<TenantScope> {
        let newest = verify(&self.secret_hash);
        let older = self
            .valid_older_secret(now)
            .is_some_and(|it| verify(&it.secret_hash));
        (newest | older).then(|| self.scope.clone())
    }

    /// The scope, if a verified access token of this client named `tenant`.
    #[must_use]
    pub fn scope_of_tenant(&self, tenant: TenantId) -> Option<TenantScope> {
        (self.scope.tenant() == tenant).then(|| self.scope.clone())
    }

    fn valid_older_secret(&self, now: Timestamp) -> Option<&OlderSecret> {
        self.older.as_ref().filter(|it| it.until > now)
    }
}

/// How many requests a second a tenant may send, if the operator set it.
pub(crate) fn request_rate_from_row(row: &Row) -> Result<Option<u32>, Error> {
    let rate: Option<i64> = row.get("requests_per_second")?;
    rate.map(|it| u32::try_from(it).map_err(|_| Error::Corrupt("requests_per_second")))
        .transpose()
}

fn unverified_client_from_row(row: &Row) -> Result<UnverifiedClient, Error> {
    Ok(UnverifiedClient {
        scope: TenantScope::new(
            TenantId::from_uuid(row.get("tenant_id")?),
            row.parse("app_id")?,
        ),
        client: ClientId::from_uuid(row.get("id")?),
        permissions: row.parse("scopes")?,
        secret_hash: row.get("secret_hash")?,
        older: older_secret_from_row(row)?,
        limits: CallLimits {
            expires_at: row.maybe_time("expires_at")?,
            token_version: row.get("token_version")?,
            revoked: row.maybe_json("revoked_tokens")?,
            networks: row.maybe_json("networks")?,
            reach: reach_from_row(row)?,
            proof_required: row.get("proof_required")?,
        },
        reason_required: row.get("reason_required")?,
        requests_per_second: request_rate_from_row(row)?,
    })
}

fn older_secret_from_row(row: &Row) -> Result<Option<OlderSecret>, Error> {
    let secret_hash: Option<Vec<u8>> = row.get("previous_secret_hash")?;
    let until = row.maybe_time("previous_secret_until")?;
    Ok(secret_hash
        .zip(until)
        .map(|(secret_hash, until)| OlderSecret { secret_hash, until }))
}
