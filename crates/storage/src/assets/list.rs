//! Lists of assets, page by page in the order of their ids.
//!
//! The rule: the filter by state is `domain::state` in SQL, line for line; a test compares the two.

use regrant_domain::{Asset, AssetId, AssetKind, PersonId, ReachLimit, Timestamp, state::Status};

use crate::{
    Error, ListedRows, TenantTx,
    assets::asset::{asset_from_row, fill_select},
    sql::{Query, to_micros},
};

/// Which assets to list.
#[derive(Debug, Clone)]
pub struct AssetFilter {
    /// Of one of these kinds; empty for all.
    pub kinds: Vec<AssetKind>,
    /// Of this business.
    pub business_id: Option<AssetId>,
    /// Whose active credential this person granted.
    pub person_id: Option<PersonId>,
    /// That end before this moment.
    pub ending_before: Option<Timestamp>,
    /// After this one, in the order of ids.
    pub after: Option<AssetId>,
    /// The maximum number of assets.
    pub limit: u32,
    /// In one of these states; empty for all.
    pub statuses: Vec<Status>,
    /// The moment at which states are computed.
    pub now: Timestamp,
    /// How long before an ending an asset is `expiring`.
    pub notice: chrono::Duration,
    /// The assets the caller may reach, if it is confined.
    pub within: Option<ReachLimit>,
}

const LIST: &str = "
    {select} [AND a.kind IN :kinds] [AND a.business_id = :business] [AND a.person_id = :person]
        [AND a.id > :after]
        [AND (a.cut_off < :ending_before AND coalesce(a.proved_at < a.cut_off, 0 = 0)
            OR a.expires_at < :ending_before AND coalesce(a.proved_at < a.expires_at, 0 = 0)
            OR a.data_access_expires_at < :ending_before
                AND coalesce(a.proved_at < a.data_access_expires_at, 0 = 0))]
        {in_state} {within}
    ORDER BY a.id LIMIT :limit";

/// The state of asset `a`, as `domain::state` computes it.
const IN_STATE: &str = "
    AND CASE
        WHEN NOT EXISTS (SELECT 1 FROM credentials c WHERE c.tenant_id = :tenant
            AND c.asset_id = a.id AND c.slot = 'active') THEN 'disconnected'
        WHEN a.definitive OR a.failures > 1 THEN 'disconnected'
        WHEN a.expires_at <= :now AND a.dates_read_at >= a.expires_at
            AND coalesce(a.proved_at < a.expires_at, 0 = 0) THEN 'disconnected'
        WHEN a.data_access_expires_at <= :now AND a.dates_read_at >= a.data_access_expires_at
            AND coalesce(a.proved_at < a.data_access_expires_at, 0 = 0) THEN 'disconnected'
        WHEN a.failures = 1 OR a.unclassified_refusals > 1 THEN 'suspect'
        WHEN a.expires_at <= :now AND coalesce(a.proved_at < a.expires_at, 0 = 0) THEN 'suspect'
        WHEN a.data_access_expires_at <= :now
            AND coalesce(a.proved_at < a.data_access_expires_at, 0 = 0) THEN 'suspect'
        WHEN a.cut_off_source = 'probe' AND a.cut_off <= :now
            AND coalesce(a.proved_at < a.cut_off, 0 = 0) THEN 'suspect'
        WHEN a.proved_at IS NULL THEN 'unproven'
        WHEN a.proved_at < a.cut_off THEN 'migrating'
        WHEN a.expires_at <= :soon AND a.proved_at < a.expires_at
            OR a.data_access_expires_at <= :soon AND a.proved_at < a.data_access_expires_at
            THEN 'expiring'
        ELSE 'healthy' END IN :statuses";

impl TenantTx {
    /// The next assets that pass the filter.
    pub async fn list_assets(&self, filter: &AssetFilter) -> Result<ListedRows<Asset>, Error> {
        let (business, person) = (filter.business_id.as_ref(), filter.person_id.as_ref());
        let query = self
            .query(LIST)
            .bind_optional_list("kinds", filter.kinds.iter().map(|it| it.as_str()))
            .bind_optional("business", business.map(AssetId::as_str))
            .bind_optional("person", person.map(PersonId::as_str))
            .bind_optional("after", filter.after.as_ref().map(AssetId::as_str))
            .bind_optional("ending_before", filter.ending_before.map(to_micros))
            .bind("limit", i64::from(filter.limit));
        let query = fill_select(query, self.dialect);
        let query = fill_within(fill_in_state(query, filter), filter.within.as_ref());
        self.fetch_listed("assets", query, asset_from_row).await
    }
}

fn fill_in_state(query: Query, filter: &AssetFilter) -> Query {
    if filter.statuses.is_empty() {
        return query.fill("in_state", "");
    }
    let soon = filter.now.checked_add_signed(filter.notice);
    query
        .fill("in_state", IN_STATE)
        .bind("now", to_micros(filter.now))
        .bind("soon", to_micros(soon.unwrap_or(Timestamp::MAX_UTC)))
        .bind_list("statuses", filter.statuses.iter().map(|it| it.as_str()))
}

/// Fills the part `{within}` of a statement over assets `a`: the assets that the caller may reach.
pub(crate) fn fill_within(query: Query, within: Option<&ReachLimit>) -> Query {
    let Some(within) = within else {
        return query.fill("within", "");
    };
    let sql = "AND (0 = 1 [OR a.id IN :reach_assets]
        [OR a.business_id IN :reach_businesses AND a.business_source IS NOT NULL])";
    query
        .fill("within", sql)
        .bind_optional_list("reach_assets", within.assets.iter().map(AssetId::as_str))
        .bind_optional_list(
            "reach_businesses",
            within.businesses.iter().map(AssetId::as_str),
        )
}
