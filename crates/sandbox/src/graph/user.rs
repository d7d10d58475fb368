//! Persons and system users: their nodes, and the assets that they reach.

use serde_json::{Value, json};

use super::{
    Call, GraphError, Method,
    access::{self, Access},
    caller::CallerIdentity,
    fields::{self, Field},
    list,
    node::{no_edge_error, render_asset, require_user_token, simulated::NodeType},
};
use crate::{
    state::State,
    token::{Token, TokenHolder},
    world::{Asset, Kind},
};

/// Reads a person, with the person's own token or with an app token.
pub(crate) fn read_person(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    id: &str,
) -> Result<Value, GraphError> {
    let is_own = caller
        .user_token()
        .is_none_or(|token| token.holder.user_id() == id);
    let person = state.world.persons.find_by_id(id).filter(|_| is_own);
    let person = person.ok_or_else(|| GraphError::unsupported_request(call.method, id))?;
    let asked = fields::parse_fields(call.params.get("fields").unwrap_or("name,id"));
    let (asked, edges) = fields::split_edges(NodeType::Person, asked);
    let mut node = fields::render_node(NodeType::Person, &asked, |name| match name {
        "id" => Some(json!(person.id)),
        "name" => Some(json!(person.name)),
        "is_work_account" => Some(json!(person.is_work_account)),
        "email" | "first_name" | "last_name" | "picture" | "token_for_business" => {
            Some(Value::Null)
        }
        _ => None,
    })?;
    fields::add_edges(state, call, id, &edges, &mut node)?;
    Ok(node)
}

/// Reads a system user, with its own token or a token of a member of its business.
pub(crate) fn read_system_user(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    id: &str,
) -> Result<Value, GraphError> {
    let user = state.world.system_users.find_by_id(id);
    let seen = user.filter(|user| {
        caller
            .user_token()
            .is_none_or(|token| can_see_system_user(state, token, id, &user.business))
    });
    let user = seen.ok_or_else(|| GraphError::unsupported_request(call.method, id))?;
    let asked = fields::parse_fields(call.params.get("fields").unwrap_or("name,id"));
    let (asked, edges) = fields::split_edges(NodeType::SystemUser, asked);
    let mut node = fields::render_node(NodeType::SystemUser, &asked, |name| match name {
        "id" => Some(json!(user.id)),
        "name" => Some(json!(user.name)),
        // `/me` reads a system user as a user.
        "is_work_account" if call.first_segment() == Some("me") => Some(json!(false)),
        "role" => Some(json!("ADMIN")),
        "created_time" | "finance_permission" => Some(Value::Null),
        _ => None,
    })?;
    fields::add_edges(state, call, id, &edges, &mut node)?;
    Ok(node)
}

/// Reads the app of the token.
pub(crate) fn read_app(
    state: &State,
    call: &Call,
    caller: &CallerIdentity,
    id: &str,
) -> Result<Value, GraphError> {
    let app = state
        .world
        .apps
        .find_by_id(id)
        .filter(|app| caller.app_id() == app.id);
    let app = app.ok_or_else(|| GraphError::unsupported_request(call.method, id))?;
    let asked = fields::parse_fields(call.params.get("fields").unwrap_or("category,link,name,id"));
    fields::render_node(NodeType::App, &asked, |name| match name {
        "id" => Some(json!(app.id)),
        "name" => Some(json!(app.name)),
        "category" => Some(json!("Business and pages")),
        "link" => Some(json!(format!(
            "https://www.facebook.com/games/?app_id={}",
            app.id
        ))),
        "namespace" => Some(Value::Null),
        _ => None,
    })
}

/// `/me/accounts`, `/me/adaccounts`, `/me/businesses`.
pub(crate) fn respond_to_edge(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    edge: &str,
) -> Result<Value, GraphError> {
    let token = require_user_token(call, caller)?;
    let own =
        call.first_segment() == Some("me") || call.first_segment() == Some(token.holder.user_id());
    if own && call.method != Method::Get {
        return Err(no_edge_error(call.method, NodeType::Person, edge));
    }
    if !own {
        return Err(GraphError::unsupported_request(
            call.method,
            call.first_segment().unwrap_or_default(),
        ));
    }
    match edge {
        "accounts" => list_reached_assets(
            state,
            call,
            token,
            Kind::Page,
            "access_token,category,category_list,name,id,tasks",
        ),
        "adaccounts" => list_reached_assets(state, call, token, Kind::AdAccount, "account_id,id"),
        "businesses" => list_reached_assets(state, call, token, Kind::Business, "id,name"),
        _ => Err(no_edge_error(call.method, NodeType::Person, edge)),
    }
}

/// All assets of a kind that the token reaches.
pub(crate) fn list_reached_assets(
    state: &mut State,
    call: &Call,
    token: &Token,
    kind: Kind,
    default_fields: &str,
) -> Result<Value, GraphError> {
    if !access::can_read_kind(token, kind) {
        return Err(GraphError::permission_denied(
            200,
            "Requires a permission that this token lacks",
        ));
    }
    let reached =
        |asset: &&Asset| asset.kind == kind && access::check_access(state, token, asset).is_ok();
    let ids = state
        .world
        .assets
        .iter()
        .filter(reached)
        .map(|asset| asset.id.clone())
        .collect();
    list_assets(state, call, token, ids, default_fields)
}

/// A list of assets; a row that the token does not reach has the public fields only.
pub(crate) fn list_assets(
    state: &mut State,
    call: &Call,
    token: &Token,
    ids: Vec<String>,
    default_fields: &str,
) -> Result<Value, GraphError> {
    let asked = fields::parse_fields(call.params.get("fields").unwrap_or(default_fields));
    list::respond_with_list(state, call, ids, |state, id| {
        render_row(state, call, token, id, &asked)
    })
}

/// One row of a list of assets, with the edges that its fields name.
pub(crate) fn render_row(
    state: &mut State,
    call: &Call,
    token: &Token,
    id: &str,
    asked: &[Field],
) -> Result<Value, GraphError> {
    let Some(asset) = state.world.assets.find_by_id(id).cloned() else {
        return Ok(json!({"id": id}));
    };
    let (asked, edges) = fields::split_edges(NodeType::Asset(asset.kind), asked.to_vec());
    let reached = access::check_access(state, token, &asset);
    let edges = if reached.is_ok() { edges } else { Vec::new() };
    let access = reached.unwrap_or_else(|_| Access::default());
    let mut row = render_asset(state, token, &asset, &access, &asked)?;
    fields::add_edges(state, call, &asset.id, &edges, &mut row)?;
    Ok(row)
}

/// `/{asset}/assigned_users`: the persons with a role in the requested business.
pub(crate) fn list_assigned_users(
    state: &mut State,
    call: &Call,
    token: &Token,
    asset: &Asset,
) -> Result<Value, GraphError> {
    let asked = call
        .params
        .get("business")
        .ok_or_else(|| GraphError::missing_parameter("business"))?;
    let tasks = access::check_access(state, token, asset)
        .map(|access| access.tasks)
        .unwrap_or_default();
    let member = |id: &str| {
        matches!(
            access::find_membership(state, id, asked),
            access::Membership::Member { .. }
        )
    };
    let ids = state
        .world
        .persons
        .iter()
        .filter(|p| member(&p.id))
        .map(|p| p.id.clone())
        .collect();
    list::respond_with_list(state, call, ids, |state, id| {
        let name = state
            .world
            .persons
            .find_by_id(id)
            .map(|person| person.name.as_str());
        Ok(json!({"id": id, "name": name, "tasks": tasks}))
    })
}

fn can_see_system_user(state: &State, token: &Token, id: &str, business: &str) -> bool {
    let is_self = matches!(&token.holder, TokenHolder::SystemUser(own) if own == id);
    is_self
        || access::find_businesses(state, token)
            .iter()
            .any(|have| have == business)
}
