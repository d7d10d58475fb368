//! Load over HTTP/1.1: connections that are kept open, each with one request in flight.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// What was measured.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rate {
    /// Answers with status 200 a second.
    pub per_second: f64,
    /// The median response time, in milliseconds.
    pub p50: f64,
    /// The 99th percentile of the response time, in milliseconds.
    pub p99: f64,
    /// Answers with another status.
    pub errors: usize,
}

/// The requests of a load: the n-th of a connection.
pub type NextRequest = dyn Fn(usize, usize) -> Vec<u8> + Send + Sync;

/// A GET with a bearer token.
pub fn get(path: &str, bearer: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {bearer}\r\n\r\n")
        .into_bytes()
}

/// A POST with a bearer token.
pub fn post(path: &str, bearer: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {bearer}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends requests for this long from a thread of its own. The first tenth is not counted.
pub fn run(address: &str, connections: usize, lasts: Duration, next: Box<NextRequest>) -> Rate {
    let (address, next) = (
        address.trim_start_matches("http://").to_owned(),
        std::sync::Arc::from(next),
    );
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime
            .unwrap()
            .block_on(send_all(address, connections, lasts, next))
    });
    thread.join().unwrap()
}

async fn send_all(
    address: String,
    connections: usize,
    lasts: Duration,
    next: std::sync::Arc<NextRequest>,
) -> Rate {
    let (from, until) = (Instant::now() + lasts / 10, Instant::now() + lasts);
    let mut tasks = JoinSet::new();
    for n in 0..connections {
        tasks.spawn(send_in_turn(
            address.clone(),
            n,
            (from, until),
            std::sync::Arc::clone(&next),
        ));
    }
    let (mut times, mut errors) = (Vec::new(), 0);
    for (of_connection, failed) in tasks.join_all().await {
        times.extend(of_connection);
        errors += failed;
    }
    times.sort_unstable();
    let at = |permille: usize| {
        times
            .get(times.len() * permille / 1_000)
            .map_or(0.0, |it| it.as_secs_f64() * 1_000.0)
    };
    Rate {
        per_second: times.len() as f64 / (until - from).as_secs_f64(),
        p50: at(500),
        p99: at(990),
        errors,
    }
}

async fn send_in_turn(
    address: String,
    connection: usize,
    (from, until): (Instant, Instant),
    next: std::sync::Arc<NextRequest>,
) -> (Vec<Duration>, usize) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut times, mut errors, mut buffer) = (Vec::new(), 0, Vec::with_capacity(64 * 1_024));
    for n in 0.. {
        let began = Instant::now();
        if began >= until {
            break;
        }
        stream.write_all(&next(connection, n)).await.unwrap();
        let status = read_answer(&mut stream, &mut buffer).await;
        if status != 200 {
            errors += 1;
        } else if began >= from {
            times.push(began.elapsed());
        }
    }
    (times, errors)
}

/// Reads one answer and returns its status.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> u16 {
    buffer.clear();
    loop {
        assert!(
            stream.read_buf(buffer).await.unwrap() > 0,
            "the server closed the connection"
        );
        let Some(head) = buffer.windows(4).position(|it| it == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head])
            .unwrap()
            .to_ascii_lowercase();
        let length = text
            .split("content-length: ")
            .nth(1)
            .and_then(|it| it.split("\r\n").next());
        let length: usize = length.map_or(0, |it| it.parse().unwrap());
        if buffer.len() >= head + 4 + length {
            return text.split(' ').nth(1).unwrap().parse().unwrap();
        }
    }
}
