//! Which scopes clients hold since when, and when they last used them; and the proofs that were seen.
//!
//! The rule: what a client may do stands in its own row; here is what is known about it. A row of a scope that a
//! client no longer holds counts for nothing.

use regrant_domain::{ClientId, Permission, Permissions, Timestamp};
use sea_orm::Value;

use crate::{
    Error, ScopeUse, TenantTx,
    sql::{Row, time},
};

impl TenantTx {
    /// Notes that a client holds `now` where it held `before`: what it held already keeps its time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn grant_scopes(
        &self,
        client: ClientId,
        before: Permissions,
        now: Permissions,
        at: Timestamp,
    ) -> Result<(), Error> {
        let kept = now.and(before);
        let query = self.query("DELETE FROM client_scopes WHERE tenant_id = $1 AND client_id = ");
        let mut query = query.bind(client.uuid());
        if !kept.is_empty() {
            query = query
                .sql(" AND scope NOT IN ")
                .list(kept.iter().map(Permission::as_str));
        }
        self.run(query).await?;
        self.note_granted(now.without(before).iter().map(|scope| (client, scope)), at)
            .await
    }

    /// Notes that these clients hold these scopes, where nothing is known of it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_granted(
        &self,
        scopes: impl IntoIterator<Item = (ClientId, Permission)>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let row = |(client, scope): (ClientId, Permission)| -> [Value; 3] {
            [client.uuid().into(), scope.as_str().into(), time(at).into()]
        };
        let rows: Vec<_> = scopes.into_iter().map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let query =
            self.query("INSERT INTO client_scopes (tenant_id, client_id, scope, granted_at)");
        self.run(query.tenant_rows(rows).sql(" ON CONFLICT DO NOTHING"))
            .await
            .map(drop)
    }

    /// Notes that a client used a scope.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_scope_used(
        &self,
        client: ClientId,
        scope: Permission,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = self
            .query("UPDATE clients SET last_used_at = ")
            .bind(time(at));
        self.run(
            query
                .sql(" WHERE tenant_id = $1 AND id = ")
                .bind(client.uuid()),
        )
        .await?;
        let query = self
            .query("UPDATE client_scopes SET used_at = ")
            .bind(time(at));
        let query = query
            .sql(" WHERE tenant_id = $1 AND client_id = ")
            .bind(client.uuid());
        self.run(query.sql(" AND scope = ").bind(scope.as_str()))
            .await
            .map(drop)
    }

    /// Takes scopes from clients. `left` is what each of them holds from here on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn take_scopes(
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
        let query = self.query(
            "DELETE FROM client_scopes WHERE tenant_id = $1 AND (client_id, scope) IN
                (SELECT v.column1, v.column2 FROM",
        );
        self.run(query.table(taken.iter().map(gone)).sql(")"))
            .await?;
        let row = |(client, scopes): &(ClientId, Permissions)| -> [Value; 2] {
            [client.uuid().into(), scopes.to_string().into()]
        };
        let query = self
            .query("UPDATE clients AS c SET scopes = v.column2 FROM")
            .table(left.iter().map(row));
        self.run(query.sql(" WHERE c.tenant_id = $1 AND c.id = v.column1"))
            .await
            .map(drop)
    }

    /// Notes that a client proved a call with this code; whether it was the first time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn insert_proof(
        &self,
        client: ClientId,
        code: &[u8],
        until: Timestamp,
    ) -> Result<bool, Error> {
        let row: [Value; 3] = [client.uuid().into(), code.into(), time(until).into()];
        let query =
            self.query("INSERT INTO client_proofs (tenant_id, client_id, proof, expires_at)");
        Ok(self
            .run(query.tenant_rows([row]).sql(" ON CONFLICT DO NOTHING"))
            .await?
            == 1)
    }

    /// Drops proofs that are not fresh any more and so cannot be repeated.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_proofs(&self, now: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self.query(
            "DELETE FROM client_proofs WHERE tenant_id = $1 AND (client_id, proof) IN (
                SELECT client_id, proof FROM client_proofs WHERE tenant_id = $1 AND expires_at <= ",
        );
        let query = query.bind(time(now)).sql(" ORDER BY expires_at LIMIT ");
        self.run(query.bind(i64::from(limit)).sql(")")).await
    }

    /// What is known of the scopes of one client or of all, in the order of clients and scopes' names.
    pub(crate) async fn scope_uses(
        &self,
        of: Option<ClientId>,
    ) -> Result<Vec<(ClientId, ScopeUse)>, Error> {
        let mut query = self.query(
            "SELECT client_id, scope, granted_at, used_at FROM client_scopes WHERE tenant_id = $1",
        );
        if let Some(client) = of {
            query = query.sql(" AND client_id = ").bind(client.uuid());
        }
        self.all(query.sql(" ORDER BY client_id, scope"))
            .await?
            .iter()
            .map(read)
            .collect()
    }
}

fn read(row: &Row) -> Result<(ClientId, ScopeUse), Error> {
    let (granted_at, used_at) = (row.time("granted_at")?, row.maybe_time("used_at")?);
    let it = ScopeUse {
        scope: row.parsed("scope")?,
        granted_at,
        used_at,
    };
    Ok((ClientId::from_uuid(row.get("client_id")?), it))
}
