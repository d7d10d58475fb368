//! Fault rules that answer with a Graph error or a rate limit, on every kind of call.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::bench::{
    AD_ACCOUNT, APP, BUSINESS, Bench, MANAGED, PAGE, PERSON, error_codes, item_body,
};

fn app_token() -> String {
    format!("{}|{}", APP.0, APP.1)
}

fn exchange_of(token: &str) -> String {
    format!(
        "oauth/access_token?grant_type=fb_exchange_token&client_id={}&client_secret={}&fb_exchange_token={token}",
        APP.0, APP.1
    )
}

async fn raw_read(bench: &Bench, token: &str, target: &str) -> Response {
    let call = bench.http.get(bench.url(target)).bearer_auth(token);
    call.send().await.unwrap()
}

fn header(response: &Response, name: &str) -> Value {
    let text = response.headers()[name].to_str().unwrap();
    serde_json::from_str(text).unwrap()
}

async fn add_fault(bench: &Bench, rule: Value) {
    let (status, body) = bench.post_control("faults", rule).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn an_inspection_is_read_and_nothing_else() {
    let bench = Bench::start().await;
    let (token, app) = (bench.person_token().await, app_token());
    for method in [Method::POST, Method::DELETE] {
        let form = [
            ("input_token", token.as_str()),
            ("access_token", app.as_str()),
        ];
        let (status, body) = bench.send(method, "v26.0/debug_token", &form).await;
        assert_eq!(
            (status, error_codes(&body)),
            (400, (100, Some(33))),
            "{body}"
        );
        assert_eq!(body["error"]["type"], "GraphMethodException");
    }
    let unknown = [("input_token", token.as_str()), ("access_token", "x")];
    let (_, body) = bench.send(Method::POST, "debug_token", &unknown).await;
    assert_eq!(error_codes(&body), (190, None));
}

#[tokio::test]
async fn an_error_has_every_member_that_graph_writes() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let error = json!({
        "code": 190, "subcode": 490, "message": "Checkpoint", "type": "IGApiException", "http": 401,
        "is_transient": true, "error_data": "{\"blame\":1}", "user_title": "Log in", "user_msg": "At facebook.com",
        "headers": {"X-App-Usage": "{\"call_count\":96}", "Retry-After": "7"},
    });
    add_fault(&bench, json!({"effect": {"error": error}})).await;
    let answer = raw_read(&bench, &token, PAGE).await;
    assert_eq!(
        (answer.status(), &answer.headers()["retry-after"]),
        (reqwest::StatusCode::UNAUTHORIZED, &"7".parse().unwrap())
    );
    assert_eq!(header(&answer, "x-app-usage"), json!({"call_count": 96}));
    let mut body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    body["error"]
        .as_object_mut()
        .unwrap()
        .remove("fbtrace_id")
        .unwrap();
    assert_eq!(
        body["error"],
        json!({
            "code": 190, "error_subcode": 490, "message": "Checkpoint", "type": "IGApiException", "is_transient": true,
            "error_data": "{\"blame\":1}", "error_user_title": "Log in", "error_user_msg": "At facebook.com",
        })
    );
}

#[tokio::test]
async fn error_data_may_be_an_object() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let error = json!({"code": 10, "error_data": {"blame_field_specs": [["page"]]}});
    add_fault(&bench, json!({"effect": {"error": error}})).await;
    let (_, body) = bench.read(&token, PAGE).await;
    assert_eq!(body["error"]["error_data"], error["error_data"]);
}

#[tokio::test]
async fn an_error_hits_inspections_exchanges_and_me_alike() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    add_fault(
        &bench,
        json!({"effect": {"error": {"code": 200, "subcode": 1, "http": 403}}}),
    )
    .await;
    let app = app_token();
    let inspection = format!("debug_token?input_token={token}&access_token={app}");
    let calls = [
        bench.get(&inspection).await,
        bench.get(&exchange_of(&token)).await,
        bench.read(&token, "me").await,
        bench.read(&token, AD_ACCOUNT).await,
    ];
    for (status, body) in calls {
        assert_eq!((status, error_codes(&body)), (403, (200, Some(1))));
    }
}

#[tokio::test]
async fn an_error_and_its_headers_hit_an_item_of_a_batch() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let error =
        json!({"code": -2, "subcode": 1_504_018, "headers": {"x-fb-rev": "1", "X-Case": "2"}});
    add_fault(
        &bench,
        json!({"match": {"batch_item": true}, "effect": {"error": error}}),
    )
    .await;
    let items = json!([{"method": "GET", "relative_url": "me"}]);
    let (status, batch) = bench.batch(&token, &items).await;
    assert_eq!(
        (status, error_codes(&item_body(&batch[0]))),
        (200, (-2, Some(1_504_018)))
    );
    let named = |name: &str| -> Vec<&str> {
        let all = batch[0]["headers"].as_array().unwrap().iter();
        let fits = all.filter(|header| header["name"] == name);
        fits.map(|header| header["value"].as_str().unwrap())
            .collect()
    };
    assert_eq!((named("x-fb-rev"), named("X-Case")), (vec!["1"], vec!["2"]));
}

#[tokio::test]
async fn a_rule_chooses_the_kind_of_the_calling_token() {
    let bench = Bench::start().await;
    let user = bench.person_token().await;
    let page = bench.page_token(&user).await;
    let control = json!({"system_user": "110000000000001", "app": APP.0});
    let system_user = bench.issue_token(control).await;
    for (kind, hit) in [
        ("user", &user),
        ("page", &page),
        ("system_user", &system_user),
    ] {
        let rule = json!({"match": {"token_kind": kind}, "effect": {"error": {"code": 190}}});
        add_fault(&bench, rule).await;
        for token in [&user, &page, &system_user] {
            let (_, body) = bench.read(token, PAGE).await;
            assert_eq!(error_codes(&body).0 == 190, token == hit, "{kind}: {body}");
        }
        bench.clear_faults().await;
    }
}

#[tokio::test]
async fn inspections_and_exchanges_are_calls_of_the_app() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    add_fault(
        &bench,
        json!({"match": {"token_kind": "app"}, "effect": {"error": {"code": 2}}}),
    )
    .await;
    let inspection = format!(
        "debug_token?input_token={token}&access_token={}",
        app_token()
    );
    assert_eq!(error_codes(&bench.get(&inspection).await.1).0, 2);
    assert_eq!(error_codes(&bench.get(&exchange_of(&token)).await.1).0, 2);
    assert_eq!(bench.read(&token, "me").await.0, 200);
}

#[tokio::test]
async fn a_rule_hits_the_inspection_of_one_persons_tokens_only() {
    let bench = Bench::start().await;
    let hit = bench.person_token().await;
    let other = bench
        .issue_token(json!({"person": MANAGED, "app": APP.0}))
        .await;
    let text = "Error validating application. Cannot get application info due to a system error.";
    let rule = json!({"match": {"path": "debug_token", "input_person": PERSON},
                      "effect": {"error": {"code": 190, "message": text}}});
    add_fault(&bench, rule).await;
    let inspect = |token: &str| {
        format!(
            "debug_token?input_token={token}&access_token={}",
            app_token()
        )
    };
    assert_eq!(error_codes(&bench.get(&inspect(&hit)).await.1), (190, None));
    assert_eq!(bench.get(&inspect(&other)).await.0, 200);
    assert_eq!(bench.read(&hit, "me").await.0, 200);
}

#[tokio::test]
async fn a_rule_hits_the_exchange_of_one_persons_tokens_only() {
    let bench = Bench::start().await;
    let hit = bench.person_token().await;
    let other = bench
        .issue_token(json!({"person": MANAGED, "app": APP.0}))
        .await;
    let rule = json!({"match": {"path": "oauth/access_token", "input_person": [PERSON]},
                      "effect": {"error": {"code": 200}}});
    add_fault(&bench, rule).await;
    assert_eq!(
        error_codes(&bench.get(&exchange_of(&hit)).await.1),
        (200, None)
    );
    assert_eq!(bench.get(&exchange_of(&other)).await.0, 200);
}

#[tokio::test]
async fn a_rule_hits_the_inspection_of_page_tokens_only() {
    let bench = Bench::start().await;
    let user = bench.person_token().await;
    let page = bench.page_token(&user).await;
    add_fault(
        &bench,
        json!({"match": {"input_kind": "page"}, "effect": {"error": {"code": 1}}}),
    )
    .await;
    let inspect = |token: &str| {
        format!(
            "debug_token?input_token={token}&access_token={}",
            app_token()
        )
    };
    assert_eq!(error_codes(&bench.get(&inspect(&page)).await.1).0, 1);
    assert_eq!(bench.get(&inspect(&user)).await.0, 200);
}

#[tokio::test]
async fn an_incident_hits_several_persons_and_spares_the_others() {
    let bench = Bench::start().await;
    let mut tokens = Vec::new();
    for person in [PERSON, MANAGED, "100000000000009"] {
        tokens.push(
            bench
                .issue_token(json!({"person": person, "app": APP.0}))
                .await,
        );
    }
    let rule = json!({"match": {"person": [PERSON, MANAGED]}, "effect": {"error": {"code": 100, "subcode": 33}}});
    add_fault(&bench, rule).await;
    let mut codes = Vec::new();
    for token in &tokens {
        codes.push(error_codes(&bench.read(token, "me").await.1).0);
    }
    assert_eq!(codes, [100, 100, 0]);
}

#[tokio::test]
async fn an_incident_hits_one_kind_of_object() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let rule =
        json!({"match": {"kind": "ad_account"}, "effect": {"error": {"code": 100, "subcode": 33}}});
    add_fault(&bench, rule).await;
    assert_eq!(
        error_codes(&bench.read(&token, AD_ACCOUNT).await.1),
        (100, Some(33))
    );
    assert_eq!(bench.read(&token, PAGE).await.0, 200);
}

#[tokio::test]
async fn a_throttle_has_any_code_subcode_text_and_status() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let throttle = json!({"code": 80_007, "subcode": 2_446_079, "message": "(#80007) Rate limit issues", "http": 429});
    add_fault(&bench, json!({"effect": {"throttle": throttle}})).await;
    let (status, body) = bench.read(&token, AD_ACCOUNT).await;
    assert_eq!(
        (status, error_codes(&body)),
        (429, (80_007, Some(2_446_079)))
    );
    assert_eq!(body["error"]["message"], "(#80007) Rate limit issues");
}

#[tokio::test]
async fn a_throttle_reports_in_the_chosen_header_only() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let names = [
        "x-app-usage",
        "x-page-usage",
        "x-ad-account-usage",
        "x-business-use-case-usage",
    ];
    for (chosen, expected) in ["app", "page", "ad_account", "business_use_case", "none"]
        .into_iter()
        .zip(names.map(Some).into_iter().chain([None]))
    {
        let throttle = json!({"code": 17, "subcode": 2_446_079, "header": chosen});
        add_fault(
            &bench,
            json!({"effect": {"throttle": throttle}, "times": 1}),
        )
        .await;
        let answer = raw_read(&bench, &token, AD_ACCOUNT).await;
        let found = names
            .into_iter()
            .filter(|name| answer.headers().contains_key(*name));
        assert_eq!(
            found.collect::<Vec<_>>(),
            expected.into_iter().collect::<Vec<_>>(),
            "{chosen}"
        );
    }
}

#[tokio::test]
async fn the_use_case_of_a_throttle_can_be_chosen() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let throttle = json!({"code": 80_004, "minutes": 9, "business": true, "type": "ads_insights"});
    add_fault(&bench, json!({"effect": {"throttle": throttle}})).await;
    let answer = raw_read(&bench, &token, AD_ACCOUNT).await;
    let entry = header(&answer, "x-business-use-case-usage")[BUSINESS][0].clone();
    assert_eq!(
        (&entry["type"], &entry["estimated_time_to_regain_access"]),
        (&json!("ads_insights"), &json!(9))
    );
}

#[tokio::test]
async fn the_header_of_an_ad_account_counts_in_seconds() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let throttle = json!({"code": 17, "minutes": 3, "header": "ad_account"});
    add_fault(&bench, json!({"effect": {"throttle": throttle}})).await;
    let answer = raw_read(&bench, &token, AD_ACCOUNT).await;
    assert_eq!(
        header(&answer, "x-ad-account-usage")["reset_time_duration"],
        180
    );
}

#[tokio::test]
async fn a_raw_answer_has_its_own_headers() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    add_fault(
        &bench,
        json!({"effect": {"status": 503, "body": "", "headers": {"Retry-After": "30"}}}),
    )
    .await;
    let answer = raw_read(&bench, &token, PAGE).await;
    assert_eq!(answer.headers()["retry-after"], "30");
}

#[tokio::test]
async fn a_wrong_effect_is_refused_with_the_reason() {
    let bench = Bench::start().await;
    for (effect, reason) in [
        (json!({"error": {"code": 4, "sub": 1}}), "sub"),
        (json!({"throttle": {"code": 4, "header": "user"}}), "user"),
        (json!({"exchange": "never"}), "never"),
        (json!({"error": {"code": 4, "http": 99}}), "HTTP status"),
        (
            json!({"error": {"code": 4, "headers": {"Content-Length": "1"}}}),
            "Content-Length",
        ),
    ] {
        let (status, body) = bench
            .post_control("faults", json!({"effect": effect}))
            .await;
        assert_eq!(
            (status, &body["error"]["field"]),
            (400, &json!("effect")),
            "{body}"
        );
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(reason), "{message}");
    }
}
