//! Which credential opens which route: missing, forged, ended and narrowed ones.

use regrant_domain::Permissions;
use serde_json::json;

use super::{Needs, each_database, rows, status};

#[tokio::test(flavor = "multi_thread")]
async fn calls_without_a_valid_token_get_401_where_a_scope_is_needed() {
    each_database(async |matrix| {
        for row in rows() {
            let wanted = if matches!(row.needs, Needs::Nothing) {
                row.own
            } else {
                401
            };
            assert_eq!(
                status(matrix.own_call(&row)).await,
                wanted,
                "no token: {} {}",
                row.method,
                row.path
            );
            for bearer in ["", "garbage", "a.b.c", &tampered(&matrix.own.bearer)] {
                let call = matrix.own_call(&row).bearer_auth(bearer);
                assert_eq!(
                    status(call).await,
                    wanted,
                    "{bearer:?}: {} {}",
                    row.method,
                    row.path
                );
            }
        }
    })
    .await;
}

/// The same token with one character of its signature changed.
fn tampered(bearer: &str) -> String {
    let at = bearer.len() - 10;
    let other = if bearer.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    format!("{}{other}{}", &bearer[..at], &bearer[at + 1..])
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_demands_its_scope_and_only_that() {
    each_database(async |matrix| {
        for row in rows() {
            let Needs::Scope(needed) = row.needs else {
                continue;
            };
            let without: Permissions = Permissions::all()
                .iter()
                .filter(|it| *it != needed)
                .collect();
            let scope = without.to_string();
            let bearer = matrix.own_bearer(&scope).await;
            assert_eq!(
                status(matrix.own_call(&row).bearer_auth(bearer)).await,
                403,
                "{} {}",
                row.method,
                row.path
            );
            let also = row.also.map_or("", |it| it.as_str());
            let bearer = matrix
                .own_bearer(format!("{} {also}", needed.as_str()).trim())
                .await;
            assert_eq!(
                status(matrix.own_call(&row).bearer_auth(bearer)).await,
                row.own,
                "{} {}",
                row.method,
                row.path
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_credential_gets_401_on_every_route() {
    each_database(async |matrix| {
        for (why, bearer) in matrix.ended().await {
            for row in rows()
                .iter()
                .filter(|row| matches!(row.needs, Needs::Scope(_)))
            {
                let got = status(matrix.own_call(row).bearer_auth(&bearer)).await;
                assert_eq!(got, 401, "{why}: {} {}", row.method, row.path);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_access_token_gets_401_on_every_route() {
    each_database(async |matrix| {
        matrix
            .harness
            .sandbox
            .post("clock", json!({ "advance": "16m" }))
            .await;
        for row in rows()
            .iter()
            .filter(|row| matches!(row.needs, Needs::Scope(_)))
        {
            let got = status(matrix.own_call(row).bearer_auth(&matrix.own.bearer)).await;
            assert_eq!(got, 401, "{} {}", row.method, row.path);
        }
    })
    .await;
}
