use RefusalKind as Kind;

use super::*;

fn read(kind: AssetKind, body: &str) -> ProbeResult {
    read_with(CredentialKind::User, kind, body)
}

fn read_with(token: CredentialKind, kind: AssetKind, body: &str) -> ProbeResult {
    read_probe_result(
        &Target {
            id: "7".parse().unwrap(),
            kind,
            business: None,
            reads_business: false,
        },
        token,
        body,
    )
}

/// What a probe of `kind` that asks for the business reads of it.
fn read_business(kind: AssetKind, reads_business: bool, body: &str) -> BusinessReading {
    let target = Target {
        id: "7".parse().unwrap(),
        kind,
        business: None,
        reads_business,
    };
    match read_probe_result(&target, CredentialKind::User, body) {
        ProbeResult::Works(facts) => facts.business,
        ProbeResult::Refused(refusal) => panic!("{refusal:?}"),
    }
}

#[test]
fn the_business_is_read_under_the_name_that_each_kind_has_for_it() {
    for (kind, field, rest) in [
        (AssetKind::Page, "business", r#""access_token":"t","#),
        (
            AssetKind::AdAccount,
            "business",
            r#""user_tasks":["ANALYZE"],"#,
        ),
        (AssetKind::ProductCatalog, "business", ""),
        (AssetKind::Pixel, "owner_business", ""),
        (
            AssetKind::WhatsappBusinessAccount,
            "owner_business_info",
            r#""name":"w","#,
        ),
    ] {
        let target = Target {
            id: "7".parse().unwrap(),
            kind,
            business: None,
            reads_business: true,
        };
        let fields = fields_of_probe(&target, CredentialKind::User);
        assert!(fields.ends_with(&format!(",{field}")), "{fields}");
        let named = format!(r#"{{{rest}"{field}":{{"id":"9","name":"B"}},"id":"7"}}"#);
        let expected = BusinessReading::Named("9".parse().unwrap());
        assert_eq!(read_business(kind, true, &named), expected, "{kind}");
        assert_eq!(read_business(kind, false, &named), BusinessReading::Unread);
        let none = format!(r#"{{{rest}"id":"7"}}"#);
        assert_eq!(read_business(kind, true, &none), BusinessReading::Absent);
        for odd in [r#""9""#, "9", "null", "[]", r#"{"id":"x"}"#, r#"{"id":{}}"#] {
            let odd = format!(r#"{{{rest}"{field}":{odd},"id":"7"}}"#);
            assert_eq!(
                read_business(kind, true, &odd),
                BusinessReading::Absent,
                "{odd}"
            );
        }
    }
}

#[test]
fn a_business_alone_proves_no_access() {
    let body = r#"{"id":"7","business":{"id":"9"}}"#;
    for kind in [AssetKind::Page, AssetKind::AdAccount] {
        assert!(
            matches!(read(kind, body), ProbeResult::Refused(_)),
            "{kind}"
        );
    }
}

fn kind_of(proof: ProbeResult) -> Kind {
    match proof {
        ProbeResult::Refused(refusal) => refusal.kind,
        ProbeResult::Works(_) => panic!("proven"),
    }
}

#[test]
fn a_page_token_in_the_response_shows_that_the_token_works() {
    let body = r#"{"id":"7","tasks":["MANAGE"],"access_token":"page-token","user_access_expire_time":"2026-12-01T00:00:00+0000"}"#;
    let ProbeResult::Works(proven) = read(AssetKind::Page, body) else {
        panic!("refused")
    };
    assert_eq!(proven.page_token.unwrap().expose(), "page-token");
    assert_eq!(proven.tasks, Some(vec!["MANAGE".to_owned()]));
    assert!(proven.cut_off.is_some());
}

#[test]
fn tasks_in_another_form_refuse_no_page() {
    for tasks in [r#"{"0":"MANAGE"}"#, r#""MANAGE""#, "7", "[{}]"] {
        let body = format!(
            r#"{{"id":"7","is_published":true,"tasks":{tasks},"access_token":"page-token"}}"#
        );
        for token in [CredentialKind::User, CredentialKind::Page] {
            let ProbeResult::Works(proven) = read_with(token, AssetKind::Page, &body) else {
                panic!("{token:?}: {tasks}")
            };
            assert_eq!(proven.tasks, None, "{tasks}");
        }
        let account = format!(r#"{{"id":"act_7","user_tasks":{tasks}}}"#);
        let refused = kind_of(read(AssetKind::AdAccount, &account));
        assert_eq!(refused, Kind::Unclassified, "{tasks}");
        let bare = format!(r#"{{"id":"7","tasks":{tasks}}}"#);
        let refused = kind_of(read_with(CredentialKind::Page, AssetKind::Page, &bare));
        assert_eq!(refused, Kind::Unclassified, "{tasks}");
    }
}

#[test]
fn a_page_with_public_fields_only_is_refused() {
    assert_eq!(
        kind_of(read(AssetKind::Page, r#"{"id":"7"}"#)),
        Kind::NotReached
    );
    assert_eq!(
        kind_of(read(AssetKind::Page, r#"{"id":"7","tasks":[]}"#)),
        Kind::NoRole
    );
    assert_eq!(
        kind_of(read(AssetKind::Page, r#"{"id":"7","tasks":["ANALYZE"]}"#)),
        Kind::NoRole
    );
    let no_task = read(
        AssetKind::Page,
        r#"{"id":"7","tasks":[],"access_token":"t"}"#,
    );
    assert_eq!(
        kind_of(no_task),
        Kind::MissingTask(vec!["ANALYZE".to_owned()])
    );
}

#[test]
fn a_pages_own_token_works_if_a_field_for_managers_is_readable() {
    let read = |body| read_with(CredentialKind::Page, AssetKind::Page, body);
    for body in [
        r#"{"id":"7","is_published":false}"#,
        r#"{"id":"7","tasks":["MANAGE"]}"#,
        r#"{"id":"7","user_access_expire_time":"2026-12-01T00:00:00+0000"}"#,
    ] {
        assert!(
            matches!(read(body), ProbeResult::Works(it) if it.page_token.is_none()),
            "{body}"
        );
    }
    assert_eq!(kind_of(read(r#"{"id":"7"}"#)), Kind::NotReached);
    let no_task = kind_of(read(r#"{"id":"7","is_published":true,"tasks":[]}"#));
    assert_eq!(no_task, Kind::MissingTask(vec!["ANALYZE".to_owned()]));
}

#[test]
fn tasks_on_an_ad_account_show_that_the_token_works() {
    let read = |body| read(AssetKind::AdAccount, body);
    assert!(matches!(
        read(r#"{"id":"act_7","user_tasks":["ANALYZE"]}"#),
        ProbeResult::Works(_)
    ));
    assert_eq!(kind_of(read(r#"{"id":"act_7"}"#)), Kind::NoRole);
    let none = kind_of(read(r#"{"id":"act_7","user_tasks":[]}"#));
    assert_eq!(none, Kind::MissingTask(vec!["ANALYZE".to_owned()]));
}

#[test]
fn an_object_that_is_not_in_use_is_reached_and_its_condition_read() {
    use ObjectCondition as Condition;
    let account = |status: i64| {
        let body =
            format!(r#"{{"id":"act_7","account_status":{status},"user_tasks":["ANALYZE"]}}"#);
        read(AssetKind::AdAccount, &body)
    };
    let condition = |result: ProbeResult| match result {
        ProbeResult::Works(facts) => facts.condition,
        ProbeResult::Refused(refusal) => panic!("{refusal:?}"),
    };
    for (status, expected) in [
        (1, None),
        (2, Some(Condition::AccountDisabled)),
        (3, Some(Condition::AccountUnsettled)),
        (7, Some(Condition::AccountInReview)),
        (8, Some(Condition::AccountInReview)),
        (9, Some(Condition::AccountUnsettled)),
        (100, Some(Condition::AccountClosed)),
        (101, Some(Condition::AccountClosed)),
        (201, None),
        (4711, None),
    ] {
        assert_eq!(condition(account(status)), expected, "{status}");
    }
    let hidden = Some(Condition::PageUnpublished);
    let body = r#"{"id":"7","is_published":false,"tasks":["MANAGE"],"access_token":"t"}"#;
    for token in [CredentialKind::User, CredentialKind::Page] {
        let result = read_with(token, AssetKind::Page, body);
        assert_eq!(condition(result), hidden, "{token}");
    }
    let shown = body.replace("false", "true");
    assert_eq!(condition(read(AssetKind::Page, &shown)), None);
}

#[test]
fn a_condition_alone_proves_no_access() {
    let body = r#"{"id":"act_7","account_status":2}"#;
    assert_eq!(kind_of(read(AssetKind::AdAccount, body)), Kind::NoRole);
}

#[test]
fn an_absent_cut_off_is_unknown() {
    for body in [
        r#"{"id":"7"}"#,
        r#"{"id":"7","user_access_expire_time":null}"#,
        r#"{"id":"7","user_access_expire_time":0}"#,
    ] {
        let ProbeResult::Works(proven) = read(AssetKind::Business, body) else {
            panic!("refused")
        };
        assert_eq!(proven.cut_off, None);
    }
}

#[test]
fn the_cut_off_alone_proves_a_business_and_an_empty_object_does_not() {
    let timed = r#"{"user_access_expire_time":"2023-06-23T12:00:00+00:00"}"#;
    assert!(matches!(
        read(AssetKind::Business, timed),
        ProbeResult::Works(_)
    ));
    assert_eq!(kind_of(read(AssetKind::Business, "{}")), Kind::NotReached);
}

#[test]
fn a_response_about_another_object_proves_nothing() {
    assert_eq!(
        kind_of(read(AssetKind::Business, r#"{"id":"8"}"#)),
        Kind::Unclassified
    );
    assert_eq!(
        kind_of(read(AssetKind::Business, "true")),
        Kind::Unclassified
    );
    assert_eq!(
        kind_of(read(AssetKind::Page, r#"{"id":"8","access_token":"t"}"#)),
        Kind::Unclassified
    );
}

#[test]
fn the_cut_off_is_read_only_where_the_node_has_it() {
    for kind in AssetKind::ALL {
        for token in CredentialKind::ALL {
            let asked = probe_fields(kind, token).contains("user_access_expire_time");
            assert_eq!(asked, kind.has_cut_off(), "{kind} with {token}");
        }
    }
}
