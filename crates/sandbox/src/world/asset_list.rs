//! A world with the assets of a tenant, from what `GET /v1/assets` of Regrant answers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Deserializer;

use super::{
    Kind, World,
    scenario::{Asset, Business, Person, Role, Scenario},
};
use crate::Error;

/// Owns the assets whose business is not known.
const UNKNOWN_BUSINESS: &str = "200000000000000";
/// Granted the assets whose person is not known.
const UNKNOWN_PERSON: &str = "100000000000001";
const MANAGED_PERSON: &str = "100000000000002";

/// One page of the list; other members are ignored.
#[derive(Deserialize)]
struct AssetPage {
    data: Vec<ListedAsset>,
}

#[derive(Deserialize)]
struct ListedAsset {
    id: String,
    kind: Kind,
    name: Option<String>,
    business_id: Option<String>,
    person_id: Option<String>,
}

impl World {
    /// A world with the listed assets, the demo's apps, the persons of the list, and one managed account without roles.
    ///
    /// The text has one page of the list after the other.
    ///
    /// # Errors
    /// [`Error::World`] if the text is not such a list.
    pub fn from_asset_list(text: &str) -> Result<Self, Error> {
        let pages = Deserializer::from_str(text).into_iter::<AssetPage>();
        let pages = pages
            .collect::<Result<Vec<_>, _>>()
            .map_err(|fault| Error::world("data", fault.to_string()))?;
        let listed: Vec<ListedAsset> = pages.into_iter().flat_map(|page| page.data).collect();
        if listed.is_empty() {
            return Err(Error::world("data", "the list has no asset"));
        }
        let mut world = Self::check_scenario(Scenario {
            businesses: list_businesses(&listed),
            persons: list_persons(&listed),
            assets: list_assets(&listed),
            ..Scenario::default()
        })?;
        world.apps = Self::demo().apps;
        Ok(world)
    }
}

impl ListedAsset {
    /// A business owns itself.
    fn business(&self) -> &str {
        match self.kind {
            Kind::Business => &self.id,
            _ => self.business_id.as_deref().unwrap_or(UNKNOWN_BUSINESS),
        }
    }

    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.id.clone())
    }
}

fn list_businesses(listed: &[ListedAsset]) -> Vec<Business> {
    let mut names = BTreeMap::new();
    for asset in listed {
        let id = asset.business();
        let name = (asset.kind == Kind::Business).then(|| asset.name());
        let known = names
            .entry(id.to_owned())
            .or_insert_with(|| format!("Business {id}"));
        if let Some(name) = name {
            *known = name;
        }
    }
    let rows = names.into_iter().map(|(id, name)| Business {
        id,
        name,
        two_factor_required: false,
    });
    rows.collect()
}

/// A person has a role in each business of the assets that the person granted, for these assets.
fn list_persons(listed: &[ListedAsset]) -> Vec<Person> {
    let mut roles = BTreeMap::<&str, BTreeMap<&str, Vec<String>>>::new();
    for asset in listed {
        let person = asset.person_id.as_deref().unwrap_or(UNKNOWN_PERSON);
        let in_business = roles.entry(person).or_default().entry(asset.business());
        in_business.or_default().push(asset.id.clone());
    }
    let managed = Person::new(MANAGED_PERSON, "Managed account", true);
    let persons = roles.into_iter().map(|(id, roles)| {
        let roles = roles.into_iter().map(|(business, assets)| Role {
            only: Some(assets),
            ..Role::in_business(business)
        });
        Person {
            roles: roles.collect(),
            ..Person::new(id, &format!("Person {id}"), false)
        }
    });
    persons.chain([managed]).collect()
}

fn list_assets(listed: &[ListedAsset]) -> Vec<Asset> {
    let owned = listed.iter().filter(|asset| asset.kind != Kind::Business);
    owned
        .map(|asset| Asset::new(asset.id.clone(), asset.kind, asset.business(), asset.name()))
        .collect()
}
