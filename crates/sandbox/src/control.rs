//! The controls under `/sandbox`: world, clock, tokens, migrations, faults, and the record of calls.
//!
//! The rule: check all input before any change; a refused control (400 with the field) changes
//! nothing. There is no authentication, because the server listens on loopback only.

mod assets;
mod calls;
mod clock;
mod codes;
mod dates;
mod faults;
mod migrations;
mod partners;
mod persons;
mod refusal;
mod simulated;
mod test_users;
mod tokens;
mod webhooks;
mod world;

use actix_web::{HttpResponse, Scope, web};

use refusal::{ControlRefusal, parse_body};

/// The result of a control.
type ControlResult = Result<HttpResponse, ControlRefusal>;

/// All control routes.
pub(crate) fn control_routes() -> Scope {
    web::scope("/sandbox")
        .service((
            world::replace_world,
            world::show_world,
            world::take_asset_list,
        ))
        .service((
            tokens::issue_token,
            tokens::revoke_token,
            codes::issue_code,
            dates::move_dates,
        ))
        .service((
            assets::change_asset,
            partners::remove_partner,
            partners::add_partner,
        ))
        .service((
            persons::change_password,
            persons::deauthorize_app,
            persons::leave_business,
        ))
        .service((persons::delete_data, persons::change_permission))
        .service((clock::set_clock, clock::show_clock))
        .service((
            migrations::start_migration,
            migrations::extend_migration,
            migrations::complete_migration,
        ))
        .service((
            faults::add_fault,
            faults::list_faults,
            faults::clear_faults,
            faults::remove_fault,
            faults::set_latency,
        ))
        .service((
            calls::show_calls,
            calls::reset_calls,
            simulated::list_simulated,
        ))
        .service((
            test_users::create_test_user,
            test_users::list_test_users,
            test_users::transfer_permissions,
        ))
        .service((
            webhooks::list_deliveries,
            webhooks::set_webhook_url,
            webhooks::set_callbacks,
        ))
        .default_service(web::to(reject_unknown_path))
}

async fn reject_unknown_path() -> ControlResult {
    Err(ControlRefusal::not_found("there is no such control"))
}
