//! Lists and exports the audit page by page.
//!
//! The rule: a list is newest first, an export oldest first; both continue after the number of the last row.
//! Start at [`Vault::list_audit_events`].

use regrant_domain::{AssetId, TenantId, Timestamp};
use regrant_storage::{AuditFilter, AuditRow, TenantScope};

use crate::{
    Error, Principal, Vault,
    call::page::{Page, query_limit},
};

/// How many rows one step of an export reads.
const ROWS_PER_EXPORT_STEP: u32 = 500;

/// Which audit events to list.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only events with one of these actions; empty for all.
    pub actions: Vec<String>,
    /// Only events about this subject.
    pub subject: Option<String>,
    /// Only events at or after this time.
    pub from: Option<Timestamp>,
    /// Only events before this time.
    pub to: Option<Timestamp>,
    /// Only rows after this number, in the order of the list.
    pub after_seq: Option<i64>,
}

/// One page of audit events.
pub struct AuditList {
    /// The events.
    pub data: Vec<AuditRow>,
    /// The number after which the next page starts; `None` on the last page.
    pub next: Option<i64>,
}

impl Vault {
    /// Lists the events of the caller's tenant, newest first.
    ///
    /// # Errors
    /// `Restricted` for a confined caller.
    pub async fn list_audit_events(
        &self,
        caller: &Principal,
        query: AuditQuery,
        limit: u32,
    ) -> Result<AuditList, Error> {
        caller.require_whole_tenant()?;
        self.read_audit_page(&caller.scope, &build_filter(query, true), limit)
            .await
    }

    /// Lists the events of any tenant, or of the installation ([`TenantId::SYSTEM`]), for an operator.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn list_audit_events_of(
        &self,
        tenant: TenantId,
        query: AuditQuery,
        limit: u32,
    ) -> Result<AuditList, Error> {
        self.read_audit_page(
            &self.find_chain_scope(tenant).await?,
            &build_filter(query, true),
            limit,
        )
        .await
    }

    /// Reads the next step of an export of the caller's tenant, oldest first.
    ///
    /// # Errors
    /// `Restricted` for a confined caller.
    pub async fn read_export_step(
        &self,
        caller: &Principal,
        query: AuditQuery,
    ) -> Result<AuditList, Error> {
        caller.require_whole_tenant()?;
        self.read_audit_page(
            &caller.scope,
            &build_filter(query, false),
            ROWS_PER_EXPORT_STEP,
        )
        .await
    }

    /// Reads the next step of an export of any tenant, or of the installation, for the command line.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn read_export_step_of(
        &self,
        tenant: TenantId,
        query: AuditQuery,
    ) -> Result<AuditList, Error> {
        let scope = self.find_chain_scope(tenant).await?;
        self.read_audit_page(&scope, &build_filter(query, false), ROWS_PER_EXPORT_STEP)
            .await
    }

    async fn read_audit_page(
        &self,
        scope: &TenantScope,
        filter: &AuditFilter,
        limit: u32,
    ) -> Result<AuditList, Error> {
        let tx = self.store.begin_read(scope).await?;
        let rows = tx.list_audit_events(filter, query_limit(limit)).await?;
        tx.commit().await?;
        let Page { data, next } = Page::cut(rows, limit, |it| it.seq)?;
        Ok(AuditList { data, next })
    }
}

fn build_filter(query: AuditQuery, newest_first: bool) -> AuditFilter {
    AuditFilter {
        actions: query.actions,
        subjects: query.subject.map(list_subjects).unwrap_or_default(),
        from: query.from,
        to: query.to,
        after_seq: query.after_seq,
        newest_first,
    }
}

/// The subject in every spelling: an ad account is written with `act_`.
fn list_subjects(subject: String) -> Vec<String> {
    let ad_account = subject.parse::<AssetId>().ok();
    let ad_account = ad_account.map(|it| it.to_ad_account().to_string());
    let ad_account = ad_account.filter(|it| *it != subject);
    std::iter::once(subject).chain(ad_account).collect()
}
