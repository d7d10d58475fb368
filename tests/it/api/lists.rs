//! Every list of the public API behaves alike: its page, its filters and its faults, as `openapi.yaml` describes them.

use reqwest::Method;
use serde_json::Value;

use regrant_testdb::TestDatabase;

use crate::harness::{Fleet, Harness, Tenant};

/// A list of the API, and its query parameters.
struct List {
    path: String,
    parameters: Vec<Value>,
}

impl List {
    fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|it| it["name"] == name)
    }
}

/// The lists whose path has no identifier.
fn lists() -> Vec<List> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml"));
    let api: Value = yaml_serde::from_str(&text.expect("openapi.yaml")).expect("YAML");
    let resolve = |part: &Value| match part["$ref"].as_str() {
        Some(reference) => api.pointer(&reference[1..]).expect("a component").clone(),
        None => part.clone(),
    };
    let paths = api["paths"].as_object().expect("paths").iter();
    let lists = paths.filter(|(path, _)| path.starts_with("/v1/") && !path.contains('{'));
    let lists = lists.filter_map(|(path, item)| {
        let parameters = item["get"]["parameters"].as_array()?.iter().map(&resolve);
        let mut parameters: Vec<Value> = parameters.filter(|it| it["in"] == "query").collect();
        for it in &mut parameters {
            it["schema"]["items"] = resolve(&it["schema"]["items"]);
        }
        let path = path.clone();
        Some(List { path, parameters })
    });
    lists.collect()
}

/// The status of a call, and the field at fault.
async fn ask(tenant: &Tenant, list: &List, query: &str) -> (u16, String) {
    let path = format!("{}?{query}", list.path);
    let answer = tenant.call(Method::GET, &path).send().await;
    let answer = answer.expect("the server answers");
    let status = answer.status().as_u16();
    let body = answer.json().await.unwrap_or(Value::Null);
    let field = body["errors"][0]["field"].as_str().unwrap_or_default();
    (status, field.to_owned())
}

async fn start() -> (Harness, Tenant) {
    let world = Fleet::new(1, 2, 0).world();
    let harness = Harness::start(TestDatabase::create_sqlite().await, &world).await;
    let tenant = harness.tenant("One").await;
    (harness, tenant)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_over_a_closed_list_takes_several_values() {
    let (_harness, tenant) = start().await;
    let mut checked = Vec::new();
    for list in lists() {
        for parameter in &list.parameters {
            let name = parameter["name"].as_str().expect("a name");
            let Some(values) = parameter["schema"]["items"]["enum"].as_array() else {
                continue;
            };
            let (one, two) = (values[0].as_str().unwrap(), values[1].as_str().unwrap());
            for several in [
                format!("{name}={one}&{name}={two}"),
                format!("{name}={one},{two}"),
            ] {
                assert_eq!(
                    ask(&tenant, &list, &several).await.0,
                    200,
                    "{}?{several}",
                    list.path
                );
            }
            let faulty = format!("{name}={one}&{name}=nonsense");
            let refused = (422, name.to_owned());
            assert_eq!(
                ask(&tenant, &list, &faulty).await,
                refused,
                "{}?{faulty}",
                list.path
            );
            checked.push(format!("{} {name}", list.path));
        }
    }
    checked.sort();
    assert_eq!(
        checked,
        [
            "/v1/assets kind",
            "/v1/assets state",
            "/v1/events kind",
            "/v1/forecast kind",
            "/v1/forecast.ics kind",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_names_the_parameter_at_fault() {
    let (_harness, tenant) = start().await;
    let mut checked = 0;
    for list in lists().into_iter().filter(|it| it.has("limit")) {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=x", "limit"),
            ("limit=1&limit=2", "limit"),
            ("cursor=nonsense", "cursor"),
            ("after=nonsense", "after"),
            ("unknown=1", "unknown"),
        ] {
            if list.has(field) || field == "unknown" {
                let refused = (422, field.to_owned());
                assert_eq!(
                    ask(&tenant, &list, query).await,
                    refused,
                    "{}?{query}",
                    list.path
                );
                checked += 1;
            }
        }
    }
    assert!(checked >= 60, "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_has_the_same_page_and_answers_head() {
    let (_harness, tenant) = start().await;
    for list in lists().into_iter().filter(|it| it.has("cursor")) {
        // Of a session, which a client is not.
        if list.path == "/v1/reconnect-sessions/current" {
            continue;
        }
        let page = tenant.get(&list.path).await;
        assert!(
            page["data"].is_array() && page["has_more"] == false,
            "{}: {page}",
            list.path
        );
        assert!(page["next_cursor"].is_null(), "{}: {page}", list.path);
        let head = tenant.call(Method::HEAD, &list.path).send().await;
        assert_eq!(
            head.expect("the server answers").status(),
            200,
            "{}",
            list.path
        );
    }
}
