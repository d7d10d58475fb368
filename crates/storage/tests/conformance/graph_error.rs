//! Unknown errors of Graph: counted by kind, bounded, the newest first.

use regrant_domain::{AssetKind, errors::UnknownError};

use crate::bench::{Bench, day, on_both};

on_both!(
    equal_errors_are_one_kind_with_the_sum_of_their_counts,
    errors_are_listed_from_the_newest_on,
    old_errors_and_all_but_the_newest_are_deleted,
);

fn error(text: &str, count: u64, last: i64) -> UnknownError {
    UnknownError {
        app: "7".parse().unwrap(),
        code: Some(987),
        subcode: None,
        kind: "OAuthException".to_owned(),
        http_status: 400,
        object: Some(AssetKind::Page),
        text: text.to_owned(),
        count,
        first_at: day(last - 1),
        last_at: day(last),
    }
}

async fn texts(bench: &Bench) -> Vec<String> {
    let listed = bench.store.list_unknown_errors(None, 10).await.unwrap();
    listed.into_iter().map(|it| it.error.text).collect()
}

async fn equal_errors_are_one_kind_with_the_sum_of_their_counts(bench: Bench) {
    let long = UnknownError {
        kind: "T".repeat(500),
        object: None,
        code: None,
        ..error("a", 1, 3)
    };
    let first = vec![error("a", 2, 3), error("a", 1, 5), long.clone()];
    let new = bench.store.add_unknown_errors(first).await.unwrap();
    assert_eq!(new.len(), 2, "two of three are one kind: {new:?}");
    let again = vec![error("a", 4, 4), long];
    assert_eq!(bench.store.add_unknown_errors(again).await.unwrap(), []);
    let listed = bench.store.list_unknown_errors(None, 10).await.unwrap();
    let merged = UnknownError {
        first_at: day(2),
        ..error("a", 7, 5)
    };
    assert_eq!(listed[0].error, merged);
    assert_eq!((listed.len(), listed[1].error.count), (2, 2));
}

async fn errors_are_listed_from_the_newest_on(bench: Bench) {
    let errors = vec![error("a", 1, 3), error("b", 1, 9), error("c", 1, 3)];
    bench.store.add_unknown_errors(errors).await.unwrap();
    assert_eq!(texts(&bench).await, ["b", "c", "a"]);
    let first = bench.store.list_unknown_errors(None, 2).await.unwrap();
    let after = Some((first[1].error.last_at, first[1].key.as_str()));
    let rest = bench.store.list_unknown_errors(after, 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].error.text, "a");
}

async fn old_errors_and_all_but_the_newest_are_deleted(bench: Bench) {
    let errors = vec![error("a", 1, 3), error("b", 1, 9), error("c", 1, 8)];
    bench.store.add_unknown_errors(errors).await.unwrap();
    assert_eq!(
        bench.store.purge_unknown_errors(day(5), 10).await.unwrap(),
        1
    );
    assert_eq!(texts(&bench).await, ["b", "c"]);
    assert_eq!(
        bench.store.purge_unknown_errors(day(5), 1).await.unwrap(),
        1
    );
    assert_eq!(texts(&bench).await, ["b"]);
}
