//! The steps of a flow, in the browser that started a log-in with its link.
//!
//! The rule: a step is computed from what is stored, so a reload and another tab show the same one.

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Path},
};
use regrant_domain::ReconnectStatus;
use regrant_vault::{Capability, Conflict, Error, LinkEntry, LinkFlow, LinkName, LinkStep, Vault};

use super::{
    answer::{dead, error_page, find_query, flow_path, go_to_dialog, see_other, step_path},
    browser::{find_browser, find_browser_of_form},
    form::Form,
    opener::Opener,
    pages::{
        Dead, Page, render_checking, render_log_in, render_preview, render_reconnect, render_return,
    },
};
use crate::{extract::HostedBase, problem::ProblemOut};

/// Show the step at which a browser is: log in again, confirm, progress, or outcome.
#[utoipa::path(
    tag = "connect",
    security(()),
    params(
        ("tenant" = String, Path, description = "The tenant of the link."),
        ("link" = String, Path, description = "The link's id."),
        ("from" = Option<String>, Query, description = "`page` if a page of the provider opened the window, `page_again` if it has a log-in and waits for another one."),
    ),
    responses(
        (status = 200, description = "The page of the step.", body = String, content_type = "text/html"),
        (status = 404, description = "A page: this browser has no part in the link, or it opens nothing.", body = String,
            content_type = "text/html"),
    ),
)]
#[get("/connect/{tenant}/{link}")]
pub(crate) async fn show_step(
    vault: Data<Vault>,
    base: HostedBase,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    let (Some(name), Some(browser)) = (parse_name(&path), find_browser(&request, &base)) else {
        return dead(&request, &Dead::Link);
    };
    let has_changed = find_query(&request, "changed").is_some();
    match vault.read_link_flow(name, &browser).await {
        Ok(flow) => {
            let opener = Opener::of_address(&request);
            render_step(&flow, has_changed, &browser, opener).into_response()
        }
        Err(error) => error_page(&request, error),
    }
}

/// Take what a person pressed: confirm, choose again, check again, undo.
#[utoipa::path(
    tag = "connect",
    security(()),
    params(
        ("tenant" = String, Path, description = "The tenant of the link."),
        ("link" = String, Path, description = "The link's id."),
    ),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "To the next step, or to Meta's log-in dialog."),
        (status = 403, description = "A page: the form was not made for this browser.", body = String,
            content_type = "text/html"),
        (status = 404, description = "A page: this browser has no part in the link, or it opens nothing.", body = String,
            content_type = "text/html"),
        (status = 408, description = "`request_timeout`: the form did not arrive in time.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
    ),
)]
#[post("/connect/{tenant}/{link}")]
pub(crate) async fn take_step(
    vault: Data<Vault>,
    base: HostedBase,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: Form,
) -> HttpResponse {
    let Some(name) = parse_name(&path) else {
        return dead(&request, &Dead::Link);
    };
    let Some(browser) = find_browser_of_form(&request, &base, &form) else {
        return dead(&request, &Dead::Form);
    };
    match form.get("act") {
        Some(act @ ("log_in" | "choose_again")) => {
            let (entry, again) = (LinkEntry::Name(name), act == "choose_again");
            let opener = Opener::of_form(&form);
            go_to_dialog(&vault, &base, &request, &entry, &browser, again, opener).await
        }
        Some("check_again") => {
            let checked = vault.check_link_again(name, &browser).await;
            after_act(&request, name, checked)
        }
        Some("undo") => after_act(&request, name, vault.undo_link(name, &browser).await),
        Some("confirm") => {
            let plan = form.get("plan").and_then(|it| it.parse().ok());
            let confirmed = match plan {
                Some(plan) => vault.confirm_link(name, &browser, plan).await,
                None => Err(Error::Conflict(Conflict::PlanOutdated)),
            };
            if matches!(confirmed, Err(Error::Conflict(Conflict::PlanOutdated))) {
                return look_again(&vault, &request, name, &browser).await;
            }
            after_act(&request, name, confirmed)
        }
        _ => dead(&request, &Dead::Form),
    }
}

fn render_step(flow: &LinkFlow, has_changed: bool, browser: &Capability, opener: Opener) -> Page {
    let page = &flow.page;
    match &flow.step {
        // Whatever step the link is at: the page waits for another log-in.
        _ if opener == Opener::PageAgain => {
            render_log_in(page, flow.notice.as_ref(), browser, opener)
        }
        LinkStep::LogIn => render_log_in(page, flow.notice.as_ref(), browser, opener),
        LinkStep::Checking(_) | LinkStep::Preview(_) if opener == Opener::Page => {
            match &flow.notice {
                None => render_return(page),
                // The page has a log-in; the one after it brought none, and the person may choose again.
                notice => render_log_in(page, notice.as_ref(), browser, Opener::PageAgain),
            }
        }
        // The page shows this outcome; its window was opened for another log-in.
        LinkStep::Reconnect(view)
            if opener == Opener::Page && view.status != ReconnectStatus::Running =>
        {
            render_log_in(page, flow.notice.as_ref(), browser, opener)
        }
        LinkStep::Checking(progress) => render_checking(page, *progress, has_changed),
        LinkStep::Preview(shown) => {
            render_preview(page, shown, flow.notice.as_ref(), has_changed, browser)
        }
        LinkStep::Reconnect(view) => render_reconnect(page, view, flow.notice.as_ref(), browser),
    }
}

/// Shows a new preview where the one that was confirmed does not hold any more.
async fn look_again(
    vault: &Vault,
    request: &HttpRequest,
    name: LinkName,
    browser: &Capability,
) -> HttpResponse {
    match vault.check_link_again(name, browser).await {
        Ok(()) => see_other(&step_path(name, true)),
        Err(error) => error_page(request, error),
    }
}

/// Back to the step, which says what comes next: also after a refusal, whose cause the step shows.
fn after_act(request: &HttpRequest, name: LinkName, done: Result<(), Error>) -> HttpResponse {
    match done {
        Ok(()) | Err(Error::Unauthenticated | Error::TokenRefused(_) | Error::Conflict(_)) => {
            see_other(&flow_path(name))
        }
        Err(error) => error_page(request, error),
    }
}

fn parse_name(path: &(String, String)) -> Option<LinkName> {
    let (tenant, id) = path;
    Some(LinkName {
        tenant: tenant.parse().ok()?,
        id: id.parse().ok()?,
    })
}
