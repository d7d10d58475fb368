//! Edges of a business: owned assets, client assets, partners, system users.

use serde_json::Value;

use super::{
    Call, GraphError, Method, access,
    caller::CallerIdentity,
    node::{no_edge_error, require_user_token, simulated::NodeType},
    onbehalf, profile, sharing, system_user, user,
};
use crate::{
    state::State,
    token::Token,
    world::{Asset, Kind},
};

const BUSINESS: NodeType = NodeType::Asset(Kind::Business);

/// A call on an edge of a business.
pub(crate) fn respond_to_edge(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    business: &Asset,
    edge: &str,
) -> Result<Value, GraphError> {
    let token = require_user_token(call, caller)?;
    access::check_access(state, token, business)
        .map_err(|denial| access::denial_error(denial, business, token, call.method))?;
    match (call.method, edge) {
        (_, "clients") => sharing::respond_to_clients(state, call, &business.id),
        (_, "agencies") => sharing::respond_to_business_agencies(state, call, &business.id),
        (Method::Post, "client_pages") => {
            sharing::request_asset(state, call, &business.id, "page_id")
        }
        (Method::Post, "client_ad_accounts") => {
            sharing::request_asset(state, call, &business.id, "adaccount_id")
        }
        (Method::Post, "system_user_access_tokens") => {
            system_user::respond_with_client_token(state, call, token, &business.id)
        }
        (Method::Get, "system_users") => system_user::list_of_business(state, call, &business.id),
        (Method::Get | Method::Post, "received_inprogress_onbehalf_requests") => {
            onbehalf::list_received(state, call, &business.id)
        }
        (Method::Get | Method::Post, "sent_inprogress_onbehalf_requests") => {
            onbehalf::list_sent(state, call, &business.id)
        }
        (Method::Get, _) => list_assets(state, call, token, &business.id, edge),
        _ => Err(no_edge_error(call.method, BUSINESS, edge)),
    }
}

/// `owned_pages`, `client_ad_accounts` and similar edges: all assets, granted to the app or not.
fn list_assets(
    state: &mut State,
    call: &Call,
    token: &Token,
    business: &str,
    edge: &str,
) -> Result<Value, GraphError> {
    let (side, kinds) = edge.split_once('_').unwrap_or((edge, ""));
    let kind = kind_of_plural(kinds).ok_or_else(|| no_edge_error(call.method, BUSINESS, edge))?;
    let ids = match side {
        "owned" => ids_of_kind(state.world.owned_by(business), kind),
        "client" => ids_of_kind(assets_shared_with(state, business), kind),
        _ => return Err(no_edge_error(call.method, BUSINESS, edge)),
    };
    let default_fields = profile::default_fields(kind);
    if side == "owned" {
        user::list_assets(state, call, token, ids, default_fields)
    } else {
        sharing::list_shared(state, call, token, business, ids, default_fields)
    }
}

fn assets_shared_with<'a>(state: &'a State, business: &'a str) -> impl Iterator<Item = &'a Asset> {
    let shares = state
        .world
        .shares
        .iter()
        .filter(move |s| s.business == business && s.is_confirmed());
    shares.filter_map(|share| state.world.assets.find_by_id(&share.asset))
}

fn ids_of_kind<'a>(assets: impl Iterator<Item = &'a Asset>, kind: Kind) -> Vec<String> {
    assets
        .filter(|asset| asset.kind == kind)
        .map(|asset| asset.id.clone())
        .collect()
}

/// The kind of asset that the plural in an edge's name means.
pub(crate) fn kind_of_plural(name: &str) -> Option<Kind> {
    match name {
        "pages" => Some(Kind::Page),
        "ad_accounts" => Some(Kind::AdAccount),
        "businesses" => Some(Kind::Business),
        "product_catalogs" => Some(Kind::ProductCatalog),
        "pixels" => Some(Kind::Pixel),
        "instagram_accounts" => Some(Kind::InstagramAccount),
        "whatsapp_business_accounts" => Some(Kind::WhatsappBusinessAccount),
        _ => None,
    }
}
