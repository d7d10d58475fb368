//! What the dialog offers: the assets that the person's roles reach now, by business, and the permissions.

use std::collections::HashSet;

use super::request::DialogRequest;
use crate::{
    graph,
    state::State,
    world::{Asset, Kind, Person},
};

/// What a person may grant to the app.
pub(super) struct Offer {
    /// The businesses in the order of the world.
    pub groups: Vec<BusinessGroup>,
    /// The permissions that the person can grant.
    pub scopes: Vec<String>,
}

/// The assets of one business.
pub(super) struct BusinessGroup {
    pub business: String,
    pub assets: Vec<OfferedAsset>,
}

/// One line of the picker.
pub(super) struct OfferedAsset {
    pub id: String,
    pub name: String,
    pub kind: Kind,
}

impl Offer {
    /// What this person may grant. A managed account can be asked for `user_*`, but does not grant it.
    pub fn of_person(state: &State, person: &Person, request: &DialogRequest) -> Self {
        let reached: HashSet<&str> = state
            .world
            .assets
            .iter()
            .filter(|asset| graph::reaches_asset(state, &person.id, asset))
            .map(|asset| asset.id.as_str())
            .collect();
        let groups = state.world.businesses.iter().map(|business| {
            let own = state.world.assets.find_by_id(&business.id).into_iter();
            let assets = own.chain(state.world.owned_by(&business.id));
            BusinessGroup {
                business: business.name.clone(),
                assets: assets
                    .filter(|asset| reached.contains(asset.id.as_str()))
                    .map(OfferedAsset::from)
                    .collect(),
            }
        });
        let scopes = request.scopes.iter().filter(|it| person.can_grant(it));
        Self {
            groups: groups.filter(|group| !group.assets.is_empty()).collect(),
            scopes: scopes.cloned().collect(),
        }
    }

    /// Whether the asset is offered.
    pub fn has_asset(&self, id: &str) -> bool {
        self.groups
            .iter()
            .flat_map(|group| &group.assets)
            .any(|asset| asset.id == id)
    }
}

impl From<&Asset> for OfferedAsset {
    fn from(asset: &Asset) -> Self {
        Self {
            id: asset.id.clone(),
            name: asset.name.clone(),
            kind: asset.kind,
        }
    }
}
