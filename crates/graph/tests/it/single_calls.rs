//! Single calls: what counts as a response of Graph, and what a proxy in between may have written.

use regrant_domain::{AssetKind, AuthorizationCode, CredentialKind, Refusal, RefusalKind};
use regrant_graph::{Client, CodeExchangeError, Edge, EdgeOwner, EdgePage};
use serde_json::{Value, json};

use crate::{
    bench::{TOKEN, app, client, person, token},
    stub::{Reply, Stub},
};

async fn stub_with(status: u16, body: Value) -> Stub {
    Stub::start(move |_, _| Reply {
        status,
        ..Reply::json(&body)
    })
    .await
}

async fn list_pages(client: &Client) -> Result<EdgePage, Refusal> {
    let pages = Edge {
        kind: AssetKind::Page,
        of: EdgeOwner::Me,
    };
    let token = token(TOKEN);
    client
        .read_edge(
            &app(),
            (&token, CredentialKind::User),
            &person("7"),
            &pages,
            None,
        )
        .await
}

#[tokio::test]
async fn a_response_outside_of_2xx_without_an_error_is_an_outage() {
    for (status, body) in [
        (502, json!({})),
        (503, json!({"message": "no healthy upstream"})),
        (404, json!({"data": []})),
        (302, json!({"data": [], "access_token": "EAABlonger"})),
    ] {
        let stub = stub_with(status, body).await;
        let client = client(&stub.url);
        let listed = list_pages(&client).await.unwrap_err();
        assert_eq!(listed.kind, RefusalKind::Unavailable, "{status}");
        assert_eq!(stub.calls().len(), 4, "{status}: it is asked again");
        let verified = client.verify_app(&app()).await.unwrap_err();
        assert_eq!(verified.kind, RefusalKind::Unavailable, "{status}");
        let code = AuthorizationCode::parse("AQBcode".to_owned()).unwrap();
        let exchanged = client.exchange_code(&app(), &code, None).await;
        let is_unknown = matches!(exchanged, Err(CodeExchangeError::Unknown(_)));
        assert!(is_unknown, "{status}: {exchanged:?}");
    }
}

#[tokio::test]
async fn a_response_without_a_list_is_not_a_list_read_to_its_end() {
    for body in [json!({}), json!({"data": null}), json!({"success": true})] {
        let stub = stub_with(200, body.clone()).await;
        let listed = list_pages(&client(&stub.url)).await;
        let is_outage = listed
            .as_ref()
            .is_err_and(|it| it.kind == RefusalKind::Unavailable);
        assert!(is_outage, "{body}: {listed:?}");
    }
    let stub = stub_with(200, json!({"data": []})).await;
    let page = list_pages(&client(&stub.url)).await.unwrap();
    assert_eq!((page.assets.len(), page.after), (0, None));
}
