//! Rotations of key-encryption keys (KEKs): which data keys are left, compare-and-set, the floor, and the processes.

use regrant_domain::{Clock, KekRef};
use regrant_storage::{
    DestroyedKek, Error, KekUse, NewDataKey, Node, RewrappedDataKey, WrappedBy, WrappedDataKey,
};
use uuid::Uuid;

use crate::bench::{Bench, day, insert_tenant, new_key, new_tenant, on_both};

on_both!(
    the_rows_name_the_data_keys_that_are_left,
    keys_under_other_keks_are_listed_apart_from_older_versions,
    a_wrapped_key_is_replaced_only_if_it_is_what_was_read,
    a_listing_passes_a_key_that_stays_as_it_is,
    no_data_key_is_inserted_under_a_kek_below_the_floor,
    no_data_key_is_wrapped_again_under_a_kek_below_the_floor,
    a_kek_that_is_destroyed_wraps_nothing,
    the_floor_only_rises,
    a_process_is_live_until_it_was_not_seen_for_long,
    processes_are_dated_by_the_clock_of_the_database,
);

fn kek(version: u32) -> KekRef {
    KekRef {
        id: Uuid::from_u128(9),
        version,
    }
}

/// Bytes in which a wrapped key names its KEK; `filler` makes them differ.
fn wrapped(by: KekRef, filler: u8) -> Vec<u8> {
    [vec![filler; 26], by.to_bytes().to_vec(), vec![filler; 114]].concat()
}

fn key_under(by: KekRef) -> NewDataKey {
    NewDataKey {
        wrapped: wrapped(by, 1),
        ..new_key()
    }
}

/// Tenants whose data keys these versions wrap.
async fn insert_tenants(bench: &Bench, versions: &[u32]) {
    for version in versions {
        let mut tenant = new_tenant("t");
        tenant.key = key_under(kek(*version));
        insert_tenant(&bench.store, &tenant).await.unwrap();
    }
}

async fn list_older(bench: &Bench, than: u32) -> Vec<WrappedDataKey> {
    let which = WrappedBy::OlderThan(kek(than));
    bench
        .store
        .list_wrapped_keys(which, None, 100)
        .await
        .unwrap()
}

fn rewrap(key: &WrappedDataKey, by: KekRef) -> RewrappedDataKey {
    RewrappedDataKey {
        read: key.clone(),
        wrapped: wrapped(by, 2),
    }
}

/// Those of the keys that are left, wrapped again.
async fn rewrap_older(bench: &Bench, than: u32, by: KekRef) -> Result<u64, Error> {
    let read = list_older(bench, than).await;
    let rewrapped: Vec<_> = read.iter().map(|it| rewrap(it, by)).collect();
    bench.store.rewrap_data_keys(&rewrapped).await
}

async fn raise_floor(bench: &Bench, version: u32) {
    let system = bench.store.system_scope();
    let tx = bench.store.begin(&system).await.unwrap();
    assert!(tx.raise_kek_floor(kek(version)).await.unwrap());
    tx.commit().await.unwrap();
}

async fn count_under(bench: &Bench, version: u32) -> u64 {
    let uses: Vec<KekUse> = bench.store.count_data_keys_by_kek().await.unwrap();
    let found = uses.iter().find(|it| it.kek == Some(kek(version)));
    found.map_or(0, |it| it.data_keys)
}

async fn the_rows_name_the_data_keys_that_are_left(bench: Bench) {
    insert_tenants(&bench, &[1, 1, 2, 255, 256]).await;
    bench
        .store
        .insert_system_key(&key_under(kek(1)))
        .await
        .unwrap();
    for (than, left) in [(1, 0), (2, 3), (255, 4), (256, 5), (257, 6)] {
        assert_eq!(list_older(&bench, than).await.len(), left, "{than}");
    }
    let other = KekRef {
        id: Uuid::from_u128(8),
        version: 900,
    };
    let which = WrappedBy::OlderThan(other);
    let of_other = bench.store.list_wrapped_keys(which, None, 100).await;
    assert!(of_other.unwrap().is_empty());
    assert_eq!(
        (count_under(&bench, 1).await, count_under(&bench, 256).await),
        (3, 1)
    );
    let all = bench
        .store
        .list_wrapped_keys(WrappedBy::Any, None, 100)
        .await;
    // Two more tenants are the bench's own.
    assert_eq!(all.unwrap().len(), 8);
}

async fn keys_under_other_keks_are_listed_apart_from_older_versions(bench: Bench) {
    let list = async |which| {
        let listed = bench.store.list_wrapped_keys(which, None, 100).await;
        listed.unwrap().len()
    };
    let counts = async || {
        (
            list(WrappedBy::LowerIds(kek(5))).await,
            list(WrappedBy::HigherIds(kek(5))).await,
            list(WrappedBy::Only(kek(5))).await,
        )
    };
    let (lower, higher, only) = counts().await;
    assert_eq!(only, 0);
    insert_tenants(&bench, &[1, 5, 6, u32::MAX]).await;
    assert_eq!(counts().await, (lower, higher, 1), "they are of this key");
    for (id, version) in [(8, u32::MAX), (10, 0), (10, 7)] {
        let id = Uuid::from_u128(id);
        let mut tenant = new_tenant("t");
        tenant.key = key_under(KekRef { id, version });
        insert_tenant(&bench.store, &tenant).await.unwrap();
    }
    assert_eq!(counts().await, (lower + 1, higher + 2, 1));
}

async fn a_wrapped_key_is_replaced_only_if_it_is_what_was_read(bench: Bench) {
    insert_tenants(&bench, &[1, 1, 1]).await;
    let read = list_older(&bench, 2).await;
    let [first, ..] = read.as_slice() else {
        panic!("three keys")
    };
    let early = [rewrap(first, kek(3))];
    assert_eq!(bench.store.rewrap_data_keys(&early).await.unwrap(), 1);
    let late: Vec<_> = read.iter().map(|it| rewrap(it, kek(2))).collect();
    assert_eq!(bench.store.rewrap_data_keys(&late).await.unwrap(), 2);
    assert_eq!(bench.store.rewrap_data_keys(&late).await.unwrap(), 0);
    assert_eq!(
        (count_under(&bench, 2).await, count_under(&bench, 3).await),
        (2, 1)
    );
    assert!(list_older(&bench, 2).await.is_empty());
}

async fn a_listing_passes_a_key_that_stays_as_it_is(bench: Bench) {
    insert_tenants(&bench, &[1, 1, 1]).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let which = WrappedBy::OlderThan(kek(2));
        let page = bench
            .store
            .list_wrapped_keys(which, after.as_ref(), 1)
            .await;
        let Some(key) = page.unwrap().pop() else {
            break;
        };
        seen.push(key.tenant);
        after = Some(key);
    }
    let mut sorted = seen.clone();
    sorted.sort_by_key(|it| it.uuid());
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (3, &sorted));
}

async fn no_data_key_is_inserted_under_a_kek_below_the_floor(bench: Bench) {
    bench.store.ensure_kek_floor(kek(1)).await.unwrap();
    insert_tenants(&bench, &[1]).await;
    raise_floor(&bench, 2).await;
    let mut late = new_tenant("late");
    late.key = key_under(kek(1));
    let refused = insert_tenant(&bench.store, &late).await;
    assert!(matches!(refused, Err(Error::OutdatedKek)), "{refused:?}");
    let refused = bench.store.insert_system_key(&key_under(kek(1))).await;
    assert!(matches!(refused, Err(Error::OutdatedKek)), "{refused:?}");
    insert_tenants(&bench, &[2, 3]).await;
    let mut other = new_tenant("other");
    other.key = key_under(KekRef {
        id: Uuid::from_u128(8),
        version: 1,
    });
    insert_tenant(&bench.store, &other).await.unwrap();
}

async fn no_data_key_is_wrapped_again_under_a_kek_below_the_floor(bench: Bench) {
    bench.store.ensure_kek_floor(kek(1)).await.unwrap();
    insert_tenants(&bench, &[1, 1]).await;
    raise_floor(&bench, 3).await;
    let count_wraps = async || {
        let sql = "SELECT count(*) FROM key_wraps";
        bench.database.count_as_superuser(sql).await
    };
    let noted = count_wraps().await;
    // A process that was paused after it had wrapped them with the second version.
    let refused = rewrap_older(&bench, 2, kek(2)).await;
    assert!(matches!(refused, Err(Error::OutdatedKek)), "{refused:?}");
    assert_eq!(
        (count_under(&bench, 1).await, count_under(&bench, 2).await),
        (2, 0)
    );
    assert_eq!(count_wraps().await, noted, "nothing is noted either");
    assert_eq!(rewrap_older(&bench, 2, kek(3)).await.unwrap(), 2);
    assert_eq!(count_under(&bench, 3).await, 2);
}

async fn a_kek_that_is_destroyed_wraps_nothing(bench: Bench) {
    insert_tenants(&bench, &[1]).await;
    let destroyed = KekRef {
        id: Uuid::from_u128(8),
        version: 1,
    };
    bench.store.ensure_kek_floor(destroyed).await.unwrap();
    let system = bench.store.system_scope();
    let tx = bench.store.begin(&system).await.unwrap();
    let row = DestroyedKek {
        kek: destroyed,
        destroyed_at: day(1),
    };
    assert!(tx.record_destroyed_kek(row).await.unwrap());
    tx.commit().await.unwrap();
    let refused = rewrap_older(&bench, 2, destroyed).await;
    assert!(matches!(refused, Err(Error::OutdatedKek)), "{refused:?}");
    let refused = bench.store.insert_system_key(&key_under(destroyed)).await;
    assert!(matches!(refused, Err(Error::OutdatedKek)), "{refused:?}");
    assert_eq!(count_under(&bench, 1).await, 1);
}

async fn the_floor_only_rises(bench: Bench) {
    let id = kek(0).id;
    assert_eq!(bench.store.find_kek_floor(id).await.unwrap(), None);
    bench.store.ensure_kek_floor(kek(3)).await.unwrap();
    bench.store.ensure_kek_floor(kek(5)).await.unwrap();
    let tx = bench
        .store
        .begin(&bench.store.system_scope())
        .await
        .unwrap();
    assert!(!tx.raise_kek_floor(kek(3)).await.unwrap());
    assert!(!tx.raise_kek_floor(kek(2)).await.unwrap());
    assert!(tx.raise_kek_floor(kek(4)).await.unwrap());
    tx.commit().await.unwrap();
    let floor = bench.store.find_kek_floor(id).await.unwrap();
    assert_eq!(floor, Some(kek(4)));
}

async fn a_process_is_live_until_it_was_not_seen_for_long(bench: Bench) {
    let node = |n: u128, at: i64, version: u32| Node {
        id: Uuid::from_u128(n),
        name: format!("machine/{n}"),
        opens: vec![kek(1), kek(version)],
        wraps_with: kek(1),
        seen_at: day(at),
    };
    let store = &bench.store;
    store.announce_node(&node(1, 1, 1), day(0)).await.unwrap();
    store.announce_node(&node(2, 2, 2), day(0)).await.unwrap();
    store.announce_node(&node(1, 3, 2), day(0)).await.unwrap();
    assert_eq!(
        store.list_nodes(day(2)).await.unwrap(),
        [node(1, 3, 2), node(2, 2, 2)]
    );
    assert_eq!(store.list_nodes(day(3)).await.unwrap(), [node(1, 3, 2)]);
    store.announce_node(&node(1, 4, 2), day(3)).await.unwrap();
    assert_eq!(store.list_nodes(day(0)).await.unwrap(), [node(1, 4, 2)]);
    store.remove_node(Uuid::from_u128(1)).await.unwrap();
    assert!(store.list_nodes(day(0)).await.unwrap().is_empty());
}

async fn processes_are_dated_by_the_clock_of_the_database(bench: Bench) {
    let before = bench.store.read_database_time().await.unwrap();
    let off = before - Clock::system_time();
    assert!(off.num_minutes() == 0, "both are of this machine: {off}");
    let after = bench.store.read_database_time().await.unwrap();
    assert!(before <= after);
}
