//! Several tabs of one browser: each shows the step that is stored.

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use serde_json::json;

use super::{
    SCOPES, Stage, url_of,
    visitor::{Seen, Visitor, base_of},
};
use crate::harness::{Fleet, on_both};

on_both!(
    a_consent_has_one_preview_in_every_tab,
    tabs_that_confirm_at_once_reach_the_same_outcome,
    a_page_that_waits_loads_its_address_without_a_fragment,
    what_was_left_out_is_named_with_its_cause_and_its_use,
    a_declined_permission_is_named,
    a_window_of_a_page_leads_back_to_it_and_confirms_nothing,
    a_window_of_a_page_says_that_another_log_in_came_to_nothing,
);

async fn a_consent_has_one_preview_in_every_tab(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    join_all((0..5).map(|_| visitor.get(&step))).await;
    let preview = visitor.settle(&step).await;
    assert_eq!(preview.title(), "What will change", "{}", preview.html);
    let count = "SELECT count(*) FROM previews";
    assert_eq!(stage.harness.database.count_as_superuser(count).await, 1);
    let page = "SELECT count(*) FROM previews WHERE page_consent IS NOT NULL";
    assert_eq!(stage.harness.database.count_as_superuser(page).await, 1);
    let plan = plan_of(&preview);
    assert_eq!(plan_of(&visitor.settle(&step).await), plan);
    // Plans of the same second are the same.
    stage.harness.clock.advance_by(chrono::Duration::seconds(2));
    visitor.press(&step, &preview, "check_again").await;
    assert_ne!(
        plan_of(&visitor.settle(&step).await),
        plan,
        "Graph is asked again"
    );
    assert_eq!(stage.harness.database.count_as_superuser(count).await, 1);
}

async fn tabs_that_confirm_at_once_reach_the_same_outcome(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    let preview = visitor.settle(&step).await;
    stage.harness.sandbox.latency(500).await;
    let confirm = async || {
        let sent = visitor.press(&step, &preview, "confirm").await;
        let path = sent.location.expect("the next step");
        assert!(!path.contains("changed"), "{path}");
        let url = format!("{}{path}", base_of(url_of(&link)));
        visitor.settle(&url).await
    };
    let (one, other) = tokio::join!(confirm(), confirm());
    for tab in [one, other] {
        assert_eq!(tab.title(), "Everything is reconnected", "{}", tab.html);
    }
}

async fn a_page_that_waits_loads_its_address_without_a_fragment(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let slow = json!({ "match": { "batch_item": true }, "effect": { "latency_ms": 4_000 } });
    stage.harness.sandbox.fault(slow).await;
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    let base = base_of(url_of(&link));
    let path = step.strip_prefix(base.as_str()).expect("a path");
    // Meta's return ends with `#_=_`; a browser does not load an address with a fragment again by itself.
    let (path, fragment) = path.split_once('#').unwrap_or((path, ""));
    assert_eq!(fragment, "", "our answers name none");
    let refresh = |address: &str| format!("http-equiv=\"refresh\" content=\"2; url={address}\"");
    let waiting = visitor.get(&step).await;
    assert!(waiting.html.contains(&refresh(path)), "{}", waiting.html);
    let changed = visitor.get(&format!("{step}?changed=1")).await;
    let with_query = refresh(&format!("{path}?changed=1"));
    assert!(changed.html.contains(&with_query), "{}", changed.html);
    visitor.settle(&step).await;
}

async fn what_was_left_out_is_named_with_its_cause_and_its_use(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor, ids) = (stage.link().await, Visitor::new(), stage.fleet.ids());
    let assets = stage.fleet.assets();
    let page = assets
        .iter()
        .find(|it| it["kind"] == "page")
        .expect("a page");
    let page = page["id"].as_str().expect("an id").to_owned();
    stage.tenant.tokens(std::slice::from_ref(&page)).await;
    let mut choice = vec![("act", "choose")];
    let ticked = ids.iter().filter(|it| **it != page);
    choice.extend(ticked.map(|it| ("asset", it.as_str())));
    choice.extend(SCOPES.split_whitespace().map(|it| ("permission", it)));
    let preview = log_in_with(&visitor, url_of(&link), &choice).await;
    for said in [
        "You left out 1 that worked before; in use: 1.",
        "Not ticked at Meta.",
        "In use.",
    ] {
        assert!(preview.html.contains(said), "{said}: {}", preview.html);
    }
}

async fn a_declined_permission_is_named(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor, ids) = (stage.link().await, Visitor::new(), stage.fleet.ids());
    let before = stage.served().await;
    let mut choice = vec![("act", "choose")];
    choice.extend(ids.iter().map(|it| ("asset", it.as_str())));
    let granted = SCOPES
        .split_whitespace()
        .filter(|it| !it.starts_with("ads_"));
    choice.extend(granted.map(|it| ("permission", it)));
    let preview = log_in_with(&visitor, url_of(&link), &choice).await;
    let said = "You declined these permissions: ads_management, ads_read.";
    assert!(preview.html.contains(said), "{}", preview.html);
    assert!(preview.html.contains("A permission for it was declined."));
    assert_eq!(stage.served().await, before, "nothing changed");
}

/// Decides so in the dialog; the preview that follows.
async fn log_in_with(visitor: &Visitor, link: &str, choice: &[(&str, &str)]) -> Seen {
    let dialog = visitor.go_to_dialog(link).await;
    let back = visitor.decide(&dialog, Fleet::PERSON, choice).await;
    let step = visitor.get(&back).await.location.expect("the next step");
    visitor.settle(&format!("{}{step}", base_of(link))).await
}

fn plan_of(page: &Seen) -> String {
    let fields = page.form("confirm").into_iter();
    let plan = fields
        .filter(|(name, _)| name == "plan")
        .map(|it| it.1)
        .next();
    plan.expect("a plan")
}

async fn a_window_of_a_page_leads_back_to_it_and_confirms_nothing(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let link = stage.link().await;
    let (visitor, window) = (Visitor::new(), format!("{}?from=page", url_of(&link)));
    let step = visitor.log_in(&window, Fleet::PERSON).await;
    assert!(step.ends_with("?from=page"), "{step}");
    let end = visitor.settle(&step).await;
    assert_eq!(end.title(), "You are logged in", "{}", end.html);
    assert!(!end.html.contains("<form"), "{}", end.html);
    let opened_again = visitor.get(&window).await;
    assert_eq!(opened_again.status, 303);
    let again = visitor
        .get(&format!("{}?from=page_again", url_of(&link)))
        .await;
    let again = format!(
        "{}{}",
        base_of(url_of(&link)),
        again.location.expect("the step")
    );
    let again = visitor.get(&again).await;
    let form = again.form("choose_again");
    let stays = ("from".to_owned(), "page".to_owned());
    assert!(form.contains(&stays), "it leads back to the page: {form:?}");
    let (path, _) = step.split_once('?').expect("a query");
    let here = visitor.settle(path).await;
    assert_eq!(here.title(), "What will change", "it can be continued here");
    visitor.press(path, &here, "confirm").await;
    visitor.settle(path).await;
    let next = visitor.settle(&step).await;
    assert!(
        next.html.contains("value=\"log_in\""),
        "another log-in: {}",
        next.html
    );
}

async fn a_window_of_a_page_says_that_another_log_in_came_to_nothing(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let decisions = [
        (Fleet::STRANGER, "continue", "You logged in as"),
        (Fleet::PERSON, "cancel", "You cancelled at Meta."),
    ];
    for (person, act, said) in decisions {
        let link = stage.link().await;
        let (visitor, base) = (Visitor::new(), base_of(url_of(&link)));
        let window = format!("{}?from=page", url_of(&link));
        let step = visitor.log_in(&window, Fleet::PERSON).await;
        assert_eq!(visitor.settle(&step).await.title(), "You are logged in");
        let again = format!("{step}_again");
        let page = visitor.get(&again).await;
        let dialog = visitor.press(&again, &page, "choose_again").await;
        let dialog = dialog.location.expect("the dialog");
        let back = visitor.decide(&dialog, person, &[("act", act)]).await;
        let path = visitor.get(&back).await.location.expect("the next step");
        assert!(path.ends_with("?from=page"), "{path}");
        let page = visitor.settle(&format!("{base}{path}")).await;
        assert_ne!(page.title(), "You are logged in", "{}", page.html);
        assert!(page.html.contains(said), "{said}: {}", page.html);
        let form = page.form("choose_again");
        assert!(form.contains(&("from".to_owned(), "page".to_owned())));
    }
}
