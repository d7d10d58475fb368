//! Assets: registered, read, locked and deleted.
//!
//! The rule: whoever decides about an asset reads it through [`TenantTx::lock_assets`] in the transaction
//! that writes the decision.

use std::collections::{HashMap, HashSet};

use regrant_domain::{
    Asset, AssetFacts, AssetId, AssetKind, CutOff, Reason, Timestamp, state::Status,
};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Row, json, time},
};

/// An asset to register; its id is canonical for its kind.
#[derive(Debug, Clone)]
pub struct NewAsset {
    /// Its id.
    pub id: AssetId,
    /// Its kind.
    pub kind: AssetKind,
    /// A name for people; `None` keeps the one there is.
    pub name: Option<String>,
    /// The business it belongs to; `None` keeps the one there is.
    pub business_id: Option<AssetId>,
    /// When it is registered.
    pub created_at: Timestamp,
}

/// What became of an asset to register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// It is new.
    Created,
    /// It was registered before; name and business are those given now.
    Exists,
    /// It was registered before as another kind, and nothing changed.
    KindMismatch(AssetKind),
}

/// A failed proof of the credential that serves an asset.
#[derive(Debug, Clone)]
pub struct FailedProof {
    /// The asset.
    pub asset_id: AssetId,
    /// What was heard.
    pub reason: Reason,
    /// Whether it needs no second proof.
    pub definitive: bool,
}

pub(crate) const SELECT: &str = "SELECT a.id, a.kind, a.name, a.business_id, a.person_id, a.generation,
    a.intent_seq, a.proved_at, a.checked_at, a.failing_since, a.failing_reason, a.failures, a.definitive,
    a.cut_off, a.cut_off_source, a.cut_off_learned_at, a.expires_at, a.data_access_expires_at,
    a.working_since, a.told_state, a.created_at, p.due_at AS next_check_at,
    (SELECT c.kind FROM credentials c
        WHERE c.tenant_id = $1 AND c.asset_id = a.id AND c.slot = 'active') AS active,
    EXISTS (SELECT 1 FROM credentials c
        WHERE c.tenant_id = $1 AND c.asset_id = a.id AND c.slot = 'candidate') AS parked,
    EXISTS (SELECT 1 FROM credentials c
        WHERE c.tenant_id = $1 AND c.asset_id = a.id AND c.slot = 'standby') AS spare
    FROM assets a LEFT JOIN probe_due p ON p.tenant_id = a.tenant_id AND p.asset_id = a.id
    WHERE a.tenant_id = $1";

impl TenantTx {
    /// Registers assets, each id once, and tells in the same order what became of each.
    ///
    /// # Errors
    /// The database failed.
    pub async fn register_assets(&self, assets: &[NewAsset]) -> Result<Vec<Registration>, Error> {
        let mut registrations = Vec::with_capacity(assets.len());
        for chunk in assets.chunks(CHUNK) {
            let created = self.create_assets(chunk).await?;
            let kinds = if created.len() < chunk.len() {
                self.describe_assets(chunk).await?;
                self.kinds(chunk).await?
            } else {
                HashMap::new()
            };
            registrations.extend(chunk.iter().map(|asset| match kinds.get(&asset.id) {
                _ if created.contains(&asset.id) => Registration::Created,
                Some(kind) if *kind != asset.kind => Registration::KindMismatch(*kind),
                _ => Registration::Exists,
            }));
        }
        Ok(registrations)
    }

    /// The asset with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn asset(&self, id: &AssetId) -> Result<Asset, Error> {
        let query = self.query(SELECT).sql(" AND a.id = ").bind(id.as_str());
        let row = self.one(query).await?;
        read(&row.ok_or(Error::NotFound)?)
    }

    /// Those of the assets that exist, in any order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn assets(&self, ids: &[AssetId]) -> Result<Vec<Asset>, Error> {
        let mut assets = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let query = self.query(SELECT).sql(" AND a.id IN ");
            for row in self
                .all(query.list(chunk.iter().map(AssetId::as_str)))
                .await?
            {
                assets.push(read(&row)?);
            }
        }
        Ok(assets)
    }

    /// Those of the assets that exist, by id, locked until this transaction ends.
    ///
    /// Locked in one order, so that two transactions never wait for each other; read after all are locked,
    /// so that what an earlier holder wrote is seen.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lock_assets(&self, ids: &[AssetId]) -> Result<Vec<Asset>, Error> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        if !self.dialect.for_update().is_empty() {
            for chunk in ids.chunks(CHUNK) {
                let query = self
                    .query("SELECT id FROM assets WHERE tenant_id = $1 AND id IN ")
                    .list(chunk.iter().map(AssetId::as_str))
                    .sql(" ORDER BY id")
                    .sql(self.dialect.for_update());
                self.all(query).await?;
            }
        }
        let mut assets = self.assets(&ids).await?;
        assets.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(assets)
    }

    /// Deletes an asset with its credentials.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn delete_asset(&self, id: &AssetId) -> Result<(), Error> {
        let query = self
            .query("DELETE FROM assets WHERE tenant_id = $1 AND id = ")
            .bind(id.as_str());
        match self.run(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }

    /// Notes that a probe asked about these assets and changed nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_checked(&self, ids: &[AssetId], at: Timestamp) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query("UPDATE assets SET checked_at = ")
                .bind(time(at))
                .sql(" WHERE tenant_id = $1 AND id IN ")
                .list(chunk.iter().map(AssetId::as_str));
            self.run(query).await?;
        }
        Ok(())
    }

    /// Notes which states are told outwards from here on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_told(&self, told: &[(AssetId, Status)]) -> Result<(), Error> {
        for chunk in told.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|(id, it)| -> [Value; 2] { [id.as_str().into(), it.as_str().into()] });
            let query = self
                .query("UPDATE assets AS a SET told_state = v.column2 FROM")
                .table(rows)
                .sql(" WHERE a.tenant_id = $1 AND a.id = v.column1");
            self.run(query).await?;
        }
        Ok(())
    }

    /// Notes that proofs of what serves these assets failed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_failed(&self, failed: &[FailedProof], at: Timestamp) -> Result<(), Error> {
        for chunk in failed.chunks(CHUNK) {
            let row = |it: &FailedProof| {
                Ok([
                    it.asset_id.as_str().into(),
                    json(&it.reason)?.into(),
                    it.definitive.into(),
                ])
            };
            let rows: Vec<[Value; 3]> = chunk.iter().map(row).collect::<Result<_, Error>>()?;
            let query = self
                .query(
                    "UPDATE assets AS a SET failures = a.failures + 1, failing_reason = v.column2,
                        definitive = (a.definitive OR v.column3), failing_since = coalesce(a.failing_since, ",
                )
                .bind(time(at))
                .sql("), checked_at = ")
                .bind(time(at))
                .sql(" FROM")
                .table(rows)
                .sql(" WHERE a.tenant_id = $1 AND a.id = v.column1");
            self.run(query).await?;
        }
        Ok(())
    }

    async fn create_assets(&self, assets: &[NewAsset]) -> Result<HashSet<AssetId>, Error> {
        let rows = assets.iter().map(|asset| {
            let [id, kind, name, business] = identity(asset);
            [id, kind, name, business, time(asset.created_at).into()]
        });
        let query = self
            .query("INSERT INTO assets (tenant_id, id, kind, name, business_id, created_at)")
            .tenant_rows(rows)
            .sql(" ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id");
        self.all(query)
            .await?
            .iter()
            .map(|row| row.parsed("id"))
            .collect()
    }

    /// Gives assets that exist the names and businesses told now.
    async fn describe_assets(&self, assets: &[NewAsset]) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE assets AS a SET name = coalesce(v.column3, a.name),
                    business_id = coalesce(v.column4, a.business_id) FROM",
            )
            .table(assets.iter().map(identity))
            .sql(" WHERE a.tenant_id = $1 AND a.id = v.column1 AND a.kind = v.column2");
        self.run(query).await.map(drop)
    }

    async fn kinds(&self, assets: &[NewAsset]) -> Result<HashMap<AssetId, AssetKind>, Error> {
        let query = self
            .query("SELECT id, kind FROM assets WHERE tenant_id = $1 AND id IN ")
            .list(assets.iter().map(|it| it.id.as_str()));
        let rows = self.all(query).await?;
        rows.iter()
            .map(|row| Ok((row.parsed("id")?, row.parsed("kind")?)))
            .collect()
    }
}

fn identity(asset: &NewAsset) -> [Value; 4] {
    [
        asset.id.as_str().into(),
        asset.kind.as_str().into(),
        asset.name.clone().into(),
        asset
            .business_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .into(),
    ]
}

pub(crate) fn read(row: &Row) -> Result<Asset, Error> {
    Ok(Asset {
        id: row.parsed("id")?,
        kind: row.parsed("kind")?,
        name: row.get("name")?,
        business_id: row.maybe_parsed("business_id")?,
        person_id: row.maybe_parsed("person_id")?,
        generation: row.get("generation")?,
        intent_seq: row.get("intent_seq")?,
        told: row.maybe_parsed("told_state")?,
        facts: facts(row)?,
        created_at: row.time("created_at")?,
    })
}

fn facts(row: &Row) -> Result<AssetFacts, Error> {
    let since = row.maybe_time("failing_since")?;
    let reason = row.maybe_json("failing_reason")?;
    Ok(AssetFacts {
        proved_at: row.maybe_time("proved_at")?,
        checked_at: row.maybe_time("checked_at")?,
        failing: since.zip(reason),
        failures: row.unsigned("failures")?,
        definitive: row.get("definitive")?,
        cut_off: cut_off(row)?,
        expires_at: row.maybe_time("expires_at")?,
        data_access_expires_at: row.maybe_time("data_access_expires_at")?,
        active: row.maybe_parsed("active")?,
        parked: row.get("parked")?,
        spare: row.get("spare")?,
        working_since: row.maybe_time("working_since")?,
        next_check_at: row.maybe_time("next_check_at")?,
        registered_at: row.time("created_at")?,
    })
}

/// The cut-off in force, if one is known.
fn cut_off(row: &Row) -> Result<Option<CutOff>, Error> {
    let Some(at) = row.maybe_time("cut_off")? else {
        return Ok(None);
    };
    let source = row
        .maybe_parsed("cut_off_source")?
        .ok_or(Error::Corrupt("cut_off_source"))?;
    let learned_at = row
        .maybe_time("cut_off_learned_at")?
        .ok_or(Error::Corrupt("cut_off_learned_at"))?;
    Ok(Some(CutOff {
        at,
        source,
        learned_at,
    }))
}
