use super::*;

fn page(kind: AssetKind, json: &str) -> Result<EdgePage, Refusal> {
    serde_json::from_str::<EdgeResponse>(json)
        .unwrap()
        .into_page(kind)
}

#[test]
fn a_list_ends_only_without_a_next_page() {
    let next = |paging: &str| {
        page(
            AssetKind::Page,
            &format!(r#"{{"data":[],"paging":{paging}}}"#),
        )
        .unwrap()
        .after
    };
    let cursors = r#"{"cursors":{"before":"B","after":"A"},"next":"https://x/?access_token=E"}"#;
    assert_eq!(
        next(cursors).as_deref(),
        Some("A"),
        "empty with a next page"
    );
    assert_eq!(next(r#"{"cursors":{"after":"A"}}"#), None);
    let in_address = r#"{"next":"https://x/me/accounts?limit=1&access_token=E&after=A%3D"}"#;
    assert_eq!(next(in_address).as_deref(), Some("A="));
    assert!(
        page(
            AssetKind::Page,
            r#"{"data":[],"paging":{"next":"https://x/"}}"#
        )
        .is_err()
    );
}

#[test]
fn a_next_page_in_another_form_is_no_end_of_the_list() {
    for (paging, after) in [
        (r#"{"cursors":{"after":"A"},"next":{}}"#, Some("A")),
        (r#"{"cursors":7,"next":"https://x/?after=A"}"#, Some("A")),
        (r#"{"cursors":7}"#, None),
        ("[]", None),
    ] {
        let json = format!(r#"{{"data":[],"paging":{paging}}}"#);
        let page = page(AssetKind::Page, &json).unwrap();
        assert_eq!(page.after.as_deref(), after, "{paging}");
    }
    let unknown = page(AssetKind::Page, r#"{"data":[],"paging":{"next":7}}"#);
    assert!(unknown.is_err());
}

#[test]
fn a_response_without_a_list_is_no_page() {
    for json in [
        "{}",
        r#"{"data":null}"#,
        r#"{"data":{}}"#,
        r#"{"message":"down"}"#,
    ] {
        assert!(
            serde_json::from_str::<EdgeResponse>(json).is_err(),
            "{json}"
        );
    }
}

#[test]
fn rows_are_read_in_the_form_of_their_kind() {
    let json = r#"{"data":[{"id":"12","name":"One"},{"id":13},{"name":"no id"},{"id":"x"},7]}"#;
    let accounts = page(AssetKind::AdAccount, json).unwrap().assets;
    let ids: Vec<_> = accounts.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["act_12", "act_13"]);
    assert_eq!(accounts[0].name.as_deref(), Some("One"));
    let json = r#"{"data":[{"id":"act_1"},{"id":"17841","username":"shop"}]}"#;
    let accounts = page(AssetKind::InstagramAccount, json).unwrap().assets;
    assert_eq!(accounts.len(), 1, "only ad accounts begin with act_");
    assert_eq!(accounts[0].name.as_deref(), Some("shop"));
}

#[test]
fn the_paths_are_those_of_graph() {
    let business: AssetId = "5".parse().unwrap();
    let paths: Vec<_> = Edge::roots(CredentialKind::User)
        .iter()
        .chain(&Edge::of_business(&business)[..4])
        .map(Edge::path)
        .collect();
    assert_eq!(
        paths,
        [
            "me/businesses",
            "me/accounts",
            "me/adaccounts",
            "5/owned_pages",
            "5/client_pages",
            "5/owned_ad_accounts",
            "5/client_ad_accounts",
        ]
    );
    let of_system_user = Edge::roots(CredentialKind::SystemUser);
    assert_eq!(of_system_user[3].path(), "me/assigned_pages");
}
