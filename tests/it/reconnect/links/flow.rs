//! The hosted pages over HTTP, from the link to the outcome.

use regrant_testdb::TestDatabase;
use serde_json::json;

use super::{
    SCOPES, Stage, TENANT, url_of,
    visitor::{Visitor, base_of},
};
use crate::harness::{Fleet, on_both};

on_both!(
    a_person_reconnects_every_asset_on_the_hosted_pages,
    a_scanner_that_opens_and_submits_everything_uses_nothing_up,
    a_wrong_person_changes_nothing_and_the_link_stays_usable,
    what_was_not_ticked_keeps_working_and_is_chosen_again,
    a_page_says_that_other_assets_may_stop_and_names_none,
    an_undo_says_what_it_left_as_it_was,
    a_cancelled_log_in_leaves_the_link_open,
    a_double_click_starts_one_reconnect,
    a_preview_that_does_not_hold_is_shown_again,
    a_session_that_is_over_asks_for_a_log_in_and_loses_nothing,
    the_address_for_metas_own_surfaces_leads_to_the_providers_page,
);

async fn a_person_reconnects_every_asset_on_the_hosted_pages(database: TestDatabase) {
    let stage = Stage::on(database).await;
    stage
        .harness
        .list_origin(TENANT, "https://app.example.com")
        .await;
    let link = stage
        .link_with(json!({ "return_url": "https://app.example.com/done" }))
        .await;
    let (visitor, before) = (Visitor::new(), stage.served().await);
    let first = visitor.get(url_of(&link)).await;
    assert_eq!(first.title(), "Reconnect your assets");
    for said in ["Acme &amp; &lt;Sons&gt;", Fleet::PERSON, "works until"] {
        assert!(first.html.contains(said), "{said}: {}", first.html);
    }
    for id in stage.fleet.ids() {
        assert!(first.html.contains(&id), "{id}");
    }
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    let preview = visitor.settle(&step).await;
    assert_eq!(preview.title(), "What will change", "{}", preview.html);
    assert_eq!(stage.served().await, before, "nothing changed yet");
    let confirmed = visitor.press(&step, &preview, "confirm").await;
    assert_eq!(confirmed.status, 303, "{}", confirmed.html);
    let summary = visitor.settle(&step).await;
    assert_eq!(
        summary.title(),
        "Everything is reconnected",
        "{}",
        summary.html
    );
    assert!(
        summary
            .html
            .contains("href=\"https://app.example.com/done\"")
    );
    let after = stage.served().await;
    assert!(before.iter().zip(&after).all(|(old, new)| old != new));
    assert_eq!(stage.status_of(&link).await, "used");
    let calls = stage.harness.sandbox.calls().await;
    assert_eq!(calls["code_exchanges"], 1, "{calls}");
    let audit = stage
        .tenant
        .get("/v1/audit-events?limit=200")
        .await
        .to_string();
    for event in [
        "reconnect_link.returned",
        "consent.given",
        "reconnect_link.used",
    ] {
        assert_eq!(audit.matches(event).count(), 1, "{event}");
    }
    visitor.press(&step, &summary, "undo").await;
    let undone = visitor.settle(&step).await;
    assert_eq!(
        undone.title(),
        "The reconnect was undone",
        "{}",
        undone.html
    );
    assert!(undone.html.contains("The earlier access works again."));
    assert!(!undone.html.contains("These work with the new log-in."));
    assert_eq!(
        stage.served().await,
        before,
        "the tokens from before serve again"
    );
    let second = Visitor::new().get(url_of(&link)).await;
    assert_eq!((second.status, second.title()), (410, "This link was used"));
    let by = format!("It was used by Person ({}) at ", Fleet::PERSON);
    assert!(second.html.contains(&by), "{}", second.html);
}

async fn a_scanner_that_opens_and_submits_everything_uses_nothing_up(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let link = stage.link().await;
    let (with_cookies, url) = (Visitor::new(), url_of(&link));
    for _ in 0..5 {
        let without = Visitor::new();
        assert_eq!(without.head(url).await.status, 200);
        let page = without.get(url).await;
        let blind = Visitor::new().press(url, &page, "log_in").await;
        assert_eq!(blind.status, 403, "a form without its cookie");
        assert_eq!(with_cookies.head(url).await.status, 200);
        let page = with_cookies.get(url).await;
        assert_eq!(with_cookies.press(url, &page, "log_in").await.status, 303);
    }
    assert_eq!(stage.status_of(&link).await, "open");
    let person = Visitor::new();
    let step = person.log_in(url, Fleet::PERSON).await;
    assert_eq!(person.settle(&step).await.title(), "What will change");
}

async fn a_wrong_person_changes_nothing_and_the_link_stays_usable(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let (assets, reconnects) = (stage.served().await, stage.reconnects().await.len());
    let step = visitor.log_in(url_of(&link), Fleet::STRANGER).await;
    let page = visitor.get(&step).await;
    for named in ["Stranger", Fleet::STRANGER, "Person", Fleet::PERSON] {
        assert!(page.html.contains(named), "{named}: {}", page.html);
    }
    assert_eq!(stage.served().await, assets);
    assert_eq!(stage.reconnects().await.len(), reconnects);
    assert_eq!(stage.status_of(&link).await, "open");
    let other = Visitor::new();
    let step = other.log_in(url_of(&link), Fleet::PERSON).await;
    assert_eq!(other.settle(&step).await.title(), "What will change");
}

async fn what_was_not_ticked_keeps_working_and_is_chosen_again(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let (ids, before) = (stage.fleet.ids(), stage.served().await);
    let dialog = visitor.go_to_dialog(url_of(&link)).await;
    let mut choice = vec![("act", "choose")];
    choice.extend(ids[1..].iter().map(|it| ("asset", it.as_str())));
    choice.extend(SCOPES.split_whitespace().map(|it| ("permission", it)));
    let back = visitor.decide(&dialog, Fleet::PERSON, &choice).await;
    let step = visitor.get(&back).await.location.expect("the next step");
    let step = format!("{}{step}", base_of(url_of(&link)));
    let preview = visitor.settle(&step).await;
    let missed = preview.html.split("Not covered by this log-in").nth(1);
    let missed = missed.and_then(|it| it.split("</section>").next());
    let missed = missed.unwrap_or_else(|| panic!("{}", preview.html));
    assert!(
        missed.contains(&ids[0]) && !missed.contains(&ids[1]),
        "{missed}"
    );
    let again = visitor.press(&step, &preview, "choose_again").await;
    let dialog = again.location.expect("the dialog");
    assert!(dialog.contains("auth_type=rerequest"));
    let back = visitor.decide(&dialog, Fleet::PERSON, &choice).await;
    visitor.get(&back).await;
    let preview = visitor.settle(&step).await;
    visitor.press(&step, &preview, "confirm").await;
    let summary = visitor.settle(&step).await;
    assert_ne!(summary.title(), "Everything is reconnected");
    let after = stage.served().await;
    assert_eq!(after[0], before[0], "what was not ticked keeps its token");
    assert!(
        before
            .iter()
            .zip(&after)
            .skip(1)
            .all(|(old, new)| old != new)
    );
}

async fn a_page_says_that_other_assets_may_stop_and_names_none(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let said = "More assets than those listed may lose access.";
    // What serves has the permissions of the app, as every log-in by a link.
    let (whole, first) = (stage.link().await, Visitor::new());
    let step = first.log_in(url_of(&whole), Fleet::PERSON).await;
    let preview = first.settle(&step).await;
    first.press(&step, &preview, "confirm").await;
    first.settle(&step).await;
    for (act, warns) in [("continue", false), ("choose", true)] {
        let link = stage.link_with(json!({ "asset_ids": ids[..2] })).await;
        let visitor = Visitor::new();
        let dialog = visitor.go_to_dialog(url_of(&link)).await;
        let mut choice = vec![("act", act)];
        if warns {
            choice.extend(ids[..2].iter().map(|it| ("asset", it.as_str())));
            choice.extend(SCOPES.split_whitespace().map(|it| ("permission", it)));
        }
        let back = visitor.decide(&dialog, Fleet::PERSON, &choice).await;
        let step = visitor.get(&back).await.location.expect("the next step");
        let step = format!("{}{step}", base_of(url_of(&link)));
        let preview = visitor.settle(&step).await;
        assert_eq!(preview.title(), "What will change", "{}", preview.html);
        assert_eq!(preview.html.contains(said), warns, "{}", preview.html);
        for hidden in &ids[2..] {
            assert!(!preview.html.contains(hidden.as_str()), "{hidden}");
        }
    }
}

async fn an_undo_says_what_it_left_as_it_was(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let titles = [
        (1, "The reconnect was partly undone"),
        (ids.len(), "Nothing was changed"),
    ];
    for (newer, title) in titles {
        let (link, visitor) = (stage.link().await, Visitor::new());
        let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
        let preview = visitor.settle(&step).await;
        visitor.press(&step, &preview, "confirm").await;
        let summary = visitor.settle(&step).await;
        let token = stage.harness.sandbox.token(Fleet::PERSON).await;
        stage.tenant.reconnect(&token, &ids[..newer]).await;
        visitor.press(&step, &summary, "undo").await;
        let undone = visitor.settle(&step).await;
        assert_eq!(undone.title(), title, "{}", undone.html);
        let kept = undone.html.split("Not undone").nth(1);
        let kept = kept.and_then(|it| it.split("</section>").next());
        let kept = kept.unwrap_or_else(|| panic!("{}", undone.html));
        let named = ids.iter().filter(|it| kept.contains(it.as_str()));
        assert_eq!(named.count(), newer, "{kept}");
        assert!(kept.contains("class=\"reason\""), "it says why: {kept}");
        assert!(!undone.html.contains("These work with the new log-in."));
    }
}

async fn a_cancelled_log_in_leaves_the_link_open(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let dialog = visitor.go_to_dialog(url_of(&link)).await;
    let back = visitor
        .decide(&dialog, Fleet::PERSON, &[("act", "cancel")])
        .await;
    let step = visitor.get(&back).await.location.expect("the next step");
    let page = visitor
        .get(&format!("{}{step}", base_of(url_of(&link))))
        .await;
    assert!(
        page.html.contains("You cancelled at Meta."),
        "{}",
        page.html
    );
    assert_eq!(stage.status_of(&link).await, "open");
}

async fn a_double_click_starts_one_reconnect(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let before = stage.reconnects().await.len();
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    let preview = visitor.settle(&step).await;
    let clicks = (0..5).map(|_| visitor.press(&step, &preview, "confirm"));
    for click in futures_util::future::join_all(clicks).await {
        assert_eq!(click.status, 303, "{}", click.html);
    }
    visitor.settle(&step).await;
    assert_eq!(stage.reconnects().await.len(), before + 1);
}

async fn a_preview_that_does_not_hold_is_shown_again(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    let preview = visitor.settle(&step).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    stage
        .tenant
        .reconnect(&token, &stage.fleet.ids()[..1])
        .await;
    let reconnects = stage.reconnects().await.len();
    let confirmed = visitor.press(&step, &preview, "confirm").await;
    let location = confirmed.location.expect("the preview again");
    assert!(location.ends_with("?changed=1"), "{location}");
    assert_eq!(
        stage.reconnects().await.len(),
        reconnects,
        "nothing started"
    );
    let again = visitor.settle(&format!("{step}?changed=1")).await;
    assert!(
        again
            .html
            .contains("Something changed since the last check")
    );
    visitor.press(&step, &again, "confirm").await;
    visitor.settle(&step).await;
    assert_eq!(stage.reconnects().await.len(), reconnects + 1);
}

async fn a_session_that_is_over_asks_for_a_log_in_and_loses_nothing(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (link, visitor) = (stage.link().await, Visitor::new());
    let step = visitor.log_in(url_of(&link), Fleet::PERSON).await;
    visitor.settle(&step).await;
    stage
        .harness
        .clock
        .advance_by(chrono::Duration::minutes(61));
    let page = visitor.settle(&step).await;
    assert!(page.html.contains("Your log-in is over"), "{}", page.html);
    let again = visitor.press(&step, &page, "log_in").await;
    let dialog = again.location.expect("the dialog");
    let act = [("act", "continue")];
    let back = visitor.decide(&dialog, Fleet::PERSON, &act).await;
    visitor.get(&back).await;
    assert_eq!(visitor.settle(&step).await.title(), "What will change");
}

async fn the_address_for_metas_own_surfaces_leads_to_the_providers_page(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let visitor = Visitor::new();
    let open = async |app: &str| {
        let url = format!("{}/connect?app={app}", stage.harness.api);
        visitor.get(&url).await
    };
    let led = open(crate::harness::APP).await;
    assert_eq!(led.status, 303);
    assert_eq!(
        led.location.as_deref(),
        Some("https://provider.example/start")
    );
    let none = open(crate::harness::OTHER_APP).await;
    assert_eq!((none.status, none.title()), (404, "There is nothing here"));
    for app in ["", "7", "act_1", "%00"] {
        assert_eq!(open(app).await.bytes(), none.bytes(), "{app}");
    }
}
