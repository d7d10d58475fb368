//! The words of a scenario file, as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Kind;

/// A scenario before it is checked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scenario {
    pub apps: Vec<App>,
    pub businesses: Vec<Business>,
    pub persons: Vec<Person>,
    pub system_users: Vec<SystemUser>,
    pub assets: Vec<Asset>,
    pub generate: Vec<Generate>,
    pub shares: Vec<Share>,
    pub onbehalf_requests: Vec<OnBehalf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct App {
    pub id: String,
    pub secret: String,
    pub name: String,
    pub verify_token: Option<String>,
    /// Whether server calls without a proof are refused.
    #[serde(default)]
    pub require_proof: bool,
    pub webhook_url: Option<String>,
    /// Told that a person removed the app.
    pub deauthorize_url: Option<String>,
    /// Told that a person asks for their data to be deleted.
    pub data_deletion_url: Option<String>,
    /// Persons who own or develop the app: their user tokens may inspect tokens.
    #[serde(default)]
    pub developers: Vec<String>,
    /// Beyond this many calls in an hour the app is throttled; absent means never.
    pub calls_per_hour: Option<u64>,
    /// Leave `expires_in` out of exchange answers, as Graph sometimes does.
    #[serde(default)]
    pub exchange_without_expiry: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Business {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub two_factor_required: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub is_work_account: bool,
    /// Whether the person signs in with two factors.
    #[serde(default)]
    pub two_factor: bool,
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// What a person may do through one business.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    pub business: String,
    /// Tasks by kind, where not the full set.
    #[serde(default)]
    pub tasks: BTreeMap<Kind, Vec<String>>,
    /// Tasks on single assets, before those by kind.
    #[serde(default)]
    pub tasks_on: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub except: Vec<String>,
    pub only: Option<Vec<String>>,
    /// Whether the assets are assigned to the person; Graph tells an end only then.
    #[serde(default = "yes")]
    pub explicit: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SystemUser {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub business: String,
    /// Assigned assets; absent means all of the business.
    pub assets: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asset {
    pub id: String,
    pub kind: Kind,
    pub business: String,
    pub name: String,
    /// The page an Instagram or `WhatsApp` account is linked to.
    pub page: Option<String>,
    /// Of ad accounts: 1 is active, 2 disabled.
    #[serde(default = "active")]
    pub account_status: u32,
}

/// Many assets of one kind, with consecutive ids.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generate {
    pub kind: Kind,
    pub business: String,
    pub count: u32,
    pub first_id: String,
    /// `{n}` becomes the number, from 1.
    pub name: String,
}

/// An asset shared with a partner business.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Share {
    pub asset: String,
    /// The partner.
    pub business: String,
    #[serde(default)]
    pub tasks: Vec<String>,
    #[serde(default = "approved")]
    pub status: String,
}

/// A request of one business to act on behalf of another.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnBehalf {
    pub id: String,
    pub receiving_business: String,
    pub requesting_business: String,
    #[serde(default = "in_progress")]
    pub status: String,
    pub asset: String,
}

fn yes() -> bool {
    true
}

fn active() -> u32 {
    1
}

fn approved() -> String {
    "CONFIRMED".to_owned()
}

fn in_progress() -> String {
    "IN_PROGRESS".to_owned()
}
