//! Scopes of all tenants, for work that goes through them one by one.

use regrant_domain::TenantId;

use crate::{
    Error, Store, TenantScope,
    sql::{Query, Row, decode_rows},
};

impl Store {
    /// The next active tenants after `after`, by id.
    pub async fn list_active_scopes(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantScope>, Error> {
        self.list_scopes("status = 'active'", after, limit).await
    }

    /// The next tenants after `after`, by id. Suspended and deleted ones too, because their audit stays.
    pub async fn list_all_scopes(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantScope>, Error> {
        self.list_scopes("TRUE", after, limit).await
    }

    async fn list_scopes(
        &self,
        which: &'static str,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantScope>, Error> {
        let query = Query::new(
            "SELECT id, app_id FROM tenants WHERE {which} [AND id > :after]
             ORDER BY id LIMIT :limit",
        )
        .fill("which", which)
        .bind_optional("after", after.map(TenantId::uuid))
        .bind("limit", i64::from(limit));
        let rows = query.fetch_all(&self.connection).await?;
        Ok(decode_rows("tenants", &rows, tenant_scope_from_row))
    }
}

pub(crate) fn tenant_scope_from_row(row: &Row) -> Result<TenantScope, Error> {
    Ok(TenantScope::new(
        TenantId::from_uuid(row.get("id")?),
        row.parse("app_id")?,
    ))
}
