//! Dates of issued tokens that move.

use chrono::{Duration, SubsecRound};
use serde_json::json;

use crate::bench::{APP, Bench, MANAGED, PERSON, STRICT_APP, error_codes};

#[tokio::test]
async fn a_moved_end_ends_the_token_itself() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let (status, _) = bench
        .post_control("tokens/dates", json!({"token": token, "expires_at": "-1h"}))
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        error_codes(&bench.read(&token, "me").await.1),
        (190, Some(463))
    );
    bench
        .post_control("tokens/dates", json!({"token": token, "expires_at": "+1h"}))
        .await;
    assert_eq!(bench.read(&token, "me").await.0, 200);
    bench.clock.advance(Duration::hours(2));
    assert_eq!(bench.debug_token(&token).await["is_valid"], false);
}

#[tokio::test]
async fn a_date_is_a_time_a_distance_or_never() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let now = bench.clock.now().trunc_subsecs(0);
    let at = now + Duration::days(9);
    for (written, wanted) in [(json!(at.to_rfc3339()), at.timestamp()), (json!(null), 0)] {
        bench
            .post_control(
                "tokens/dates",
                json!({"token": token, "expires_at": written}),
            )
            .await;
        assert_eq!(bench.debug_token(&token).await["expires_at"], wanted);
    }
    bench
        .post_control(
            "tokens/dates",
            json!({"token": token, "data_access_expires_at": "+90d"}),
        )
        .await;
    let moved = bench.debug_token(&token).await["data_access_expires_at"]
        .as_i64()
        .unwrap();
    assert!((moved - (now + Duration::days(90)).timestamp()).abs() <= 60);
}

#[tokio::test]
async fn data_access_of_one_token_lapses_alone() {
    let bench = Bench::start().await;
    let (lapsed, other) = (bench.person_token().await, bench.person_token().await);
    bench
        .post_control(
            "tokens/dates",
            json!({"token": lapsed, "data_access_expires_at": "-1h"}),
        )
        .await;
    assert_eq!(
        error_codes(&bench.read(&lapsed, "me").await.1),
        (190, Some(493))
    );
    assert_eq!(bench.read(&other, "me").await.0, 200);
}

#[tokio::test]
async fn data_access_of_a_person_lapses_for_one_app() {
    let bench = Bench::start().await;
    let user = bench.person_token().await;
    let page = bench.page_token(&user).await;
    let other = bench
        .issue_token(json!({"person": MANAGED, "app": APP.0}))
        .await;
    let strict = bench
        .issue_token(json!({"person": PERSON, "app": STRICT_APP.0}))
        .await;
    let control = json!({"person": PERSON, "app": APP.0, "data_access_expires_at": "-1d"});
    let (_, answer) = bench.post_control("tokens/dates", control).await;
    assert_eq!(answer["moved"], 2);
    for token in [&user, &page] {
        assert_eq!(
            error_codes(&bench.read(token, "me").await.1),
            (190, Some(493))
        );
    }
    assert_eq!(bench.read(&other, "me").await.0, 200);
    let (_, body) = bench.read(&strict, "me").await;
    assert_ne!(error_codes(&body), (190, Some(493)), "the other app");
}

#[tokio::test]
async fn a_login_extends_data_access_that_was_moved() {
    let bench = Bench::start().await;
    let old = bench.person_token().await;
    for control in [
        json!({"token": old, "data_access_expires_at": "-1d"}),
        json!({"person": PERSON, "data_access_expires_at": "-1d"}),
    ] {
        bench.post_control("tokens/dates", control).await;
        assert_eq!(
            error_codes(&bench.read(&old, "me").await.1),
            (190, Some(493))
        );
        bench.person_token().await;
        assert_eq!(bench.read(&old, "me").await.0, 200);
    }
}

#[tokio::test]
async fn data_access_can_never_end() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let control = json!({"person": PERSON, "expires_at": null, "data_access_expires_at": null});
    bench.post_control("tokens/dates", control).await;
    bench.clock.advance(Duration::days(400));
    let facts = bench.debug_token(&token).await;
    assert_eq!(
        (&facts["expires_at"], &facts["data_access_expires_at"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(bench.read(&token, "me").await.0, 200);
}

#[tokio::test]
async fn a_moved_end_makes_no_token_short_lived() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    bench
        .post_control("tokens/dates", json!({"token": token, "expires_at": "+1h"}))
        .await;
    let page = bench.page_token(&token).await;
    assert_eq!(bench.debug_token(&page).await["expires_at"], 0);
}

#[tokio::test]
async fn a_page_token_without_an_end_keeps_none_when_its_persons_tokens_end() {
    let bench = Bench::start().await;
    let user = bench.person_token().await;
    let page = bench.page_token(&user).await;
    bench
        .post_control(
            "tokens/dates",
            json!({"person": PERSON, "expires_at": "+2d"}),
        )
        .await;
    assert_eq!(bench.debug_token(&page).await["expires_at"], 0);
    bench
        .post_control("tokens/dates", json!({"token": page, "expires_at": "+90m"}))
        .await;
    assert_ne!(bench.debug_token(&page).await["expires_at"], 0);
}

#[tokio::test]
async fn wrong_dates_are_refused_and_change_nothing() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let before = bench.debug_token(&token).await;
    for (control, field) in [
        (json!({"token": token}), "expires_at"),
        (json!({"token": token, "expires_at": "soon"}), "expires_at"),
        (
            json!({"token": token, "data_access_expires_at": "+9x"}),
            "data_access_expires_at",
        ),
        (json!({"token": token, "expires_at": 5}), "expires_at"),
        (
            json!({"token": token, "person": PERSON, "expires_at": null}),
            "token",
        ),
        (
            json!({"token": token, "app": APP.0, "expires_at": null}),
            "app",
        ),
        (json!({"token": "x", "expires_at": null}), "token"),
        (json!({"person": MANAGED, "expires_at": null}), "person"),
    ] {
        let (status, body) = bench.post_control("tokens/dates", control.clone()).await;
        assert_eq!(
            (status, &body["error"]["field"]),
            (400, &json!(field)),
            "{control}"
        );
    }
    assert_eq!(bench.debug_token(&token).await, before);
}
