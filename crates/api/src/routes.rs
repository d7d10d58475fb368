//! The public routes, one file per resource: handlers with what they read and write.
//!
//! The rule: a handler extracts, calls ONE use case and converts. Everything under `/v1` stands behind
//! `authenticate` and `cors`; what else a call needs is in the type of its [`crate::caller::Caller`].

mod agenda;
mod asset_view;
mod assets;
mod audit;
mod client_auth;
mod events;
mod forecast;
mod forecast_view;
mod health;
mod meta_callbacks;
mod meta_webhooks;
mod oauth;
mod pages;
mod path_id;
mod person_list;
mod preview_view;
mod previews;
mod read_reason;
mod reason;
mod reconnect_sessions;
mod reconnect_view;
mod reconnects;
mod session_view;
mod tokens;
mod webhook_request;
mod webhook_view;
mod webhooks;

use actix_web::middleware::from_fn;
use utoipa_actix_web::{scope, service_config::ServiceConfig};

pub(crate) use assets::Moment;
pub(crate) use audit::{AuditEventOut, CheckpointOut, Word};
pub(crate) use events::Streams;
pub(crate) use health::{Health, get_liveness, ok};
pub(crate) use pages::{PATHS as PAGES, configure as pages};
pub(crate) use path_id::PathId;
pub(crate) use reason::ReasonOut;
pub(crate) use tokens::sealed_body;

use crate::{authenticate::authenticate, cors::cors};

/// The routes that the API description tells of.
pub(crate) fn described(config: &mut ServiceConfig<'_>) {
    config
        .service(oauth::create_token)
        .service(oauth::list_signing_keys)
        .service(health::get_liveness)
        .service(health::get_readiness)
        .service(meta_webhooks::verify_webhook)
        .service(meta_webhooks::receive_webhook)
        .service(meta_callbacks::deauthorize)
        .service(meta_callbacks::delete_person_data)
        .service(meta_callbacks::get_deletion)
        .service(v1());
}

fn v1() -> impl actix_web::dev::HttpServiceFactory + utoipa_actix_web::OpenApiFactory {
    scope::scope("/v1")
        .wrap(from_fn(authenticate))
        .wrap(from_fn(cors))
        .service(assets::register_assets)
        .service(assets::list_assets)
        .service(assets::get_asset)
        .service(assets::delete_asset)
        .service(tokens::get_token)
        .service(tokens::lookup_tokens)
        .service(forecast::get_forecast)
        .service(forecast::get_forecast_calendar)
        .service(person_list::list_persons)
        .service(person_list::get_person_impact)
        .service(reconnect_sessions::open_reconnect_session)
        .service(reconnect_sessions::list_reconnect_sessions)
        .service(reconnect_sessions::get_current_reconnect_session)
        .service(reconnect_sessions::get_reconnect_session)
        .service(reconnect_sessions::end_reconnect_session)
        .service(previews::preview_reconnect)
        .service(reconnects::create_reconnect)
        .service(reconnects::list_reconnects)
        .service(reconnects::get_reconnect)
        .service(reconnects::cancel_reconnect)
        .service(events::stream_reconnect_events)
        .service(webhooks::create_webhook_endpoint)
        .service(webhooks::list_webhook_endpoints)
        .service(webhooks::get_webhook_endpoint)
        .service(webhooks::change_webhook_endpoint)
        .service(webhooks::delete_webhook_endpoint)
        .service(webhooks::rotate_webhook_secret)
        .service(webhooks::test_webhook_endpoint)
        .service(webhooks::replay_webhooks)
        .service(webhooks::list_webhook_deliveries)
        .service(audit::list_audit_events)
        .service(audit::get_audit_checkpoint)
}
