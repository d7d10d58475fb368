//! The origins of tenants' pages, as far as a browser's call is judged by them.
//!
//! The rule: compared as whole text; an origin of a tenant that is not served counts for nothing.

use regrant_domain::TenantId;

use crate::{Error, Store, sql::Query};

impl Store {
    /// Whether any tenant that is served lists this origin: all that is known before a browser says who it is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_origin_listed(&self, origin: &str) -> Result<bool, Error> {
        let query = Query::new(
            "SELECT 1 FROM tenant_origins o JOIN tenants t ON t.id = o.tenant_id
             WHERE t.status = 'active' AND o.origin = ",
        );
        Ok(query
            .bind(origin)
            .sql(" LIMIT 1")
            .one(&self.connection)
            .await?
            .is_some())
    }

    /// Whether this tenant lists this origin.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenant_lists_origin(&self, tenant: TenantId, origin: &str) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM tenant_origins WHERE tenant_id = $1 AND origin = ";
        Ok(Query::of_tenant(tenant, sql)
            .bind(origin)
            .one(&self.connection)
            .await?
            .is_some())
    }
}
