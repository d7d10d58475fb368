//! G8: no salt repeats, in ten million seals of the long tier (`REGRANT_SEALS`).

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::thread;

use regrant_crypto::{Context, DataKey, Purpose};
use regrant_domain::TenantId;
use uuid::Uuid;

/// Where a record has its salt; half of it is enough to compare.
const SALT: std::ops::Range<usize> = 24..40;

#[test]
fn no_salt_repeats() {
    let seals = std::env::var("REGRANT_SEALS").ok();
    let seals: usize = seals.and_then(|it| it.parse().ok()).unwrap_or(100_000);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let key = DataKey::generate(TenantId::mint(), 1).unwrap();
    let mut salts: Vec<u128> = thread::scope(|scope| {
        let seal = || (0..seals / threads).map(|_| salt_of_a_seal(&key)).collect();
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(seal)).collect();
        let salts = workers
            .into_iter()
            .flat_map(|it| -> Vec<u128> { it.join().unwrap() });
        salts.collect()
    });
    salts.sort_unstable();
    let repeated = salts
        .windows(2)
        .filter(|it| it.first() == it.last())
        .count();
    println!("{} seals, {repeated} salts repeat", salts.len());
    assert_eq!(repeated, 0);
}

fn salt_of_a_seal(key: &DataKey) -> u128 {
    let context = Context::of_row(key.tenant(), Uuid::from_u128(1), Purpose::AppSecret);
    let sealed = key.seal_record(&context, b"token").unwrap();
    let salt = sealed.as_bytes().get(SALT).unwrap();
    u128::from_be_bytes(salt.try_into().unwrap())
}
