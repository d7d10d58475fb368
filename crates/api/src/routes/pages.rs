//! Pages for people: an overview, the meaning of each problem, and the API description.
//!
//! The rule: pages are made from the same tables as the responses, repeat nothing of the request, and load nothing from
//! other servers, so that they work offline.

mod docs;

use std::fmt::Write;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ContentType,
    web::{self, Data, Path, ServiceConfig},
};

pub(crate) use docs::add_docs;

use super::{
    component::{self, MODULE_PATH, current_release},
    connect, story,
};
use crate::{
    openapi::ApiDescription,
    problem::{Problem, ProblemCode, problem_codes},
    public_body::PublicBody,
    settings::Settings,
};

/// The paths of the pages; all of them answer only GET.
pub(crate) const PAGE_PATHS: [&str; 12] = [
    "/",
    "/pages.css",
    "/static/connect.css",
    "/static/story.css",
    "/static/story.js",
    MODULE_PATH,
    "/problems",
    "/problems/{code}",
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/{file}",
];

const STYLE: &str = include_str!("pages.css");

/// Adds the pages.
pub(crate) fn add_pages(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(serve_landing))
        .route("/pages.css", web::get().to(serve_style))
        .route("/static/connect.css", web::get().to(connect::serve_style))
        .route("/static/story.css", web::get().to(story::serve_style))
        .route("/static/story.js", web::get().to(story::serve_script))
        .route("/story/{act}", web::post().to(story::run_act))
        .route(MODULE_PATH, web::get().to(component::serve_module))
        .route("/problems", web::get().to(serve_problem_list))
        .route("/problems/{code}", web::get().to(serve_problem))
        .configure(add_docs);
}

/// The paths of the pages of the operators' listener.
pub(crate) const ADMIN_PAGE_PATHS: [&str; 6] = [
    "/",
    "/pages.css",
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/{file}",
];

/// Adds the pages of the operators' listener.
pub(crate) fn add_admin_pages(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(serve_admin_landing))
        .route("/pages.css", web::get().to(serve_style))
        .configure(add_docs);
}

async fn serve_admin_landing(
    request: HttpRequest,
    description: Data<ApiDescription>,
) -> HttpResponse {
    let body = "<p>The operators' listener.</p><ul><li><a href=\"/docs/\">Read and try the operators' API</a></li>\
         <li><a href=\"/openapi.json\">OpenAPI 3.1 description</a></li></ul>";
    serve_page(&request, description.title(), body)
}

async fn serve_landing(request: HttpRequest, settings: Option<Data<Settings>>) -> HttpResponse {
    if settings.is_some_and(|it| it.story.is_some()) {
        return story::render_story();
    }
    let module = current_release();
    let tag = format!(
        "<script type=\"module\" crossorigin src=\"{}\" integrity=\"{}\"></script>",
        module.path, module.integrity
    );
    serve_page(
        &request,
        "Regrant",
        &format!(
            "<p>A token vault and bulk-reconnect backend for Meta business assets. This is its API for tenants; people \
             reach its pages by the links that their provider sends them.</p><ul>\
             <li><a href=\"/docs/\">Read and try the API</a></li>\
             <li><a href=\"/openapi.json\">OpenAPI 3.1 description</a></li>\
             <li><a href=\"/problems\">Problems and their meaning</a></li></ul>\
             <h2>The elements for a provider's page</h2><p><code>regrant-reconnect</code> and \
             <code>regrant-status</code>:</p><p><code>{}</code></p>",
            escape_html(&tag)
        ),
    )
}

async fn serve_problem_list(request: HttpRequest) -> HttpResponse {
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
    serve_page(
        &request,
        "Problems",
        &format!("<table><tr><th>Status</th><th>Code</th><th>Title</th></tr>{rows}</table>"),
    )
}

async fn serve_problem(request: HttpRequest, code: Path<String>) -> Result<HttpResponse, Problem> {
    let entry = problem_codes().iter().find(|it| it.code == code.as_str());
    entry
        .map(|it| render_problem(&request, it))
        .ok_or_else(|| Problem::not_found("problem"))
}

fn render_problem(request: &HttpRequest, entry: &ProblemCode) -> HttpResponse {
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
    serve_page(request, title, &body)
}

async fn serve_style(request: HttpRequest) -> HttpResponse {
    PublicBody::new("text/css; charset=utf-8", STYLE).respond(&request)
}

/// An HTML page that is the same for every caller; `body` is HTML.
fn serve_page(request: &HttpRequest, title: &str, body: &str) -> HttpResponse {
    PublicBody::new("text/html; charset=utf-8", page_of(title, body)).respond(request)
}

/// An HTML page for one person, who must not find it in a cache; `body` is HTML.
pub(super) fn render_page(title: &str, body: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .body(page_of(title, body))
}

fn page_of(title: &str, body: &str) -> String {
    let title = escape_html(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/pages.css\"></head>\
         <body><h1>{title}</h1>{body}</body></html>"
    )
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

    fn describe() -> ApiDescription {
        crate::routes::describe_public_api()
    }

    #[actix_web::test]
    async fn the_api_can_be_read_offline_under_its_own_name() {
        let app = App::new()
            .configure(add_pages)
            .app_data(Data::new(describe()));
        let app = test::init_service(app).await;
        let get = async |path: &str| {
            test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await
        };
        let response = get("/docs/").await;
        assert_eq!(response.status(), 200);
        let body = to_bytes(response.into_body()).await.unwrap();
        let text = String::from_utf8_lossy(&body);
        assert!(
            text.contains("<title>Regrant: API documentation</title>"),
            "{text}"
        );
        assert!(
            !text.contains("https://"),
            "nothing is loaded from other servers"
        );
        for path in text.split('"').filter(|it| it.starts_with("/docs/")) {
            let response = get(path).await;
            assert_eq!(response.status(), 200, "{path}");
            assert!(response.headers().contains_key("etag"), "{path}");
        }
        assert_eq!(get("/docs/index.html").await.status(), 404);
    }
}
