//! G14: what each fault of a key service leads to, for each provider: [`check_cell`] is one cell of that table.
//!
//! The rule: a call during a fault ends in time, with an error of the class that the table says, and never with a key
//! that another provider wrapped, or none. Once the fault is over, the same provider opens what it wrapped, within five
//! seconds. A cell that cannot exist for a provider says why ([`Cell::CannotBe`]).

use std::time::{Duration, Instant};

use regrant_crypto::{DataKey, KeyProvider, ProviderError, Refresh, WrappedKey};

use crate::conformance::{Bench, assert_same, data_key, unwrap};

/// A call ends within this time, whatever the service does: three tries of ten seconds at most.
const ENDS_WITHIN: Duration = Duration::from_secs(33);
/// What was wrapped opens again within this time after the end of the fault.
const RECOVERS_WITHIN: Duration = Duration::from_secs(5);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The service accepts calls and never responds.
    Timeout,
    /// It refuses calls because there were too many.
    Throttle,
    /// It refuses this caller.
    Denied,
    /// It has another key under the name.
    WrongKey,
    /// It has no such key any more.
    Deleted,
    /// It responds with bytes that mean nothing.
    Garbage,
    /// It responds after half a minute.
    Slow,
    /// It ends, and starts again.
    Restart,
}

/// What the table says of a fault.
#[derive(Debug, Clone, Copy)]
pub enum Cell {
    /// Calls fail; the same call may succeed a little later.
    Outage,
    /// Calls fail until an operator changes something.
    Refusal,
    /// Calls succeed meanwhile.
    Serves,
    /// There is no such fault of this provider, because …
    CannotBe(&'static str),
}

/// A provider whose faults a test can begin and end.
pub trait FaultyBench: Bench {
    fn cell(fault: Fault) -> Cell;
    async fn begin(&self, fault: Fault);
    async fn end(&self, fault: Fault);
}

/// Makes a test of each cell; `start` is what starts the bench, or `None` where another process runs the test.
macro_rules! cells {
    ($($name:ident: $fault:ident),+ $(,)?) => {
        mod cells {
            use crate::faults::{Fault, check_cell};
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    let test = concat!("cells::", stringify!($name));
                    if let Some(bench) = super::start_for_cell(test).await {
                        check_cell(&bench, Fault::$fault).await;
                    }
                }
            )+
        }
    };
    () => {
        crate::faults::cells!(
            timeout: Timeout, throttle: Throttle, denied: Denied, wrong_key: WrongKey,
            deleted: Deleted, garbage: Garbage, slow: Slow, restart: Restart,
        );
    };
}
pub(crate) use cells;

/// Checks one cell.
pub async fn check_cell<B: FaultyBench>(bench: &B, fault: Fault) {
    let cell = B::cell(fault);
    if let Cell::CannotBe(reason) = cell {
        println!("G14: {:?} x {fault:?}: cannot be: {reason}", B::KIND);
        return;
    }
    let provider = KeyProvider::new(bench.source("test").await, Vec::new());
    let key = data_key();
    let wrapped = provider.wrap_data_key(&key).await.unwrap();
    bench.begin(fault).await;
    let during = Instant::now();
    // A process that looks for newer keys meanwhile keeps those that it has.
    drop(provider.refresh(Refresh::IfDue).await);
    check_unwrap(&provider, &key, &wrapped, cell).await;
    check_wrap::<B>(&provider, cell).await;
    let during = during.elapsed();
    assert!(during < 2 * ENDS_WITHIN, "{fault:?}: {during:?}");
    bench.end(fault).await;
    let recovered = measure_recovery(&provider, &key, &wrapped).await;
    println!(
        "G14: {:?} x {fault:?}: {cell:?}, two calls within {:.1} s, well again after {:.1} s",
        B::KIND,
        during.as_secs_f64(),
        recovered.as_secs_f64()
    );
    assert!(recovered <= RECOVERS_WITHIN, "{fault:?}: {recovered:?}");
}

async fn check_unwrap(provider: &KeyProvider, key: &DataKey, wrapped: &WrappedKey, cell: Cell) {
    let began = Instant::now();
    let opened = unwrap(provider, key, wrapped).await;
    assert!(began.elapsed() < ENDS_WITHIN, "{:?}", began.elapsed());
    match opened {
        Ok(opened) => {
            assert!(matches!(cell, Cell::Serves), "the fault has no effect");
            assert_same(key, &opened);
        }
        Err(error) => check_class(&error, cell),
    }
}

/// A key that cannot be wrapped is not stored: there is nothing to store.
async fn check_wrap<B: Bench>(provider: &KeyProvider, cell: Cell) {
    match provider.wrap_data_key(&data_key()).await {
        // Another key under the name wraps, and what it wraps names this provider.
        Ok(wrapped) => {
            assert!(!matches!(cell, Cell::Outage), "the fault has no effect");
            assert_eq!(wrapped.provider(), Some(B::KIND));
        }
        Err(error) => check_class(&error, cell),
    }
}

fn check_class(error: &ProviderError, cell: Cell) {
    match cell {
        Cell::Outage => assert!(error.is_retryable(), "{error}"),
        Cell::Refusal => assert!(!error.is_retryable(), "{error}"),
        Cell::Serves | Cell::CannotBe(_) => panic!("{error}"),
    }
}

async fn measure_recovery(provider: &KeyProvider, key: &DataKey, wrapped: &WrappedKey) -> Duration {
    let began = Instant::now();
    while began.elapsed() < 2 * RECOVERS_WITHIN {
        if let Ok(opened) = unwrap(provider, key, wrapped).await {
            assert_same(key, &opened);
            return began.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the provider does not recover");
}
