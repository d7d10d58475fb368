//! What is not simulated says so, and what is listed as simulated is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{
    AD_ACCOUNT, APP, BUSINESS, Bench, CATALOG, PAGE, PERSON, error_codes, item_body,
};

const SYSTEM_USER: &str = "110000000000001";

#[tokio::test]
async fn a_call_that_is_not_simulated_is_answered_501_and_counted() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let call = bench
        .http
        .post(bench.url(&format!("v26.0/{AD_ACCOUNT}/campaigns")));
    let answer = call
        .bearer_auth(&token)
        .form(&[("name", "x")])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 501);
    assert_eq!(answer.headers()["x-regrant-sandbox"], "not-simulated");
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(error_codes(&body), (501, None));
    assert_eq!(body["error"]["type"], "SandboxNotSimulated");
    let text = body["error"]["message"].as_str().unwrap();
    assert!(
        text.contains("does not simulate POST /{ad_account}/campaigns"),
        "{text}"
    );
    let counted = &bench.calls().await["not_simulated"];
    assert_eq!(*counted, json!({"POST /{ad_account}/campaigns": 1}));
}

#[tokio::test]
async fn no_call_that_meta_may_know_looks_like_lost_access() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let form = [("access_token", token.as_str())];
    let calls = [
        (Method::GET, format!("{PAGE}/insights")),
        (
            Method::GET,
            format!("{PAGE}?fields=fan_count,insights{{values}}"),
        ),
        (Method::GET, format!("{BUSINESS}?fields=owned_apps")),
        (Method::GET, format!("{PAGE}/agencies/more")),
        (Method::POST, PAGE.to_owned()),
        (Method::POST, format!("{PAGE}/subscribed_apps")),
        (Method::POST, format!("{BUSINESS}/agencies")),
        (Method::POST, format!("{BUSINESS}/owned_pages")),
        (Method::POST, format!("{BUSINESS}/system_users")),
        (Method::POST, format!("{BUSINESS}/business_users")),
        (Method::GET, format!("{BUSINESS}/business_users")),
        (Method::GET, format!("{BUSINESS}/pending_client_pages")),
        (Method::POST, "me/feed".to_owned()),
        (Method::POST, format!("{PERSON}/permissions")),
        (Method::POST, String::new()),
        (Method::DELETE, AD_ACCOUNT.to_owned()),
        (Method::DELETE, format!("{CATALOG}/products")),
        (Method::GET, format!("{SYSTEM_USER}/assigned_nothing")),
        (Method::GET, "search?type=page".to_owned()),
    ];
    for (method, target) in calls {
        let (status, body) = bench
            .send(method.clone(), &format!("v26.0/{target}"), &form)
            .await;
        assert_eq!(
            (status, error_codes(&body)),
            (501, (501, None)),
            "{method} {target}: {body}"
        );
    }
}

#[tokio::test]
async fn a_field_that_meta_does_not_know_is_refused_as_by_graph() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    for target in [
        format!("{PAGE}?fields=no_such_field"),
        "me?fields=no_such_field".to_owned(),
    ] {
        let (status, body) = bench.read(&token, &target).await;
        assert_eq!((status, error_codes(&body)), (400, (100, None)), "{body}");
    }
}

#[tokio::test]
async fn what_a_token_does_not_reach_is_refused_before_anything_else() {
    let bench = Bench::start().await;
    let nine = json!({"person": "100000000000009", "app": APP.0});
    let stranger = bench.issue_token(nine).await;
    let form = [("access_token", stranger.as_str())];
    for (target, code) in [
        (format!("v26.0/{AD_ACCOUNT}/campaigns"), (200, None)),
        (format!("v26.0/{BUSINESS}/adaccount"), (100, Some(33))),
        (format!("v26.0/{PERSON}/feed"), (100, Some(33))),
    ] {
        let (_, body) = bench.send(Method::POST, &target, &form).await;
        assert_eq!(error_codes(&body), code, "{target}");
    }
}

#[tokio::test]
async fn an_item_of_a_batch_carries_the_mark() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let items = json!([{"method": "GET", "relative_url": format!("{PAGE}/insights")}]);
    let (_, batch) = bench.batch(&token, &items).await;
    assert_eq!(error_codes(&item_body(&batch[0])), (501, None));
    let headers = batch[0]["headers"].as_array().unwrap();
    let mark = json!({"name": "x-regrant-sandbox", "value": "not-simulated"});
    assert!(headers.contains(&mark), "{headers:?}");
}

#[tokio::test]
async fn everything_on_the_list_is_simulated() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let (_, list) = bench.get("sandbox/simulated").await;
    let ids = [
        ("{page}", PAGE),
        ("{ad_account}", AD_ACCOUNT),
        ("{business}", BUSINESS),
        ("{product_catalog}", CATALOG),
        ("{pixel}", "700000000010001"),
        ("{instagram_account}", "17841400000010001"),
        ("{whatsapp_business_account}", "800000000010001"),
        ("{person}", PERSON),
        ("{system_user}", SYSTEM_USER),
        ("{app}", APP.0),
        ("{onbehalf_request}", "77"),
    ];
    let form = [("access_token", token.as_str())];
    let rows = list["nodes"].as_array().unwrap();
    assert!(rows.len() > 50, "{}", rows.len());
    for row in rows {
        let path = row["path"].as_str().unwrap();
        let target = ids
            .iter()
            .fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
        for method in row["methods"].as_array().unwrap().iter().rev() {
            let method = method.as_str().unwrap();
            if method == "DELETE" && path == "/{person}/permissions" {
                continue;
            }
            let call = method.parse().unwrap();
            let (status, body) = bench.send(call, &format!("v26.0{target}"), &form).await;
            assert_ne!(status, 501, "{method} {path}: {body}");
        }
    }
}

#[tokio::test]
async fn a_browser_gets_the_list_as_a_page() {
    let bench = Bench::start().await;
    let call = bench.http.get(bench.url("sandbox/simulated"));
    let page = call.header("Accept", "text/html,*/*").send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(
        page.contains("<code>/{page}/agencies</code>") && page.contains("GET /debug_token"),
        "{page}"
    );
}

#[tokio::test]
async fn a_multipart_body_is_read_like_a_form() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let parts = [
        ("business", "200000000000009"),
        ("permitted_tasks", "['ADVERTISE','ANALYZE']"),
        ("access_token", token.as_str()),
    ];
    let target = format!("v26.0/{AD_ACCOUNT}/agencies");
    assert_eq!(bench.post_parts(&target, &parts).await.0, 200);
    let (_, agencies) = bench.read(&token, &format!("{AD_ACCOUNT}/agencies")).await;
    assert_eq!(
        agencies["data"][0]["permitted_tasks"],
        json!(["ADVERTISE", "ANALYZE"])
    );
}

#[tokio::test]
async fn a_multipart_body_that_ends_too_early_is_refused() {
    let bench = Bench::start().await;
    let call = bench.http.post(bench.url("v26.0/me"));
    let call = call.header("Content-Type", "multipart/form-data; boundary=b");
    let answer = call
        .body("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx")
        .send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("multipart"));
}

#[tokio::test]
async fn tasks_are_checked_by_kind() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let form = [
        ("access_token", token.as_str()),
        ("business", "200000000000009"),
        ("permitted_tasks", "['ANALYZE','MODERATE']"),
    ];
    let target = format!("v26.0/{AD_ACCOUNT}/agencies");
    let (status, body) = bench.send(Method::POST, &target, &form).await;
    assert_eq!((status, error_codes(&body)), (400, (100, None)));
    let text = body["error"]["message"].as_str().unwrap();
    assert!(
        text.contains("permitted_tasks[1]") && text.contains("got \"MODERATE\""),
        "{text}"
    );
    let (_, agencies) = bench.read(&token, &format!("{AD_ACCOUNT}/agencies")).await;
    assert_eq!(agencies["data"], json!([]));
}

#[tokio::test]
async fn a_batch_may_be_posted_to_me() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let batch = r#"[{"method":"GET","relative_url":"me"}]"#;
    let parts = [("batch", batch), ("access_token", token.as_str())];
    let (_, batch) = bench.post_parts("v26.0/me", &parts).await;
    assert_eq!(item_body(&batch[0])["id"], PERSON);
}
