//! G9: the time of a comparison does not show how much of a guess is right. Welch's t-test between guesses that are wrong
//! in their first byte and guesses that are wrong in their last one, as `dudect` does it; a comparison that stops early
//! shows that the test would find one. Long tier, optimised, on an idle machine.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

use std::{hint::black_box, time::Instant};

use hmac::{Hmac, KeyInit, Mac};
use regrant_crypto::{DataKey, is_webhook_signed};
use regrant_domain::{AppSecret, TenantId};
use sha2::Sha256;

/// How many times each class is measured.
const MEASURED: usize = 200_000;
/// What the literature takes for a leak.
const MOST: f64 = 4.5;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The running mean and variance of a class (Welford).
#[derive(Default)]
struct Class {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Class {
    fn add(&mut self, value: f64) {
        self.n += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.n;
        self.squares += delta * (value - self.mean);
    }

    fn variance_of_mean(&self) -> f64 {
        self.squares / (self.n - 1.0) / self.n
    }
}

/// The t-value of two classes of calls, which alternate in an order that nothing predicts. Times above the slower 10 %
/// are interruptions and not counted.
fn measure(call: impl Fn(bool)) -> f64 {
    let mut times = Vec::with_capacity(MEASURED * 2);
    let mut coin = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..MEASURED * 2 {
        coin ^= coin << 13;
        coin ^= coin >> 7;
        coin ^= coin << 17;
        let is_last = coin & 1 == 1;
        let began = Instant::now();
        for _ in 0..16 {
            call(black_box(is_last));
        }
        times.push((is_last, began.elapsed().as_secs_f64() * 1e9));
    }
    let mut sorted: Vec<f64> = times.iter().map(|it| it.1).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let most = sorted.get(sorted.len() * 9 / 10).copied().unwrap();
    let (mut first, mut last) = (Class::default(), Class::default());
    for (is_last, time) in times.into_iter().filter(|it| it.1 <= most) {
        if is_last {
            last.add(time);
        } else {
            first.add(time);
        }
    }
    (first.mean - last.mean) / (first.variance_of_mean() + last.variance_of_mean()).sqrt()
}

/// The bytes, wrong in the first one and wrong in the last one.
fn wrong(bytes: &[u8]) -> [Vec<u8>; 2] {
    let (mut first, mut last) = (bytes.to_vec(), bytes.to_vec());
    *first.first_mut().unwrap() ^= 1;
    *last.last_mut().unwrap() ^= 1;
    [first, last]
}

fn pick<T>([first, last]: &[T; 2], is_last: bool) -> &T {
    if is_last { last } else { first }
}

#[test]
#[ignore = "the long tier: it needs an optimised build and an idle machine"]
fn comparisons_take_the_same_time_wherever_a_guess_is_wrong() {
    let right = [7_u8; 64];
    let guesses = wrong(&right);
    let naive = measure(|is_last| {
        let pairs = pick(&guesses, is_last).iter().zip(black_box(&right));
        black_box(
            pairs
                .take_while(|(a, b)| black_box(a) == black_box(b))
                .count(),
        );
    });
    println!("a comparison that stops early: t = {naive:.1}");
    assert!(naive.abs() > MOST, "the test finds nothing");

    let key = DataKey::generate(TenantId::mint(), 1).unwrap();
    let print = key.compute_fingerprint(b"token");
    let guesses = wrong(print.as_bytes());
    let fingerprint = measure(|is_last| {
        black_box(print.matches_stored(pick::<Vec<u8>>(&guesses, is_last)));
    });
    println!("fingerprints: t = {fingerprint:.1}");

    let secrets = [AppSecret::parse(SECRET.to_owned()).unwrap()];
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(b"{}");
    let headers =
        wrong(&mac.finalize().into_bytes()).map(|it| format!("sha256={}", hex::encode(it)));
    let signature = measure(|is_last| {
        black_box(is_webhook_signed(
            &secrets,
            b"{}",
            pick::<String>(&headers, is_last),
        ));
    });
    println!("signatures of webhooks: t = {signature:.1}");
    assert!(fingerprint.abs() < MOST && signature.abs() < MOST);
}
