//! The format of a scenario file.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

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
    pub generate: Vec<AssetGenerator>,
    pub shares: Vec<Share>,
    pub onbehalf_requests: Vec<OnBehalfRequest>,
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
    /// The URLs of webhooks, by object; a scenario names one for all objects.
    #[serde(
        default,
        rename = "webhook_url",
        deserialize_with = "parse_webhook_url"
    )]
    pub webhooks: BTreeMap<String, String>,
    /// Receives a signed request when a person removes the app.
    pub deauthorize_url: Option<String>,
    /// Receives a signed request when a person asks for the deletion of their data.
    pub data_deletion_url: Option<String>,
    /// Owners and developers of the app: their user tokens may call `debug_token`.
    #[serde(default)]
    pub developers: Vec<String>,
    /// The app is throttled after this many calls in an hour; absent: never.
    pub calls_per_hour: Option<u64>,
    /// Omit `expires_in` from exchange responses, as Graph sometimes does.
    #[serde(default)]
    pub exchange_without_expiry: bool,
    /// Where the dialog may lead back to, in the same letters; none: anywhere.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// The configurations of Facebook Login for Business; none: every `config_id` asks for the usual scopes.
    #[serde(default)]
    pub login_configs: Vec<LoginConfig>,
}

/// The objects about which messages are sent.
const OBJECTS: [&str; 3] = [
    "managed_meta_account",
    "permissions",
    "whatsapp_business_account",
];

/// One URL for the webhooks of all objects.
pub(super) fn webhooks_to(url: &str) -> BTreeMap<String, String> {
    OBJECTS
        .map(|object| (object.to_owned(), url.to_owned()))
        .into()
}

fn parse_webhook_url<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let url = Option::<String>::deserialize(from)?;
    Ok(url.as_deref().map(webhooks_to).unwrap_or_default())
}

/// A configuration of Facebook Login for Business.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginConfig {
    pub id: String,
    pub scopes: Vec<String>,
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
    /// Whether the person uses two-factor authentication.
    #[serde(default)]
    pub two_factor: bool,
    #[serde(default)]
    pub roles: Vec<Role>,
    /// The app that this is a test user of.
    #[serde(skip)]
    pub test_user_of: Option<String>,
}

/// The role of a person in one business.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    pub business: String,
    /// Tasks by kind of asset; absent: all tasks of the kind.
    #[serde(default)]
    pub tasks: BTreeMap<Kind, Vec<String>>,
    /// Tasks on single assets; they override the tasks by kind.
    #[serde(default)]
    pub tasks_on: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub except: Vec<String>,
    pub only: Option<Vec<String>>,
    /// Whether the assets are assigned to the person; only then Graph shows a cut-off.
    #[serde(default = "default_true")]
    pub explicit: bool,
}

impl Role {
    /// All tasks on all assets of a business.
    pub fn in_business(business: &str) -> Self {
        Self {
            business: business.to_owned(),
            tasks: BTreeMap::new(),
            tasks_on: BTreeMap::new(),
            except: Vec::new(),
            only: None,
            explicit: true,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SystemUser {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub business: String,
    /// Assigned assets; absent: all assets of the business.
    pub assets: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asset {
    pub id: String,
    pub kind: Kind,
    pub business: String,
    pub name: String,
    /// The page that an Instagram or `WhatsApp` account is linked to.
    pub page: Option<String>,
    /// For ad accounts: 1 is active, 2 is disabled.
    #[serde(default = "active_status")]
    pub account_status: u32,
    /// For ad accounts: 0 is none.
    #[serde(default)]
    pub disable_reason: u32,
    /// For pages.
    #[serde(default = "default_true")]
    pub is_published: bool,
}

impl Asset {
    /// An asset as it usually is: active, published, linked to no page.
    pub fn new(id: String, kind: Kind, business: &str, name: String) -> Self {
        Self {
            id,
            kind,
            business: business.to_owned(),
            name,
            page: None,
            account_status: active_status(),
            disable_reason: 0,
            is_published: true,
        }
    }
}

/// Many assets of one kind, with consecutive ids.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetGenerator {
    pub kind: Kind,
    pub business: String,
    pub count: u32,
    pub first_id: String,
    /// `{n}` becomes the number, from 1.
    pub name: String,
    /// The page that the first asset is linked to; the others follow, one page each.
    pub first_page: Option<String>,
}

/// An asset shared with a partner business.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Share {
    pub asset: String,
    /// The partner business.
    pub business: String,
    #[serde(default)]
    pub tasks: Vec<String>,
    #[serde(default = "confirmed_status")]
    pub status: String,
}

/// A request of one business to act on behalf of another business.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnBehalfRequest {
    pub id: String,
    pub receiving_business: String,
    pub requesting_business: String,
    #[serde(default = "in_progress_status")]
    pub status: String,
    pub asset: String,
}

fn default_true() -> bool {
    true
}

fn active_status() -> u32 {
    1
}

fn confirmed_status() -> String {
    "CONFIRMED".to_owned()
}

fn in_progress_status() -> String {
    "IN_PROGRESS".to_owned()
}
