//! The documentation of an API, to read and to try: Swagger UI, with a page of our own around it.
//!
//! The rule: it shows the description of its own listener and loads nothing from other servers.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Data, Path, ServiceConfig},
};
use moka::sync::Cache;
use utoipa_swagger_ui::Config;

use crate::{openapi::ApiDescription, problem::Problem, public_body::PublicBody};

/// Starts Swagger UI without its bar for other descriptions.
const START: &str = r##"window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
    layout: "BaseLayout",
    presets: [SwaggerUIBundle.presets.apis],
  });
};
"##;

/// The files of Swagger UI that the page loads.
const FILES: [&str; 4] = [
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "favicon-16x16.png",
    "favicon-32x32.png",
];

/// The files that were loaded before: as many as [`FILES`] has, and room.
static LOADED: LazyLock<Cache<&'static str, PublicBody>> = LazyLock::new(|| Cache::new(16));

/// Adds the documentation.
pub(crate) fn add_docs(config: &mut ServiceConfig) {
    config
        .route("/openapi.json", web::get().to(serve_description))
        .route("/docs", web::get().to(redirect_docs))
        .route("/docs/", web::get().to(serve_docs))
        .route("/docs/{file}", web::get().to(serve_file));
}

async fn serve_description(
    request: HttpRequest,
    description: Data<ApiDescription>,
) -> HttpResponse {
    description.json().respond(&request)
}

async fn redirect_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

async fn serve_docs(request: HttpRequest, description: Data<ApiDescription>) -> HttpResponse {
    let title = super::escape_html(description.title());
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}: API documentation</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\">\
         <link rel=\"icon\" href=\"/docs/favicon-32x32.png\"></head><body><div id=\"swagger-ui\"></div>\
         <script src=\"/docs/swagger-ui-bundle.js\"></script><script src=\"/docs/start.js\"></script></body></html>"
    );
    PublicBody::new("text/html; charset=utf-8", page).respond(&request)
}

async fn serve_file(request: HttpRequest, file: Path<String>) -> Result<HttpResponse, Problem> {
    if file.as_str() == "start.js" {
        return Ok(PublicBody::new("text/javascript; charset=utf-8", START).respond(&request));
    }
    let name = FILES.into_iter().find(|it| *it == file.as_str());
    let body = name.and_then(|name| LOADED.optionally_get_with(name, || load_file(name)));
    body.map(|it| it.respond(&request))
        .ok_or_else(|| Problem::not_found("file"))
}

fn load_file(name: &str) -> Option<PublicBody> {
    let file = utoipa_swagger_ui::serve(name, Arc::new(Config::default())).ok()??;
    if file.gzpipped {
        PublicBody::from_gzip(file.content_type, file.bytes.into_owned())
    } else {
        Some(PublicBody::new(file.content_type, file.bytes.into_owned()))
    }
}
