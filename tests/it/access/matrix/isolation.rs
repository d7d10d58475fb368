//! Tenant isolation on every route: the object of another tenant answers like an unknown one.

use regrant_testdb::TestDatabase;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::{Matrix, Object, each_database, rows, status};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_object_answers_byte_for_byte_like_an_unknown_one() {
    each_database(async |matrix| {
        for path in [
            format!("/v1/assets/{}", matrix.world.asset),
            format!("/v1/webhook-endpoints/{}", matrix.endpoint),
        ] {
            let gone = matrix
                .own
                .call(Method::DELETE, &path)
                .send()
                .await
                .expect("the server answers");
            assert_eq!(gone.status().as_u16(), 204);
        }
        for row in rows()
            .iter()
            .filter(|row| [Object::Asset, Object::Endpoint].contains(&row.object))
        {
            let gone = answer(matrix.own_call(row).bearer_auth(&matrix.own.bearer)).await;
            let unknown = matrix
                .call(row, NO_ASSET, NO_ENDPOINT)
                .bearer_auth(&matrix.own.bearer);
            let gone = gone
                .replace(&matrix.world.asset, NO_ASSET)
                .replace(&matrix.endpoint, NO_ENDPOINT);
            assert_eq!(gone, answer(unknown).await, "{} {}", row.method, row.path);
        }
    })
    .await;
}

/// Ids that name no object, as long as ids that do.
const NO_ASSET: &str = "299999999999999";

const NO_PERSON: &str = "100000000000077";

const NO_RECONNECT: &str = "rcn_00000000000070008000000000000000";

const NO_SESSION: &str = "rse_00000000000070008000000000000000";
const NO_LINK: &str = "lnk_00000000000070008000000000000000";

const NO_CONSENT: &str = "cns_00000000000070008000000000000000";

const NO_DISCOVERY: &str = "dsc_00000000000070008000000000000000";

const NO_PREVIEW: &str = "rpv_00000000000070008000000000000000";

const NO_FEED: &str = "fed_00000000000070008000000000000000";

const NO_ENDPOINT: &str = "whk_00000000000070008000000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_object_answers_byte_for_byte_like_an_unknown_one() {
    each_database(async |matrix| {
        for row in rows().iter().filter(|row| row.object != Object::None) {
            let theirs = answer(matrix.own_call(row).bearer_auth(&matrix.other.bearer)).await;
            let no_id = match row.object {
                Object::Endpoint => NO_ENDPOINT,
                Object::Person => NO_PERSON,
                Object::Session => NO_SESSION,
                Object::Consent => NO_CONSENT,
                Object::Discovery => NO_DISCOVERY,
                Object::Preview => NO_PREVIEW,
                Object::Link => NO_LINK,
                Object::Feed => NO_FEED,
                Object::None | Object::Asset | Object::Reconnect => NO_RECONNECT,
            };
            let unknown = answer(
                matrix
                    .call(row, NO_ASSET, no_id)
                    .bearer_auth(&matrix.other.bearer),
            )
            .await;
            let theirs = theirs
                .replace(&matrix.world.asset, NO_ASSET)
                .replace(matrix.own_id(row), no_id);
            assert_eq!(theirs, unknown, "{} {}", row.method, row.path);
            assert!(
                unknown.starts_with("404"),
                "{} {}: {unknown}",
                row.method,
                row.path
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_asset_in_a_list_answers_like_an_unknown_one() {
    each_database(async |matrix| {
        for path in ["/v1/tokens/lookup", "/v1/assets/check", "/v1/reconnects"] {
            let ask = async |asset: &str| {
                let mut body = json!({ "asset_ids": [asset] });
                if path == "/v1/reconnects" {
                    body["access_token"] = json!(matrix.world.token);
                }
                let (status, mut answer) = matrix.other.post(path, &body).await;
                for field in ["id", "created_at", "finished_at"] {
                    answer.as_object_mut().expect("an object").remove(field);
                }
                format!("{status} {answer}").replace(asset, NO_ASSET)
            };
            assert_eq!(
                ask(&matrix.world.asset).await,
                ask(NO_ASSET).await,
                "{path}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_id_never_reaches_an_object() {
    let matrix = Matrix::on(TestDatabase::create_sqlite().await).await;
    for row in rows().iter().filter(|row| row.object != Object::None) {
        for id in [
            "1%2F..%2Fme",
            "1%3Ffields=id",
            "rcn_1",
            "%00",
            "act_",
            "1,2",
        ] {
            let got = status(matrix.call(row, id, id).bearer_auth(&matrix.own.bearer)).await;
            assert!(
                got == 404 || got == 422,
                "{got}: {} {} {id}",
                row.method,
                row.path
            );
        }
    }
}

/// Status, headers and body, without the headers that differ from call to call.
async fn answer(call: RequestBuilder) -> String {
    let answer = call
        .header("X-Request-Id", "same")
        .send()
        .await
        .expect("the server answers");
    let status = answer.status().as_u16();
    // `connection` depends on how much of the body had arrived; the rate headers count calls.
    let differs = [
        "date",
        "connection",
        "ratelimit",
        "ratelimit-policy",
        "ratelimit-remaining",
        "ratelimit-reset",
    ];
    let mut headers: Vec<_> = answer
        .headers()
        .iter()
        .filter(|(name, _)| !differs.contains(&name.as_str()))
        .collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    let headers = format!("{headers:?}");
    format!(
        "{status} {headers} {}",
        answer.text().await.expect("a body")
    )
}
