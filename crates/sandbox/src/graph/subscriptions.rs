//! `/{app}/subscriptions`: the webhook URLs of an app, one for each object.
//!
//! The rule: a URL is kept only after its receiver repeated the challenge. `http.rs` sends it before the call is
//! answered, because nothing here waits.

use serde_json::{Value, json};
use url::Url;

use super::{
    Call, GraphError, Method,
    caller::{self, CallerIdentity},
};
use crate::{
    state::State,
    webhook::{self, Challenge},
};

/// What a call subscribes to.
struct Subscription<'a> {
    object: &'a str,
    url: Url,
    verify_token: &'a str,
}

/// The challenge of a call that subscribes; `None` for every other call, and if the call is refused anyway.
pub(crate) fn find_challenge(state: &State, call: &Call) -> Option<Challenge> {
    let [id, edge] = call.path.as_slice() else {
        return None;
    };
    if call.method != Method::Post || edge != "subscriptions" {
        return None;
    }
    let caller = caller::authenticate_call(state, call).ok()?;
    if !is_own_app(&caller, if id == "app" { caller.app_id() } else { id }) {
        return None;
    }
    let wanted = Subscription::parse(call).ok()?;
    Some(Challenge::new(wanted.url, wanted.verify_token))
}

/// Reads, sets or removes subscriptions; needs the app's own token and a loopback URL.
pub(crate) fn respond_to_subscriptions(
    state: &mut State,
    call: &Call,
    caller: &CallerIdentity,
    id: &str,
) -> Result<Value, GraphError> {
    let own = is_own_app(caller, id);
    let app = state.world.apps.find_mut(id).filter(|_| own);
    let app = app.ok_or_else(|| GraphError::unsupported_request(call.method, id))?;
    match call.method {
        Method::Get => {
            let row = |(object, url): (&String, &String)| json!({"object": object, "callback_url": url, "active": true});
            return Ok(json!({"data": app.webhooks.iter().map(row).collect::<Vec<_>>()}));
        }
        Method::Post => {
            let wanted = Subscription::parse(call)?;
            check_challenge(call)?;
            let object = wanted.object.to_owned();
            app.webhooks.insert(object, wanted.url.into());
        }
        Method::Delete => match call.params.get("object") {
            Some(object) => drop(app.webhooks.remove(object)),
            None => app.webhooks.clear(),
        },
    }
    Ok(json!({"success": true}))
}

impl<'a> Subscription<'a> {
    fn parse(call: &'a Call) -> Result<Self, GraphError> {
        let required = |name: &str| {
            let value = call.params.get(name);
            value.ok_or_else(|| GraphError::missing_parameter(name))
        };
        let url = webhook::parse_loopback_url(required("callback_url")?)
            .ok_or_else(|| GraphError::new(2200, "(#2200) callback_url is not on loopback"))?;
        Ok(Self {
            object: required("object")?,
            url,
            verify_token: required("verify_token")?,
        })
    }
}

/// Checks that the receiver has repeated the challenge. An item of a batch sends none.
fn check_challenge(call: &Call) -> Result<(), GraphError> {
    if call.is_challenge_echoed {
        Ok(())
    } else if call.in_batch {
        Err(GraphError::not_simulated(
            "POST /{app}/subscriptions in a batch",
        ))
    } else {
        Err(GraphError::new(
            2200,
            "(#2200) Callback verification failed",
        ))
    }
}

fn is_own_app(caller: &CallerIdentity, id: &str) -> bool {
    caller.user_token().is_none() && caller.app_id() == id
}
