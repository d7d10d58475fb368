//! The controls under `/sandbox`: world, time, tokens, migrations, faults, and what callers did.
//!
//! Input is checked before anything changes: a refused order (400, the field named) leaves all as it was. Nothing
//! here asks who is calling; the server listens on loopback only.

mod calls;
mod clock;
mod faults;
mod migrations;
mod persons;
mod refusal;
mod tokens;
mod webhooks;
mod world;

use actix_web::{HttpResponse, Scope, web};

use refusal::{Refusal, read};

/// What a control call answers.
type Answer = Result<HttpResponse, Refusal>;

/// All control routes.
pub(crate) fn routes() -> Scope {
    web::scope("/sandbox")
        .service((world::replace, world::show))
        .service((tokens::issue, tokens::revoke))
        .service((
            persons::change_password,
            persons::deauthorize,
            persons::remove_role,
        ))
        .service((persons::delete_data, persons::change_permission))
        .service((clock::set, clock::show))
        .service((migrations::begin, migrations::extend, migrations::complete))
        .service((
            faults::add,
            faults::list,
            faults::clear,
            faults::remove,
            faults::latency,
        ))
        .service((calls::show, calls::reset))
        .service((webhooks::show, webhooks::set_url, webhooks::set_callbacks))
        .default_service(web::to(unknown))
}

async fn unknown() -> Answer {
    Err(Refusal::missing("there is no such control"))
}
