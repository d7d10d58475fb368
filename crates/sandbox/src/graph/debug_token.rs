//! `debug_token`: the facts about a token.
//!
//! The rule: a dead token gives 200 with `is_valid: false`; only a caller that may not inspect tokens
//! gets an error.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    Call, GraphError,
    caller::{self, CallerIdentity},
};
use crate::{
    state::State,
    token::{Token, TokenHolder},
    world::Kind,
};

/// Responds to `GET /debug_token`.
pub(crate) fn respond_to_debug_token(state: &State, call: &Call) -> Result<Value, GraphError> {
    let app = allowed_app(state, call)?;
    let text = call
        .params
        .get("input_token")
        .ok_or_else(|| GraphError::missing_parameter("input_token"))?;
    let data = match caller::decode_token(state, text) {
        Err(_) => undecipherable_token(),
        Ok(input) if input.app_id() != app => {
            return Err(GraphError::new(
                100,
                "(#100) The App_id in the input_token did not match the Viewing App",
            ));
        }
        Ok(CallerIdentity::App(id)) => json!({
            "app_id": id, "type": "APP", "application": app_name(state, &id), "is_valid": true, "scopes": [],
        }),
        Ok(CallerIdentity::User(token)) => token_facts(state, &token),
    };
    Ok(json!({ "data": data }))
}

/// The app of a caller that may inspect tokens: the app itself or one of its developers.
fn allowed_app(state: &State, call: &Call) -> Result<String, GraphError> {
    let caller = caller::authenticate_call(state, call)?;
    let developers = state
        .world
        .apps
        .find_by_id(caller.app_id())
        .map(|app| app.developers.as_slice())
        .unwrap_or_default();
    let may = match &caller {
        CallerIdentity::App(_) => true,
        CallerIdentity::User(token) => {
            matches!(&token.holder, TokenHolder::Person(id) if developers.contains(id))
        }
    };
    let refused = "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app";
    if may {
        Ok(caller.app_id().to_owned())
    } else {
        Err(GraphError::new(100, refused))
    }
}

fn undecipherable_token() -> Value {
    json!({
        "error": {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"},
        "is_valid": false, "scopes": [],
    })
}

fn token_facts(state: &State, token: &Token) -> Value {
    let now = state.now();
    let ending = state.tokens.find_ending(token, now);
    let mut data = json!({
        "app_id": token.app,
        "type": token.holder.type_name(),
        "application": app_name(state, &token.app),
        "user_id": token.holder.user_id(),
        "expires_at": unix_seconds(token.expires_at),
        "data_access_expires_at": unix_seconds(state.tokens.data_access_ends_at(token)),
        "is_valid": ending.is_none(),
        "scopes": token.scopes,
        "granular_scopes": granular_scopes(state, token),
    });
    let Some(fields) = data.as_object_mut() else {
        return data;
    };
    if !token.short_lived {
        fields.insert("issued_at".to_owned(), token.issued_at.timestamp().into());
    }
    if let TokenHolder::Page { page, .. } = &token.holder {
        fields.insert("profile_id".to_owned(), json!(page));
    }
    if let Some(ending) = ending {
        let error = GraphError::token_ended(ending, &token.app, now);
        let error = json!({"code": error.code, "message": error.message, "subcode": error.subcode});
        fields.insert("error".to_owned(), error);
    }
    data
}

/// The scopes that concern assets, with the granted assets unless all are granted.
fn granular_scopes(state: &State, token: &Token) -> Vec<Value> {
    let about = |scope: &str| -> Vec<Kind> {
        let kinds = [
            Kind::Page,
            Kind::AdAccount,
            Kind::Business,
            Kind::ProductCatalog,
            Kind::InstagramAccount,
            Kind::WhatsappBusinessAccount,
        ];
        kinds
            .into_iter()
            .filter(|kind| kind.own_scopes().contains(&scope))
            .collect()
    };
    let scopes = token
        .scopes
        .iter()
        .map(|scope| (scope, about(scope)))
        .filter(|(_, kinds)| !kinds.is_empty());
    scopes
        .map(
            |(scope, kinds)| match granted_targets(state, token, &kinds) {
                Some(ids) => json!({"scope": scope, "target_ids": ids}),
                None => json!({"scope": scope}),
            },
        )
        .collect()
}

/// The granted assets of these kinds; `None` if all are granted. Graph omits the prefix `act_` here.
fn granted_targets(state: &State, token: &Token, kinds: &[Kind]) -> Option<Vec<String>> {
    let granted = token.granted.as_ref()?;
    let fits = |id: &&String| {
        state
            .world
            .assets
            .find_by_id(id)
            .is_some_and(|asset| kinds.contains(&asset.kind))
    };
    let mut ids: Vec<String> = granted
        .iter()
        .filter(fits)
        .map(|id| id.trim_start_matches("act_").to_owned())
        .collect();
    ids.sort();
    Some(ids)
}

fn app_name(state: &State, app: &str) -> String {
    state
        .world
        .apps
        .find_by_id(app)
        .map(|app| app.name.clone())
        .unwrap_or_default()
}

/// Unix seconds; Graph writes 0 for never.
fn unix_seconds(at: Option<DateTime<Utc>>) -> i64 {
    at.map_or(0, |at| at.timestamp())
}
