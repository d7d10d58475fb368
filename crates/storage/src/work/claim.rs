//! Claims due rows: who has work, which rows are next, and then the leases of one tenant after the other.
//!
//! The rule: rows are locked and leased tenant by tenant, so that row-level security confines each statement. Tenants take
//! turns, so that the backlog of one does not delay another.
//! Start at `Store::claim_rows`.

use std::collections::{BTreeMap, HashMap, HashSet};

use regrant_domain::TenantId;
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, Outage, Store, TenantScope,
    integrity::TENANTS,
    sql::{Query, Row, decode_rows},
    work::{claim_query::ClaimedWork, share::divide_evenly},
};

/// How often rows are picked, if other processes take those that were picked.
const TRIES: usize = 4;

/// The leases to write.
#[derive(Default)]
struct Claims {
    scopes: HashMap<TenantId, TenantScope>,
    statements: Vec<(TenantId, Query)>,
    /// How many rows were picked; 0 if the statements pick.
    picked: usize,
}

impl Store {
    /// Claims at most `limit` rows; the most urgent rows come first.
    pub(crate) async fn claim_rows(
        &self,
        work: ClaimedWork<'_>,
        limit: u32,
    ) -> Result<Vec<(TenantScope, Row)>, Error> {
        let mut rows = Vec::new();
        for _ in 0..TRIES {
            let taken = u32::try_from(rows.len()).unwrap_or(limit);
            let (leased, picked) = match self.claim_once(work, limit.saturating_sub(taken)).await {
                // What is leased already must be worked on.
                Err(_) if !rows.is_empty() => break,
                claimed => claimed?,
            };
            let is_complete = leased.len() >= picked;
            rows.extend(leased);
            if is_complete {
                break;
            }
        }
        rows.sort_by_cached_key(|(_, row)| row.get::<i64>("urgency").unwrap_or_default());
        Ok(rows)
    }

    /// Returns the rows that were leased, and how many were picked.
    async fn claim_once(
        &self,
        work: ClaimedWork<'_>,
        limit: u32,
    ) -> Result<(Vec<(TenantScope, Row)>, usize), Error> {
        let claims = match self.pick_rows(work, limit).await {
            // These need all nodes of a distributed database; the claim of a tenant needs one.
            Err(Error::Unavailable(Outage::NodeLost, _)) => self.claim_blindly(work, limit).await?,
            claims => claims?,
        };
        let rows = self.run_in_tenants(claims.statements).await?;
        let with_scope = |(tenant, row)| Some((claims.scopes.get(&tenant)?.clone(), row));
        Ok((
            rows.into_iter().filter_map(with_scope).collect(),
            claims.picked,
        ))
    }

    /// Looks who has work and picks the rows that are next.
    async fn pick_rows(&self, work: ClaimedWork<'_>, limit: u32) -> Result<Claims, Error> {
        let (scopes, waiting) = self.look_for_work(work, limit).await?;
        if scopes.is_empty() {
            return Ok(Claims::default());
        }
        let most = divide_evenly(limit, &waiting).into_iter().max();
        let tenants: Vec<_> = scopes.keys().copied().collect();
        let pick = work.pick_query(&tenants, most.unwrap_or_default(), limit);
        let picked = self.health.note(pick.fetch_all(&self.connection).await)?;
        let mut objects = BTreeMap::<TenantId, Vec<Value>>::new();
        for row in &picked {
            let tenant = TenantId::from_uuid(row.get("tenant_id")?);
            let object = (work.table.read_object)(row)?;
            objects.entry(tenant).or_default().push(object);
        }
        let leases = objects.into_iter();
        let leases = leases.map(|(tenant, objects)| (tenant, work.lease_query(tenant, objects)));
        Ok(Claims {
            scopes,
            statements: leases.collect(),
            picked: picked.len(),
        })
    }

    /// The tenants that have work, and how many rows each. Those without a scope are passed over, so that they do not
    /// keep the work of others waiting.
    async fn look_for_work(
        &self,
        work: ClaimedWork<'_>,
        limit: u32,
    ) -> Result<(HashMap<TenantId, TenantScope>, Vec<u32>), Error> {
        let passed_over = work.passed_over.tenants.iter();
        let mut resting: HashSet<_> = passed_over.map(|it| it.uuid()).collect();
        loop {
            let look = work.look_query(&resting, limit);
            let look = self.health.note(look.fetch_all(&self.connection).await)?;
            let scopes = self.find_scopes_of_tenants(&look).await?;
            let mut waiting = Vec::new();
            for row in &look {
                let tenant: Uuid = row.get("tenant_id")?;
                if scopes.contains_key(&TenantId::from_uuid(tenant)) {
                    waiting.push(row.unsigned("n")?);
                } else {
                    resting.insert(tenant);
                }
            }
            if look.is_empty() || !waiting.is_empty() {
                return Ok((scopes, waiting));
            }
        }
    }

    /// The same share for every tenant whose work is done; for some of the tenants, if there are more than rows.
    async fn claim_blindly(&self, work: ClaimedWork<'_>, limit: u32) -> Result<Claims, Error> {
        let all = Query::new("SELECT {sealed} FROM tenants t WHERE {tenants}");
        let scopes = self
            .find_sealed_scopes(all.fill("tenants", work.tenants))
            .await?;
        let mut scopes = scopes;
        scopes.retain(|it, _| !work.passed_over.tenants.contains(it));
        let share = limit / u32::try_from(scopes.len()).unwrap_or(u32::MAX).max(1);
        // The order of a hash map differs each time, so all tenants come in turn.
        let some = scopes
            .keys()
            .take(usize::try_from(limit).unwrap_or(usize::MAX));
        let claims = some.map(|it| (*it, work.claim_query(*it, share.max(1))));
        Ok(Claims {
            statements: claims.collect(),
            scopes,
            picked: 0,
        })
    }

    /// The scope of each tenant that these rows name. A tenant whose row was changed around the application has none: its
    /// work rests.
    async fn find_scopes_of_tenants(
        &self,
        rows: &[Row],
    ) -> Result<HashMap<TenantId, TenantScope>, Error> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let tenants: Vec<Uuid> = rows
            .iter()
            .map(|row| row.get("tenant_id"))
            .collect::<Result<_, _>>()?;
        let named = Query::new("SELECT {sealed} FROM tenants t WHERE t.id IN :tenants");
        self.find_sealed_scopes(named.bind_list("tenants", tenants))
            .await
    }

    /// The scopes of the tenants of a query, with its part `{sealed}`.
    async fn find_sealed_scopes(
        &self,
        query: Query,
    ) -> Result<HashMap<TenantId, TenantScope>, Error> {
        let query = query.fill("sealed", TENANTS.select_list("t"));
        let rows = query.fetch_all(&self.connection).await?;
        let scopes = decode_rows("tenants", &rows, |row| self.checked_scope_from_row(row));
        let by_id = scopes.into_iter().map(|it| (it.tenant(), it));
        Ok(by_id.collect())
    }
}
