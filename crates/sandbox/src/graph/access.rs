//! Decides which assets a token reaches.
//!
//! The rule: no other module decides it. Access runs through businesses: a person reaches an asset
//! through a role in the business that owns it or in a partner that it is shared with. A migration
//! removes the role at its cut-off and gives it to the managed account on completion.
//! Start at [`check_access`].

use chrono::{DateTime, Utc};

use super::GraphError;
use crate::{
    state::State,
    token::{Token, TokenHolder},
    world::{Asset, Kind, Role, Share},
};

/// The access of a token to an asset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    pub tasks: Vec<String>,
    /// `user_access_expire_time`, where Graph shows it.
    pub ends_at: Option<DateTime<Utc>>,
}

/// Why a token does not reach an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    NoRole,
    NotGranted,
    PastCutOff,
    TwoFactor,
    Scope,
}

/// The membership of a person in a business.
pub(crate) enum Membership<'a> {
    Member {
        role: &'a Role,
        ends_at: Option<DateTime<Utc>>,
    },
    PastCutOff,
    Stranger,
}

impl Access {
    /// Whether a page token can be minted: any task but the one for live videos permits it.
    pub fn can_mint_page_token(&self) -> bool {
        self.tasks.iter().any(|task| task != "LIVE_CONTRIBUTOR")
    }
}

/// The access of a token to an asset, with its scopes and granted assets checked.
pub(crate) fn check_access(state: &State, token: &Token, asset: &Asset) -> Result<Access, Denial> {
    if state.world.without_partner.contains(&asset.id) {
        return Err(Denial::NoRole);
    }
    let access = access_of_holder(state, token, asset)?;
    if !token.grants_asset(&asset.id) {
        return Err(Denial::NotGranted);
    }
    if can_read_kind(token, asset.kind) {
        Ok(access)
    } else {
        Err(Denial::Scope)
    }
}

/// Whether the roles of a person reach an asset now, whatever was granted to an app.
pub(crate) fn reaches_asset(state: &State, person: &str, asset: &Asset) -> bool {
    !state.world.without_partner.contains(&asset.id)
        && access_of_person(state, person, asset).is_ok()
}

/// Whether the scopes of a token permit reads of this kind.
pub(crate) fn can_read_kind(token: &Token, kind: Kind) -> bool {
    token.has_any_scope(kind.own_scopes()) && token.has_any_scope(kind.parent_scopes())
}

/// Graph's error for a denial, which depends on the kind of asset.
pub(crate) fn denial_error(
    denial: Denial,
    asset: &Asset,
    token: &Token,
    method: super::Method,
) -> GraphError {
    let is_page_token = matches!(token.holder, TokenHolder::Page { .. });
    match (denial, asset.kind) {
        (Denial::PastCutOff, _) => GraphError::past_cut_off(),
        (Denial::TwoFactor, _) => GraphError::two_factor(),
        (Denial::NoRole, Kind::Page) if is_page_token => GraphError::no_page_role(),
        (Denial::NotGranted, Kind::Page) => GraphError::page_not_granted(),
        (Denial::NoRole | Denial::NotGranted | Denial::Scope, Kind::AdAccount) => {
            GraphError::ad_account_refused()
        }
        (Denial::NoRole | Denial::NotGranted, _) => {
            GraphError::unsupported_request(method, &asset.id)
        }
        (Denial::Scope, Kind::Page) => GraphError::permission_denied(
            10,
            "This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature. \
             Refer to https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages and \
             https://developers.facebook.com/docs/apps/review/feature#reference-PAGES_ACCESS for details.",
        ),
        (Denial::Scope, Kind::InstagramAccount) => GraphError::permission_denied(
            10,
            "Application does not have permission for this action",
        ),
        (Denial::Scope, Kind::WhatsappBusinessAccount) => {
            GraphError::permission_denied(200, "You do not have permission to access this field")
        }
        (Denial::Scope, _) => GraphError::missing_permissions(),
    }
}

/// The membership of a person in a business now.
pub(crate) fn find_membership<'a>(
    state: &'a State,
    person: &str,
    business: &str,
) -> Membership<'a> {
    let person = state.world.persons.find_by_id(person);
    let role = person.and_then(|p| {
        p.roles
            .iter()
            .find(|role| role.business == business)
            .map(|role| (p, role))
    });
    let Some((person, role)) = role else {
        return Membership::Stranger;
    };
    if state.migrations.is_pending(&person.id, business) {
        return Membership::Stranger;
    }
    let ends_at = state
        .migrations
        .find_by_person(&person.id, business)
        .map(|migration| migration.cut_off);
    if ends_at.is_some_and(|end| end <= state.now()) {
        return Membership::PastCutOff;
    }
    Membership::Member { role, ends_at }
}

/// The businesses in which the holder of a token is a member now.
pub(crate) fn find_businesses(state: &State, token: &Token) -> Vec<String> {
    businesses_of_holder(state, &token.holder)
}

/// The businesses in which this holder is a member now; a page is one of none.
pub(crate) fn businesses_of_holder(state: &State, holder: &TokenHolder) -> Vec<String> {
    match holder {
        TokenHolder::Person(id) => {
            let roles = state
                .world
                .persons
                .find_by_id(id)
                .map(|person| person.roles.as_slice())
                .unwrap_or_default();
            let live = roles.iter().filter(|r| {
                matches!(
                    find_membership(state, id, &r.business),
                    Membership::Member { .. }
                )
            });
            live.map(|role| role.business.clone()).collect()
        }
        TokenHolder::SystemUser(id) => state
            .world
            .system_users
            .find_by_id(id)
            .map(|u| u.business.clone())
            .into_iter()
            .collect(),
        TokenHolder::Page { .. } => Vec::new(),
    }
}

fn access_of_holder(state: &State, token: &Token, asset: &Asset) -> Result<Access, Denial> {
    match &token.holder {
        TokenHolder::Person(id) => access_of_person(state, id, asset),
        TokenHolder::SystemUser(id) => access_of_system_user(state, id, asset),
        TokenHolder::Page { page, by } => access_of_page(state, page, by, asset),
    }
}

fn access_of_person(state: &State, person: &str, asset: &Asset) -> Result<Access, Denial> {
    let mut denial = Denial::NoRole;
    for (business, share) in state.world.businesses_with_access(asset) {
        match find_membership(state, person, business) {
            Membership::Member { role, .. } if !role.covers_asset(&asset.id) => {}
            Membership::Member { role, ends_at } => {
                return access_of_member(state, person, asset, role, ends_at, share);
            }
            Membership::PastCutOff => denial = Denial::PastCutOff,
            Membership::Stranger => {}
        }
    }
    Err(denial)
}

fn access_of_member(
    state: &State,
    person: &str,
    asset: &Asset,
    role: &Role,
    ends_at: Option<DateTime<Utc>>,
    share: Option<&Share>,
) -> Result<Access, Denial> {
    let needs_two_factor = state
        .world
        .businesses
        .find_by_id(&asset.business)
        .is_some_and(|b| b.two_factor_required);
    if needs_two_factor
        && !state
            .world
            .persons
            .find_by_id(person)
            .is_some_and(|p| p.two_factor)
    {
        return Err(Denial::TwoFactor);
    }
    // Graph shows the cut-off only of owned assets that are assigned to the person.
    let shows_cut_off = role.explicit && share.is_none();
    Ok(Access {
        tasks: role.tasks_for(asset, share),
        ends_at: ends_at.filter(|_| shows_cut_off),
    })
}

fn access_of_system_user(state: &State, id: &str, asset: &Asset) -> Result<Access, Denial> {
    let user = state
        .world
        .system_users
        .find_by_id(id)
        .ok_or(Denial::NoRole)?;
    let share = state
        .world
        .businesses_with_access(asset)
        .find(|(business, _)| *business == user.business);
    let (_, share) = share.ok_or(Denial::NoRole)?;
    let is_assigned = user
        .assets
        .as_ref()
        .is_none_or(|assets| assets.contains(&asset.id));
    let tasks = share
        .filter(|s| !s.tasks.is_empty())
        .map_or_else(|| full_tasks(asset.kind), |s| s.tasks.clone());
    if is_assigned {
        Ok(Access {
            tasks,
            ends_at: None,
        })
    } else {
        Err(Denial::NoRole)
    }
}

/// A page token reaches its page and the linked Instagram account, as long as the holder that it was
/// minted from reaches the page.
fn access_of_page(
    state: &State,
    page: &str,
    by: &TokenHolder,
    asset: &Asset,
) -> Result<Access, Denial> {
    let is_linked = asset.kind == Kind::InstagramAccount && asset.page.as_deref() == Some(page);
    if asset.id != page && !is_linked {
        return Err(Denial::NoRole);
    }
    let page = state.world.assets.find_by_id(page).ok_or(Denial::NoRole)?;
    match by {
        TokenHolder::Person(id) => access_of_person(state, id, page),
        TokenHolder::SystemUser(id) => access_of_system_user(state, id, page),
        TokenHolder::Page { .. } => Err(Denial::NoRole),
    }
}

fn full_tasks(kind: Kind) -> Vec<String> {
    kind.full_tasks()
        .iter()
        .map(|&task| task.to_owned())
        .collect()
}

impl Role {
    fn covers_asset(&self, asset: &str) -> bool {
        let is_listed = self
            .only
            .as_ref()
            .is_none_or(|only| asset == self.business || only.iter().any(|id| id == asset));
        is_listed && !self.except.iter().any(|id| id == asset)
    }

    fn tasks_for(&self, asset: &Asset, share: Option<&Share>) -> Vec<String> {
        let own = self
            .tasks_on
            .get(&asset.id)
            .or_else(|| self.tasks.get(&asset.kind))
            .cloned();
        let mut tasks = own.unwrap_or_else(|| full_tasks(asset.kind));
        if let Some(share) = share.filter(|share| !share.tasks.is_empty()) {
            tasks.retain(|task| share.tasks.contains(task));
        }
        tasks
    }
}
