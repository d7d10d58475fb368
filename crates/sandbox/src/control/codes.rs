//! `/sandbox/codes`: issues authorization codes, like the log-in dialog without a browser.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;

use super::{ControlResult, parse_body, tokens::TokenRequest};
use crate::{
    state::SharedState,
    token::{Login, mint_code},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeRequest {
    person: Option<String>,
    system_user: Option<String>,
    app: String,
    scopes: Option<Vec<String>>,
    /// Assets selected at login; absent: all.
    assets: Option<Vec<String>>,
    /// The address that the dialog was given; absent for a log-in of the JavaScript SDK.
    redirect_uri: Option<String>,
}

/// Issues a code, as a log-in would.
#[post("/codes")]
pub(super) async fn issue_code(shared: web::Data<SharedState>, body: web::Bytes) -> ControlResult {
    let CodeRequest {
        person,
        system_user,
        app,
        scopes,
        assets,
        redirect_uri,
    } = parse_body(&body)?;
    let request = TokenRequest {
        person,
        system_user,
        app,
        granted_scopes: scopes,
        assets,
        short_lived: true,
        expires_in_60_days: false,
    };
    let mut state = shared.lock_state();
    let holder = request.find_holder(&state)?;
    request.check_ids(&state)?;
    let login = Login {
        scopes: request.scopes(&state, &holder),
        holder,
        app: request.app,
        granted: request.assets.map(|it| it.into_iter().collect()),
        redirect_uri,
    };
    let code = mint_code(&mut state, login);
    Ok(HttpResponse::Ok().json(json!({ "code": code })))
}
