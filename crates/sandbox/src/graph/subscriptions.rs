//! `/{app}/subscriptions`: the webhook URL of an app.

use serde_json::{Value, json};

use super::{Call, GraphError, Method, caller::CallerIdentity};
use crate::{state::State, webhook};

/// Reads, sets or removes the subscription; needs the app's own token and a loopback URL.
pub(crate) fn respond_to_subscriptions(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    id: &str,
) -> Result<Value, GraphError> {
    let own = caller.user_token().is_none() && caller.app_id() == id;
    let app = state.world.apps.find_mut(id).filter(|_| own);
    let app = app.ok_or_else(|| GraphError::unsupported_request(call.method, id))?;
    match call.method {
        Method::Get => {
            let row = |url: &String| json!({"object": "managed_meta_account", "callback_url": url, "active": true});
            Ok(json!({"data": app.webhook_url.iter().map(row).collect::<Vec<_>>()}))
        }
        Method::Post => {
            let url = call
                .params
                .get("callback_url")
                .ok_or_else(|| GraphError::missing_parameter("callback_url"))?;
            webhook::parse_loopback_url(url)
                .ok_or_else(|| GraphError::new(2200, "(#2200) callback_url is not on loopback"))?;
            app.webhook_url = Some(url.to_owned());
            Ok(json!({"success": true}))
        }
        Method::Delete => {
            app.webhook_url = None;
            Ok(json!({"success": true}))
        }
    }
}
