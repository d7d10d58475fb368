//! Scopes and granted objects: Graph itself refuses what a token lacks, for every kind of object.

use serde_json::{Value, json};

use crate::bench::{
    AD_ACCOUNT, APP, BUSINESS, Bench, CATALOG, MANAGED, PAGE, PERSON, STRICT_APP, error_codes,
};

const PIXEL: &str = "700000000010001";
const INSTAGRAM: &str = "17841400000010001";
const WHATSAPP: &str = "800000000010001";

/// Each kind: an object, the scopes that read it, and Graph's refusals without them and without the object.
type Row = (&'static str, &'static [&'static str], Codes, Codes);
type Codes = (u16, i64, Option<i64>);

const ROWS: [Row; 7] = [
    (
        PAGE,
        &["pages_read_engagement"],
        (403, 10, None),
        (400, 190, None),
    ),
    (
        AD_ACCOUNT,
        &["ads_read"],
        (403, 200, None),
        (403, 200, None),
    ),
    (
        PIXEL,
        &["ads_management"],
        (400, 100, None),
        (400, 100, Some(33)),
    ),
    (
        BUSINESS,
        &["business_management"],
        (400, 100, None),
        (400, 100, Some(33)),
    ),
    (
        CATALOG,
        &["catalog_management"],
        (400, 100, None),
        (400, 100, Some(33)),
    ),
    (
        INSTAGRAM,
        &["instagram_basic", "pages_show_list"],
        (403, 10, None),
        (400, 100, Some(33)),
    ),
    (
        WHATSAPP,
        &["whatsapp_business_management"],
        (403, 200, None),
        (400, 100, Some(33)),
    ),
];

fn codes((status, body): &(u16, Value)) -> Codes {
    let (code, subcode) = error_codes(body);
    (*status, code, subcode)
}

async fn token_with(bench: &Bench, scopes: &[&str]) -> String {
    let control = json!({"person": PERSON, "app": APP.0, "scopes": scopes});
    bench.issue_token(control).await
}

#[tokio::test]
async fn the_scopes_of_its_kind_alone_read_an_object() {
    let bench = Bench::start().await;
    for (id, scopes, ..) in ROWS {
        let token = token_with(&bench, scopes).await;
        assert_eq!(bench.read(&token, id).await.0, 200, "{id}");
    }
}

#[tokio::test]
async fn without_the_scopes_of_its_kind_an_object_is_refused() {
    let bench = Bench::start().await;
    let all: Vec<&str> = ROWS.iter().flat_map(|row| row.1).copied().collect();
    for (id, scopes, refusal, _) in ROWS {
        let others: Vec<&str> = all
            .iter()
            .copied()
            .filter(|scope| *scope != scopes[0])
            .collect();
        let others = others.into_iter().filter(|scope| !reads_too(id, scope));
        let token = token_with(&bench, &others.collect::<Vec<_>>()).await;
        assert_eq!(codes(&bench.read(&token, id).await), refusal, "{id}");
    }
}

/// The scopes of other rows that read this object as well.
fn reads_too(id: &str, scope: &str) -> bool {
    match id {
        AD_ACCOUNT | PIXEL => scope.starts_with("ads_"),
        PAGE => scope.starts_with("pages_"),
        _ => false,
    }
}

#[tokio::test]
async fn an_object_that_was_not_selected_is_refused() {
    let bench = Bench::start().await;
    for (id, scopes, _, refusal) in ROWS {
        let others: Vec<&str> = ROWS
            .iter()
            .map(|row| row.0)
            .filter(|other| *other != id)
            .collect();
        let control = json!({"person": PERSON, "app": APP.0, "scopes": scopes, "assets": others});
        let token = bench.issue_token(control).await;
        assert_eq!(codes(&bench.read(&token, id).await), refusal, "{id}");
    }
}

#[tokio::test]
async fn a_selected_object_is_read_when_all_others_are_left_out() {
    let bench = Bench::start().await;
    for (id, scopes, ..) in ROWS {
        let control = json!({"person": PERSON, "app": APP.0, "scopes": scopes, "assets": [id]});
        let token = bench.issue_token(control).await;
        assert_eq!(bench.read(&token, id).await.0, 200, "{id}");
    }
}

#[tokio::test]
async fn system_users_are_refused_for_missing_scopes_too() {
    let bench = Bench::start().await;
    let control =
        json!({"system_user": "110000000000001", "app": APP.0, "scopes": ["public_profile"]});
    let token = bench.issue_token(control).await;
    for (id, _, refusal, _) in ROWS {
        assert_eq!(codes(&bench.read(&token, id).await), refusal, "{id}");
    }
}

#[tokio::test]
async fn a_scope_of_the_business_events_reads_a_whatsapp_account() {
    let bench = Bench::start().await;
    let scopes = [
        "whatsapp_business_messaging",
        "whatsapp_business_manage_events",
        "business_management",
    ];
    let token = token_with(&bench, &scopes).await;
    let (status, node) = bench
        .read(&token, &format!("{WHATSAPP}?fields=id,name"))
        .await;
    assert_eq!((status, &node["id"]), (200, &json!(WHATSAPP)));
}

#[tokio::test]
async fn an_instagram_account_needs_a_scope_of_its_page_too() {
    let bench = Bench::start().await;
    let token = token_with(&bench, &["instagram_basic"]).await;
    assert_eq!(codes(&bench.read(&token, INSTAGRAM).await), (403, 10, None));
}

#[tokio::test]
async fn edges_of_an_object_need_its_scopes_too() {
    let bench = Bench::start().await;
    let token = token_with(&bench, &["public_profile"]).await;
    for (target, refusal) in [
        (format!("{AD_ACCOUNT}/agencies"), (403, 200, None)),
        (format!("{BUSINESS}/owned_pages"), (400, 100, None)),
        ("me/accounts".to_owned(), (403, 200, None)),
    ] {
        assert_eq!(
            codes(&bench.read(&token, &target).await),
            refusal,
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_permission_that_the_person_revokes_is_refused_from_then_on() {
    let bench = Bench::start().await;
    let token = token_with(&bench, &["catalog_management"]).await;
    assert_eq!(bench.read(&token, CATALOG).await.0, 200);
    let control = json!({"app": APP.0, "permission": "catalog_management", "verb": "revoked"});
    bench
        .post_control(&format!("persons/{PERSON}/permissions"), control)
        .await;
    assert_eq!(codes(&bench.read(&token, CATALOG).await), (400, 100, None));
}

#[tokio::test]
async fn a_permission_that_the_person_grants_to_one_app_is_accepted_from_then_on() {
    let bench = Bench::start().await;
    let token = token_with(&bench, &["catalog_management"]).await;
    let change = async |app: &str, verb: &str| {
        let control = json!({"app": app, "permission": "catalog_management", "verb": verb});
        let path = format!("persons/{PERSON}/permissions");
        assert_eq!(bench.post_control(&path, control).await.0, 200);
        bench.read(&token, CATALOG).await.0
    };
    assert_eq!(change(APP.0, "revoked").await, 400);
    assert_eq!(change(STRICT_APP.0, "granted").await, 400, "another app");
    assert_eq!(change(APP.0, "granted").await, 200);
    assert_eq!(change(APP.0, "granted").await, 200);
    let (_, granted) = bench.read(&token, "me/permissions").await;
    assert_eq!(granted["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_managed_account_is_granted_no_permission_of_a_user() {
    let bench = Bench::start().await;
    let control = json!({"app": APP.0, "permission": "user_photos", "verb": "granted"});
    let path = format!("persons/{MANAGED}/permissions");
    let (status, body) = bench.post_control(&path, control).await;
    assert_eq!(
        (status, &body["error"]["field"]),
        (400, &json!("permission"))
    );
}
