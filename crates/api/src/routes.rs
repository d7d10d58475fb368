//! The public routes, one module per capability: handlers with their requests (`request.rs`) and responses (`out.rs`).
//!
//! The rule: a handler extracts, calls ONE use case and converts. Every route under `/v1` passes `require_caller` and
//! `handle_cors` first; the type of its [`crate::access::Caller`] names the permission that it needs. The calendar of a feed
//! is the exception: its address is the credential.

mod assets;
mod audit;
mod component;
mod connect;
mod consents;
mod discoveries;
mod forecast;
mod health;
mod links;
mod meta;
mod oauth;
mod openapi;
mod pages;
mod persons;
mod reconnects;
mod story;
mod tokens;
mod webhooks;

use actix_web::{middleware::from_fn, web};

pub use openapi::{openapi, openapi_yaml};
pub use story::Story;

pub(crate) use audit::{AuditEventOut, CheckpointOut, FilterText};
pub(crate) use health::{Health, get_liveness, health_response, not_ready_problem};
pub(crate) use meta::callbacks::deletion_url;
pub(crate) use oauth::metadata::RESOURCE_METADATA_PATH;
pub(crate) use openapi::describe_public_api;
pub(crate) use pages::{ADMIN_PAGE_PATHS, add_admin_pages, add_pages};
pub(crate) use reconnects::EventStreams;

use self::{
    meta::{callbacks, webhooks as meta_webhooks},
    reconnects::{events, previews, sessions},
};
use crate::{
    access::{handle_cors, require_caller},
    openapi::{RouteList, answer_unmatched},
};

/// Adds the routes that `openapi.yaml` describes.
pub(crate) fn add_described_routes(routes: &mut RouteList<'_>) {
    routes
        .service(oauth::token::create_token)
        .service(oauth::revocation::revoke_token)
        .service(oauth::introspection::introspect_token)
        .service(oauth::metadata::get_authorization_server)
        .service(oauth::metadata::get_protected_resource)
        .service(oauth::keys::list_signing_keys)
        .service(oauth::keys::list_statement_keys)
        .service(health::get_liveness)
        .service(health::get_readiness)
        .service(meta_webhooks::verify_webhook)
        .service(meta_webhooks::receive_webhook)
        .service(callbacks::deauthorize)
        .service(callbacks::delete_person_data)
        .service(callbacks::get_deletion)
        .service(connect::lead_to_landing_page)
        .service(connect::finish_log_in)
        .service(connect::open_link)
        .service(connect::log_in_with_link)
        .service(connect::steps::show_step)
        .service(connect::steps::take_step)
        // Before the calls that need an access token: no method of a feed's address asks for one.
        .scope(
            "/v1/calendar",
            |it| {
                it.default_service(web::to(answer_unmatched))
                    .wrap(from_fn(handle_cors))
            },
            |routes| {
                routes.service(forecast::feeds::read_calendar);
            },
        )
        .scope(
            "/v1",
            |it| it.wrap(from_fn(require_caller)).wrap(from_fn(handle_cors)),
            add_v1_routes,
        );
}

fn add_v1_routes(routes: &mut RouteList<'_>) {
    routes
        .service(assets::register_assets)
        .service(assets::list_assets)
        .service(assets::get_asset)
        .service(assets::delete_asset)
        .service(assets::check_asset)
        .service(assets::check_assets)
        .service(tokens::get_token)
        .service(tokens::lookup_tokens)
        .service(tokens::inspect_token)
        .service(discoveries::create_discovery)
        .service(discoveries::list_discoveries)
        .service(discoveries::get_discovery)
        .service(discoveries::delete_discovery)
        .service(discoveries::stream_discovery_events)
        .service(events::tickets::create_discovery_ticket)
        .service(forecast::get_forecast)
        .service(forecast::get_forecast_calendar)
        .service(forecast::feeds::create_calendar_feed)
        .service(forecast::feeds::list_calendar_feeds)
        .service(forecast::feeds::get_calendar_feed)
        .service(forecast::feeds::delete_calendar_feed)
        .service(forecast::get_reconnect_plan)
        .service(forecast::create_plan_links)
        .service(persons::list_persons)
        .service(persons::get_person_impact)
        .service(sessions::open_reconnect_session)
        .service(sessions::list_reconnect_sessions)
        .service(sessions::get_current_reconnect_session)
        .service(consents::give_current_consent)
        .service(consents::get_current_consent)
        .service(consents::delete_current_consent)
        .service(consents::give_consent)
        .service(consents::list_consents)
        .service(consents::get_consent)
        .service(consents::delete_consent)
        .service(sessions::get_reconnect_session)
        .service(sessions::end_reconnect_session)
        .service(links::create_reconnect_link)
        .service(links::list_reconnect_links)
        .service(links::get_reconnect_link)
        .service(links::revoke_reconnect_link)
        .service(sessions::refresh_reconnect_session)
        .service(previews::preview_reconnect)
        .service(previews::list_previews)
        .service(previews::get_preview)
        .service(previews::delete_preview)
        .service(previews::events::stream_preview_events)
        .service(reconnects::create_reconnect)
        .service(reconnects::list_reconnects)
        .service(reconnects::get_reconnect)
        .service(reconnects::cancel_reconnect)
        .service(reconnects::undo_reconnect)
        .service(events::stream_reconnect_events)
        .service(events::tickets::create_reconnect_ticket)
        .service(events::tickets::create_preview_ticket)
        .service(webhooks::create_webhook_endpoint)
        .service(webhooks::list_webhook_endpoints)
        .service(webhooks::get_webhook_endpoint)
        .service(webhooks::change_webhook_endpoint)
        .service(webhooks::delete_webhook_endpoint)
        .service(webhooks::rotate_webhook_secret)
        .service(webhooks::test_webhook_endpoint)
        .service(webhooks::replay_webhooks)
        .service(webhooks::list_webhook_deliveries)
        .service(webhooks::events::list_events)
        .service(audit::list_audit_events)
        .service(audit::get_audit_checkpoint);
}
