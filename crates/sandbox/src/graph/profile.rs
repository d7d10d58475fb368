//! The fields of each kind of asset.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::Access;
use crate::{
    state::State,
    world::{Asset, Kind},
};

/// The fields of a read without `fields`.
pub(crate) fn default_fields(kind: Kind) -> &'static str {
    match kind {
        Kind::AdAccount => "account_id,id",
        Kind::InstagramAccount => "id",
        _ => "name,id",
    }
}

/// A field of an asset: `None` if its type lacks the field, `Null` if the field has no value.
pub(crate) fn asset_field(
    state: &State,
    asset: &Asset,
    access: &Access,
    name: &str,
) -> Option<Value> {
    common_field(state, asset, access, name).or_else(|| match asset.kind {
        Kind::Page => page_field(state, asset, access, name),
        Kind::AdAccount => ad_account_field(state, asset, access, name),
        Kind::Business => business_field(name),
        Kind::ProductCatalog => catalog_field(state, asset, name),
        Kind::Pixel => pixel_field(state, asset, name),
        Kind::InstagramAccount => instagram_field(asset, name),
        Kind::WhatsappBusinessAccount => whatsapp_field(state, asset, name),
    })
}

/// A time in the notation of Graph.
pub(crate) fn format_time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// A business as an inner object.
pub(crate) fn business_ref(state: &State, id: &str) -> Value {
    let name = state
        .world
        .businesses
        .find_by_id(id)
        .map(|business| business.name.as_str());
    json!({"id": id, "name": name})
}

fn common_field(state: &State, asset: &Asset, access: &Access, name: &str) -> Option<Value> {
    let ends = matches!(
        asset.kind,
        Kind::Page | Kind::AdAccount | Kind::Business | Kind::ProductCatalog | Kind::Pixel
    );
    match name {
        "id" => Some(json!(asset.id)),
        "name" => Some(json!(asset.name)),
        "user_access_expire_time" if ends => Some(
            access
                .ends_at
                .map_or(Value::Null, |at| json!(format_time(at))),
        ),
        "business"
            if matches!(
                asset.kind,
                Kind::Page | Kind::AdAccount | Kind::ProductCatalog
            ) =>
        {
            Some(business_ref(state, &asset.business))
        }
        _ => None,
    }
}

fn page_field(state: &State, asset: &Asset, access: &Access, name: &str) -> Option<Value> {
    match name {
        "tasks" => Some(json!(access.tasks)),
        "category" => Some(json!("Business service")),
        "category_list" => Some(json!([{"id": "1706730532910578", "name": "Business service"}])),
        "link" => Some(json!(format!("https://www.facebook.com/{}", asset.id))),
        "is_published" => Some(json!(asset.is_published)),
        "fan_count" | "followers_count" => Some(json!(0)),
        "verification_status" => Some(json!("not_verified")),
        "instagram_business_account" => {
            let mut linked = state
                .world
                .owned_by(&asset.business)
                .filter(|a| a.kind == Kind::InstagramAccount);
            let account = linked.find(|account| account.page.as_deref() == Some(asset.id.as_str()));
            Some(account.map_or(Value::Null, |account| json!({"id": account.id})))
        }
        "about" | "username" | "picture" | "cover" | "emails" | "phone" | "website"
        | "location" => Some(Value::Null),
        _ => None,
    }
}

fn ad_account_field(state: &State, asset: &Asset, access: &Access, name: &str) -> Option<Value> {
    match name {
        "account_id" => Some(json!(asset.id.trim_start_matches("act_"))),
        "account_status" => Some(json!(asset.account_status)),
        "user_tasks" => Some(json!(access.tasks)),
        "currency" => Some(json!("EUR")),
        "timezone_name" => Some(json!("Etc/UTC")),
        "business_name" => Some(
            business_ref(state, &asset.business)
                .get("name")
                .cloned()
                .unwrap_or_default(),
        ),
        "owner" => Some(json!(asset.business)),
        "amount_spent" | "balance" => Some(json!("0")),
        "disable_reason" => Some(json!(asset.disable_reason)),
        "capabilities" => Some(json!([])),
        "created_time" | "age" | "end_advertiser" | "funding_source" | "spend_cap"
        | "timezone_id" => Some(Value::Null),
        _ => None,
    }
}

fn business_field(name: &str) -> Option<Value> {
    match name {
        "verification_status" => Some(json!("not_verified")),
        "two_factor_type" | "primary_page" | "created_time" | "link" | "timezone_id"
        | "vertical" => Some(Value::Null),
        _ => None,
    }
}

fn catalog_field(_: &State, _: &Asset, name: &str) -> Option<Value> {
    match name {
        "product_count" | "feed_count" => Some(json!(0)),
        "vertical" => Some(json!("commerce")),
        _ => None,
    }
}

fn pixel_field(state: &State, asset: &Asset, name: &str) -> Option<Value> {
    match name {
        "owner_business" => Some(business_ref(state, &asset.business)),
        "is_unavailable" => Some(json!(false)),
        "code" | "creation_time" | "last_fired_time" | "owner_ad_account" => Some(Value::Null),
        _ => None,
    }
}

fn instagram_field(asset: &Asset, name: &str) -> Option<Value> {
    match name {
        "username" => Some(json!(asset.name)),
        "followers_count" | "follows_count" | "media_count" => Some(json!(0)),
        "ig_id" | "biography" | "profile_picture_url" | "website" => Some(Value::Null),
        _ => None,
    }
}

fn whatsapp_field(state: &State, asset: &Asset, name: &str) -> Option<Value> {
    match name {
        "currency" => Some(json!("EUR")),
        "account_review_status" => Some(json!("APPROVED")),
        "owner_business_info" => Some(business_ref(state, &asset.business)),
        "timezone_id" => Some(json!("1")),
        "message_template_namespace" | "on_behalf_of_business_info" | "status" => Some(Value::Null),
        _ => None,
    }
}
