//! Sharing between businesses.
//!
//! The rule: only the business that owns an asset can share it, and a migration changes no share.

use serde_json::{Map, Value, json};

use super::{
    Call, GraphError, Method, access, fields, list,
    node::{no_edge_error, simulated::NodeType},
    profile::{business_ref, format_time},
    user,
};
use crate::{
    state::State,
    token::{Token, TokenHolder},
    world::{Asset, Kind, Share},
};

const PERMITTED_TASKS: &str = "permitted_tasks";
const BUSINESS: NodeType = NodeType::Asset(Kind::Business);

/// `/{asset}/agencies`.
pub(crate) fn respond_to_agencies(
    state: &mut State,
    call: &Call,
    token: &Token,
    asset: &Asset,
) -> Result<Value, GraphError> {
    if call.method == Method::Get {
        return list_agencies(state, call, asset);
    }
    check_owner(state, token, asset)?;
    let business = require_partner(state, call)?;
    let tasks = read_tasks(call, asset.kind)?;
    state
        .world
        .shares
        .retain(|share| share.asset != asset.id || share.business != business);
    if call.method == Method::Post {
        state.world.shares.push(Share {
            asset: asset.id.clone(),
            business,
            tasks,
            status: "CONFIRMED".to_owned(),
        });
    }
    Ok(json!({"success": true}))
}

/// `/{business}/agencies`: the partners that this business shares assets with.
pub(crate) fn respond_to_business_agencies(
    state: &mut State,
    call: &Call,
    business: &str,
) -> Result<Value, GraphError> {
    let partners = find_partners(state, business, |share, owner| {
        (owner == business).then(|| share.business.clone())
    });
    match call.method {
        Method::Get => list::respond_with_list(state, call, partners, |state, id| {
            Ok(business_ref(state, id))
        }),
        Method::Delete => {
            let partner = require_partner(state, call)?;
            end_shares(state, &partner, business);
            Ok(json!({"success": true}))
        }
        Method::Post => Err(no_edge_error(call.method, BUSINESS, "agencies")),
    }
}

/// `/{business}/clients`: the businesses that share assets with this one, or were asked to.
pub(crate) fn respond_to_clients(
    state: &mut State,
    call: &Call,
    business: &str,
) -> Result<Value, GraphError> {
    let owners = find_partners(state, business, |share, owner| {
        (share.business == business).then(|| owner.to_owned())
    });
    match call.method {
        Method::Get => list::respond_with_list(state, call, owners, |state, owner| {
            Ok(render_client(state, business, owner))
        }),
        Method::Delete => {
            let owner = require_partner(state, call)?;
            end_shares(state, business, &owner);
            Ok(json!({"success": true}))
        }
        Method::Post => Err(no_edge_error(call.method, BUSINESS, "clients")),
    }
}

/// `/{business}/client_pages` and the like: rows may have the tasks that the business was given.
pub(crate) fn list_shared(
    state: &mut State,
    call: &Call,
    token: &Token,
    business: &str,
    ids: Vec<String>,
    default_fields: &str,
) -> Result<Value, GraphError> {
    let asked = call.params.get("fields").unwrap_or(default_fields);
    let (of_share, of_asset): (Vec<_>, Vec<_>) = fields::parse_fields(asked)
        .into_iter()
        .partition(|field| field.name == PERMITTED_TASKS);
    list::respond_with_list(state, call, ids, |state, id| {
        let mut row = user::render_row(state, call, token, id, &of_asset)?;
        let share = state.world.shares_of(id).find(|it| it.business == business);
        if let (Some(share), Some(row), false) = (share, row.as_object_mut(), of_share.is_empty()) {
            row.insert(PERMITTED_TASKS.to_owned(), json!(share.tasks));
        }
        Ok(row)
    })
}

/// `POST /{business}/client_pages`: asks the owner to share an asset; the request stays pending.
pub(crate) fn request_asset(
    state: &mut State,
    call: &Call,
    business: &str,
    parameter: &str,
) -> Result<Value, GraphError> {
    let id = call
        .params
        .get(parameter)
        .ok_or_else(|| GraphError::missing_parameter(parameter))?;
    let asset = state
        .world
        .assets
        .find_by_id(id)
        .ok_or_else(|| GraphError::unsupported_request(call.method, id))?;
    let tasks = read_tasks(call, asset.kind)?;
    if tasks.is_empty() {
        return Err(GraphError::missing_parameter(PERMITTED_TASKS));
    }
    let asset = asset.id.clone();
    let status = "CLIENT_RESPONSE_PENDING".to_owned();
    let answer = json!({"access_status": status});
    if !state
        .world
        .shares
        .iter()
        .any(|share| share.asset == asset && share.business == business)
    {
        state.world.shares.push(Share {
            asset,
            business: business.to_owned(),
            tasks,
            status,
        });
    }
    Ok(answer)
}

fn list_agencies(state: &mut State, call: &Call, asset: &Asset) -> Result<Value, GraphError> {
    let ids = state
        .world
        .shares_of(&asset.id)
        .map(|share| share.business.clone())
        .collect();
    list::respond_with_list(state, call, ids, |state, id| {
        let mut row = business_ref(state, id);
        let share = state
            .world
            .shares_of(&asset.id)
            .find(|share| share.business == id);
        if let (Some(row), Some(share)) = (row.as_object_mut(), share) {
            row.extend(render_agreement(state, share));
        }
        Ok(row)
    })
}

fn render_client(state: &State, business: &str, owner: &str) -> Value {
    let mut row = business_ref(state, owner);
    let of_kind = |kind: Kind| -> Vec<Value> {
        let shares = state
            .world
            .shares
            .iter()
            .filter(|share| share.business == business);
        let mine =
            shares.filter_map(|share| Some((share, state.world.assets.find_by_id(&share.asset)?)));
        let fits = mine.filter(|(_, asset)| asset.kind == kind && asset.business == owner);
        fits.map(|(share, asset)| {
            let mut row = render_agreement(state, share);
            row.insert("id".to_owned(), json!(asset.id));
            Value::Object(row)
        })
        .collect()
    };
    if let Some(row) = row.as_object_mut() {
        row.insert("page_permissions".to_owned(), of_kind(Kind::Page).into());
        row.insert(
            "ad_account_permissions".to_owned(),
            of_kind(Kind::AdAccount).into(),
        );
    }
    row
}

fn render_agreement(state: &State, share: &Share) -> Map<String, Value> {
    let at = format_time(state.now());
    let fields = json!({
        "access_status": share.status, "permitted_tasks": share.tasks,
        "access_requested_time": at, "access_updated_time": at,
    });
    fields.as_object().cloned().unwrap_or_default()
}

/// Checks that the token may share the asset: it is one of a member of the owning business, for a page the page token
/// of a member.
fn check_owner(state: &State, token: &Token, asset: &Asset) -> Result<(), GraphError> {
    let member = match (&token.holder, asset.kind) {
        (TokenHolder::Page { by, .. }, Kind::Page) => by,
        (_, Kind::Page) => return Err(GraphError::page_token_required()),
        (holder, _) => holder,
    };
    if access::businesses_of_holder(state, member).contains(&asset.business) {
        Ok(())
    } else {
        Err(GraphError::permission_denied(
            200,
            "Only the business that owns the asset can share it",
        ))
    }
}

/// The tasks of `permitted_tasks`, which must be tasks of this kind of asset.
fn read_tasks(call: &Call, kind: Kind) -> Result<Vec<String>, GraphError> {
    let tasks = call.params.list_values(PERMITTED_TASKS);
    let allowed = kind.shared_tasks();
    match tasks
        .iter()
        .position(|task| !allowed.contains(&task.as_str()))
    {
        None => Ok(tasks),
        Some(at) => {
            let asked = tasks.get(at).map_or("", String::as_str);
            let (one_of, index) = (allowed.join(", "), at);
            Err(GraphError::new(
                100,
                format!(
                    "(#100) Param permitted_tasks[{index}] must be one of {{{one_of}}} - got \"{asked}\"."
                ),
            ))
        }
    }
}

fn require_partner(state: &State, call: &Call) -> Result<String, GraphError> {
    let id = call
        .params
        .get("business")
        .ok_or_else(|| GraphError::missing_parameter("business"))?;
    let known = state.world.businesses.has_id(id);
    if known {
        Ok(id.to_owned())
    } else {
        Err(GraphError::new(
            100,
            "(#100) Param business must be a valid business ID",
        ))
    }
}

/// The businesses on the other side of shares, each once.
fn find_partners(
    state: &State,
    business: &str,
    other: impl Fn(&Share, &str) -> Option<String>,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for share in &state.world.shares {
        let Some(asset) = state.world.assets.find_by_id(&share.asset) else {
            continue;
        };
        let id = other(share, &asset.business).filter(|id| id != business && !found.contains(id));
        found.extend(id);
    }
    found
}

fn end_shares(state: &mut State, partner: &str, owner: &str) {
    let assets = &state.world.assets;
    let is_theirs = |share: &Share| {
        assets
            .find_by_id(&share.asset)
            .is_some_and(|asset| asset.business == owner)
    };
    state
        .world
        .shares
        .retain(|share| share.business != partner || !is_theirs(share));
}
