//! Runs statements that write leases, each within its tenant.
//!
//! The rule: a statement runs with the tenant that row-level security then lets it see. All share one transaction, so that
//! the claim of many tenants is one commit.
//! Start at `Store::run_in_tenants`.

use regrant_domain::{TenantId, error_chain};
use tracing::warn;

use crate::{
    Error, Outage, Store,
    sql::{Query, Row},
};

impl Store {
    /// Runs one statement in each tenant, all in one transaction; returns the rows with their tenants. If a node of a
    /// distributed database is lost, each tenant gets a transaction of its own, and those on that node are left out.
    pub(crate) async fn run_in_tenants(
        &self,
        statements: Vec<(TenantId, Query)>,
    ) -> Result<Vec<(TenantId, Row)>, Error> {
        match self.run_together(&statements).await {
            Err(Error::Unavailable(Outage::NodeLost, _)) => {}
            rows => return rows,
        }
        let mut rows = Vec::new();
        for one in &statements {
            match self.run_together(std::slice::from_ref(one)).await {
                Ok(of_tenant) => rows.extend(of_tenant),
                Err(error) => {
                    warn!(tenant.id = %one.0, error = error_chain(&error), "leases of a tenant cannot be written");
                }
            }
        }
        Ok(rows)
    }

    async fn run_together(
        &self,
        statements: &[(TenantId, Query)],
    ) -> Result<Vec<(TenantId, Row)>, Error> {
        let Some((first, _)) = statements.first() else {
            return Ok(Vec::new());
        };
        let mut rows = Vec::new();
        let mut tx = self.begin_for_leases(*first).await?;
        for (tenant, query) in statements {
            if *tenant != tx.tenant {
                tx = tx.switch_to(*tenant).await?;
            }
            let of_tenant = tx.fetch_all(query.clone()).await?;
            rows.extend(of_tenant.into_iter().map(|row| (*tenant, row)));
        }
        tx.commit().await?;
        Ok(rows)
    }
}
