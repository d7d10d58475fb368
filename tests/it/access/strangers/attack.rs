//! The strangers of these tests: connections from another address of this machine.

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The address that strangers call from. Everything else of a test calls from 127.0.0.1.
const STRANGERS: [u8; 4] = [127, 0, 0, 2];

/// What became of the connections of an attack.
#[derive(Debug, Default)]
pub struct Tally {
    /// Answered with a refusal.
    pub refused: AtomicUsize,
    /// Ended in another way.
    pub ended: AtomicUsize,
}

/// Connections that send all but the last bytes of a body, and wait; again and again until it is dropped. They run on a
/// thread of their own: what an honest caller of the same test measures is the server.
pub struct SlowBodies {
    pub tally: Arc<Tally>,
    _stop: DropGuard,
}

impl SlowBodies {
    pub fn start(api: &str, path: &'static str, connections: usize, bytes: usize) -> Self {
        let target: SocketAddr = api
            .trim_start_matches("http://")
            .parse()
            .expect("an address");
        let (tally, stop) = (Arc::new(Tally::default()), CancellationToken::new());
        let (counts, stopped) = (Arc::clone(&tally), stop.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let mut senders = JoinSet::new();
                for _ in 0..connections {
                    senders.spawn(repeat_slow_body(target, path, bytes, Arc::clone(&counts)));
                }
                stopped.cancelled().await;
            });
        });
        Self {
            tally,
            _stop: stop.drop_guard(),
        }
    }
}

async fn repeat_slow_body(target: SocketAddr, path: &str, bytes: usize, tally: Arc<Tally>) {
    loop {
        let counted = match Box::pin(send_slow_body(target, path, bytes)).await {
            Some(429 | 503 | 413) => &tally.refused,
            _ => &tally.ended,
        };
        counted.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// Connects from the strangers' address.
pub async fn connect(target: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((STRANGERS, 0)))?;
    socket.connect(target).await
}

/// Sends all but ten bytes of a body, then waits for the answer. Its status, if one came.
async fn send_slow_body(target: SocketAddr, path: &str, bytes: usize) -> Option<u16> {
    let mut stream = connect(target).await.ok()?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    let chunk = [b'a'; 16 * 1024];
    let mut left = bytes.saturating_sub(10);
    while left > 0 {
        let n = left.min(chunk.len());
        if stream.write_all(&chunk[..n]).await.is_err() {
            break;
        }
        left -= n;
    }
    let mut answer = [0; 64];
    let read = stream.read(&mut answer).await.ok()?;
    let text = String::from_utf8_lossy(&answer[..read]).into_owned();
    text.split(' ').nth(1)?.parse().ok()
}

/// How long the calls of an honest caller took, and how many failed.
pub struct Timings {
    errors: usize,
    calls: usize,
    p50: Duration,
    p99: Duration,
}

/// Repeats a call for this long; the call says whether it succeeded.
pub async fn time_calls(length: Duration, mut call: impl AsyncFnMut() -> bool) -> Timings {
    let (started, mut took, mut errors) = (Instant::now(), Vec::new(), 0);
    while started.elapsed() < length {
        let at = Instant::now();
        if !call().await {
            errors += 1;
        }
        took.push(at.elapsed());
    }
    took.sort();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    Timings {
        errors,
        calls: took.len(),
        p50: at(50),
        p99: at(99),
    }
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            errors,
            calls,
            p50,
            p99,
        } = self;
        write!(
            f,
            "{calls} calls, {errors} errors, p50 {p50:.1?}, p99 {p99:.1?}"
        )
    }
}

impl Timings {
    pub fn assert_without_errors(&self) {
        assert_eq!(self.errors, 0, "{self}");
    }

    /// Asserts no errors, and a 99th percentile of at most three times the one alone, or of 150 ms.
    pub fn assert_like(&self, alone: &Self) {
        self.assert_without_errors();
        let most = (alone.p99 * 3).max(Duration::from_millis(150));
        assert!(self.p99 <= most, "{self} where alone {alone}");
    }
}
