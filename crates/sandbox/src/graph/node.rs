//! Nodes by id: which node an id means, and the edges of each type of node.

use serde_json::{Map, Value, json};

use super::{
    Call, GraphError, Method,
    access::{self, Access, Denial},
    business,
    caller::{self, Caller},
    fields::{self, Field},
    onbehalf, permissions, profile, sharing, subscriptions, system_user, user,
};
use crate::{
    state::State,
    token::{Holder, Token},
    world::{Asset, Kind},
};

/// A node.
enum Node {
    Asset(Asset),
    Person(String),
    SystemUser(String),
    App(String),
    OnBehalf(String),
}

/// Responds to a call on a node itself.
pub(crate) fn answer(state: &mut State, call: &Call, id: &str) -> Result<Value, GraphError> {
    let caller = caller::authenticate(state, call)?;
    match (call.method, resolve(state, call, &caller, id)?) {
        (Method::Get, Node::Asset(asset)) => read(state, call, &caller, &asset),
        (Method::Get, Node::Person(id)) => user::read_person(state, call, &caller, &id),
        (Method::Get, Node::SystemUser(id)) => user::read_system_user(state, call, &caller, &id),
        (Method::Get, Node::App(id)) => user::read_app(state, call, &caller, &id),
        (Method::Get, Node::OnBehalf(id)) => onbehalf::read(state, call, &caller, &id),
        (Method::Delete, Node::OnBehalf(id)) => onbehalf::cancel(state, call, &caller, &id),
        (method, _) => Err(GraphError::unsupported(method, id)),
    }
}

/// Responds to a call on an edge of a node.
pub(crate) fn edge(
    state: &mut State,
    call: &Call,
    id: &str,
    edge: &str,
    rest: Option<&str>,
) -> Result<Value, GraphError> {
    let caller = caller::authenticate(state, call)?;
    match resolve(state, call, &caller, id)? {
        Node::Person(person) if edge == "permissions" => {
            permissions::answer(state, call, &caller, &person, rest)
        }
        Node::Person(_) => user::edge(state, call, &caller, edge),
        Node::SystemUser(id) => system_user::edge(state, call, &caller, &id, edge),
        Node::App(id) if edge == "subscriptions" => {
            subscriptions::answer(state, call, &caller, &id)
        }
        Node::Asset(asset) if asset.kind == Kind::Business => {
            business::edge(state, call, &caller, &asset, edge)
        }
        Node::Asset(asset) => asset_edge(state, call, &caller, &asset, edge),
        Node::App(_) | Node::OnBehalf(_) => Err(no_edge(call.method, id, edge, "Application")),
    }
}

/// The error of an edge that this type of node lacks.
pub(crate) fn no_edge(method: Method, id: &str, edge: &str, node_type: &str) -> GraphError {
    match method {
        Method::Get => GraphError::nonexisting_field(edge, node_type),
        Method::Post | Method::Delete => GraphError::unsupported(method, id),
    }
}

/// The token of a call that only a person, page or system user may make.
pub(crate) fn user_token<'a>(call: &Call, caller: &'a Caller) -> Result<&'a Token, GraphError> {
    let id = call.first().unwrap_or_default();
    caller
        .user()
        .map(AsRef::as_ref)
        .ok_or_else(|| GraphError::unsupported(call.method, id))
}

/// The requested fields of an asset for this token, with any access; mints a page token if requested.
pub(crate) fn asset_fields(
    state: &mut State,
    token: &Token,
    asset: &Asset,
    access: &Access,
    fields: &[Field],
) -> Result<Value, GraphError> {
    fields::render(asset.kind.node_type(), fields, |name| {
        let is_mint = asset.kind == Kind::Page && name == "access_token";
        if is_mint {
            let may = access.mints_page_token();
            return Some(if may {
                page_token(state, token, asset).into()
            } else {
                Value::Null
            });
        }
        profile::asset_field(state, asset, access, name)
    })
}

fn resolve(state: &State, call: &Call, caller: &Caller, id: &str) -> Result<Node, GraphError> {
    if id == "me" {
        return me(state, call, caller);
    }
    if let Some(asset) = state.world.assets.find(id) {
        return Ok(Node::Asset(asset.clone()));
    }
    let id = if id == "app" {
        caller.app().to_owned()
    } else {
        id.to_owned()
    };
    if state.world.persons.has(&id) {
        Ok(Node::Person(id))
    } else if state.world.system_users.has(&id) {
        Ok(Node::SystemUser(id))
    } else if state.world.apps.has(&id) {
        Ok(Node::App(id))
    } else if state.world.onbehalf.iter().any(|request| request.id == id) {
        Ok(Node::OnBehalf(id))
    } else if id
        .trim_start_matches("act_")
        .bytes()
        .all(|b| b.is_ascii_digit())
    {
        Err(GraphError::unsupported(call.method, &id))
    } else {
        Err(GraphError::unknown_alias(&id))
    }
}

fn me(state: &State, call: &Call, caller: &Caller) -> Result<Node, GraphError> {
    let Some(token) = caller.user() else {
        return Err(GraphError::no_token(true));
    };
    match &token.holder {
        Holder::Person(id) => Ok(Node::Person(id.clone())),
        Holder::SystemUser(id) => Ok(Node::SystemUser(id.clone())),
        Holder::Page { page, .. } => {
            let page = state.world.assets.find(page).cloned();
            page.map(Node::Asset)
                .ok_or_else(|| GraphError::unsupported(call.method, "me"))
        }
    }
}

fn read(
    state: &mut State,
    call: &Call,
    caller: &Caller,
    asset: &Asset,
) -> Result<Value, GraphError> {
    let token = user_token(call, caller)?;
    let asked = call
        .params
        .get("fields")
        .unwrap_or_else(|| profile::default_fields(asset.kind));
    let asked = fields::parse(asked);
    match access::reach(state, token, asset) {
        Ok(access) => {
            let node = asset_fields(state, token, asset, &access, &asked)?;
            Ok(with_metadata(call, node, asset))
        }
        // Some fields of a page are public, so they are readable without access.
        Err(Denial::NoRole) if is_public_read(token, asset, &asked) => {
            asset_fields(state, token, asset, &Access::default(), &asked)
        }
        Err(denial) => Err(access::refusal(denial, asset, token, call.method)),
    }
}

fn is_public_read(token: &Token, asset: &Asset, asked: &[Field]) -> bool {
    let public = |field: &Field| matches!(field.name.as_str(), "id" | "name" | "link" | "category");
    asset.kind == Kind::Page
        && matches!(token.holder, Holder::Person(_))
        && asked.iter().all(public)
}

fn with_metadata(call: &Call, mut node: Value, asset: &Asset) -> Value {
    if let (Some(true), Some(fields)) = (call.params.flag("metadata"), node.as_object_mut()) {
        let kind = asset.kind.node_type().to_lowercase();
        fields.insert(
            "metadata".to_owned(),
            json!({"type": kind, "connections": Map::new()}),
        );
    }
    node
}

/// Mints a page token; every read mints another one, and the older ones keep working.
fn page_token(state: &mut State, token: &Token, page: &Asset) -> String {
    if matches!(token.holder, Holder::Page { .. }) {
        return token.text.clone();
    }
    let holder = Holder::Page {
        page: page.id.clone(),
        by: Box::new(token.holder.clone()),
    };
    let made = Token::new(holder, &token.app, token.scopes.clone(), state.second());
    let dies_with_parent = token.is_short_lived() || matches!(token.holder, Holder::SystemUser(_));
    let made = Token {
        parent: Some(token.text.clone()),
        granted: token.granted.clone(),
        expires_at: token.expires_at.filter(|_| dies_with_parent),
        ..made
    };
    state.tokens.keep(made).text.clone()
}

fn asset_edge(
    state: &mut State,
    call: &Call,
    caller: &Caller,
    asset: &Asset,
    edge: &str,
) -> Result<Value, GraphError> {
    let token = user_token(call, caller)?;
    access::reach(state, token, asset)
        .map_err(|denial| access::refusal(denial, asset, token, call.method))?;
    match (edge, asset.kind) {
        ("agencies", Kind::Page | Kind::AdAccount | Kind::ProductCatalog | Kind::Pixel) => {
            sharing::agencies(state, call, token, asset)
        }
        ("onbehalf_requests", Kind::AdAccount) if call.method == Method::Get => {
            onbehalf::of_asset(state, call, asset)
        }
        ("assigned_users", _) if call.method == Method::Get => {
            user::assigned(state, call, token, asset)
        }
        _ => Err(no_edge(
            call.method,
            &asset.id,
            edge,
            asset.kind.node_type(),
        )),
    }
}
