//! Registering assets: bulk insert, or update of name and business.

use std::collections::{HashMap, HashSet};

use regrant_domain::{
    Asset, AssetFacts, AssetId, AssetKind, BusinessSource, CredentialKind, Timestamp, state::Status,
};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, to_micros},
};

/// The source of a business that a registration names.
const CLIENT: &str = BusinessSource::Client.as_str();

/// The generation of an asset with its first credential.
const FIRST_GENERATION: i64 = 1;

/// An asset to register; its id is canonical for its kind.
#[derive(Debug, Clone)]
pub struct NewAsset {
    /// The id.
    pub id: AssetId,
    /// The kind.
    pub kind: AssetKind,
    /// A name for people; `None` keeps the one there is.
    pub name: Option<String>,
    /// The business that a client of the whole tenant says it belongs to; `None` keeps the one there is.
    pub business_id: Option<AssetId>,
    /// The kind of the token that this transaction stores as its first one, if the asset is new.
    pub first_credential: Option<CredentialKind>,
    /// The status that needs no event, if the asset is new.
    pub notified: Option<Status>,
    /// When it is registered.
    pub created_at: Timestamp,
}

impl NewAsset {
    /// The asset as it is stored when it is new, before it has a credential.
    #[must_use]
    pub fn to_asset(&self) -> Asset {
        Asset {
            id: self.id.clone(),
            kind: self.kind,
            name: self.name.clone(),
            business_id: self.business_id.clone(),
            business_source: self.business_id.as_ref().map(|_| BusinessSource::Client),
            person_id: None,
            generation: 0,
            intent_seq: 0,
            notified_status: self.notified,
            facts: AssetFacts::of_new_asset(self.created_at),
            created_at: self.created_at,
        }
    }

    /// The asset with its first credential; `None` if it comes without one.
    #[must_use]
    pub fn to_asset_with_credential(&self) -> Option<Asset> {
        let kind = self.first_credential?;
        let mut asset = self.to_asset();
        asset.generation = FIRST_GENERATION;
        asset.facts.active = Some(kind);
        Some(asset)
    }

    /// The generation of a new asset.
    fn generation(&self) -> i64 {
        self.first_credential.map_or(0, |_| FIRST_GENERATION)
    }
}

/// The result of registering one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// The asset is new.
    Created,
    /// It was registered before; name and business are the ones given now.
    Exists,
    /// It was registered before as another kind, and nothing changed.
    KindMismatch(AssetKind),
}

impl TenantTx {
    /// Registers assets, each id once; the results come in the same order.
    pub async fn register_assets(&self, assets: &[NewAsset]) -> Result<Vec<Registration>, Error> {
        let mut registrations = Vec::with_capacity(assets.len());
        for chunk in assets.chunks(CHUNK) {
            let created = self.create_assets(chunk).await?;
            let kinds = if created.len() < chunk.len() {
                self.describe_assets(chunk).await?;
                self.find_kinds(chunk).await?
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

    async fn create_assets(&self, assets: &[NewAsset]) -> Result<HashSet<AssetId>, Error> {
        let rows = assets.iter().map(|asset| {
            let [id, kind, name, business] = to_identity(asset);
            let source = asset.business_id.as_ref().map(|_| CLIENT.to_owned());
            let notified = asset.notified.map(|it| it.as_str().to_owned()).into();
            let created_at = to_micros(asset.created_at).into();
            [
                id,
                kind,
                name,
                business,
                source.into(),
                asset.generation().into(),
                notified,
                created_at,
            ]
        });
        let query = self
            .query(
                "INSERT INTO assets (tenant_id, id, kind, name, business_id, business_source,
                     generation, notified_state, created_at)
                 VALUES :rows ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id",
            )
            .bind_tenant_rows("rows", rows);
        let rows = self.fetch_all(query).await?;
        rows.iter().map(|row| row.parse("id")).collect()
    }

    /// Updates name and business of assets that exist.
    async fn describe_assets(&self, assets: &[NewAsset]) -> Result<(), Error> {
        let query = self
            .query(
                "WITH given (id, kind, name, business_id) AS (VALUES :assets)
                 UPDATE assets AS a SET name = coalesce(given.name, a.name),
                     business_id = coalesce(given.business_id, a.business_id),
                     business_source = CASE WHEN given.business_id IS NULL
                         THEN a.business_source ELSE :client END
                 FROM given
                 WHERE a.tenant_id = :tenant AND a.id = given.id AND a.kind = given.kind",
            )
            .bind_rows("assets", assets.iter().map(to_identity))
            .bind("client", CLIENT);
        self.execute(query).await.map(drop)
    }

    async fn find_kinds(&self, assets: &[NewAsset]) -> Result<HashMap<AssetId, AssetKind>, Error> {
        let query = self
            .query("SELECT id, kind FROM assets WHERE tenant_id = :tenant AND id IN :ids")
            .bind_list("ids", assets.iter().map(|it| it.id.as_str()));
        let rows = self.fetch_all(query).await?;
        rows.iter()
            .map(|row| Ok((row.parse("id")?, row.parse("kind")?)))
            .collect()
    }
}

fn to_identity(asset: &NewAsset) -> [Value; 4] {
    let business = asset.business_id.as_ref();
    [
        asset.id.as_str().into(),
        asset.kind.as_str().into(),
        asset.name.clone().into(),
        business.map(|id| id.as_str().to_owned()).into(),
    ]
}
