//! The endings of assets as tables of a statement: which asset stops working when, and why.
//!
//! The rule: this is `domain::forecast` in SQL, ending for ending; a test compares the two.

use regrant_domain::{AssetId, AssetKind, PersonId, ReachLimit, Timestamp, state::EndingCause};

use crate::{
    TenantTx,
    assets::list::fill_within,
    credentials::standby::{NEWEST_DATA_ACCESS, NEWEST_EXPIRY},
    sql::{Query, to_micros},
};

/// Which endings to list, judged at which moment.
#[derive(Debug, Clone)]
pub struct ForecastFilter {
    /// From this moment on.
    pub from: Timestamp,
    /// Before this moment.
    pub to: Timestamp,
    /// The moment at which the calendar is computed.
    pub now: Timestamp,
    /// Of one of these kinds; empty for all.
    pub kinds: Vec<AssetKind>,
    /// Of this business.
    pub business_id: Option<AssetId>,
    /// Whose active credential one of these persons granted; empty for all.
    pub person_ids: Vec<PersonId>,
    /// A person who is assumed to leave at `now`.
    pub leaves: Option<PersonId>,
    /// Every ending in the window, instead of one of each asset: the first that neither a standby nor a refresh covers, or
    /// the first if they cover all.
    pub every: bool,
    /// The assets the caller may reach, if it is confined.
    pub within: Option<ReachLimit>,
}

/// The table `judged`: every asset that passes the filter, with the dates that no later proof disproves, and whether
/// it does not work (`gone`) or loses its person (`leaves`).
pub(crate) const JUDGED: &str = r#"
    judged AS (
        SELECT a.id, a.kind, a.name, a.business_id, a.person_id, a.generation, a.cut_off_source,
            CASE WHEN coalesce(a.proved_at < a.cut_off, 0 = 0) THEN a.cut_off END AS cut_off,
            CASE WHEN coalesce(a.proved_at < a.expires_at, 0 = 0)
                THEN a.expires_at END AS expires_at,
            CASE WHEN coalesce(a.proved_at < a.data_access_expires_at, 0 = 0)
                THEN a.data_access_expires_at END AS data_access_expires_at,
            c.kind AS active, c.grant_id,
            CASE WHEN a.failing_reason LIKE '{"code":"revoked",%'
                THEN a.failing_since END AS revoked_at,
            (c.id IS NULL OR a.definitive OR a.failures > 1
                OR coalesce(a.expires_at <= :now AND a.dates_read_at >= a.expires_at
                    AND coalesce(a.proved_at < a.expires_at, 0 = 0), 0 = 1)
                OR coalesce(a.data_access_expires_at <= :now
                    AND a.dates_read_at >= a.data_access_expires_at
                    AND coalesce(a.proved_at < a.data_access_expires_at, 0 = 0), 0 = 1)) AS gone,
            ([coalesce(a.person_id = :leaves, 0 = 1) OR ]0 = 1) AS leaves
        FROM assets a LEFT JOIN credentials c
            ON c.tenant_id = a.tenant_id AND c.asset_id = a.id AND c.slot = 'active'
        WHERE a.tenant_id = :tenant [AND a.kind IN :kinds] [AND a.business_id = :business]
            [AND a.person_id IN :persons] {within}
    )"#;

/// The tables `judged` and `shown`: every ending in the window, numbered in `turn` for each asset; `covered` is 1 where a
/// standby or a refresh covers it, and 0 of every ending if all are asked for. `rank` numbers the causes as [`to_rank`]
/// does.
pub(crate) const SHOWN: &str = "
    {judged}, ending AS (
        SELECT j.*, r.column1 AS rank,
            CASE WHEN r.column1 = 0 THEN j.cut_off
                WHEN r.column1 = 1 THEN j.expires_at
                WHEN r.column1 = 2 THEN j.data_access_expires_at
                WHEN r.column1 = 3 THEN j.revoked_at
                WHEN j.leaves AND NOT j.gone THEN :now END AS at,
            CASE r.column1 WHEN 0 THEN 'cut_off'
                WHEN 1 THEN CASE WHEN j.active = 'system_user' OR (j.active = 'page'
                        AND j.expires_at IS NOT NULL
                        AND (SELECT g.kind FROM grants g WHERE g.tenant_id = :tenant
                            AND g.id = j.grant_id) = 'system_user') THEN 'system_user_60_days'
                    ELSE 'token_expiry' END
                WHEN 2 THEN 'data_access'
                WHEN 3 THEN 'revoked'
                ELSE 'person_leaves' END AS cause,
            CASE WHEN r.column1 > 0 OR j.cut_off_source = 'probe' THEN 'certain'
                WHEN j.cut_off_source = 'webhook' THEN 'announced'
                ELSE 'likely' END AS confidence
        FROM judged j CROSS JOIN (VALUES (0), (1), (2), (3), (4)) AS r
    ), in_window AS (
        SELECT e.*, CASE WHEN {is_covered} THEN 1 ELSE 0 END AS covered
        FROM ending e
        WHERE at >= :from AND at < :to AND (at <= :now OR NOT (gone OR leaves))
    ), shown AS (
        SELECT in_window.*, row_number() OVER (PARTITION BY id ORDER BY covered, at, rank) AS turn
        FROM in_window
    )";

/// Whether the token of the active credential is refreshed before ending `e`: `forecast::find_cover` in SQL, as the two
/// that follow.
pub(super) const BY_REFRESH: &str = "
    (e.rank = 1 AND NOT e.leaves AND e.at > :now AND EXISTS (
        SELECT 1 FROM grants own WHERE own.tenant_id = :tenant AND own.id = e.grant_id
            AND own.sealed IS NOT NULL AND own.refresh_failed_at IS NULL AND own.kind IN ('user', 'system_user')))";

/// Whether a standby takes over at ending `e`.
pub(super) fn by_standby() -> String {
    outlasted_by("c.slot = 'standby' AND c.proved_at IS NOT NULL")
}

/// Whether a parked token may take over at ending `e`.
pub(super) fn by_candidate() -> String {
    outlasted_by("c.slot = 'candidate'")
}

/// Whether such a credential `c` of the asset still works after ending `e`.
fn outlasted_by(condition: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM credentials c
            LEFT JOIN grants g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id
            WHERE c.tenant_id = :tenant AND c.asset_id = e.id AND {condition}
            AND coalesce(({NEWEST_EXPIRY}) > e.at, 0 = 0) AND coalesce(({NEWEST_DATA_ACCESS}) > e.at, 0 = 0)
            AND (e.rank IN (1, 2)
                OR (c.person_id IS NOT NULL AND c.person_id IS DISTINCT FROM e.person_id))
            [AND c.person_id IS DISTINCT FROM :leaves])"
    )
}

impl TenantTx {
    /// A statement whose parts `{judged}`, `{shown}` and `{which}` are filled: `{which}` selects the ending of each asset
    /// that the filter asks for, or all.
    pub(crate) fn query_endings(&self, filter: &ForecastFilter, sql: &'static str) -> Query {
        let (which, is_covered) = if filter.every {
            ("turn > 0", "0 = 1".to_owned())
        } else {
            ("turn = 1", format!("{} OR {BY_REFRESH}", by_standby()))
        };
        let query = self
            .query(sql)
            .fill("shown", SHOWN)
            .fill("is_covered", is_covered)
            .fill("which", which)
            .bind("from", to_micros(filter.from))
            .bind("to", to_micros(filter.to));
        bind_filter(query, filter)
    }
}

/// Fills the part `{judged}` and binds its parameters.
pub(crate) fn bind_filter(query: Query, filter: &ForecastFilter) -> Query {
    let query = query
        .fill("judged", JUDGED)
        .bind("now", to_micros(filter.now))
        .bind_optional_list("kinds", filter.kinds.iter().map(|it| it.as_str()))
        .bind_optional("business", filter.business_id.as_ref().map(AssetId::as_str))
        .bind_optional("leaves", filter.leaves.as_ref().map(PersonId::as_str))
        .bind_optional_list("persons", filter.person_ids.iter().map(PersonId::as_str));
    fill_within(query, filter.within.as_ref())
}

/// The order of endings at one moment, as `domain::state::endings` has it.
pub(crate) const fn to_rank(cause: EndingCause) -> i64 {
    match cause {
        EndingCause::CutOff => 0,
        EndingCause::TokenExpiry | EndingCause::SystemUser60Days => 1,
        EndingCause::DataAccess => 2,
        EndingCause::Revoked => 3,
        EndingCause::PersonLeaves => 4,
    }
}
