//! Assets at risk, and the persons who may keep them working.
//!
//! The rule: an asset is at risk by the endings and covers of the calendar; `endings.rs` says what they are.

use regrant_domain::{GrantedScope, PersonId, forecast::AssetAtRisk};

use crate::{
    Error, ForecastFilter, TenantTx,
    forecast::endings::{BY_REFRESH, by_standby},
    sql::Row,
};

/// Each asset once, with its first ending that neither a standby nor a refresh covers, or none if it has stopped working.
const AT_RISK: &str = "
    WITH {shown}, open AS (
        SELECT e.id, e.kind, e.person_id, e.at, e.cut_off,
            row_number() OVER (PARTITION BY e.id ORDER BY e.at, e.rank) AS n
        FROM shown e WHERE {which} AND NOT e.gone AND NOT {by_standby} AND NOT {by_refresh}
    ), at_risk AS (
        SELECT id, kind, person_id, at, cut_off FROM open WHERE n = 1
        UNION ALL
        SELECT id, kind, person_id, NULL, cut_off FROM judged WHERE gone AND generation > 0
    )
    SELECT r.id, r.kind, r.person_id, r.at, CASE WHEN r.cut_off < :to THEN r.cut_off END AS cut_off, (
        SELECT string_agg(c.person_id, ',') FROM credentials c
        LEFT JOIN grants g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id
        WHERE c.tenant_id = :tenant AND c.asset_id = r.id AND c.person_id IS NOT NULL
            AND c.slot <> 'candidate' AND coalesce(g.kind, c.kind) <> 'system_user') AS persons
    FROM at_risk r ORDER BY coalesce(r.at, 0), r.id";

impl TenantTx {
    /// The assets that end in the window of the filter without a cover, and those that have stopped working; the most
    /// urgent first. The filter must ask for every ending.
    pub async fn list_assets_at_risk(
        &self,
        filter: &ForecastFilter,
    ) -> Result<Vec<AssetAtRisk>, Error> {
        let query = self
            .query_endings(filter, AT_RISK)
            .fill("by_standby", by_standby())
            .fill("by_refresh", BY_REFRESH);
        self.fetch_decoded("assets", query, asset_at_risk_from_row)
            .await
    }

    /// The permissions of each person's newest login, where it was granted for listed objects.
    pub async fn list_targeted_logins(&self) -> Result<Vec<(PersonId, Vec<GrantedScope>)>, Error> {
        let query = self.query(
            "SELECT person_id, scopes FROM (
                 SELECT person_id, scopes, row_number() OVER (
                     PARTITION BY person_id ORDER BY created_at DESC, id DESC) AS n
                 FROM grants WHERE tenant_id = :tenant AND kind = 'user') AS newest
             WHERE n = 1 AND scopes LIKE '%target_ids%' ORDER BY person_id",
        );
        let decode = |row: &Row| Ok((row.parse("person_id")?, row.json("scopes")?));
        self.fetch_decoded("grants", query, decode).await
    }
}

fn asset_at_risk_from_row(row: &Row) -> Result<AssetAtRisk, Error> {
    let persons: Option<String> = row.get("persons")?;
    let persons = persons.unwrap_or_default();
    let persons = persons.split(',').filter(|it| !it.is_empty());
    Ok(AssetAtRisk {
        id: row.parse("id")?,
        kind: row.parse("kind")?,
        ends_at: row.maybe_time("at")?,
        cut_off: row.maybe_time("cut_off")?,
        serving: row.maybe_parse("person_id")?,
        persons: persons
            .map(|it| it.parse().map_err(|_| Error::Corrupt("persons")))
            .collect::<Result<_, _>>()?,
    })
}
