//! What is simulated: nodes, edges and methods, for the page that lists them and for field expansion.
//!
//! The rule: this list and the answers agree; the tests ask for everything in it, and the sweep of Meta's SDK for
//! everything else.

use crate::{graph::Method, world::Kind};

/// A kind of node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeType {
    Asset(Kind),
    Person,
    SystemUser,
    App,
    OnBehalfRequest,
}

/// An edge of some types of nodes, with its methods. An empty edge is the node itself.
pub(crate) struct SimulatedEdge {
    pub node_types: &'static [NodeType],
    pub edge: &'static str,
    pub methods: &'static [Method],
}

use Method::{Delete, Get, Post};
use NodeType::{App, Asset, OnBehalfRequest, Person, SystemUser};

const PAGE: NodeType = Asset(Kind::Page);
const AD_ACCOUNT: NodeType = Asset(Kind::AdAccount);
const BUSINESS: NodeType = Asset(Kind::Business);
const CATALOG: NodeType = Asset(Kind::ProductCatalog);
const PIXEL: NodeType = Asset(Kind::Pixel);
const INSTAGRAM: NodeType = Asset(Kind::InstagramAccount);
const WHATSAPP: NodeType = Asset(Kind::WhatsappBusinessAccount);

const NODES: &[NodeType] = &[
    PAGE, AD_ACCOUNT, BUSINESS, CATALOG, PIXEL, INSTAGRAM, WHATSAPP, Person, SystemUser, App,
];
const ASSETS: &[NodeType] = &[PAGE, AD_ACCOUNT, CATALOG, PIXEL, INSTAGRAM, WHATSAPP];
const SHARED: &[NodeType] = &[PAGE, AD_ACCOUNT, CATALOG, PIXEL];

/// Everything that is simulated of nodes.
pub(crate) const EDGES: &[SimulatedEdge] = &[
    edge(NODES, "", &[Get]),
    edge(&[OnBehalfRequest], "", &[Get, Delete]),
    edge(&[Person, SystemUser], "accounts", &[Get]),
    edge(&[Person, SystemUser], "adaccounts", &[Get]),
    edge(&[Person, SystemUser], "businesses", &[Get]),
    edge(&[Person], "permissions", &[Get, Delete]),
    edge(&[SystemUser], "access_tokens", &[Post, Delete]),
    edge(&[SystemUser], "applications", &[Post]),
    edge(&[SystemUser], "assigned_pages", &[Get]),
    edge(&[SystemUser], "assigned_ad_accounts", &[Get]),
    edge(&[SystemUser], "assigned_product_catalogs", &[Get]),
    edge(&[SystemUser], "assigned_pixels", &[Get]),
    edge(&[SystemUser], "assigned_instagram_accounts", &[Get]),
    edge(&[SystemUser], "assigned_whatsapp_business_accounts", &[Get]),
    edge(&[App], "subscriptions", &[Get, Post, Delete]),
    edge(SHARED, "agencies", &[Get, Post, Delete]),
    edge(ASSETS, "assigned_users", &[Get]),
    edge(&[AD_ACCOUNT], "onbehalf_requests", &[Get]),
    edge(&[BUSINESS], "agencies", &[Get, Delete]),
    edge(&[BUSINESS], "clients", &[Get, Delete]),
    edge(&[BUSINESS], "client_pages", &[Get, Post]),
    edge(&[BUSINESS], "client_ad_accounts", &[Get, Post]),
    edge(&[BUSINESS], "client_product_catalogs", &[Get]),
    edge(&[BUSINESS], "client_pixels", &[Get]),
    edge(&[BUSINESS], "client_instagram_accounts", &[Get]),
    edge(&[BUSINESS], "client_whatsapp_business_accounts", &[Get]),
    edge(&[BUSINESS], "owned_pages", &[Get]),
    edge(&[BUSINESS], "owned_ad_accounts", &[Get]),
    edge(&[BUSINESS], "owned_businesses", &[Get]),
    edge(&[BUSINESS], "owned_product_catalogs", &[Get]),
    edge(&[BUSINESS], "owned_pixels", &[Get]),
    edge(&[BUSINESS], "owned_instagram_accounts", &[Get]),
    edge(&[BUSINESS], "owned_whatsapp_business_accounts", &[Get]),
    edge(&[BUSINESS], "received_inprogress_onbehalf_requests", &[Get]),
    edge(&[BUSINESS], "sent_inprogress_onbehalf_requests", &[Get]),
    edge(&[BUSINESS], "system_users", &[Get]),
    edge(&[BUSINESS], "system_user_access_tokens", &[Post]),
];

/// What is simulated beside nodes.
pub(crate) const OTHERS: &[&str] = &[
    "GET /debug_token",
    "GET /oauth/access_token",
    "POST /oauth/access_token",
    "GET /oauth/revoke",
    "GET /dialog/oauth",
    "GET /community/groups: checks the token and its proof, and has no rows",
    "POST / with batch",
    "POST /me with batch",
];

/// Names at the root of Graph that are no aliases of nodes.
pub(super) const ROOT_CALLS: &[&str] = &[
    "ads_archive",
    "community",
    "company",
    "debug_token",
    "device",
    "instagram_oembed",
    "oauth",
    "oembed_page",
    "oembed_post",
    "oembed_video",
    "pages",
    "search",
    "threads_oembed",
];

const fn edge(
    node_types: &'static [NodeType],
    edge: &'static str,
    methods: &'static [Method],
) -> SimulatedEdge {
    SimulatedEdge {
        node_types,
        edge,
        methods,
    }
}

/// Whether `fields` of a node can name an edge: one that is simulated and can be read.
pub(crate) fn is_readable_edge(node: NodeType, name: &str) -> bool {
    let fits = |it: &&SimulatedEdge| it.edge == name && it.node_types.contains(&node);
    !name.is_empty()
        && EDGES
            .iter()
            .find(fits)
            .is_some_and(|it| it.methods.contains(&Get))
}

impl NodeType {
    /// The name in a path of the list: `{ad_account}`.
    pub fn placeholder(self) -> String {
        let name = match self {
            Asset(kind) => kind.as_str(),
            Person => "person",
            SystemUser => "system_user",
            App => "app",
            OnBehalfRequest => "onbehalf_request",
        };
        format!("{{{name}}}")
    }

    /// The type as Graph's messages name it.
    pub fn name(self) -> &'static str {
        match self {
            Asset(kind) => kind.node_type(),
            Person => "User",
            SystemUser => "SystemUser",
            App => "Application",
            OnBehalfRequest => "BusinessOwnedObjectOnBehalfOfRequest",
        }
    }
}
