//! Scopes of all tenants, for work that goes through them one by one.
//!
//! The rule: purging and verifying the audit go through all; other work is done only for a tenant whose row is what the
//! application wrote ([`Store::checked_scope_from_row`]).

use regrant_domain::TenantId;

use crate::{
    Error, Store, TenantScope,
    integrity::TENANTS,
    sql::{Query, Row, decode_rows},
};

impl Store {
    /// The next active tenants after `after`, by id. Their rows are not checked: this is for purging and counting.
    pub async fn list_active_scopes(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantScope>, Error> {
        self.list_scopes("t.status = 'active'", after, limit).await
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
            "SELECT t.id AS t_id, t.app_id AS t_app_id FROM tenants t
             WHERE {which} [AND t.id > :after] ORDER BY t.id LIMIT :limit",
        )
        .fill("which", which)
        .bind_optional("after", after.map(TenantId::uuid))
        .bind("limit", i64::from(limit));
        let rows = query.fetch_all(&self.connection).await?;
        Ok(decode_rows("tenants", &rows, tenant_scope_from_row))
    }

    /// The scope of a tenant's row that was read with its seal.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the row was changed around the application.
    pub(crate) fn checked_scope_from_row(&self, row: &Row) -> Result<TenantScope, Error> {
        let scope = tenant_scope_from_row(row)?;
        self.row_seals()?
            .check_row(&TENANTS, scope.tenant(), row, "t")?;
        Ok(scope)
    }
}

/// The scope of a row with the columns `t_id` and `t_app_id`.
pub(crate) fn tenant_scope_from_row(row: &Row) -> Result<TenantScope, Error> {
    Ok(TenantScope::new(
        TenantId::from_uuid(row.get("t_id")?),
        row.parse("t_app_id")?,
    ))
}
