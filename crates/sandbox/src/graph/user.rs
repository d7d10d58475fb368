//! Persons and system users: their nodes, and the assets that they reach.

use serde_json::{Value, json};

use super::{
    Call, GraphError, Method,
    access::{self, Access},
    caller::Caller,
    fields, list,
    node::{asset_fields, no_edge, user_token},
};
use crate::{
    state::State,
    token::{Holder, Token},
    world::{Asset, Kind},
};

/// Reads a person, with the person's own token or with an app token.
pub(crate) fn read_person(
    state: &State,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    let is_own = caller.user().is_none_or(|token| token.holder.user() == id);
    let person = state.world.persons.find(id).filter(|_| is_own);
    let person = person.ok_or_else(|| GraphError::unsupported(call.method, id))?;
    let asked = fields::parse(call.params.get("fields").unwrap_or("name,id"));
    fields::render("User", &asked, |name| match name {
        "id" => Some(json!(person.id)),
        "name" => Some(json!(person.name)),
        "is_work_account" => Some(json!(person.is_work_account)),
        "email" | "first_name" | "last_name" | "picture" | "token_for_business" => {
            Some(Value::Null)
        }
        _ => None,
    })
}

/// Reads a system user, with its own token or a token of a member of its business.
pub(crate) fn read_system_user(
    state: &State,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    let user = state.world.system_users.find(id);
    let seen = user.filter(|user| {
        caller
            .user()
            .is_none_or(|token| is_seen(state, token, id, &user.business))
    });
    let user = seen.ok_or_else(|| GraphError::unsupported(call.method, id))?;
    let asked = fields::parse(call.params.get("fields").unwrap_or("name,id"));
    fields::render("SystemUser", &asked, |name| match name {
        "id" => Some(json!(user.id)),
        "name" => Some(json!(user.name)),
        // `/me` reads a system user as a user.
        "is_work_account" if call.first() == Some("me") => Some(json!(false)),
        "role" => Some(json!("ADMIN")),
        "created_time" | "finance_permission" => Some(Value::Null),
        _ => None,
    })
}

/// Reads the app of the token.
pub(crate) fn read_app(
    state: &State,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Value, GraphError> {
    let app = state
        .world
        .apps
        .find(id)
        .filter(|app| caller.app() == app.id);
    let app = app.ok_or_else(|| GraphError::unsupported(call.method, id))?;
    let asked = fields::parse(call.params.get("fields").unwrap_or("category,link,name,id"));
    fields::render("Application", &asked, |name| match name {
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
pub(crate) fn edge(
    state: &mut State,
    call: &Call,
    caller: &Caller,
    edge: &str,
) -> Result<Value, GraphError> {
    let token = user_token(call, caller)?;
    let own = call.first() == Some("me") || call.first() == Some(token.holder.user());
    if !own || call.method != Method::Get {
        return Err(GraphError::unsupported(
            call.method,
            call.first().unwrap_or_default(),
        ));
    }
    match edge {
        "accounts" => assets(
            state,
            call,
            token,
            Kind::Page,
            "access_token,category,category_list,name,id,tasks",
        ),
        "adaccounts" => assets(state, call, token, Kind::AdAccount, "account_id,id"),
        "businesses" => assets(state, call, token, Kind::Business, "id,name"),
        _ => Err(no_edge(call.method, token.holder.user(), edge, "User")),
    }
}

/// All assets of a kind that the token reaches.
pub(crate) fn assets(
    state: &mut State,
    call: &Call,
    token: &Token,
    kind: Kind,
    default_fields: &str,
) -> Result<Value, GraphError> {
    if !token.has_any_scope(kind.scopes()) {
        return Err(GraphError::permission(
            200,
            "Requires a permission that this token lacks",
        ));
    }
    let reached = |asset: &&Asset| asset.kind == kind && access::reach(state, token, asset).is_ok();
    let ids = state
        .world
        .assets
        .iter()
        .filter(reached)
        .map(|asset| asset.id.clone())
        .collect();
    rows(state, call, token, ids, default_fields)
}

/// A list of assets; a row that the token does not reach has the public fields only.
pub(crate) fn rows(
    state: &mut State,
    call: &Call,
    token: &Token,
    ids: Vec<String>,
    default_fields: &str,
) -> Result<Value, GraphError> {
    let asked = fields::parse(call.params.get("fields").unwrap_or(default_fields));
    list::answer(state, call, ids, |state, id| {
        let Some(asset) = state.world.assets.find(id).cloned() else {
            return Ok(json!({"id": id}));
        };
        let access = access::reach(state, token, &asset).unwrap_or_else(|_| Access::default());
        asset_fields(state, token, &asset, &access, &asked)
    })
}

/// `/{asset}/assigned_users`: the persons with a role in the requested business.
pub(crate) fn assigned(
    state: &mut State,
    call: &Call,
    token: &Token,
    asset: &Asset,
) -> Result<Value, GraphError> {
    let asked = call
        .params
        .get("business")
        .ok_or_else(|| GraphError::missing("business"))?;
    let tasks = access::reach(state, token, asset)
        .map(|access| access.tasks)
        .unwrap_or_default();
    let member = |id: &str| {
        matches!(
            access::standing(state, id, asked),
            access::Standing::Member { .. }
        )
    };
    let ids = state
        .world
        .persons
        .iter()
        .filter(|p| member(&p.id))
        .map(|p| p.id.clone())
        .collect();
    list::answer(state, call, ids, |state, id| {
        let name = state
            .world
            .persons
            .find(id)
            .map(|person| person.name.as_str());
        Ok(json!({"id": id, "name": name, "tasks": tasks}))
    })
}

fn is_seen(state: &State, token: &Token, id: &str, business: &str) -> bool {
    let is_self = matches!(&token.holder, Holder::SystemUser(own) if own == id);
    is_self
        || access::businesses(state, token)
            .iter()
            .any(|have| have == business)
}
