//! Reading the audit, page by page.

use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{AuditFilter, AuditRow, TenantScope};

use crate::{
    Error, Principal, Vault,
    page::{Page, query_limit},
};

/// How many rows one step of an export reads.
const STEP: u32 = 500;

/// Which audit events to list.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Of this action.
    pub action: Option<String>,
    /// About this subject.
    pub subject: Option<String>,
    /// Written at or after this moment.
    pub from: Option<Timestamp>,
    /// Written before this moment.
    pub to: Option<Timestamp>,
    /// Beyond this number in the list's order.
    pub beyond: Option<i64>,
}

/// One page of audit events.
pub struct AuditList {
    /// The events.
    pub data: Vec<AuditRow>,
    /// The number behind which the next page begins.
    pub next: Option<i64>,
}

impl Vault {
    /// Lists the caller's audit, the newest first.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; the database does not answer.
    pub async fn audit_events(
        &self,
        caller: &Principal,
        query: AuditQuery,
        limit: u32,
    ) -> Result<AuditList, Error> {
        caller.demand_whole_tenant()?;
        self.audit_page(&caller.scope, &filter(query, true), limit)
            .await
    }

    /// The same of any tenant, and of the installation ([`TenantId::SYSTEM`]), for operators.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn audit_events_of(
        &self,
        tenant: TenantId,
        query: AuditQuery,
        limit: u32,
    ) -> Result<AuditList, Error> {
        self.audit_page(
            &self.chain_scope(tenant).await?,
            &filter(query, true),
            limit,
        )
        .await
    }

    /// The next step of an export of the caller's audit, the oldest first.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; the database does not answer.
    pub async fn export_audit(
        &self,
        caller: &Principal,
        query: AuditQuery,
    ) -> Result<AuditList, Error> {
        caller.demand_whole_tenant()?;
        self.audit_page(&caller.scope, &filter(query, false), STEP)
            .await
    }

    /// The same for any tenant or the installation, for the operator at this machine.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn export_audit_of(
        &self,
        tenant: TenantId,
        query: AuditQuery,
    ) -> Result<AuditList, Error> {
        let scope = self.chain_scope(tenant).await?;
        self.audit_page(&scope, &filter(query, false), STEP).await
    }

    async fn audit_page(
        &self,
        scope: &TenantScope,
        filter: &AuditFilter,
        limit: u32,
    ) -> Result<AuditList, Error> {
        let tx = self.store.begin_read(scope).await?;
        let rows = tx.audit_events(filter, query_limit(limit)).await?;
        tx.commit().await?;
        let Page { data, next } = Page::cut(rows, limit, |it| it.seq);
        Ok(AuditList { data, next })
    }
}

fn filter(query: AuditQuery, newest_first: bool) -> AuditFilter {
    let AuditQuery {
        action,
        subject,
        from,
        to,
        beyond,
    } = query;
    AuditFilter {
        action,
        subject,
        from,
        to,
        beyond,
        newest_first,
    }
}
