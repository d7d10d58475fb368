//! What the hosted pages refuse: strangers' states, forms and links, each with the answer for an unknown one.

use chrono::Duration;
use regrant_domain::Permission;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientChange};
use reqwest::Method;

use super::{
    Stage, url_of,
    visitor::{Seen, Visitor},
};
use crate::harness::{Fleet, on_both};

on_both!(
    a_state_counts_once_and_in_the_browser_that_began,
    a_link_that_opens_nothing_looks_like_an_unknown_one,
    a_form_counts_only_in_its_browser_and_from_our_pages,
    a_link_ends_with_the_tokens_of_its_client,
    a_link_ends_with_the_right_of_its_client_to_reconnect,
    a_browser_has_no_part_in_another_browsers_link,
    a_consent_that_lost_the_race_for_a_link_is_not_kept,
    every_page_forbids_frames_and_scripts_and_is_not_stored,
);

async fn a_state_counts_once_and_in_the_browser_that_began(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let link = stage.link().await;
    let (mine, theirs) = (Visitor::new(), Visitor::new());
    let back = async |visitor: &Visitor| {
        let dialog = visitor.go_to_dialog(url_of(&link)).await;
        visitor
            .decide(&dialog, Fleet::PERSON, &[("act", "continue")])
            .await
    };
    theirs.get(url_of(&link)).await;
    let (fresh, late) = (back(&mine).await, back(&mine).await);
    let unknown = format!(
        "{}/connect/callback?code=a&state={}",
        stage.harness.api,
        "0".repeat(75)
    );
    let unknown = mine.get(&unknown).await;
    assert_eq!(unknown.status, 403);
    let foreign = theirs.get(&fresh).await;
    let nameless = Visitor::new().get(&fresh).await;
    assert_eq!(mine.get(&fresh).await.status, 303, "the browser that began");
    let spent = mine.get(&fresh).await;
    stage.harness.clock.advance_by(Duration::minutes(61));
    let over = mine.get(&late).await;
    for (why, refused) in [
        ("foreign", foreign),
        ("without a cookie", nameless),
        ("spent", spent),
        ("over", over),
    ] {
        assert_eq!(refused.bytes(), unknown.bytes(), "{why}");
    }
    let calls = stage.harness.sandbox.calls().await;
    assert_eq!(calls["code_exchanges"], 1, "no refused return is exchanged");
}

async fn a_link_that_opens_nothing_looks_like_an_unknown_one(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let visitor = Visitor::new();
    let (revoked, expired) = (stage.link().await, stage.link().await);
    let open = async |url: &str| visitor.get(url).await;
    let secret = url_of(&revoked).rsplit('/').next().expect("a secret");
    let unknown = open(&url_of(&revoked).replace(&secret[40..], &"A".repeat(35))).await;
    assert_eq!(
        (unknown.status, unknown.title()),
        (404, "This link does not work")
    );
    let path = format!(
        "/v1/reconnect-links/{}",
        revoked["id"].as_str().expect("an id")
    );
    let call = stage.tenant.call(Method::DELETE, &path);
    assert_eq!(call.send().await.expect("an answer").status(), 204);
    let mut same = vec![open(url_of(&revoked)).await];
    for part in ["x", &secret[1..], &"0".repeat(75), &secret.to_uppercase()] {
        same.push(open(&format!("{}/connect/{part}", stage.harness.api)).await);
    }
    stage.harness.clock.advance_by(Duration::days(8));
    same.push(open(url_of(&expired)).await);
    for answer in same {
        assert_eq!(answer.bytes(), unknown.bytes());
    }
}

async fn a_form_counts_only_in_its_browser_and_from_our_pages(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let link = stage.link().await;
    let (visitor, url) = (Visitor::new(), url_of(&link));
    let page = visitor.get(url).await;
    let form = page.form("log_in");
    let post = |headers: Vec<(&'static str, String)>, form: Vec<(String, String)>| {
        let request = visitor.request(Method::POST, url).form(&form);
        let request = headers
            .into_iter()
            .fold(request, |it, (name, value)| it.header(name, value));
        visitor.send(request)
    };
    let own = stage.harness.api.clone();
    for headers in [
        vec![("Origin", own.clone())],
        vec![
            ("Origin", own.clone()),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
        ],
        vec![
            ("Origin", "null".to_owned()),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
        ],
    ] {
        assert_eq!(post(headers, form.clone()).await.status, 303);
    }
    for headers in [
        vec![("Origin", "null".to_owned())],
        vec![("Origin", "https://evil.example".to_owned())],
        vec![("Origin", format!("{own}."))],
        vec![
            ("Origin", own.clone()),
            ("Sec-Fetch-Site", "cross-site".to_owned()),
        ],
        vec![("Sec-Fetch-Site", "same-site".to_owned())],
    ] {
        let refused = post(headers.clone(), form.clone()).await;
        assert_eq!(refused.status, 403, "{headers:?}");
    }
    let other = Visitor::new().get(url).await.form("log_in");
    assert_eq!(post(Vec::new(), other).await.status, 403, "another's form");
    let bare = vec![("act".to_owned(), "log_in".to_owned())];
    assert_eq!(post(Vec::new(), bare).await.status, 403, "no form token");
}

async fn a_link_ends_with_the_tokens_of_its_client(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let tenant = stage.tenant.id.parse().expect("an id");
    let client = stage.tenant.client_id.parse().expect("an id");
    let (link, visitor) = (stage.link().await, Visitor::new());
    assert_eq!(visitor.get(url_of(&link)).await.status, 200);
    let vault = &stage.harness.vault;
    let disable = async |disabled: bool| {
        let change = ClientChange {
            disabled: Some(disabled),
            ..ClientChange::default()
        };
        let changed = vault
            .change_client(Actor::CommandLine, tenant, client, change)
            .await;
        changed.expect("the client is there");
    };
    disable(true).await;
    assert_eq!(visitor.get(url_of(&link)).await.status, 404);
    disable(false).await;
    let revoked = vault
        .revoke_client_tokens(Actor::CommandLine, tenant, client, None)
        .await;
    revoked.expect("the client is there");
    assert_eq!(visitor.get(url_of(&link)).await.status, 404);
}

async fn a_link_ends_with_the_right_of_its_client_to_reconnect(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let tenant = stage.tenant.id.parse().expect("an id");
    let client = stage.tenant.client_id.parse().expect("an id");
    let (link, visitor) = (stage.link().await, Visitor::new());
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    let preview = visitor.settle(&step).await;
    let change = ClientChange {
        scopes: Some([Permission::AssetsRead].into_iter().collect()),
        ..ClientChange::default()
    };
    let vault = &stage.harness.vault;
    let changed = vault
        .change_client(Actor::CommandLine, tenant, client, change)
        .await;
    changed.expect("the client is there");
    let confirm = visitor
        .request(Method::POST, &step)
        .form(&preview.form("confirm"));
    assert_eq!(visitor.send(confirm).await.status, 404);
    assert_eq!(visitor.get(&step).await.status, 404);
    assert_eq!(visitor.get(url_of(&link)).await.status, 404);
}

async fn a_browser_has_no_part_in_another_browsers_link(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, mine, theirs) = (stage.link().await, Visitor::new(), Visitor::new());
    let step = mine.log_in(url_of(&link), Fleet::PERSON).await;
    let preview = mine.settle(&step).await;
    let own_form = theirs.get(url_of(&stage.link().await)).await.form("log_in");
    let refused = theirs.get(&step).await;
    assert_eq!(refused.status, 404);
    let nameless = Visitor::new().get(&step).await;
    assert_eq!(nameless.bytes(), refused.bytes());
    let mut form = preview.form("confirm");
    form[0] = own_form[0].clone();
    let request = theirs.request(Method::POST, &step).form(&form);
    let confirmed = theirs.send(request).await;
    assert_eq!(confirmed.bytes(), refused.bytes());
}

async fn a_consent_that_lost_the_race_for_a_link_is_not_kept(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let link = stage.link().await;
    let (one, other) = (Visitor::new(), Visitor::new());
    let back = async |visitor: &Visitor| {
        let dialog = visitor.go_to_dialog(url_of(&link)).await;
        let act = [("act", "continue")];
        visitor.decide(&dialog, Fleet::PERSON, &act).await
    };
    let (first, second) = (back(&one).await, back(&other).await);
    // Both are at Meta's exchange before one of them gets the link.
    stage.harness.sandbox.latency(1_000).await;
    let (first, second) = tokio::join!(one.get(&first), other.get(&second));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403]);
    let calls = stage.harness.sandbox.calls().await;
    assert_eq!(calls["code_exchanges"], 2, "{calls}");
    let count = "SELECT count(*) FROM consents";
    assert_eq!(stage.harness.database.count_as_superuser(count).await, 1);
}

async fn every_page_forbids_frames_and_scripts_and_is_not_stored(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let first = visitor.get(url_of(&link)).await;
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    let dead = visitor
        .get(&format!("{}/connect/x", stage.harness.api))
        .await;
    for page in [&first, &visitor.settle(&step).await, &dead] {
        check_headers(page);
    }
    let dialog = format!("form-action 'self' {};", stage.harness.sandbox.url);
    assert!(first.headers.contains(&dialog), "{}", first.headers);
}

fn check_headers(page: &Seen) {
    for part in [
        "default-src 'none'; style-src 'self'; form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "\"referrer-policy\": \"no-referrer\"",
        "\"cache-control\": \"no-store\"",
    ] {
        assert!(page.headers.contains(part), "{part}: {}", page.headers);
    }
    assert!(!page.headers.contains("cross-origin-opener-policy"));
    assert!(!page.html.contains("<script") && !page.html.contains(" style="));
}
