//! Scopes of clients with the times they were granted and used.
//!
//! The rule: the scopes a client holds are in its own row; the rows here are about their use. A row of a
//! scope that the client no longer holds has no effect.

use regrant_domain::{ClientId, Permission, Permissions, Timestamp};
use sea_orm::Value;

use crate::{
    Error, ScopeUse, TenantTx,
    integrity::CLIENTS,
    sql::{Row, to_micros},
};

impl TenantTx {
    /// Notes that a client holds the scopes `now` where it held `before`; a scope that it held already
    /// keeps its time.
    pub async fn grant_scopes(
        &self,
        client: ClientId,
        before: Permissions,
        now: Permissions,
        at: Timestamp,
    ) -> Result<(), Error> {
        let kept = now.intersect_with(before);
        let query = self
            .query(
                "DELETE FROM client_scopes
                 WHERE tenant_id = :tenant AND client_id = :client [AND scope NOT IN :kept]",
            )
            .bind("client", client.uuid())
            .bind_optional_list("kept", kept.iter().map(Permission::as_str));
        self.execute(query).await?;
        self.note_scopes_granted(
            now.difference_from(before)
                .iter()
                .map(|scope| (client, scope)),
            at,
        )
        .await
    }

    /// Notes that these clients were granted these scopes; rows that exist stay.
    pub async fn note_scopes_granted(
        &self,
        scopes: impl IntoIterator<Item = (ClientId, Permission)>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let row = |(client, scope): (ClientId, Permission)| -> [Value; 3] {
            [
                client.uuid().into(),
                scope.as_str().into(),
                to_micros(at).into(),
            ]
        };
        let rows: Vec<_> = scopes.into_iter().map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let query = self
            .query(
                "INSERT INTO client_scopes (tenant_id, client_id, scope, granted_at) VALUES :rows
                 ON CONFLICT DO NOTHING",
            )
            .bind_tenant_rows("rows", rows);
        self.execute(query).await.map(drop)
    }

    /// Notes that a client used a scope.
    pub async fn note_scope_used(
        &self,
        client: ClientId,
        scope: Permission,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE clients SET last_used_at = :at WHERE tenant_id = :tenant AND id = :client",
            )
            .bind("at", to_micros(at))
            .bind("client", client.uuid());
        self.execute(query).await?;
        let query = self
            .query(
                "UPDATE client_scopes SET used_at = :at
                 WHERE tenant_id = :tenant AND client_id = :client AND scope = :scope",
            )
            .bind("at", to_micros(at))
            .bind("client", client.uuid())
            .bind("scope", scope.as_str());
        self.execute(query).await.map(drop)
    }

    /// Lets the time of unused scopes begin again, for one client or for all of the tenant.
    pub async fn renew_scope_grants(
        &self,
        client: Option<ClientId>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE client_scopes SET granted_at = :at
                 WHERE tenant_id = :tenant [AND client_id = :client]",
            )
            .bind("at", to_micros(at))
            .bind_optional("client", client.map(ClientId::uuid));
        self.execute(query).await.map(drop)
    }

    /// Removes scopes from clients. `left` names the scopes that each of them keeps.
    pub async fn remove_scopes(
        &self,
        left: &[(ClientId, Permissions)],
        taken: &[(ClientId, Permission)],
    ) -> Result<(), Error> {
        if left.is_empty() || taken.is_empty() {
            return Ok(());
        }
        let gone = |(client, scope): &(ClientId, Permission)| -> [Value; 2] {
            [client.uuid().into(), scope.as_str().into()]
        };
        let query = self
            .query(
                "WITH removed (client_id, scope) AS (VALUES :removed)
                 DELETE FROM client_scopes
                 WHERE tenant_id = :tenant
                     AND (client_id, scope) IN (SELECT client_id, scope FROM removed)",
            )
            .bind_rows("removed", taken.iter().map(gone));
        self.execute(query).await?;
        let row = |(client, scopes): &(ClientId, Permissions)| -> [Value; 2] {
            [client.uuid().into(), scopes.to_string().into()]
        };
        let query = self
            .query(
                "WITH kept (client_id, scopes) AS (VALUES :kept)
                 UPDATE clients AS c SET scopes = kept.scopes FROM kept
                 WHERE c.tenant_id = :tenant AND c.id = kept.client_id",
            )
            .bind_rows("kept", left.iter().map(row));
        let ids: Vec<_> = left.iter().map(|(client, _)| client.uuid()).collect();
        self.change_sealed(&CLIENTS, &ids, query).await.map(drop)
    }

    /// The scopes of one client or of all, by client and name, with the times they were used.
    pub(crate) async fn list_scope_uses(
        &self,
        of: Option<ClientId>,
    ) -> Result<Vec<(ClientId, ScopeUse)>, Error> {
        let query = self
            .query(
                "SELECT client_id, scope, granted_at, used_at FROM client_scopes
                 WHERE tenant_id = :tenant [AND client_id = :client] ORDER BY client_id, scope",
            )
            .bind_optional("client", of.map(ClientId::uuid));
        self.fetch_all(query)
            .await?
            .iter()
            .map(scope_use_from_row)
            .collect()
    }
}

fn scope_use_from_row(row: &Row) -> Result<(ClientId, ScopeUse), Error> {
    let scope_use = ScopeUse {
        scope: row.parse("scope")?,
        granted_at: row.time("granted_at")?,
        used_at: row.maybe_time("used_at")?,
    };
    Ok((ClientId::from_uuid(row.get("client_id")?), scope_use))
}
