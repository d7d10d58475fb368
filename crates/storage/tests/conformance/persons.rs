//! Persons, and the assets that depend on them.

use regrant_domain::{
    Credential, CredentialKind, Grant, GrantId, PersonId, Slot, TokenFacts, state::EndingCause,
};
use regrant_storage::{AttributedCredential, Error, ForecastPosition, PersonCounts};

use crate::bench::{Bench, activation, credential, day, grant, id, on_both, page};

on_both!(
    persons_are_listed_with_their_assets_and_endings,
    a_person_of_another_tenant_is_not_found,
    a_standby_that_turns_out_to_be_a_persons_takes_the_place_of_their_older_one,
);

fn person(text: &str) -> PersonId {
    text.parse().unwrap()
}

async fn fill(bench: &Bench) {
    let tx = bench.acme().await;
    tx.register_assets(&["1", "2", "3"].map(page))
        .await
        .unwrap();
    let older = Grant {
        facts: TokenFacts {
            person_name: Some("Ada".to_owned()),
            is_work_account: Some(false),
            ..grant().facts
        },
        ..grant()
    };
    let newer = Grant {
        id: GrantId::mint(),
        facts: TokenFacts {
            person_name: Some("Ada L.".to_owned()),
            ..grant().facts
        },
    };
    let system = Grant {
        id: GrantId::mint(),
        facts: TokenFacts {
            kind: CredentialKind::SystemUser,
            person_id: person("80"),
            person_name: None,
            is_work_account: None,
            expires_at: None,
            ..grant().facts
        },
    };
    tx.insert_grant(&older, day(1)).await.unwrap();
    tx.insert_grant(&newer, day(2)).await.unwrap();
    tx.insert_grant(&system, day(1)).await.unwrap();
    tx.activate_credentials(&[activation("1", 0, 1), activation("2", 0, 1)], 1, day(1))
        .await
        .unwrap();
    let mut standby = credential("1", Slot::Standby, 1, 1);
    standby.credential.person_id = Some(person("80"));
    tx.insert_standby_credentials(&[standby]).await.unwrap();
    let mut parked = credential("3", Slot::Candidate, 1, 1);
    parked.credential.person_id = Some(person("90"));
    tx.park_credentials(&[parked]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn persons_are_listed_with_their_assets_and_endings(bench: Bench) {
    fill(&bench).await;
    let tx = bench.acme().await;
    let persons = tx.list_persons(None, 10).await.unwrap().rows;
    let ids: Vec<_> = persons.iter().map(|it| it.id.clone()).collect();
    assert_eq!(ids, ["77", "80", "90"].map(person));
    assert_eq!(
        persons[0].name.as_deref(),
        Some("Ada L."),
        "the facts of the newest grant"
    );
    assert_eq!(
        (persons[0].is_work_account, persons[0].expires_at),
        (Some(true), Some(day(60)))
    );
    assert_eq!(
        (persons[1].kind, persons[1].expires_at),
        (Some(CredentialKind::SystemUser), None)
    );
    assert_eq!(persons[2].kind, None, "known by a credential alone");
    let next = tx.list_persons(Some(&person("77")), 1).await.unwrap().rows;
    assert_eq!(
        next.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(),
        ["80"]
    );

    let counts = tx.count_assets_of_persons(&ids).await.unwrap();
    assert_eq!(
        counts[&ids[0]],
        PersonCounts {
            active: 2,
            ..PersonCounts::default()
        }
    );
    assert_eq!(
        counts[&ids[1]],
        PersonCounts {
            standby: 1,
            ..PersonCounts::default()
        }
    );
    assert_eq!(
        counts[&ids[2]],
        PersonCounts {
            candidate: 1,
            ..PersonCounts::default()
        }
    );

    let endings = tx.find_next_endings(&ids, day(2)).await.unwrap();
    let first = ForecastPosition {
        at: day(60),
        asset_id: id("1"),
        cause: EndingCause::TokenExpiry,
    };
    assert_eq!(endings.get(&ids[0]), Some(&first));
    assert_eq!(endings.len(), 1, "who serves nothing has no ending");
    assert_eq!(
        tx.find_next_endings(&ids, day(95)).await.unwrap().len(),
        0,
        "what is dead has none ahead"
    );
}

async fn a_person_of_another_tenant_is_not_found(bench: Bench) {
    fill(&bench).await;
    let tx = bench.bolt().await;
    assert_eq!(tx.list_persons(None, 10).await.unwrap().rows, []);
    for id in ["77", "80", "90", "5"] {
        assert!(
            matches!(tx.find_person(&person(id)).await, Err(Error::NotFound)),
            "{id}"
        );
    }
    drop(tx);
    let tx = bench.acme().await;
    assert_eq!(
        tx.find_person(&person("90")).await.unwrap().id,
        person("90")
    );
    assert!(matches!(
        tx.find_person(&person("5")).await,
        Err(Error::NotFound)
    ));
}

/// One token was imported before Graph said whose it is; the other one came with a log-in.
async fn a_standby_that_turns_out_to_be_a_persons_takes_the_place_of_their_older_one(bench: Bench) {
    for (asset, known_at) in [("1", day(1)), ("2", day(9))] {
        let tx = bench.acme().await;
        let grant = grant();
        tx.register_assets(&[page(asset)]).await.unwrap();
        tx.insert_grant(&grant, day(1)).await.unwrap();
        let mut known = credential(asset, Slot::Standby, 1, 1);
        known.credential.created_at = known_at;
        let mut arrival = credential(asset, Slot::Standby, 1, 0);
        arrival.credential.created_at = day(5);
        arrival.credential.person_id = None;
        for it in [&known, &arrival] {
            tx.insert_standby_credentials(std::slice::from_ref(it))
                .await
                .unwrap();
        }
        let owned = AttributedCredential {
            credential: Credential {
                grant_id: Some(grant.id),
                person_id: Some(grant.facts.person_id.clone()),
                ..arrival.credential.clone()
            },
            read_at: day(10),
        };
        tx.attribute_credentials(&[owned]).await.unwrap();
        let left = tx.list_ranked_credentials(&[id(asset)]).await.unwrap();
        let left: Vec<_> = left.iter().map(|it| it.credential.id).collect();
        let newer = if known_at > day(5) { &known } else { &arrival };
        assert_eq!(left, [newer.credential.id], "{known_at}");
        tx.commit().await.unwrap();
    }
}
