//! G26: the limit under many schedules of its threads. No permit is lost or granted twice, no call that could run waits without
//! end, and no key holds more than its share, wherever a call stops waiting.
//!
//! The files of the crate are compiled here again, over primitives that the model schedules.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test fails as the test does"
)]

#[path = "../src/limit.rs"]
#[expect(dead_code, reason = "the model uses a part of the crate")]
mod limit;
#[path = "../src/queue.rs"]
mod queue;
#[path = "model/sync.rs"]
mod sync;

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::poll;
use limit::{Limits, Permits, Urgency, Wait};
use shuttle::{future::block_on, rand::Rng, thread};

/// The schedules of each test: 12,000 in all.
const SCHEDULES: usize = 2_000;
/// How many switches to a thread of lower priority a schedule has where they are planned.
const SWITCHES: usize = 3;
const LIMITS: Limits = Limits {
    total: 2,
    of_key: 1,
};
/// The keys of the calls of a schedule.
const CALLS: [u8; 5] = [1, 1, 1, 2, 3];

/// What the keys hold, counted apart from the limit.
#[derive(Default)]
struct Held {
    of_key: [AtomicUsize; 4],
    total: AtomicUsize,
    served: AtomicUsize,
}

impl Held {
    /// Works with a permit, and asserts that no other call has it.
    fn work(&self, key: u8) {
        let of_key = &self.of_key[usize::from(key)];
        assert!(of_key.fetch_add(1, Ordering::SeqCst) < LIMITS.of_key);
        assert!(self.total.fetch_add(1, Ordering::SeqCst) < LIMITS.total);
        thread::yield_now();
        of_key.fetch_sub(1, Ordering::SeqCst);
        self.total.fetch_sub(1, Ordering::SeqCst);
        self.served.fetch_add(1, Ordering::SeqCst);
    }
}

fn wait_with(max_waiting: usize, urgency: Urgency) -> Wait {
    Wait {
        urgency,
        patience: Duration::MAX,
        max_waiting,
    }
}

/// Runs a call for each key on a thread of its own; at the end every permit must be free.
fn run_calls(call: fn(&Permits<u8>, u8, &Held)) -> Arc<Held> {
    let (permits, held) = (Permits::new(LIMITS), Arc::new(Held::default()));
    let threads = CALLS.map(|key| {
        let (permits, held) = (permits.clone(), Arc::clone(&held));
        thread::spawn(move || call(&permits, key, &held))
    });
    for it in threads {
        it.join().unwrap();
    }
    assert_eq!(permits.count_free(), LIMITS.total);
    for key in CALLS {
        assert_eq!(permits.count_held(key), 0);
    }
    held
}

/// Waits until the permit is granted; a call that is never granted is a deadlock of the model.
fn patient_call(permits: &Permits<u8>, key: u8, held: &Held) {
    let granted = permits.request_permit(key, wait_with(CALLS.len(), Urgency::Normal));
    let permit = block_on(granted.unwrap()).unwrap();
    held.work(key);
    drop(permit);
}

/// Stops waiting after a few polls, as a call whose patience ends or whose caller has gone.
fn impatient_call(permits: &Permits<u8>, key: u8, held: &Held) {
    let urgency = if key == 1 {
        Urgency::Normal
    } else {
        Urgency::First
    };
    let Ok(granted) = permits.request_permit(key, wait_with(1, urgency)) else {
        return;
    };
    let polls = shuttle::rand::thread_rng().gen_range(0..3);
    let permit = block_on(async {
        let mut granted = pin!(granted);
        for _ in 0..polls {
            if let std::task::Poll::Ready(permit) = poll!(&mut granted) {
                return permit.ok();
            }
            thread::yield_now();
        }
        None
    });
    if permit.is_some() {
        held.work(key);
    }
}

/// Patient calls beside impatient ones.
fn mixed_call(permits: &Permits<u8>, key: u8, held: &Held) {
    if key == 1 {
        impatient_call(permits, key, held);
    } else {
        patient_call(permits, key, held);
    }
}

fn every_patient_call_is_served() {
    let held = run_calls(patient_call);
    assert_eq!(held.served.load(Ordering::SeqCst), CALLS.len());
}

fn calls_that_stop_waiting_lose_no_permit() {
    run_calls(impatient_call);
}

fn calls_that_stop_waiting_delay_no_other_for_good() {
    let held = run_calls(mixed_call);
    assert!(held.served.load(Ordering::SeqCst) >= 2);
}

const TESTS: [fn(); 3] = [
    every_patient_call_is_served,
    calls_that_stop_waiting_lose_no_permit,
    calls_that_stop_waiting_delay_no_other_for_good,
];

#[test]
fn the_limit_keeps_its_promises_under_random_schedules() {
    for test in TESTS {
        shuttle::check_random(test, SCHEDULES);
    }
}

#[test]
fn the_limit_keeps_its_promises_under_schedules_with_few_switches() {
    for test in TESTS {
        shuttle::check_pct(test, SCHEDULES, SWITCHES);
    }
}
