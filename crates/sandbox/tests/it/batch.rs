//! Batches.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{APP, Bench, CATALOG, PAGE, PERSON, STRICT_APP, error_codes, item_body};

fn reads(urls: &[String]) -> Value {
    urls.iter()
        .map(|url| json!({"method": "GET", "relative_url": url}))
        .collect()
}

#[tokio::test]
async fn items_run_in_order_with_their_own_tokens() {
    let bench = Bench::start().await;
    let (token, other) = (bench.person_token().await, bench.person_token().await);
    bench
        .post_control("tokens/revoke", json!({"token": other}))
        .await;
    let urls = [
        format!("{PAGE}?fields=id,name"),
        format!("/v25.0/me/?access_token={other}"),
        CATALOG.to_owned(),
    ];
    let (status, body) = bench.batch(&token, &reads(&urls)).await;
    let codes: Vec<&Value> = body
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["code"])
        .collect();
    assert_eq!(
        (status, codes),
        (200, vec![&json!(200), &json!(400), &json!(200)])
    );
    assert_eq!(item_body(&body[0])["id"], PAGE);
    assert_eq!(error_codes(&item_body(&body[1])), (190, Some(466)));
    assert!(
        body[0]["headers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|header| header["name"] == "facebook-api-version")
    );
}

#[tokio::test]
async fn the_app_token_may_send_items_with_other_tokens() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let items = reads(&[
        format!("{PAGE}?fields=tasks&access_token={token}"),
        PAGE.to_owned(),
    ]);
    let (_, body) = bench.batch(&format!("{}|{}", APP.0, APP.1), &items).await;
    assert_eq!(
        (body[0]["code"].as_u64(), body[1]["code"].as_u64()),
        (Some(200), Some(400))
    );
}

#[tokio::test]
async fn a_bad_token_of_the_batch_fails_the_whole_batch() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let items = reads(&[format!("{PAGE}?access_token={token}")]);
    let (status, body) = bench.batch("EAAnonsense", &items).await;
    assert_eq!((status, error_codes(&body)), (400, (190, None)));
    let (_, body) = bench
        .send(Method::POST, "", &[("batch", &items.to_string())])
        .await;
    assert_eq!(error_codes(&body), (104, None));
}

#[tokio::test]
async fn fifty_items_are_the_limit() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let fits = bench
        .batch(&token, &reads(&vec![PAGE.to_owned(); 50]))
        .await;
    assert_eq!((fits.0, fits.1.as_array().map(Vec::len)), (200, Some(50)));
    let (_, body) = bench
        .batch(&token, &reads(&vec![PAGE.to_owned(); 51]))
        .await;
    assert_eq!(body["error"]["type"], "GraphBatchException");
}

#[tokio::test]
async fn json_bodies_headers_switch_and_null_items() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    bench
        .post_control(
            "faults",
            json!({"match": {"asset": PAGE}, "effect": "null_item", "times": 1}),
        )
        .await;
    let control =
        json!({"batch": reads(&[PAGE.to_owned(), PAGE.to_owned()]), "include_headers": false});
    let call = bench
        .http
        .post(bench.url(&format!("v24.0?access_token={token}")))
        .json(&control);
    let body: Value =
        serde_json::from_str(&call.send().await.unwrap().text().await.unwrap()).unwrap();
    assert!(
        body[0].is_null() && body[1]["code"] == 200 && body[1].get("headers").is_none(),
        "{body}"
    );
}

#[tokio::test]
async fn items_with_own_tokens_need_own_proofs() {
    let bench = Bench::start().await;
    let token = bench
        .issue_token(json!({"person": PERSON, "app": STRICT_APP.0}))
        .await;
    let items = reads(&[format!("{PAGE}?access_token={token}")]);
    let (_, body) = bench
        .batch(&format!("{}|{}", STRICT_APP.0, STRICT_APP.1), &items)
        .await;
    assert!(
        item_body(&body[0])["error"]["message"]
            .as_str()
            .unwrap()
            .contains("require an appsecret_proof")
    );
}

#[tokio::test]
async fn an_item_uses_values_of_an_earlier_response() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let items = json!([
        {"method": "GET", "name": "pages", "relative_url": "me/accounts?fields=id"},
        {"method": "GET", "relative_url": "{result=pages:$.data[0].id}?fields=id"},
        {"method": "GET", "depends_on": "pages", "relative_url": "me?fields=id"},
    ]);
    let (_, body) = bench.batch(&token, &items).await;
    assert!(
        body[0].is_null(),
        "a success on which others depend is left out"
    );
    assert_eq!(item_body(&body[1])["id"], PAGE);
    assert_eq!(item_body(&body[2])["id"], PERSON);
}

#[tokio::test]
async fn a_success_is_left_out_or_shown_as_the_item_says() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let items = json!([
        {"method": "GET", "name": "me", "relative_url": "me?fields=id", "omit_response_on_success": false},
        {"method": "GET", "relative_url": "{result=me:$.id}?fields=id", "omit_response_on_success": true},
        {"method": "GET", "name": "alone", "relative_url": "me?fields=id"},
    ]);
    let (_, body) = bench.batch(&token, &items).await;
    assert_eq!(item_body(&body[0])["id"], PERSON);
    assert!(body[1].is_null());
    assert_eq!(item_body(&body[2])["id"], PERSON);
}

#[tokio::test]
async fn an_item_does_not_run_if_one_failed_on_which_it_depends() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let items = json!([
        {"method": "GET", "name": "lost", "relative_url": "100000000000999"},
        {"method": "GET", "relative_url": "{result=lost:$.id}"},
        {"method": "GET", "depends_on": "lost", "relative_url": "me"},
    ]);
    let (_, body) = bench.batch(&token, &items).await;
    assert_eq!(body[0]["code"], 400);
    for item in [&body[1], &body[2]] {
        assert_eq!(error_codes(&item_body(item)), (960, None));
    }
}

#[tokio::test]
async fn several_values_are_separated_by_commas_in_a_body_too() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let items = json!([
        {"method": "GET", "name": "pages", "relative_url": "me/accounts?fields=id"},
        {"method": "POST", "relative_url": "me", "body": "method=get&fields=id,{result=pages:$.data.*.nothing}name"},
    ]);
    let (_, body) = bench.batch(&token, &items).await;
    let person = item_body(&body[1]);
    assert!(
        person["id"] == PERSON && person["name"].is_string(),
        "{person}"
    );
}

#[tokio::test]
async fn an_item_that_depends_on_a_later_one_is_not_simulated() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let items = json!([
        {"method": "GET", "depends_on": "later", "relative_url": "me"},
        {"method": "GET", "name": "later", "relative_url": "me"},
    ]);
    let (_, body) = bench.batch(&token, &items).await;
    assert_eq!(item_body(&body[0])["error"]["type"], "SandboxNotSimulated");
}
