//! `/dialog/oauth`: who is logged in, the picker, and the way back to the app.

use regrant_sandbox::World;
use reqwest::{Client, Response, redirect::Policy};
use url::Url;

use crate::bench::{AD_ACCOUNT, APP, Bench, PAGE, PERSON};

const BACK: &str = "https://app.example/back?kept=1";

struct Dialog {
    bench: Bench,
    http: Client,
}

impl Dialog {
    async fn open() -> Self {
        Self::open_in(World::demo()).await
    }

    async fn open_in(world: World) -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none());
        Self {
            bench: Bench::start_with(world).await,
            http: http.build().unwrap(),
        }
    }

    fn url(&self, path: &str, fields: &[(&str, &str)]) -> Url {
        let mut url = Url::parse(&self.bench.sandbox.url()).unwrap();
        url.set_path(path);
        url.query_pairs_mut().extend_pairs([
            ("client_id", APP.0),
            ("redirect_uri", BACK),
            ("state", "a b&c"),
        ]);
        url.query_pairs_mut().extend_pairs(fields);
        url
    }

    async fn get(&self, fields: &[(&str, &str)]) -> Response {
        let url = self.url("/v26.0/dialog/oauth", fields);
        self.http.get(url).send().await.unwrap()
    }

    async fn page(&self, fields: &[(&str, &str)]) -> String {
        let answer = self.get(fields).await;
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    /// The fields of the address that the dialog leads back to.
    async fn answer(&self, fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let answer = self.get(fields).await;
        assert_eq!(answer.status(), 302);
        let location = answer.headers()["location"].to_str().unwrap();
        let url = Url::parse(location).unwrap();
        assert!(location.starts_with(BACK) && url.fragment() == Some("_=_"));
        url.query_pairs().into_owned().collect()
    }
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(have, _)| have == name);
    found.map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn a_person_who_continues_gets_back_with_a_code_and_the_state() {
    let dialog = Dialog::open().await;
    let fields = dialog
        .answer(&[("person", PERSON), ("act", "continue")])
        .await;
    assert_eq!(field(&fields, "state"), Some("a b&c"));
    assert!(field(&fields, "code").is_some_and(|code| code.len() >= 32));
    assert!(field(&fields, "error").is_none());
}

#[tokio::test]
async fn a_person_who_cancels_gets_back_without_a_code() {
    let dialog = Dialog::open().await;
    let fields = dialog.answer(&[("act", "cancel")]).await;
    assert_eq!(field(&fields, "error"), Some("access_denied"));
    assert_eq!(field(&fields, "error_reason"), Some("user_denied"));
    assert_eq!(field(&fields, "state"), Some("a b&c"));
    assert!(field(&fields, "code").is_none());
}

#[tokio::test]
async fn the_dialog_asks_who_is_logged_in_and_then_shows_the_assets_of_that_person() {
    let dialog = Dialog::open().await;
    let persons = dialog.page(&[]).await;
    assert!(persons.contains("Person Nine") && !persons.contains(PAGE));
    let picker = dialog.page(&[("person", PERSON)]).await;
    assert!(picker.contains("Business One") && picker.contains(PAGE));
    assert!(!picker.contains("Business Nine"));
    let nothing = dialog.page(&[("person", "100000000000002")]).await;
    assert!(nothing.contains("reaches no assets"));
}

#[tokio::test]
async fn continue_keeps_the_earlier_choice_and_a_new_request_shows_the_picker_with_it() {
    let dialog = Dialog::open().await;
    let ticked = [
        ("person", PERSON),
        ("act", "choose"),
        ("asset", PAGE),
        ("permission", "ads_read"),
    ];
    dialog.answer(&ticked).await;
    let page = dialog.page(&[("person", PERSON)]).await;
    assert!(page.contains("1 assets") && page.contains("Continue as") && !page.contains(PAGE));
    let again = dialog
        .page(&[("person", PERSON), ("auth_type", "rerequest")])
        .await;
    assert!(again.contains(&format!("value=\"{PAGE}\" checked")));
    assert!(again.contains(&format!("value=\"{AD_ACCOUNT}\">")));
}

#[tokio::test]
async fn the_dialog_has_no_way_back_for_an_unknown_app_or_an_address_that_is_not_listed() {
    let world = "{apps: [{id: \"400100200300499\", secret: s, name: A, redirect_uris: [\"https://app.example/other\"]}]}";
    for (world, fields) in [
        (World::demo(), [("client_id", "7"), ("act", "cancel")]),
        (
            World::from_yaml(world).unwrap(),
            [("act", "cancel"), ("person", "")],
        ),
    ] {
        let dialog = Dialog::open_in(world).await;
        let mut url = dialog.url("/dialog/oauth", &fields);
        if fields[0].0 == "client_id" {
            url.set_query(Some(
                "client_id=7&redirect_uri=https://app.example/&act=cancel",
            ));
        }
        let answer = dialog.http.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        assert!(answer.headers().get("location").is_none());
    }
}

#[tokio::test]
async fn an_asset_that_the_person_does_not_reach_cannot_be_ticked() {
    let dialog = Dialog::open().await;
    let answer = dialog
        .get(&[
            ("person", PERSON),
            ("act", "choose"),
            ("asset", "300000000090001"),
        ])
        .await;
    assert_eq!(answer.status(), 400);
}
