//! The endings of one asset and their covers, as tables.

use chrono::{DateTime, Duration};
use proptest::prelude::*;

use super::*;
use crate::{
    Certainty, Confidence, CredentialKind, CutOff, CutOffSource, PersonId, Slot, state::EndingCause,
};

const NOW: i64 = 100;

fn day(n: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::days(n)
}

fn person(n: u8) -> PersonId {
    n.to_string().parse().unwrap()
}

fn working() -> AssetFacts {
    AssetFacts {
        active: Some(CredentialKind::User),
        proved_at: Some(day(1)),
        ..AssetFacts::default()
    }
}

fn cut_off(at: i64, source: CutOffSource) -> CutOff {
    CutOff {
        at: day(at),
        source,
        learned_at: day(2),
    }
}

fn shown(facts: &AssetFacts, leaves: bool) -> Vec<(i64, EndingCause)> {
    let days = |it: Ending| ((it.at - DateTime::UNIX_EPOCH).num_days(), it.cause);
    list_calendar_endings(facts, day(NOW), leaves)
        .into_iter()
        .map(days)
        .collect()
}

#[test]
fn every_known_ending_is_shown_the_earliest_first() {
    let facts = AssetFacts {
        expires_at: Some(day(160)),
        data_access_expires_at: Some(day(190)),
        cut_off: Some(cut_off(130, CutOffSource::Probe)),
        ..working()
    };
    let expected = [
        (130, EndingCause::CutOff),
        (160, EndingCause::TokenExpiry),
        (190, EndingCause::DataAccess),
    ];
    assert_eq!(shown(&facts, false), expected);
    let ending = list_calendar_endings(&facts, day(NOW), false)[0];
    assert_eq!(
        (ending.confidence, ending.since, ending.who),
        (Confidence::Certain, day(2), Who::Person)
    );
}

#[test]
fn a_disconnected_asset_has_no_endings_ahead() {
    let both = AssetFacts {
        expires_at: Some(day(90)),
        dates_read_at: Some(day(90)),
        cut_off: Some(cut_off(130, CutOffSource::Probe)),
        ..working()
    };
    assert_eq!(shown(&both, false), [(90, EndingCause::TokenExpiry)]);
    let reason = Reason::new(ReasonCode::Revoked, Who::Person, "x", NextStep::Replace);
    let revoked = AssetFacts {
        refusals: AssetFacts::default().after_refusal(
            reason,
            Certainty::Definitive,
            day(95),
            Duration::minutes(10),
        ),
        expires_at: Some(day(160)),
        ..working()
    };
    assert_eq!(shown(&revoked, false), [(95, EndingCause::Revoked)]);
    assert_eq!(
        shown(
            &AssetFacts {
                expires_at: Some(day(160)),
                ..AssetFacts::default()
            },
            false
        ),
        []
    );
}

#[test]
fn an_announced_date_that_passed_unconfirmed_hides_no_other_ending() {
    let facts = AssetFacts {
        cut_off: Some(cut_off(90, CutOffSource::Webhook)),
        expires_at: Some(day(160)),
        ..working()
    };
    assert_eq!(
        shown(&facts, false),
        [(90, EndingCause::CutOff), (160, EndingCause::TokenExpiry)]
    );
}

#[test]
fn the_departure_of_a_person_replaces_every_later_ending() {
    let facts = AssetFacts {
        expires_at: Some(day(160)),
        ..working()
    };
    assert_eq!(shown(&facts, true), [(NOW, EndingCause::PersonLeaves)]);
    let dead = AssetFacts {
        expires_at: Some(day(90)),
        dates_read_at: Some(day(90)),
        ..working()
    };
    assert_eq!(
        shown(&dead, true),
        [(90, EndingCause::TokenExpiry)],
        "a disconnected asset does not end again"
    );
    assert_eq!(ending_by_departure(day(NOW)).who, Who::BusinessAdmin);
}

fn credential(slot: Slot, of: u8) -> CredentialOutlook {
    CredentialOutlook {
        slot,
        kind: CredentialKind::User,
        system_user: false,
        person_id: Some(person(of)),
        proved: slot != Slot::Candidate,
        refreshable: true,
        expires_at: None,
        data_access_expires_at: None,
    }
}

fn ending(at: i64, cause: EndingCause) -> Ending {
    Ending {
        at: day(at),
        cause,
        ..ending_by_departure(day(NOW))
    }
}

fn cover(ending: &Ending, behind: &[CredentialOutlook]) -> Option<Cover> {
    let mut all = vec![credential(Slot::Active, 1)];
    all.extend_from_slice(behind);
    find_cover(ending, &all, None, day(NOW)).map(|it| it.0)
}

#[test]
fn only_another_person_covers_a_personal_ending() {
    for cause in [
        EndingCause::CutOff,
        EndingCause::Revoked,
        EndingCause::PersonLeaves,
    ] {
        let ending = ending(130, cause);
        let candidate = [credential(Slot::Candidate, 2)];
        assert_eq!(cover(&ending, &[]), None, "{cause}");
        assert_eq!(
            cover(&ending, &[credential(Slot::Standby, 1)]),
            None,
            "{cause}"
        );
        assert_eq!(
            cover(&ending, &[credential(Slot::Standby, 2)]),
            Some(Cover::Standby),
            "{cause}"
        );
        assert_eq!(
            cover(&ending, &candidate),
            Some(Cover::Candidate),
            "{cause}"
        );
        assert_eq!(
            cover(&ending, &[credential(Slot::Previous, 2)]),
            None,
            "{cause}"
        );
        let unknown = CredentialOutlook {
            person_id: None,
            ..credential(Slot::Standby, 2)
        };
        assert_eq!(cover(&ending, &[unknown]), None, "{cause}");
    }
}

#[test]
fn the_end_of_a_token_is_refreshed_and_the_end_of_data_access_is_not() {
    assert_eq!(
        cover(&ending(130, EndingCause::TokenExpiry), &[]),
        Some(Cover::Refresh)
    );
    assert_eq!(
        cover(&ending(130, EndingCause::SystemUser60Days), &[]),
        Some(Cover::Refresh)
    );
    assert_eq!(cover(&ending(130, EndingCause::DataAccess), &[]), None);
    assert_eq!(
        cover(&ending(99, EndingCause::TokenExpiry), &[]),
        None,
        "an expired token is not refreshed"
    );
    let same = credential(Slot::Standby, 1);
    assert_eq!(
        cover(&ending(130, EndingCause::DataAccess), &[same]),
        Some(Cover::Standby)
    );
}

#[test]
fn a_standby_covers_only_endings_that_it_outlives() {
    let ending = ending(130, EndingCause::CutOff);
    let ends = |at| CredentialOutlook {
        expires_at: Some(day(at)),
        ..credential(Slot::Standby, 2)
    };
    assert_eq!(cover(&ending, &[ends(130)]), None);
    assert_eq!(cover(&ending, &[ends(131)]), Some(Cover::Standby));
    let lapses = CredentialOutlook {
        data_access_expires_at: Some(day(120)),
        ..credential(Slot::Standby, 2)
    };
    assert_eq!(cover(&ending, &[lapses]), None);
    let unproved = CredentialOutlook {
        proved: false,
        ..credential(Slot::Standby, 2)
    };
    assert_eq!(cover(&ending, &[unproved]), None);
}

#[test]
fn a_system_user_is_the_best_standby() {
    let system = CredentialOutlook {
        system_user: true,
        ..credential(Slot::Standby, 3)
    };
    let all = [
        credential(Slot::Active, 1),
        credential(Slot::Standby, 2),
        system.clone(),
        credential(Slot::Standby, 4),
    ];
    let found = find_cover(&ending(130, EndingCause::CutOff), &all, None, day(NOW));
    assert_eq!(found, Some((Cover::Standby, system)));
}

#[test]
fn a_day_counts_causes_and_covered_endings() {
    let date = day(130).date_naive();
    let tally = |cause, cover, count| EndingTally {
        date,
        cause,
        confidence: Confidence::Certain,
        cover,
        count,
        gone: 0,
    };
    let days = tally_by_day([
        tally(EndingCause::CutOff, None, 3),
        tally(EndingCause::CutOff, Some(Cover::Candidate), 2),
        tally(EndingCause::SystemUser60Days, Some(Cover::Refresh), 5),
    ]);
    let day = &days[&date];
    assert_eq!((day.count, day.covered), (10, 5));
    assert_eq!(day.causes[&EndingCause::CutOff], 5);
    assert_eq!(day.confidence[&Confidence::Certain], 10);
}

#[test]
fn every_text_parses_to_its_item() {
    for it in Cover::ALL {
        assert_eq!(it.as_str().parse(), Ok(it));
    }
    for it in EndingCause::ALL {
        assert_eq!(it.as_str().parse(), Ok(it));
    }
    for it in Confidence::ALL {
        assert_eq!(it.as_str().parse(), Ok(it));
    }
    assert_eq!(
        DepartureEffect::ALL.map(DepartureEffect::as_str),
        ["ends", "waits", "goes_on"]
    );
}

fn any_end() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![Just(None), (80..130_i64).prop_map(|n| Some(day(n)))]
}

fn any_credential() -> impl Strategy<Value = CredentialOutlook> {
    let slots = prop_oneof![
        Just(Slot::Candidate),
        Just(Slot::Standby),
        Just(Slot::Previous)
    ];
    let parts = (
        slots,
        any::<bool>(),
        prop::option::of(1..5_u8),
        any::<bool>(),
        any_end(),
        any_end(),
    );
    parts.prop_map(
        |(slot, system_user, of, proved, expires_at, data_access_expires_at)| CredentialOutlook {
            system_user,
            person_id: of.map(person),
            proved,
            expires_at,
            data_access_expires_at,
            ..credential(slot, 1)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// The brute-force model removes every credential of the leaver and checks what could still serve.
    #[test]
    fn the_effect_of_a_departure_equals_a_model_without_the_persons_credentials(
        leaver in 1..5_u8,
        behind in prop::collection::vec(any_credential(), 0..6),
    ) {
        let now = day(NOW);
        let mut all = vec![credential(Slot::Active, leaver)];
        all.extend(behind);
        let gone = person(leaver);
        let found = find_cover(&ending_by_departure(now), &all, Some(&gone), now).map(|it| it.0);

        let mut left = all.clone();
        left.retain(|it| it.person_id.is_some() && it.person_id != Some(gone.clone()));
        left.retain(|it| it.expires_at.is_none_or(|at| at > now));
        left.retain(|it| it.data_access_expires_at.is_none_or(|at| at > now));
        let serves = left.iter().any(|it| it.slot == Slot::Standby && it.proved);
        let waits = left.iter().any(|it| it.slot == Slot::Candidate);
        let expected = if serves { DepartureEffect::Continues } else if waits { DepartureEffect::Waits } else { DepartureEffect::Ends };
        prop_assert_eq!(DepartureEffect::from_cover(found), expected);
    }
}
