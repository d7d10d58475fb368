//! `/dialog/oauth`: Meta's page on which a person chooses what an app may use.
//!
//! The rule: the dialog grants nothing by itself. It offers what the person's roles reach, and the token of its code
//! reaches what was ticked of that. No page needs a script, and every choice can be made in the query, so that a test
//! needs no page.
//! Start at [`dialog_route`]; `dialog/request.rs` is what the app asks for, `dialog/decision.rs` what the person does.

mod decision;
mod fields;
mod login;
mod offer;
mod page;
mod request;

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::header::{self, ContentType},
    web,
};

pub(crate) use login::Choices;

use self::{decision::Decision, fields::Fields, offer::Offer, request::DialogRequest};
use crate::{state::SharedState, state::State, world::Person};

/// The pattern under which the dialog is counted.
const PATTERN: &str = "/dialog/oauth";

/// Where the dialog leads next.
enum Step {
    /// Back to the app.
    Redirect(String),
    /// To another page of the dialog.
    Page(String),
}

/// Why the dialog shows neither a choice nor a way back.
struct DialogFault(String);

/// The dialog, with and without a version.
pub(crate) fn dialog_route() -> Resource {
    const PATHS: [&str; 4] = [
        "/dialog/oauth",
        "/dialog/oauth/",
        r"/{version:v\d+\.\d+}/dialog/oauth",
        r"/{version:v\d+\.\d+}/dialog/oauth/",
    ];
    web::resource(PATHS)
        .route(web::get().to(show_dialog))
        .route(web::post().to(show_dialog))
}

/// Answers the dialog and its forms: both send the same fields.
async fn show_dialog(
    request: HttpRequest,
    body: web::Bytes,
    shared: web::Data<SharedState>,
) -> HttpResponse {
    let fields = Fields::read(request.query_string(), &body);
    let mut state = shared.lock_state();
    state.calls.count_path(PATTERN);
    match find_step(&mut state, &fields) {
        Ok(Step::Redirect(location)) => HttpResponse::Found()
            .insert_header((header::LOCATION, location))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish(),
        Ok(Step::Page(html)) => HttpResponse::Ok()
            .content_type(ContentType::html())
            .body(html),
        Err(DialogFault(reason)) => HttpResponse::BadRequest()
            .content_type(ContentType::html())
            .body(page::render_fault(&reason)),
    }
}

fn find_step(state: &mut State, fields: &Fields) -> Result<Step, DialogFault> {
    let request = DialogRequest::read(&state.world, fields)?;
    let decision = Decision::read(fields)?;
    if matches!(decision, Some(Decision::Cancel)) {
        return Ok(Step::Redirect(request.refused_location()));
    }
    let Some(person) = find_person(state, fields)? else {
        return Ok(Step::Page(page::render_persons(
            &request,
            state.world.persons.iter(),
        )));
    };
    let offer = Offer::of_person(state, &person, &request);
    let earlier = state.choices.find_choice(&person.id, &request.app.id);
    match decision {
        None => Ok(Step::Page(page::render_choice(
            &request, &person, &offer, earlier,
        ))),
        Some(decision) => {
            let choice = decision.into_choice(&offer, earlier)?;
            let code = login::finish_login(state, &request, &person, choice);
            Ok(Step::Redirect(request.granted_location(&code)))
        }
    }
}

fn find_person(state: &State, fields: &Fields) -> Result<Option<Person>, DialogFault> {
    let Some(id) = fields.get("person") else {
        return Ok(None);
    };
    let found = state.world.persons.find_by_id(id).cloned();
    found
        .map(Some)
        .ok_or_else(|| DialogFault(format!("There is no person {id}.")))
}
