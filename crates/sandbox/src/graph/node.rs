//! Nodes by id: which node an id means, and the edges of each type of node.

pub(crate) mod simulated;

use serde_json::{Map, Value, json};

use super::{
    Call, GraphError, Method,
    access::{self, Access, Denial},
    business,
    caller::{self, CallerIdentity},
    fields::{self, Field},
    onbehalf, permissions, profile, sharing, subscriptions, system_user, user,
};
use crate::{
    state::State,
    token::{Token, TokenHolder},
    world::{Asset, Kind},
};

use simulated::{NodeType, ROOT_CALLS};

/// A node.
enum Node {
    Asset(Asset),
    Person(String),
    SystemUser(String),
    App(String),
    OnBehalf(String),
}

/// Responds to a call on a node itself.
pub(crate) fn respond_to_node(
    state: &mut State,
    call: &Call,
    id: &str,
) -> Result<Value, GraphError> {
    let caller = caller::authenticate_call(state, call)?;
    match (call.method, resolve_node(state, call, &caller, id)?) {
        (Method::Get, Node::Asset(asset)) => read_asset(state, call, &caller, &asset),
        (method, Node::Asset(asset)) => {
            require_access(state, call, &caller, &asset)?;
            Err(no_edge_error(method, NodeType::Asset(asset.kind), ""))
        }
        (Method::Get, Node::Person(id)) => user::read_person(state, call, &caller, &id),
        (Method::Get, Node::SystemUser(id)) => user::read_system_user(state, call, &caller, &id),
        (Method::Get, Node::App(id)) => user::read_app(state, call, &caller, &id),
        (Method::Delete, Node::OnBehalf(id)) => onbehalf::cancel_request(state, call, &caller, &id),
        (_, Node::OnBehalf(id)) => onbehalf::read_request(state, call, &caller, &id),
        (method, other) => {
            require_own(call, &caller, &other)?;
            Err(no_edge_error(method, other.node_type(), ""))
        }
    }
}

/// Responds to a call on an edge of a node; `rest` is what follows in the path.
pub(crate) fn respond_to_edge(
    state: &mut State,
    call: &Call,
    id: &str,
    edge: &str,
    rest: &[&str],
) -> Result<Value, GraphError> {
    let caller = caller::authenticate_call(state, call)?;
    let node = resolve_node(state, call, &caller, id)?;
    if let (Node::Person(person), "permissions", [] | [_]) = (&node, edge, rest) {
        let name = rest.first().copied();
        return permissions::respond_to_permissions(state, call, &caller, person, name);
    }
    if !rest.is_empty() {
        let path = format!("{edge}/{}", rest.join("/"));
        return Err(no_edge_error(call.method, node.node_type(), &path));
    }
    match node {
        Node::Person(_) => user::respond_to_edge(state, call, &caller, edge),
        Node::SystemUser(id) => system_user::respond_to_edge(state, call, &caller, &id, edge),
        Node::App(id) if edge == "subscriptions" => {
            subscriptions::respond_to_subscriptions(state, call, &caller, &id)
        }
        Node::Asset(asset) if asset.kind == Kind::Business => {
            business::respond_to_edge(state, call, &caller, &asset, edge)
        }
        Node::Asset(asset) => respond_to_asset_edge(state, call, &caller, &asset, edge),
        other => {
            require_own(call, &caller, &other)?;
            Err(no_edge_error(call.method, other.node_type(), edge))
        }
    }
}

/// The error of a call on an edge that is not simulated; an empty edge is the node itself.
pub(crate) fn no_edge_error(method: Method, node_type: NodeType, edge: &str) -> GraphError {
    let node = node_type.placeholder();
    let slash = if edge.is_empty() { "" } else { "/" };
    let edge = crate::calls::mask_secrets(edge);
    GraphError::not_simulated(format!("{} /{node}{slash}{edge}", method.verb()))
}

/// The token of a call that only a person, page or system user may make.
pub(crate) fn require_user_token<'a>(
    call: &Call,
    caller: &'a CallerIdentity,
) -> Result<&'a Token, GraphError> {
    let id = call.first_segment().unwrap_or_default();
    caller
        .user_token()
        .map(AsRef::as_ref)
        .ok_or_else(|| GraphError::unsupported_request(call.method, id))
}

/// The token of a call on an asset that it reaches.
fn require_access<'a>(
    state: &State,
    call: &Call,
    caller: &'a CallerIdentity,
    asset: &Asset,
) -> Result<&'a Token, GraphError> {
    let token = require_user_token(call, caller)?;
    access::check_access(state, token, asset)
        .map_err(|denial| access::denial_error(denial, asset, token, call.method))?;
    Ok(token)
}

/// Graph does not say whether a node of another person or app exists.
fn require_own(call: &Call, caller: &CallerIdentity, node: &Node) -> Result<(), GraphError> {
    let (id, is_own) = match node {
        Node::Person(id) => {
            let token = caller.user_token();
            (id, token.is_none_or(|token| token.holder.user_id() == id))
        }
        Node::App(id) => (id, caller.app_id() == id),
        _ => return Ok(()),
    };
    if is_own {
        Ok(())
    } else {
        Err(GraphError::unsupported_request(call.method, id))
    }
}

/// The requested fields of an asset for this token, with any access; mints a page token if requested.
pub(crate) fn render_asset(
    state: &mut State,
    token: &Token,
    asset: &Asset,
    access: &Access,
    fields: &[Field],
) -> Result<Value, GraphError> {
    fields::render_node(NodeType::Asset(asset.kind), fields, |name| {
        let is_mint = asset.kind == Kind::Page && name == "access_token";
        if is_mint {
            let may = access.can_mint_page_token();
            return Some(if may {
                mint_page_token(state, token, asset).into()
            } else {
                Value::Null
            });
        }
        profile::asset_field(state, asset, access, name)
    })
}

impl Node {
    fn node_type(&self) -> NodeType {
        match self {
            Self::Asset(asset) => NodeType::Asset(asset.kind),
            Self::Person(_) => NodeType::Person,
            Self::SystemUser(_) => NodeType::SystemUser,
            Self::App(_) => NodeType::App,
            Self::OnBehalf(_) => NodeType::OnBehalfRequest,
        }
    }
}

fn resolve_node(
    state: &State,
    call: &Call,
    caller: &CallerIdentity,
    id: &str,
) -> Result<Node, GraphError> {
    if id == "me" {
        return resolve_me(state, call, caller);
    }
    if let Some(asset) = state.world.assets.find_by_id(id) {
        return Ok(Node::Asset(asset.clone()));
    }
    let id = if id == "app" {
        caller.app_id().to_owned()
    } else {
        id.to_owned()
    };
    if state.world.persons.has_id(&id) {
        Ok(Node::Person(id))
    } else if state.world.system_users.has_id(&id) {
        Ok(Node::SystemUser(id))
    } else if state.world.apps.has_id(&id) {
        Ok(Node::App(id))
    } else if state.world.onbehalf.iter().any(|request| request.id == id) {
        Ok(Node::OnBehalf(id))
    } else if ROOT_CALLS.contains(&id.as_str()) {
        let path = call.joined_path();
        Err(GraphError::not_simulated(format!(
            "{} /{path}",
            call.method.verb()
        )))
    } else if id
        .trim_start_matches("act_")
        .bytes()
        .all(|b| b.is_ascii_digit())
    {
        Err(GraphError::unsupported_request(call.method, &id))
    } else {
        Err(GraphError::unknown_alias(&id))
    }
}

fn resolve_me(state: &State, call: &Call, caller: &CallerIdentity) -> Result<Node, GraphError> {
    let Some(token) = caller.user_token() else {
        return Err(GraphError::no_token(true));
    };
    match &token.holder {
        TokenHolder::Person(id) => Ok(Node::Person(id.clone())),
        TokenHolder::SystemUser(id) => Ok(Node::SystemUser(id.clone())),
        TokenHolder::Page { page, .. } => {
            let page = state.world.assets.find_by_id(page).cloned();
            page.map(Node::Asset)
                .ok_or_else(|| GraphError::unsupported_request(call.method, "me"))
        }
    }
}

fn read_asset(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    asset: &Asset,
) -> Result<Value, GraphError> {
    let token = require_user_token(call, caller)?;
    let asked = call
        .params
        .get("fields")
        .unwrap_or_else(|| profile::default_fields(asset.kind));
    let asked = fields::parse_fields(asked);
    let (asked, edges) = fields::split_edges(NodeType::Asset(asset.kind), asked);
    match access::check_access(state, token, asset) {
        Ok(_) if names_business(&asked) && !token.has_any_scope(&["business_management"]) => {
            Err(GraphError::permission_denied(
                200,
                "Requires business_management permission to manage the object",
            ))
        }
        Ok(access) => {
            let mut node = render_asset(state, token, asset, &access, &asked)?;
            fields::add_edges(state, call, &asset.id, &edges, &mut node)?;
            Ok(with_metadata(call, node, asset))
        }
        // Some fields of a page are public, so they are readable without access.
        Err(Denial::NoRole) if edges.is_empty() && is_public_read(token, asset, &asked) => {
            render_asset(state, token, asset, &Access::default(), &asked)
        }
        Err(denial) => Err(access::denial_error(denial, asset, token, call.method)),
    }
}

fn is_public_read(token: &Token, asset: &Asset, asked: &[Field]) -> bool {
    let public = |field: &Field| matches!(field.name.as_str(), "id" | "name" | "link" | "category");
    asset.kind == Kind::Page
        && matches!(token.holder, TokenHolder::Person(_))
        && asked.iter().all(public)
}

/// Whether the read names the business that owns the object, which needs a permission of its own.
fn names_business(asked: &[Field]) -> bool {
    let names = |field: &Field| {
        matches!(
            field.name.as_str(),
            "business" | "owner_business" | "owner_business_info"
        )
    };
    asked.iter().any(names)
}

fn with_metadata(call: &Call, mut node: Value, asset: &Asset) -> Value {
    if let (Some(true), Some(fields)) = (call.params.flag_value("metadata"), node.as_object_mut()) {
        let kind = asset.kind.node_type().to_lowercase();
        fields.insert(
            "metadata".to_owned(),
            json!({"type": kind, "connections": Map::new()}),
        );
    }
    node
}

/// Mints a page token; every read mints another one, and the older ones keep working.
fn mint_page_token(state: &mut State, token: &Token, page: &Asset) -> String {
    if matches!(token.holder, TokenHolder::Page { .. }) {
        return token.text.clone();
    }
    let holder = TokenHolder::Page {
        page: page.id.clone(),
        by: Box::new(token.holder.clone()),
    };
    let made = Token::new(
        holder,
        &token.app,
        token.scopes.clone(),
        state.now_in_seconds(),
    );
    let dies_with_parent = token.short_lived || matches!(token.holder, TokenHolder::SystemUser(_));
    let made = Token {
        parent: Some(token.text.clone()),
        granted: token.granted.clone(),
        expires_at: token.expires_at.filter(|_| dies_with_parent),
        short_lived: token.short_lived,
        ..made
    };
    state.tokens.add_token(made).text.clone()
}

fn respond_to_asset_edge(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    asset: &Asset,
    edge: &str,
) -> Result<Value, GraphError> {
    let token = require_access(state, call, caller, asset)?;
    match (edge, asset.kind) {
        ("agencies", Kind::Page | Kind::AdAccount | Kind::ProductCatalog | Kind::Pixel) => {
            sharing::respond_to_agencies(state, call, token, asset)
        }
        ("onbehalf_requests", Kind::AdAccount) if call.method != Method::Delete => {
            onbehalf::list_of_asset(state, call, asset)
        }
        ("assigned_users", _) if call.method == Method::Get => {
            user::list_assigned_users(state, call, token, asset)
        }
        _ => Err(no_edge_error(
            call.method,
            NodeType::Asset(asset.kind),
            edge,
        )),
    }
}
