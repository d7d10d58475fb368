//! The hosted pages of reconnect links: a person reads what is asked, logs in at Meta, sees what the consent would cover,
//! confirms, and sees the outcome. All of it works without scripts.
//!
//! The rule: GET and HEAD change nothing; a form counts only in the browser that it was made for; the address with Meta's
//! answer is left at once. The pages are for people, so every error is a page as well.
//! Start at [`open_link`]; `steps.rs` is what follows a log-in, `browser.rs` binds a flow to a browser, `texts.rs`
//! has every text, `pages.rs` the HTML.

mod answer;
mod browser;
mod form;
mod opener;
mod pages;
pub(super) mod steps;
mod texts;

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Path},
};
use regrant_domain::AuthorizationCode;
use regrant_vault::{DialogAnswer, Error, LinkEntry, LinkVisit, TenantCapability, Vault};
use zeroize::Zeroizing;

use self::{
    answer::{dead, error_page, find_query, flow_path, go_to_dialog, see_other, with_browser},
    browser::{find_browser, find_browser_of_form},
    form::Form,
    opener::Opener,
    pages::{Dead, render_dead, render_intro},
};
use crate::{extract::HostedBase, problem::ProblemOut, public_body::PublicBody};

/// The style of the pages.
const STYLE: &str = include_str!("connect/style.css");

/// Serve the style of the hosted pages.
pub(super) async fn serve_style(request: HttpRequest) -> HttpResponse {
    PublicBody::new("text/css; charset=utf-8", STYLE).respond(&request)
}

/// Lead a person who comes from Meta without a link to the provider's page.
///
/// The stable address that a provider gives to Meta for its own surfaces.
#[utoipa::path(
    tag = "connect",
    security(()),
    params(("app" = String, Query, description = "The app's id at Meta.")),
    responses(
        (status = 303, description = "To the landing page of the app."),
        (status = 404, description = "A page: the app is unknown, or has no landing page.", body = String,
            content_type = "text/html"),
    ),
)]
#[get("/connect")]
pub(crate) async fn lead_to_landing_page(vault: Data<Vault>, request: HttpRequest) -> HttpResponse {
    let app = find_query(&request, "app").and_then(|it| it.parse().ok());
    match vault.find_landing_url(app.as_ref()).await {
        Ok(Some(url)) => see_other(url.as_str()),
        Ok(None) => dead(&request, &Dead::Landing),
        Err(error) => error_page(&request, error),
    }
}

/// Open the page of a link. It changes nothing: neither this call nor HEAD uses the link up.
#[utoipa::path(
    tag = "connect",
    security(()),
    params(
        ("link" = String, Path, description = "The secret of the link's address."),
        ("from" = Option<String>, Query, description = "`page` if a page of the provider opened it as a window and \
            continues after the log-in: the window then leads back to that page, and confirms nothing itself."),
    ),
    responses(
        (status = 200, description = "The page: whose assets, for which business and for which tenant.", body = String,
            content_type = "text/html"),
        (status = 303, description = "To the step at which this browser is."),
        (status = 404, description = "A page: the link opens nothing.", body = String, content_type = "text/html"),
        (status = 410, description = "A page: a consent was given in another browser.", body = String,
            content_type = "text/html"),
    ),
)]
#[get("/connect/{link}")]
pub(crate) async fn open_link(
    vault: Data<Vault>,
    base: HostedBase,
    request: HttpRequest,
    link: Path<String>,
) -> HttpResponse {
    let link = Zeroizing::new(link.into_inner());
    let Some(address) = TenantCapability::parse(&link) else {
        return dead(&request, &Dead::Link);
    };
    let (browser, opener) = (find_browser(&request, &base), Opener::of_address(&request));
    match vault.visit_link(&address, browser.as_ref()).await {
        Ok(LinkVisit::Page(page)) if page.is_own => see_other(&opener.mark(flow_path(page.name))),
        Ok(LinkVisit::Page(page)) => with_browser(&request, &base, browser, |browser| {
            render_intro(&page, browser, opener)
        }),
        Ok(LinkVisit::UsedElsewhere {
            locale,
            tenant_name: tenant,
            used_at: at,
            used_by: by,
        }) => render_dead(&Dead::Used { at, by, tenant }, locale).into_response(),
        Err(error) => error_page(&request, error),
    }
}

/// Go to Meta's log-in dialog. The form of the link's page does this.
#[utoipa::path(
    tag = "connect",
    security(()),
    params(("link" = String, Path, description = "The secret of the link's address.")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "To Meta's log-in dialog."),
        (status = 403, description = "A page: the form was not made for this browser.", body = String,
            content_type = "text/html"),
        (status = 404, description = "A page: the link opens nothing.", body = String, content_type = "text/html"),
        (status = 408, description = "`request_timeout`: the form did not arrive in time.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
    ),
)]
#[post("/connect/{link}")]
pub(crate) async fn log_in_with_link(
    vault: Data<Vault>,
    base: HostedBase,
    request: HttpRequest,
    link: Path<String>,
    form: Form,
) -> HttpResponse {
    let link = Zeroizing::new(link.into_inner());
    let Some(address) = TenantCapability::parse(&link) else {
        return dead(&request, &Dead::Link);
    };
    let Some(browser) = find_browser_of_form(&request, &base, &form) else {
        return dead(&request, &Dead::Form);
    };
    go_to_dialog(
        &vault,
        &base,
        &request,
        &LinkEntry::Address(address),
        &browser,
        false,
        Opener::of_form(&form),
    )
    .await
}

/// Take the return from Meta's log-in dialog, and leave its address at once.
#[utoipa::path(
    tag = "connect",
    security(()),
    params(
        ("state" = Option<String>, Query, description = "The state of the log-in."),
        ("code" = Option<String>, Query, description = "The code, if the person logged in."),
        ("error" = Option<String>, Query, description = "Why there is no code."),
    ),
    responses(
        (status = 303, description = "To the next step."),
        (status = 403, description = "A page: the state is unknown, over, used, or another browser's.", body = String,
            content_type = "text/html"),
    ),
)]
#[get("/connect/callback")]
pub(crate) async fn finish_log_in(
    vault: Data<Vault>,
    base: HostedBase,
    request: HttpRequest,
) -> HttpResponse {
    let state = find_query(&request, "state").and_then(|it| TenantCapability::parse(&it));
    let (Some(state), Some(browser)) = (state, find_browser(&request, &base)) else {
        return dead(&request, &Dead::State);
    };
    let code = find_query(&request, "code").and_then(|it| AuthorizationCode::parse(it).ok());
    let answer = code.map_or(DialogAnswer::Refused, DialogAnswer::Code);
    let finished = vault
        .finish_link_login(&state, &browser, answer, base.callback_url())
        .await;
    match finished {
        Ok(name) => see_other(&Opener::of_return(&request, &base).mark(flow_path(name))),
        Err(Error::NotFound(_)) => dead(&request, &Dead::State),
        Err(error) => error_page(&request, error),
    }
}
