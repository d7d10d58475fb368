//! The page of `regrant dev`: the story of a migration with buttons, beside it what the simulated Meta was asked.
//!
//! The rule: it exists only where the settings have a [`Story`], which plays the provider's backend. The page itself holds
//! no credential of a client, and only pages of our own origin may press its buttons.

use std::{fmt, pin::Pin, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentType},
    web::{Data, Path},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::component::current_release;
use crate::{
    problem::{Code, Problem},
    settings::Settings,
};

const SCRIPT: &str = include_str!("story/story.js");
const STYLE: &str = include_str!("story/style.css");

/// What the page may load and ask: itself, and windows that it opens.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

type Answer = Pin<Box<dyn Future<Output = Result<Value, String>> + Send>>;

/// What the buttons of the page do.
#[derive(Clone)]
pub struct Story(Arc<dyn Fn(String) -> Answer + Send + Sync>);

impl Story {
    /// A story whose acts this function runs, by name; its error is a sentence for the page.
    pub fn new<F, A>(run: F) -> Self
    where
        F: Fn(String) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Value, String>> + Send + 'static,
    {
        Self(Arc::new(move |act| Box::pin(run(act))))
    }
}

impl fmt::Debug for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Story")
    }
}

/// Runs an act of the story.
pub(super) async fn run_act(
    request: HttpRequest,
    settings: Data<Settings>,
    act: Path<String>,
) -> Result<HttpResponse, Problem> {
    let story = settings.story.as_ref();
    let story = story.ok_or_else(|| Problem::not_found("page"))?;
    let site = request.headers().get("sec-fetch-site");
    if site.is_none_or(|it| it != "same-origin") {
        return Err(Problem::new(
            Code::OriginNotAllowed,
            "Only the page of the story may call this.",
        ));
    }
    match (story.0)(act.into_inner()).await {
        Ok(value) => Ok(HttpResponse::Ok().json(value)),
        Err(detail) => Ok(HttpResponse::Conflict().json(serde_json::json!({ "detail": detail }))),
    }
}

pub(super) async fn serve_script() -> HttpResponse {
    serve_text("text/javascript; charset=utf-8", SCRIPT)
}

pub(super) async fn serve_style() -> HttpResponse {
    serve_text("text/css; charset=utf-8", STYLE)
}

fn serve_text(kind: &str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(kind).body(text)
}

/// The page.
pub(super) fn render_story() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .content_type(ContentType::html())
        .body(page().into_string())
}

/// The steps: the act, its title, what happens, and the label of its button.
const STEPS: [(&str, &str, &str, &str); 6] = [
    (
        "connect",
        "Connect the assets",
        "Person One logs in with a personal account. Its token serves 120 assets of four businesses.",
        "Connect 120 assets",
    ),
    (
        "migrate",
        "Start the migration",
        "The businesses move Person One to a managed account. In 30 days the personal account loses its access; one \
         business is slower.",
        "Start the migration",
    ),
    (
        "advance",
        "A month passes",
        "The cut-off is over: the old token dies, business by business.",
        "Advance 31 days",
    ),
    (
        "replace",
        "Replace the expired tokens",
        "Log in once, as the managed account, and choose all, now and later. What it reaches is replaced; the slower \
         business is parked.",
        "Replace expired tokens",
    ),
    (
        "complete",
        "The slower business follows",
        "Two hours later it has completed its migration. The parked token takes over by itself.",
        "Complete the migration",
    ),
    (
        "undo",
        "Undo",
        "Each earlier token that still works is put back.",
        "Undo the reconnect",
    ),
];

fn page() -> Markup {
    let module = current_release();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Regrant: a rehearsal" }
                link rel="stylesheet" href="/static/story.css";
                script type="module" src=(module.path) integrity=(module.integrity) {}
                script type="module" src="/static/story.js" {}
            }
            body {
                header {
                    h1 { "Regrant" }
                    p { "A month of a migration in a few minutes. Meta is simulated; everything else is real." }
                    p.clock { "Simulated time: " time id="now" { "…" } }
                }
                main {
                    ol.steps {
                        @for (act, title, text, label) in STEPS {
                            li id=(act) {
                                h2 { (title) }
                                p { (text) }
                                button type="button" data-act=(act) { (label) }
                            }
                        }
                    }
                    div.stage {
                        p.error role="alert" id="error" hidden {}
                        h2 { "In the provider's page" }
                        regrant-status id="status" {}
                        regrant-reconnect id="reconnect" {}
                    }
                    aside {
                        h2 { "Assets" }
                        dl id="assets" {}
                        h2 { "Asked of Meta" }
                        dl id="calls" {}
                        p { (PreEscaped("Next: <a href=\"/docs/\">the API</a>, <a href=\"/problems\">its problems</a>.")) }
                    }
                }
            }
        }
    }
}
