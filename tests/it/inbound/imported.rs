//! Imported page tokens: notices reach them before anything was probed (cases 1 and 2 of the field).

use regrant_vault::{AccessAtMeta, Actor};
use serde_json::{Value, json};

use super::{Scene, each_database, migration, page_token, probe, signed_request, status_of};
use crate::harness::{APP, Fleet, SECRET, Tenant};

/// A tenant that imports the page token of the scene's person, and the id of the page.
pub(super) async fn import_page_token(scene: &Scene) -> (Tenant, String) {
    let importer = scene.harness.tenant("Importer").await;
    let page = scene.ids[1].clone();
    let short = json!({ "person": Fleet::PERSON, "app": APP, "short_lived": true });
    let user_token = scene.harness.sandbox.token_of(short).await;
    let token = page_token(&scene.harness, &user_token, &page).await;
    let asset = json!({ "id": page, "kind": "page", "token": token });
    importer.register(&[asset]).await;
    (importer, page)
}

async fn served(tenant: &Tenant, page: &str) -> u16 {
    tenant.status(&format!("/v1/assets/{page}/token")).await
}

fn impact() -> String {
    format!("/v1/persons/{}/impact", Fleet::PERSON)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_reaches_an_imported_page_token_that_was_never_probed() {
    each_database(async |scene| {
        let (importer, page) = import_page_token(&scene).await;
        assert_eq!(importer.status(&impact()).await, 404);
        let url = scene.request_deletion().await;
        assert_eq!(status_of(&url).await, "Received");
        // The importer's is applied again once the token's owner is found.
        assert_eq!(scene.receive().await, 4);
        assert_eq!(status_of(&url).await, "Completed");
        assert_eq!(served(&importer, &page).await, 409);
        let asset = importer.get(&format!("/v1/assets/{page}")).await;
        assert_eq!(
            (
                &asset["state"],
                &asset["reason"]["code"],
                &asset["slots"]["active"]
            ),
            (&json!("disconnected"), &json!("revoked"), &Value::Null)
        );
        let kept = "SELECT count(*) FROM credentials c JOIN tenants t ON t.id = c.tenant_id
                    WHERE t.name = 'Importer'";
        assert_eq!(scene.harness.database.count_as_superuser(kept).await, 0);
        let sealed = "SELECT count(*) FROM grants g JOIN tenants t ON t.id = g.tenant_id
                      WHERE t.name = 'Importer' AND g.sealed IS NOT NULL";
        assert_eq!(scene.harness.database.count_as_superuser(sealed).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deauthorisation_reaches_an_imported_page_token_that_was_never_probed() {
    each_database(async |scene| {
        let (importer, page) = import_page_token(&scene).await;
        let request = signed_request(SECRET, &scene.said(0));
        let path = format!("/meta/deauthorize/{APP}");
        assert_eq!(scene.callback(&path, &request).await.0, 200);
        assert_eq!(scene.receive().await, 4);
        let asset = importer.get(&format!("/v1/assets/{page}")).await;
        assert_eq!(
            (&asset["state"], &asset["reason"]["code"], &asset["who"]),
            (&json!("disconnected"), &json!("revoked"), &json!("person"))
        );
        assert_eq!(served(&importer, &page).await, 409);
        assert_eq!(
            importer.status(&impact()).await,
            200,
            "the person is known now"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_notice_reaches_an_imported_page_token_that_was_never_probed() {
    each_database(async |scene| {
        let (importer, page) = import_page_token(&scene).await;
        let announced = migration(Fleet::PERSON, scene.now(), "2030-01-01T00:00:00Z");
        scene.send_notice(&announced).await;
        assert_eq!(scene.receive().await, 3);
        let asset = importer.get(&format!("/v1/assets/{page}")).await;
        assert_eq!(asset["cut_off"], "2030-01-01T00:00:00Z");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_and_the_end_of_an_imported_page_token_are_known_after_one_probe() {
    each_database(async |scene| {
        let (importer, page) = import_page_token(&scene).await;
        probe(&scene.harness).await;
        let asset = importer.get(&format!("/v1/assets/{page}")).await;
        assert_eq!(
            (&asset["person_id"], &asset["state"]),
            (&json!(Fleet::PERSON), &json!("expiring"))
        );
        assert_ne!(asset["ending"], Value::Null);
        assert_eq!(importer.status(&impact()).await, 200);
        let forecast = format!("/v1/forecast?what_if_person_leaves={}", Fleet::PERSON);
        let forecast = importer.get(&forecast).await;
        assert!(forecast.to_string().contains(&page), "{forecast}");
    })
    .await;
}

/// The tokens of a tenant whose keys were destroyed cannot be opened, so they have no owner.
#[tokio::test(flavor = "multi_thread")]
async fn a_shredded_tenant_with_a_token_that_was_never_probed_keeps_no_notice_open() {
    each_database(async |scene| {
        let (importer, _) = import_page_token(&scene).await;
        let id = importer.id.parse().expect("an id");
        let vault = &scene.harness.vault;
        let suspended = vault.suspend_tenant(Actor::CommandLine, id, None).await;
        suspended.expect("it is suspended");
        let by = Actor::CommandLine;
        let shredded = vault
            .shred_tenant(by, id, &importer.id, AccessAtMeta::Keep, None)
            .await;
        shredded.expect("its keys are destroyed");
        let url = scene.request_deletion().await;
        scene.receive().await;
        assert_eq!(status_of(&url).await, "Completed");
    })
    .await;
}
