//! `/sandbox/partners`: the owner of a `WhatsApp` account removes or adds the provider as a partner.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;

use super::{ControlRefusal, ControlResult, parse_body};
use crate::{
    state::{SharedState, State},
    webhook::{self, Change, WebhookMessage},
    world::Kind,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Partnership {
    waba: String,
    /// The business that the webhook names; absent: the owner of the account.
    business: Option<String>,
}

/// Removes everybody's access to the account through any app, and sends webhooks to the apps.
#[post("/partners/remove")]
pub(super) async fn remove_partner(
    shared: web::Data<SharedState>,
    body: web::Bytes,
) -> ControlResult {
    let input: Partnership = parse_body(&body)?;
    let messages = {
        let mut state = shared.lock_state();
        let messages = input.build_messages(&state, "PARTNER_REMOVED")?;
        state.world.without_partner.insert(input.waba.clone());
        messages
    };
    send_messages(&shared, messages);
    Ok(HttpResponse::Ok().json(json!({"removed": input.waba})))
}

/// Gives the access back, and sends webhooks to the apps.
#[post("/partners/add")]
pub(super) async fn add_partner(shared: web::Data<SharedState>, body: web::Bytes) -> ControlResult {
    let input: Partnership = parse_body(&body)?;
    let messages = {
        let mut state = shared.lock_state();
        let messages = input.build_messages(&state, "PARTNER_ADDED")?;
        state.world.without_partner.remove(&input.waba);
        messages
    };
    send_messages(&shared, messages);
    Ok(HttpResponse::Ok().json(json!({"added": input.waba})))
}

fn send_messages(shared: &web::Data<SharedState>, messages: Vec<WebhookMessage>) {
    tokio::spawn(webhook::deliver_messages(
        shared.get_ref().clone(),
        messages,
    ));
}

impl Partnership {
    fn build_messages(
        &self,
        state: &State,
        event: &str,
    ) -> Result<Vec<WebhookMessage>, ControlRefusal> {
        let account = state.world.assets.find_by_id(&self.waba);
        let account = account.filter(|it| it.kind == Kind::WhatsappBusinessAccount);
        let account = account.ok_or_else(|| {
            ControlRefusal::invalid_field("waba", "there is no such WhatsApp Business account")
        })?;
        let owner = self.business.as_ref().unwrap_or(&account.business);
        if !state.world.businesses.has_id(owner) {
            let why = format!("there is no business {owner}");
            return Err(ControlRefusal::invalid_field("business", why));
        }
        let change = Change {
            object: "whatsapp_business_account",
            field: "account_update",
            entry: &account.id,
            value: json!({
                "event": event,
                "waba_info": {"waba_id": account.id, "owner_business_id": owner},
            }),
        };
        Ok(webhook::build_messages(state, &change, |_| true))
    }
}
