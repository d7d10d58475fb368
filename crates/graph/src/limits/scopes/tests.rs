use regrant_domain::errors::{
    self, Caller, Codes, ErrorClass, GraphErrorFacts, RowClass, look_up_error,
};

use super::*;
use crate::limits::usage::parse_usage_header;

fn app() -> AppId {
    "1".parse().unwrap()
}

fn target(kind: AssetKind, id: &str) -> Target {
    Target {
        id: kind.canonical_id(&id.parse().unwrap()),
        kind,
        business: Some("42".parse().unwrap()),
        reads_business: false,
    }
}

/// Whether a probe of the target with a token of the person waits for the scope.
fn waits(scope: &PauseScope, target: &Target, person: &str) -> bool {
    let person: PersonId = person.parse().unwrap();
    scopes_of_probe(&app(), target, Some(&person)).contains(scope)
        || *scope == PauseScope::App(app())
}

/// Every code with a subcode that a row of a limit names.
fn limit_codes() -> Vec<(i64, Option<i64>)> {
    let first = |codes| match codes {
        Codes::In(numbers) => numbers.to_vec(),
        Codes::Between(first, last) => vec![first, last],
        Codes::Any | Codes::Absent | Codes::Permission => Vec::new(),
    };
    let rows = errors::list_known_rows().chain(errors::list_family_rows());
    let limits = rows.filter(|it| matches!(it.class, RowClass::Throttled(_)));
    let pairs = limits.flat_map(|row| {
        let subcodes = first(row.subcode);
        let subcodes = subcodes.into_iter().map(Some).chain([None]);
        subcodes
            .flat_map(|sub| first(row.code).into_iter().map(move |code| (code, sub)))
            .collect::<Vec<_>>()
    });
    pairs.collect()
}

#[test]
fn every_limit_rests_its_own_call_and_no_other_than_it_names() {
    let mut checked = 0;
    for (code, subcode) in limit_codes() {
        for kind in AssetKind::ALL {
            let own = target(kind, "5");
            let facts = GraphErrorFacts {
                code: Some(code),
                subcode,
                kind: "OAuthException",
                http_status: 400,
                is_transient: false,
                message: "",
                object: Some(kind),
                caller: Caller::Person,
            };
            let ErrorClass::Throttled(throttle) = look_up_error(&facts).class else {
                continue;
            };
            let person = "7".parse().unwrap();
            let scope = scope_of_throttle(throttle.rests, &app(), Some(&person), Some(&own.id));
            let scope = scope.unwrap();
            let case = format!("{code}/{subcode:?} on {kind}: {scope:?}");
            assert!(waits(&scope, &own, "7"), "{case}");
            let (other_object, other_person) = match throttle.rests {
                Rests::App => (true, true),
                Rests::Person => (true, false),
                Rests::Object => (false, true),
                Rests::PersonOnObject => (false, false),
            };
            for other in AssetKind::ALL {
                let other = target(other, "6");
                assert_eq!(waits(&scope, &other, "7"), other_object, "{case}");
            }
            assert_eq!(waits(&scope, &own, "8"), other_person, "{case}");
            let both = other_object && other_person;
            assert_eq!(waits(&scope, &target(kind, "6"), "8"), both, "{case}");
            checked += 1;
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn a_use_case_of_a_business_rests_that_use_case_of_that_business_only() {
    for kind in AssetKind::ALL {
        let use_case = UseCase::of_probe(kind);
        let scope = PauseScope::UseCase(app(), "42".to_owned(), use_case);
        assert!(waits(&scope, &target(kind, "5"), "7"), "{kind}");
        let elsewhere = Target {
            business: Some("43".parse().unwrap()),
            ..target(kind, "5")
        };
        assert!(!waits(&scope, &elsewhere, "7"), "{kind}");
        for other in AssetKind::ALL {
            let is_same = UseCase::of_probe(other) == use_case;
            assert_eq!(waits(&scope, &target(other, "6"), "7"), is_same, "{other}");
        }
    }
}

#[test]
fn a_type_that_no_probe_uses_and_an_unknown_type_rest_nothing() {
    for kind in [
        "ads_insights",
        "custom_audience",
        "leadgen",
        "messenger",
        "brand_new",
    ] {
        let header = format!(
            r#"{{"42":[{{"type":"{kind}","call_count":100,"estimated_time_to_regain_access":9}}]}}"#
        );
        let limits = parse_usage_header("X-Business-Use-Case-Usage", &header);
        assert!(limits.is_empty(), "{kind}");
    }
}

#[test]
fn a_limit_of_what_the_call_has_not_rests_the_person_and_never_the_app_of_other_persons() {
    let (person, object) = ("7".parse().unwrap(), "5".parse().unwrap());
    let scope = |rests, person, object| scope_of_throttle(rests, &app(), person, object);
    let whole_person = Some(PauseScope::for_person(&app(), &person));
    for rests in [Rests::Object, Rests::PersonOnObject, Rests::Person] {
        assert_eq!(scope(rests, Some(&person), None), whole_person, "{rests}");
    }
    let whole_object = Some(PauseScope::for_object(&app(), &object));
    for rests in [Rests::PersonOnObject, Rests::Person] {
        assert_eq!(scope(rests, None, Some(&object)), whole_object, "{rests}");
        assert_eq!(scope(rests, None, None), None, "{rests}");
    }
    let whole_app = Some(PauseScope::App(app()));
    assert_eq!(scope(Rests::Object, None, None), whole_app);
}
