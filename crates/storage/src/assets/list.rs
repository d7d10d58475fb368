//! Lists of assets, page by page in the order of their ids.
//!
//! The rule: the filter by state is `domain::state` in SQL, line for line; a test compares the two.

use regrant_domain::{Asset, AssetId, AssetKind, PersonId, Timestamp, Within, state::Status};

use crate::{
    Error, TenantTx,
    assets::asset::{SELECT, read},
    sql::{Query, time},
};

/// Which assets to list.
#[derive(Debug, Clone)]
pub struct AssetFilter {
    /// Of this kind.
    pub kind: Option<AssetKind>,
    /// Of this business.
    pub business_id: Option<AssetId>,
    /// Whose active credential this person granted.
    pub person_id: Option<PersonId>,
    /// That end before this moment.
    pub ending_before: Option<Timestamp>,
    /// After this one, in the order of ids.
    pub after: Option<AssetId>,
    /// At most so many.
    pub limit: u32,
    /// In this state.
    pub status: Option<Status>,
    /// The moment at which states are computed.
    pub now: Timestamp,
    /// How early an ending shows.
    pub notice: chrono::Duration,
    /// Within what the caller may reach, where it is confined.
    pub within: Option<Within>,
}

impl TenantTx {
    /// The next assets that pass the filter.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_assets(&self, filter: &AssetFilter) -> Result<Vec<Asset>, Error> {
        let mut query = self.query(SELECT);
        if let Some(kind) = filter.kind {
            query = query.sql(" AND a.kind = ").bind(kind.as_str());
        }
        if let Some(business) = &filter.business_id {
            query = query.sql(" AND a.business_id = ").bind(business.as_str());
        }
        if let Some(person) = &filter.person_id {
            query = query.sql(" AND a.person_id = ").bind(person.as_str());
        }
        if let Some(after) = &filter.after {
            query = query.sql(" AND a.id > ").bind(after.as_str());
        }
        if let Some(before) = filter.ending_before {
            query = ends(query.sql(" AND "), "<", time(before));
        }
        if let Some(status) = filter.status {
            query = in_state(query.sql(" AND "), status, filter);
        }
        query = confined(query, filter.within.as_ref());
        let query = query
            .sql(" ORDER BY a.id LIMIT ")
            .bind(i64::from(filter.limit));
        self.all(query).await?.iter().map(read).collect()
    }
}

/// Confines a statement over assets `a` to what a caller may reach.
pub(crate) fn confined(query: Query, within: Option<&Within>) -> Query {
    let Some(within) = within else { return query };
    let mut query = query.sql(" AND (0 = 1");
    for (column, ids) in [
        ("a.id", &within.assets),
        ("a.business_id", &within.businesses),
    ] {
        if !ids.is_empty() {
            query = query
                .sql(" OR ")
                .sql(column)
                .sql(" IN ")
                .list(ids.iter().map(AssetId::as_str));
        }
    }
    query.sql(")")
}

fn in_state(query: Query, status: Status, filter: &AssetFilter) -> Query {
    let (now, soon) = (
        time(filter.now),
        filter.now.checked_add_signed(filter.notice),
    );
    let soon = time(soon.unwrap_or(Timestamp::MAX_UTC));
    let query = query.sql(
        "CASE WHEN NOT EXISTS (SELECT 1 FROM credentials c
            WHERE c.tenant_id = $1 AND c.asset_id = a.id AND c.slot = 'active') THEN 'disconnected'
          WHEN a.definitive OR a.failures > 1 THEN 'disconnected'
          WHEN a.cut_off_source = 'probe' AND a.cut_off <= ",
    );
    let query = query.bind(now).sql(" THEN 'disconnected' WHEN ");
    let query = any(query, &["expires_at", "data_access_expires_at"], "<=", now).sql(
        " THEN 'disconnected'
          WHEN a.failures = 1 THEN 'suspect'
          WHEN a.proved_at IS NULL THEN 'unproven'
          WHEN a.cut_off IS NOT NULL THEN 'migrating'
          WHEN ",
    );
    any(query, &["expires_at", "data_access_expires_at"], "<=", soon)
        .sql(" THEN 'expiring' ELSE 'healthy' END = ")
        .bind(status.as_str())
}

/// Whether any known ending lies before a moment.
fn ends(query: Query, before: &str, moment: i64) -> Query {
    any(
        query,
        &["cut_off", "expires_at", "data_access_expires_at"],
        before,
        moment,
    )
}

fn any(mut query: Query, columns: &[&str], before: &str, moment: i64) -> Query {
    query = query.sql("(");
    for (n, column) in columns.iter().enumerate() {
        let known = format!(
            "{}a.{column} IS NOT NULL AND a.{column} {before} ",
            if n == 0 { "" } else { " OR " }
        );
        query = query.sql(&known).bind(moment);
    }
    query.sql(")")
}
