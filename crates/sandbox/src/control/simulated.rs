//! `/sandbox/simulated`: what the sandbox simulates, as a page or as JSON.

use actix_web::{HttpRequest, HttpResponse, get, http::header};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Value, json};

use super::ControlResult;
use crate::graph::simulated::{EDGES, OTHERS};

const STYLE: &str = include_str!("../dialog/page.css");

/// A path, and the methods that are simulated on it.
struct Row {
    path: String,
    methods: Vec<&'static str>,
}

/// Lists what is simulated; a browser gets a page.
#[get("/simulated")]
pub(super) async fn list_simulated(request: HttpRequest) -> ControlResult {
    let accepts = request.headers().get(header::ACCEPT);
    let wants_page = accepts.is_some_and(|it| it.as_bytes().starts_with(b"text/html"));
    let rows = list_rows();
    Ok(if wants_page {
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body(render_page(&rows).into_string())
    } else {
        HttpResponse::Ok().json(rows_as_json(&rows))
    })
}

fn list_rows() -> Vec<Row> {
    let rows = EDGES.iter().flat_map(|it| {
        let methods: Vec<_> = it.methods.iter().map(|method| method.verb()).collect();
        it.node_types.iter().map(move |node| {
            let slash = if it.edge.is_empty() { "" } else { "/" };
            Row {
                path: format!("/{}{slash}{}", node.placeholder(), it.edge),
                methods: methods.clone(),
            }
        })
    });
    rows.collect()
}

fn rows_as_json(rows: &[Row]) -> Value {
    let nodes = rows
        .iter()
        .map(|row| json!({"path": row.path, "methods": row.methods}));
    json!({"nodes": nodes.collect::<Vec<_>>(), "others": OTHERS})
}

fn render_page(rows: &[Row]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "What the sandbox simulates" } style { (PreEscaped(STYLE)) } }
            body {
                h1 { "What the sandbox simulates" }
                p {
                    "Any other call is answered 501 with the header " code { "x-regrant-sandbox: not-simulated" }
                    ", and counted in " a href="/sandbox/calls" { "/sandbox/calls" } "."
                }
                table {
                    @for row in rows { tr { td { (row.methods.join(", ")) } td { code { (row.path) } } } }
                    @for other in OTHERS { tr { td colspan="2" { (other) } } }
                }
                p { "Edges that can be read can be named in " code { "fields" } ", with " code { ".limit(n)" } "." }
            }
        }
    }
}
