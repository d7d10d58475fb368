//! An HTTP responder whose responses a test writes byte for byte.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// One request as it was received.
#[derive(Clone, Debug)]
pub struct Call {
    pub line: String,
    pub head: String,
    pub body: String,
}

impl Call {
    /// The relative URLs of a batch.
    pub fn reads(&self) -> Vec<String> {
        let form = url::form_urlencoded::parse(self.body.as_bytes());
        let batch = form
            .into_iter()
            .find(|(name, _)| name == "batch")
            .unwrap()
            .1;
        let items: Vec<Value> = serde_json::from_str(&batch).unwrap();
        items
            .iter()
            .map(|it| it["relative_url"].as_str().unwrap().to_owned())
            .collect()
    }

    /// One parameter of every item of a batch; empty where an item lacks it.
    pub fn each(&self, name: &str) -> Vec<String> {
        let value = |read: &String| {
            let query = read.split_once('?').unwrap().1;
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs
                .find(|(it, _)| it == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        self.reads().iter().map(value).collect()
    }

    /// The ids that a batch reads.
    pub fn ids(&self) -> Vec<String> {
        self.reads()
            .iter()
            .map(|it| it.split('?').next().unwrap().to_owned())
            .collect()
    }
}

/// A response.
#[derive(Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub delay: Duration,
}

impl Reply {
    pub fn json(body: &Value) -> Self {
        Self {
            status: 200,
            body: body.to_string(),
            ..Self::default()
        }
    }

    fn text(&self) -> String {
        let mut lines = vec![
            format!("HTTP/1.1 {} X", self.status),
            format!("content-length: {}", self.body.len()),
        ];
        lines.extend(
            self.headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        format!("{}\r\n\r\n{}", lines.join("\r\n"), self.body)
    }

    pub fn error(status: u16, error: &Value) -> Self {
        Self {
            status,
            ..Self::json(&json!({ "error": error }))
        }
    }
}

/// A batch item.
pub fn item(code: u16, body: &Value) -> Value {
    json!({"code": code, "headers": [], "body": body.to_string()})
}

/// A batch item that shows that the token works on a business.
pub fn business(id: &str) -> Value {
    item(200, &json!({ "id": id }))
}

/// A running responder.
pub struct Stub {
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Stub {
    /// Responds to call number n (from 0) with `answer(n, call)`.
    pub async fn start(answer: impl Fn(usize, &Call) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let kept = calls.clone();
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), answer.clone()));
            }
        });
        Self { url, calls }
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    calls: Arc<Mutex<Vec<Call>>>,
    answer: Arc<impl Fn(usize, &Call) -> Reply + Send + Sync + 'static>,
) {
    while let Some(call) = read(&mut stream).await {
        let number = {
            let mut calls = calls.lock().unwrap();
            calls.push(call.clone());
            calls.len() - 1
        };
        let reply = answer(number, &call);
        tokio::time::sleep(reply.delay).await;
        if stream.write_all(reply.text().as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = |line: &str| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse::<usize>()
                    .ok()
            };
            let expected = head.lines().find_map(length).unwrap_or(0);
            if body.len() >= expected {
                let line = head.lines().next().unwrap().to_owned();
                return Some(Call {
                    line,
                    head: head.to_owned(),
                    body: body.to_owned(),
                });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
