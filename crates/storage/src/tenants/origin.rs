//! The origins of tenants' pages.
//!
//! The rule: origins are compared as whole text; an origin of a tenant that is not active has no effect.

use regrant_domain::{TenantId, WebOrigin};
use sea_orm::Value;

use crate::{Error, Store, TenantTx, sql::Query, sql::Row};

impl Store {
    /// Whether any active tenant lists this origin. A browser's preflight request names no tenant, so this
    /// is all that can be checked then.
    pub async fn is_origin_listed(&self, origin: &str) -> Result<bool, Error> {
        let query = Query::new(
            "SELECT 1 FROM tenant_origins o JOIN tenants t ON t.id = o.tenant_id
             WHERE t.status = 'active' AND o.origin = :origin LIMIT 1",
        )
        .bind("origin", origin);
        Ok(query.fetch_one(&self.connection).await?.is_some())
    }

    /// Whether this tenant lists this origin.
    pub async fn tenant_lists_origin(&self, tenant: TenantId, origin: &str) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM tenant_origins WHERE tenant_id = :tenant AND origin = :origin";
        let query = Query::tenant(tenant, sql).bind("origin", origin);
        Ok(query.fetch_one(&self.connection).await?.is_some())
    }

    /// The origins of these tenants' pages.
    pub async fn list_origins(
        &self,
        tenants: &[TenantId],
    ) -> Result<Vec<(TenantId, WebOrigin)>, Error> {
        if tenants.is_empty() {
            return Ok(Vec::new());
        }
        let query = Query::new(
            "SELECT tenant_id, origin FROM tenant_origins WHERE tenant_id IN :tenants
             ORDER BY tenant_id, origin",
        )
        .bind_list("tenants", tenants.iter().map(|it| it.uuid()));
        let origin = |row: &Row| {
            let tenant = TenantId::from_uuid(row.get("tenant_id")?);
            Ok((tenant, row.parse("origin")?))
        };
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(origin).collect()
    }
}

impl TenantTx {
    /// Replaces the origins of the tenant's pages.
    pub async fn set_origins(&self, origins: &[WebOrigin]) -> Result<(), Error> {
        self.execute(self.query("DELETE FROM tenant_origins WHERE tenant_id = :tenant"))
            .await?;
        if origins.is_empty() {
            return Ok(());
        }
        let rows = origins
            .iter()
            .map(|it| -> [Value; 1] { [it.as_str().into()] });
        let query = self
            .query(
                "INSERT INTO tenant_origins (tenant_id, origin) VALUES :rows
                 ON CONFLICT DO NOTHING",
            )
            .bind_tenant_rows("rows", rows);
        self.execute(query).await.map(drop)
    }
}
