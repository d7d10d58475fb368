//! Reads again the dates that Meta may move: the expiry of tokens and of their data access.
//!
//! The rule: one call a grant, before the assets that it serves are probed. Where Graph gives no answer the dates stay
//! unconfirmed, and nothing is declared.
//! Start at [`Vault::read_due_dates`].

use futures_util::{StreamExt, stream};
use regrant_domain::{Grant, GrantId, TokenFacts, error_chain};
use regrant_graph::{AppCredentials, InspectError};
use regrant_storage::{ProbeLease, TenantScope};
use tracing::warn;

use crate::{Error, Vault};

/// How many grants are asked about at the same time.
const AT_ONCE: usize = 8;

impl Vault {
    /// Reads the dates of the grants that serve these assets, where a notice window has opened or a date has arrived.
    pub(super) async fn read_due_dates(
        &self,
        scope: &TenantScope,
        app: &AppCredentials,
        leases: &[ProbeLease],
    ) -> Result<(), Error> {
        let ids: Vec<_> = leases.iter().map(|it| it.asset_id.clone()).collect();
        let (notice, now) = (self.settings.assets.notice, self.clock.now());
        let tx = self.store.begin_read(scope).await?;
        let due = tx.find_grants_with_due_dates(&ids, notice, now).await?;
        tx.commit().await?;
        let readings: Vec<_> = due
            .into_iter()
            .map(|id| self.read_dates_of_grant(scope, app, id))
            .collect();
        let read: Vec<_> = stream::iter(readings)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let read: Vec<_> = read.into_iter().flatten().collect();
        if read.is_empty() {
            return Ok(());
        }
        let tx = self.store.begin(scope).await?;
        tx.write_grant_dates(&read).await?;
        Ok(tx.commit().await?)
    }

    /// The grant with its dates as they are now; `None` where Graph gave no answer.
    async fn read_dates_of_grant(
        &self,
        scope: &TenantScope,
        app: &AppCredentials,
        id: GrantId,
    ) -> Option<Grant> {
        match self.ask_dates_of_grant(scope, app, id).await {
            Ok(grant) => grant,
            Err(error) => {
                let grant = tracing::field::display(id);
                warn!(
                    grant.id = grant,
                    error = error_chain(&error),
                    "cannot read the dates of a grant"
                );
                None
            }
        }
    }

    async fn ask_dates_of_grant(
        &self,
        scope: &TenantScope,
        app: &AppCredentials,
        id: GrantId,
    ) -> Result<Option<Grant>, Error> {
        let tx = self.store.begin_read(scope).await?;
        let stored = tx.find_grant_token(id).await?;
        tx.commit().await?;
        let Some(sealed) = stored.sealed else {
            return Ok(None);
        };
        let token = self.open_grant_token(scope, id, &sealed).await?;
        let known = stored.grant.facts;
        let read = self.graph.read_dates(app, &token, &known).await;
        let facts = match read {
            Ok(read) => with_dates(known, &read),
            Err(InspectError::Dead {
                facts: Some(read), ..
            }) => with_dates(known, &read),
            // The token is dead, and Graph names no date: those that were known still hold.
            Err(InspectError::Dead { facts: None, .. }) => TokenFacts {
                read_at: self.clock.now(),
                ..known
            },
            Err(_) => return Ok(None),
        };
        Ok(Some(Grant { id, facts }))
    }
}

/// The known facts with the dates of a later reading.
fn with_dates(known: TokenFacts, read: &TokenFacts) -> TokenFacts {
    TokenFacts {
        expires_at: read.expires_at,
        data_access_expires_at: read.data_access_expires_at,
        read_at: read.read_at,
        ..known
    }
}
