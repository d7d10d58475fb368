//! What the entries of a calendar say.

use chrono::{DateTime, Duration};
use regrant_domain::{AssetKind, TenantId};
use regrant_vault::ForecastPosition;

use super::*;

fn agenda() -> ForecastAgenda {
    let at = DateTime::UNIX_EPOCH + Duration::hours(30);
    let tally = |confidence, cover, count| EndingTally {
        date: at.date_naive(),
        cause: EndingCause::CutOff,
        confidence,
        cover,
        count,
        gone: 0,
    };
    let line = |id: &str| ForecastLine {
        position: ForecastPosition {
            at,
            asset_id: id.parse().unwrap(),
            cause: EndingCause::CutOff,
        },
        kind: AssetKind::Page,
        name: Some("Bäckerei, klein".to_owned()),
        business_id: Some("5".parse().unwrap()),
    };
    ForecastAgenda {
        tenant: TenantId::mint(),
        generated_at: DateTime::UNIX_EPOCH,
        tallies: vec![
            tally(Confidence::Certain, None, 20),
            tally(Confidence::Announced, Some(Cover::Standby), 10),
        ],
        lines: vec![line("7"), line("8")],
    }
}

#[test]
fn one_entry_per_day_and_cause_says_how_many_and_how_certain() {
    let agenda = agenda();
    let events = build_events(&agenda, "");
    assert_eq!(events.len(), 1);
    assert_eq!(
        events[0].summary, "20 assets end: cut-off (certain)",
        "the covered ones do not end"
    );
    let text = &events[0].description;
    for part in [
        "Who must act: the person who granted the token.",
        "10 other assets need no action.",
        "06:00 UTC page 7 \"Bäckerei, klein\" of business 5",
        "and 28 more",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn degrees_of_confidence_are_counted_apart() {
    let mut agenda = agenda();
    agenda.tallies[1].cover = None;
    assert_eq!(
        build_events(&agenda, "")[0].summary,
        "30 assets end: cut-off (20 certain, 10 announced)"
    );
}

#[test]
fn what_is_covered_is_no_ending_and_needs_no_reminder() {
    let mut agenda = agenda();
    agenda.tallies.remove(0);
    let event = &build_events(&agenda, "")[0];
    assert_eq!(event.summary, "10 assets continue without action: cut-off");
    assert_eq!(event.remind_days, None);
    assert!(event.description.starts_with("No action is needed"));
}

#[test]
fn what_has_ended_stays_and_what_was_covered_does_not() {
    let mut agenda = agenda();
    agenda.generated_at += Duration::days(20);
    agenda.tallies[0].gone = 20;
    let events = build_events(&agenda, "");
    assert_eq!(events[0].summary, "20 assets have ended: cut-off");
    assert_eq!(events[0].remind_days, None);
    agenda.tallies.remove(0);
    assert!(build_events(&agenda, "").is_empty());
}

#[test]
fn a_date_that_graph_has_not_confirmed_has_ended_nothing() {
    let mut agenda = agenda();
    agenda.generated_at += Duration::days(20);
    let summary = |agenda: &ForecastAgenda| build_events(agenda, "").remove(0).summary;
    let unconfirmed = "20 assets may have ended, not confirmed: cut-off";
    assert_eq!(summary(&agenda), unconfirmed);
    agenda.tallies[0].gone = 19;
    assert_eq!(
        summary(&agenda),
        "19 assets have ended, 1 asset may have ended, not confirmed: cut-off"
    );
}

#[test]
fn an_open_ending_names_a_step_and_a_party_and_a_past_one_no_step_before_it() {
    let covers = Cover::ALL.into_iter().map(Some).chain([None]);
    for cover in covers.filter(|it| !it.is_some_and(Cover::is_seamless)) {
        for cause in EndingCause::ALL {
            for past_days in [0, 20] {
                let mut agenda = agenda();
                agenda.generated_at += Duration::days(past_days);
                (agenda.tallies[0].cause, agenda.tallies[0].cover) = (cause, cover);
                agenda.tallies.truncate(1);
                let text = build_events(&agenda, "").remove(0).description;
                assert!(text.contains("Who must act: "), "{text}");
                assert!(!text.contains("No action is needed"), "{text}");
                let names_time = text.to_lowercase().contains("before");
                assert!(past_days == 0 || !names_time, "{text}");
                let parked = text.contains("A new token is parked");
                assert_eq!(parked, cover.is_some(), "{text}");
                let is_admins = matches!(
                    cause,
                    EndingCause::SystemUser60Days | EndingCause::PersonLeaves
                );
                let admin = text.contains("an administrator of the business");
                assert_eq!(admin, parked || is_admins, "{cause}: {text}");
            }
        }
    }
}

#[test]
fn some_parked_tokens_among_the_uncovered_are_counted() {
    let mut agenda = agenda();
    agenda.tallies[1].cover = Some(Cover::Candidate);
    let text = &build_events(&agenda, "")[0].description;
    assert!(
        text.contains("For 10 of them a new token is parked."),
        "{text}"
    );
    assert!(text.contains("before the cut-off"), "{text}");
}

#[test]
fn a_uid_is_stable_and_differs_between_filters() {
    let agenda = agenda();
    let uid = |query: &ForecastQuery| build_events(&agenda, &filter_suffix(query)).remove(0).uid;
    let whole = ForecastQuery::default();
    let business = ForecastQuery {
        business_id: Some("5".parse().unwrap()),
        ..whole.clone()
    };
    assert_eq!(uid(&whole), uid(&whole));
    assert_ne!(uid(&whole), uid(&business));
    assert!(
        uid(&business).ends_with("-1970-01-02-cut_off-b5@regrant"),
        "{}",
        uid(&business)
    );
}

#[test]
fn one_asset_ends() {
    let mut agenda = agenda();
    agenda.tallies.truncate(1);
    agenda.tallies[0].count = 1;
    assert_eq!(
        build_events(&agenda, "")[0].summary,
        "1 asset ends: cut-off (certain)"
    );
}
