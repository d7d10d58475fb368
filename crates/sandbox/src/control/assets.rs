//! `/sandbox/assets`: what Graph says of an object beside access to it.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;

use super::{ControlRefusal, ControlResult, parse_body};
use crate::{
    state::SharedState,
    world::{Asset, Kind},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetChange {
    /// 1 is active, 2 disabled, 3 unsettled, 7 under review, 9 in grace, 101 closed.
    account_status: Option<u32>,
    disable_reason: Option<u32>,
    is_published: Option<bool>,
}

/// Changes the status of an ad account or the publication of a page.
#[post("/assets/{id}")]
pub(super) async fn change_asset(
    shared: web::Data<SharedState>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ControlResult {
    let input: AssetChange = parse_body(&body)?;
    let mut state = shared.lock_state();
    let asset = state
        .world
        .assets
        .find_mut(&id)
        .ok_or_else(|| ControlRefusal::not_found("there is no such asset"))?;
    input.check_kind(asset.kind)?;
    input.apply_to(asset);
    Ok(HttpResponse::Ok().json(match asset.kind {
        Kind::Page => json!({"id": asset.id, "is_published": asset.is_published}),
        _ => json!({
            "id": asset.id, "account_status": asset.account_status, "disable_reason": asset.disable_reason,
        }),
    }))
}

impl AssetChange {
    fn check_kind(&self, kind: Kind) -> Result<(), ControlRefusal> {
        let fields = [
            (
                "account_status",
                self.account_status.is_some(),
                Kind::AdAccount,
            ),
            (
                "disable_reason",
                self.disable_reason.is_some(),
                Kind::AdAccount,
            ),
            ("is_published", self.is_published.is_some(), Kind::Page),
        ];
        let mut given = fields.iter().filter(|(_, is_given, _)| *is_given);
        if let Some((field, ..)) = given.clone().find(|(.., owner)| *owner != kind) {
            let why = format!("an asset of kind {} has no {field}", kind.as_str());
            return Err(ControlRefusal::invalid_field(*field, why));
        }
        match given.next() {
            Some(_) => Ok(()),
            None => Err(ControlRefusal::invalid_field(
                "account_status",
                "give account_status, disable_reason or is_published",
            )),
        }
    }

    fn apply_to(&self, asset: &mut Asset) {
        asset.account_status = self.account_status.unwrap_or(asset.account_status);
        asset.disable_reason = self.disable_reason.unwrap_or(asset.disable_reason);
        asset.is_published = self.is_published.unwrap_or(asset.is_published);
    }
}
