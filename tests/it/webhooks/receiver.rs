//! A receiver of webhooks that notes what arrives and in which order.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

/// A receiver that answers after a pause.
pub struct Receiver {
    pub url: String,
    /// Each request as `{headers, body}`, in the order of arrival.
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    /// A receiver that answers each request after this pause; without one, it never answers.
    pub async fn start(pause: Option<Duration>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let requests = Arc::<Mutex<Vec<Value>>>::default();
        let received = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let received = Arc::clone(&received);
                tokio::spawn(async move { answer(stream, &received, pause).await });
            }
        });
        Self { url, requests }
    }

    pub async fn count(&self) -> usize {
        self.requests.lock().await.len()
    }

    pub async fn requests(&self) -> Vec<Value> {
        self.requests.lock().await.clone()
    }

    /// The ids of the events, in the order of arrival.
    pub async fn ids(&self) -> Vec<String> {
        let id = |it: &Value| it["headers"]["webhook-id"].as_str().map(ToOwned::to_owned);
        self.requests.lock().await.iter().filter_map(id).collect()
    }
}

async fn answer(mut stream: TcpStream, received: &Mutex<Vec<Value>>, pause: Option<Duration>) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 8_192]);
    while let Ok(n @ 1..) = stream.read(&mut chunk).await {
        bytes.extend_from_slice(&chunk[..n]);
        if let Some(request) = whole(&bytes) {
            received.lock().await.push(request);
            let Some(pause) = pause else {
                return std::future::pending().await;
            };
            tokio::time::sleep(pause).await;
            let _sent = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            return;
        }
    }
}

fn whole(bytes: &[u8]) -> Option<Value> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut headers = serde_json::Map::new();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        headers.insert(name.to_lowercase(), value.into());
    }
    let length: usize = headers.get("content-length")?.as_str()?.parse().ok()?;
    let body = std::str::from_utf8(&bytes[end + 4..]).ok()?;
    (body.len() >= length).then(|| json!({ "headers": headers, "body": body }))
}
