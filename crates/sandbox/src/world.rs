//! The simulated world: apps, businesses, persons and assets.
//!
//! The rule: a [`World`] is checked when it is built: every mentioned id exists and no id is used
//! twice, so the code that handles calls need not check again.
//! Start at [`World::from_yaml`]; `world/scenario.rs` is the format of a file, `world/asset_list.rs` that of a tenant's
//! assets.

mod asset_list;
mod generate;
mod kind;
mod registry;
mod scenario;

use std::collections::{HashMap, HashSet};

use crate::Error;

pub(crate) use kind::Kind;
pub(crate) use registry::{HasId, Registry};
pub(crate) use scenario::{App, Asset, Business, OnBehalfRequest, Person, Role, Share, SystemUser};

use scenario::Scenario;

/// The id of the first test user.
const FIRST_TEST_USER: u64 = 120_000_000_000_001;

/// A checked scenario.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub(crate) apps: Registry<App>,
    pub(crate) businesses: Registry<Business>,
    pub(crate) persons: Registry<Person>,
    pub(crate) system_users: Registry<SystemUser>,
    pub(crate) assets: Registry<Asset>,
    pub(crate) shares: Vec<Share>,
    pub(crate) onbehalf: Vec<OnBehalfRequest>,
    /// WhatsApp accounts whose owners removed the provider as a partner.
    pub(crate) without_partner: HashSet<String>,
    owned: HashMap<String, Vec<String>>,
}

impl World {
    /// The built-in scenario: a client with four businesses, and a small second client.
    #[must_use]
    pub fn demo() -> Self {
        Self::from_yaml(include_str!("../worlds/demo.yaml")).unwrap_or_default()
    }

    /// Parses a scenario in YAML or JSON.
    ///
    /// # Errors
    /// [`Error::World`] names the first field that is wrong.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        let scenario: Scenario = yaml_serde::from_str(text)
            .map_err(|fault| Error::world(field_of_error(&fault), fault.to_string()))?;
        Self::check_scenario(scenario)
    }

    /// An id for another person.
    pub(crate) fn next_person_id(&self) -> String {
        let mut ids = (FIRST_TEST_USER..).map(|id| id.to_string());
        ids.find(|id| !self.persons.has_id(id)).unwrap_or_default()
    }

    /// Sets the URL for all webhooks of an app; false if there is no such app.
    pub fn set_webhook_url(&mut self, app: &str, url: &str) -> bool {
        let found = self.apps.find_mut(app);
        found
            .map(|app| app.webhooks = scenario::webhooks_to(url))
            .is_some()
    }

    /// The assets a business owns, in scenario order; the business itself is not among them.
    pub(crate) fn owned_by(&self, business: &str) -> impl Iterator<Item = &Asset> {
        let ids = self.owned.get(business).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.assets.find_by_id(id))
    }

    /// The businesses through which an asset can be reached: first the owner, then the partners.
    pub(crate) fn businesses_with_access<'a>(
        &'a self,
        asset: &'a Asset,
    ) -> impl Iterator<Item = (&'a str, Option<&'a Share>)> {
        let partners = self
            .shares_of(&asset.id)
            .filter(|share| share.is_confirmed());
        std::iter::once((asset.business.as_str(), None))
            .chain(partners.map(|s| (s.business.as_str(), Some(s))))
    }

    /// Agreements that share this asset.
    pub(crate) fn shares_of<'a>(&'a self, asset: &'a str) -> impl Iterator<Item = &'a Share> {
        self.shares.iter().filter(move |share| share.asset == asset)
    }

    /// A business is also an asset of kind business; this is that asset.
    fn as_asset(business: &Business) -> Asset {
        Asset::new(
            business.id.clone(),
            Kind::Business,
            &business.id,
            business.name.clone(),
        )
    }

    fn check_scenario(scenario: Scenario) -> Result<Self, Error> {
        let mut world = Self::default();
        fill_registry(&mut world.apps, "apps", scenario.apps)?;
        fill_registry(
            &mut world.assets,
            "businesses",
            scenario.businesses.iter().map(Self::as_asset).collect(),
        )?;
        fill_registry(&mut world.businesses, "businesses", scenario.businesses)?;
        fill_registry(&mut world.persons, "persons", scenario.persons)?;
        fill_registry(
            &mut world.system_users,
            "system_users",
            scenario.system_users,
        )?;
        let own = |asset: &Asset| asset.kind == Kind::Business && asset.id == asset.business;
        fill_registry(
            &mut world.assets,
            "assets",
            scenario.assets.into_iter().filter(|a| !own(a)).collect(),
        )?;
        for (at, rule) in scenario.generate.iter().enumerate() {
            let made = rule
                .build_assets()
                .map_err(|why| Error::world(format!("generate[{at}].first_id"), why))?;
            fill_registry(&mut world.assets, &format!("generate[{at}]"), made)?;
        }
        world.shares = scenario.shares;
        world.onbehalf = scenario.onbehalf_requests;
        world.check_references()?;
        world.index_owners();
        Ok(world)
    }

    fn index_owners(&mut self) {
        for asset in self
            .assets
            .iter()
            .filter(|asset| asset.id != asset.business)
        {
            self.owned
                .entry(asset.business.clone())
                .or_default()
                .push(asset.id.clone());
        }
    }

    fn check_references(&self) -> Result<(), Error> {
        for asset in self.assets.iter() {
            self.require_business(&format!("assets[{:?}].business", asset.id), &asset.business)?;
            if asset.kind == Kind::AdAccount && !asset.id.starts_with("act_") {
                return Err(Error::world(
                    format!("assets[{:?}].id", asset.id),
                    "an ad account's id starts with act_",
                ));
            }
            if let Some(page) = &asset.page {
                self.require_asset(&format!("assets[{:?}].page", asset.id), page)?;
            }
        }
        for user in self.system_users.iter() {
            self.require_business(
                &format!("system_users[{:?}].business", user.id),
                &user.business,
            )?;
            for asset in user.assets.iter().flatten() {
                self.require_asset(&format!("system_users[{:?}].assets", user.id), asset)?;
            }
        }
        self.check_roles()?;
        self.check_agreements()
    }

    fn check_roles(&self) -> Result<(), Error> {
        for person in self.persons.iter() {
            for (at, role) in person.roles.iter().enumerate() {
                let field = format!("persons[{:?}].roles[{at}]", person.id);
                self.require_business(&format!("{field}.business"), &role.business)?;
                let named = role
                    .except
                    .iter()
                    .chain(role.only.iter().flatten())
                    .chain(role.tasks_on.keys());
                for asset in named {
                    self.require_asset(&field, asset)?;
                }
            }
        }
        Ok(())
    }

    fn check_agreements(&self) -> Result<(), Error> {
        for (at, share) in self.shares.iter().enumerate() {
            self.require_asset(&format!("shares[{at}].asset"), &share.asset)?;
            self.require_business(&format!("shares[{at}].business"), &share.business)?;
        }
        for request in &self.onbehalf {
            let field = format!("onbehalf_requests[{:?}]", request.id);
            self.require_asset(&field, &request.asset)?;
            self.require_business(&field, &request.receiving_business)?;
            self.require_business(&field, &request.requesting_business)?;
        }
        Ok(())
    }

    fn require_business(&self, field: &str, id: &str) -> Result<(), Error> {
        let known = self.businesses.has_id(id);
        if known {
            Ok(())
        } else {
            Err(Error::world(field, format!("there is no business {id}")))
        }
    }

    fn require_asset(&self, field: &str, id: &str) -> Result<(), Error> {
        let known = self.assets.has_id(id);
        if known {
            Ok(())
        } else {
            Err(Error::world(field, format!("there is no asset {id}")))
        }
    }
}

impl Person {
    /// A person without roles.
    fn new(id: &str, name: &str, is_work_account: bool) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            is_work_account,
            two_factor: false,
            roles: Vec::new(),
            test_user_of: None,
        }
    }

    /// Whether the person can grant this scope: a managed account can be asked for `user_*`, but does not grant it.
    pub fn can_grant(&self, scope: &str) -> bool {
        !(self.is_work_account && scope.starts_with("user_"))
    }
}

impl Share {
    /// Whether the partner may use the asset already.
    pub fn is_confirmed(&self) -> bool {
        self.status == "CONFIRMED"
    }
}

fn fill_registry<T: HasId>(
    registry: &mut Registry<T>,
    field: &str,
    items: Vec<T>,
) -> Result<(), Error> {
    for (at, item) in items.into_iter().enumerate() {
        let id = item.id().to_owned();
        if id.is_empty() || !registry.add_item(item) {
            return Err(Error::world(
                format!("{field}[{at}].id"),
                format!("the id {id:?} is empty or used twice"),
            ));
        }
    }
    Ok(())
}

/// The field that serde names at the start of its message.
fn field_of_error(fault: &yaml_serde::Error) -> String {
    let text = fault.to_string();
    text.split_once(": ")
        .map_or_else(|| "world".to_owned(), |(path, _)| path.to_owned())
}

macro_rules! named {
    ($($type:ty),*) => { $(impl HasId for $type { fn id(&self) -> &str { &self.id } })* };
}
named!(App, Asset, Business, Person, SystemUser);

#[cfg(test)]
mod tests;
