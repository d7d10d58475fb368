//! Pages for people: an overview, the meaning of each problem, and the API description.
//!
//! The rule: pages are made from the same tables as the responses, repeat nothing of the request, and load nothing from
//! other servers, so that they work offline.

use std::fmt::Write;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentType},
    web::{self, Data, Path, ServiceConfig},
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::connect;
use crate::{
    openapi::ApiDescription,
    problem::{Problem, ProblemCode, problem_codes},
};

/// The paths of the pages; all of them answer only GET.
pub(crate) const PAGE_PATHS: [&str; 8] = [
    "/",
    "/pages.css",
    "/static/connect.css",
    "/problems",
    "/problems/{code}",
    "/openapi.json",
    "/docs",
    "/docs/{file}",
];

const STYLE: &str = include_str!("pages.css");

/// Adds the pages.
pub(crate) fn add_pages(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(serve_landing))
        .route("/pages.css", web::get().to(serve_style))
        .route("/static/connect.css", web::get().to(connect::serve_style))
        .route("/problems", web::get().to(serve_problem_list))
        .route("/problems/{code}", web::get().to(serve_problem))
        .route("/openapi.json", web::get().to(serve_description))
        .route("/docs", web::get().to(redirect_docs))
        .service(
            SwaggerUi::new("/docs/{_:.*}")
                .config(Config::from("/openapi.json").validator_url("none")),
        );
}

async fn serve_landing() -> HttpResponse {
    render_page(
        "Regrant",
        "<p>A token vault and bulk-reconnect backend for Meta business assets.</p><ul>\
         <li><a href=\"/docs/\">Read and try the API</a></li>\
         <li><a href=\"/openapi.json\">OpenAPI 3.1 description</a></li>\
         <li><a href=\"/problems\">Problems and their meaning</a></li></ul>",
    )
}

async fn serve_problem_list() -> HttpResponse {
    let mut rows = String::new();
    for it in problem_codes() {
        let ProblemCode {
            code,
            status,
            title,
            ..
        } = it;
        // Writing to a string does not fail.
        let _written = write!(
            rows,
            "<tr><td>{status}</td><td><a href=\"/problems/{code}\"><code>{code}</code></a></td><td>{title}</td></tr>"
        );
    }
    render_page(
        "Problems",
        &format!("<table><tr><th>Status</th><th>Code</th><th>Title</th></tr>{rows}</table>"),
    )
}

async fn serve_problem(code: Path<String>) -> Result<HttpResponse, Problem> {
    let entry = problem_codes().iter().find(|it| it.code == code.as_str());
    entry
        .map(render_problem)
        .ok_or_else(|| Problem::not_found("problem"))
}

fn render_problem(entry: &ProblemCode) -> HttpResponse {
    let ProblemCode {
        code,
        status,
        title,
        meaning,
        remedy,
    } = entry;
    let body = format!(
        "<p><code>{code}</code>, status {status}</p><h2>What it means</h2><p>{}</p><h2>What to do</h2><p>{}</p>\
         <p><a href=\"/problems\">All problems</a></p>",
        prose_to_html(meaning),
        prose_to_html(remedy),
    );
    render_page(title, &body)
}

async fn serve_style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(STYLE)
}

async fn serve_description(description: Data<ApiDescription>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(description.json())
}

async fn redirect_docs(_: HttpRequest) -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

/// An HTML page with this title; `body` is HTML.
pub(super) fn render_page(title: &str, body: &str) -> HttpResponse {
    let title = escape_html(title);
    HttpResponse::Ok().content_type(ContentType::html()).body(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/pages.css\"></head>\
         <body><h1>{title}</h1>{body}</body></html>"
    ))
}

/// Text of a table as HTML; text between backticks becomes code.
fn prose_to_html(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in escape_html(text).split('`').enumerate() {
        match (index, index % 2) {
            (0, _) => {}
            (_, 1) => html.push_str("<code>"),
            _ => html.push_str("</code>"),
        }
        html.push_str(part);
    }
    html
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use actix_web::{App, body::to_bytes, dev::ServiceResponse, test};

    use super::*;

    async fn get(path: &str) -> ServiceResponse {
        let app = test::init_service(App::new().configure(add_pages)).await;
        test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await
    }

    #[actix_web::test]
    async fn text_between_backticks_is_code() {
        assert_eq!(
            prose_to_html("Send `a<b` or `c`."),
            "Send <code>a&lt;b</code> or <code>c</code>."
        );
        for entry in problem_codes() {
            let text = format!(
                "{}{}",
                prose_to_html(entry.meaning),
                prose_to_html(entry.remedy)
            );
            assert_eq!(
                text.matches("<code>").count(),
                text.matches("</code>").count(),
                "{}",
                entry.code
            );
        }
    }

    #[actix_web::test]
    async fn every_problem_code_has_a_page() {
        for entry in problem_codes() {
            let response = get(&format!("/problems/{}", entry.code)).await;
            assert_eq!(response.status(), 200, "{}", entry.code);
            let body = to_bytes(response.into_body()).await.unwrap();
            let text = std::str::from_utf8(&body).unwrap();
            assert!(
                text.contains(entry.title) && text.contains(&prose_to_html(entry.remedy)),
                "{}",
                entry.code
            );
        }
    }

    #[actix_web::test]
    async fn an_unknown_code_has_no_page() {
        assert_eq!(get("/problems/%3Cscript%3E").await.status(), 404);
    }

    #[actix_web::test]
    async fn the_api_can_be_read_offline() {
        let response = get("/docs/").await;
        assert_eq!(response.status(), 200);
        let body = to_bytes(response.into_body()).await.unwrap();
        assert!(
            !String::from_utf8_lossy(&body).contains("https://"),
            "nothing is loaded from other servers"
        );
    }
}
