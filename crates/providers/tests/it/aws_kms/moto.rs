//! Starts moto behind a connection that a test can cut.

#![expect(clippy::panic, reason = "a moto that does not start fails the test")]

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

const VERSION: &str = "moto[server]==5.2.5";
/// Two tests at once must not install it twice.
static INSTALLED: Mutex<()> = Mutex::new(());

/// A running moto with one key.
pub struct Moto {
    pub url: String,
    pub arn: String,
    line: SharedLine,
    process: Child,
}

/// What lies between a caller and moto.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Calls go through.
    Open,
    /// Connections end at once.
    Cut,
    /// Calls are accepted and never answered.
    Silent,
    /// Calls are answered after half a minute.
    Slow,
    /// Calls are answered with this status and code of an error.
    Refusing(u16, &'static str),
    /// Calls are answered 200 with bytes that are no JSON.
    Garbage,
}

type SharedLine = Arc<Mutex<Line>>;

impl Moto {
    pub async fn start() -> Self {
        let program = tokio::task::spawn_blocking(install).await.unwrap();
        let port = free_port();
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let line = Arc::new(Mutex::new(Line::Open));
        let mut moto = Self {
            url: forward_to(port, Arc::clone(&line)).await,
            arn: String::new(),
            line,
            process: process.unwrap(),
        };
        wait_for(port).await;
        moto.arn = moto.create_key().await;
        moto
    }

    pub async fn create_key(&self) -> String {
        let made = self.call("CreateKey").await;
        made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    /// Changes what lies between callers and moto. Connections that are open end.
    pub fn set_line(&self, line: Line) {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }

    /// Calls an action without parameters; moto does not check the signature.
    async fn call(&self, action: &str) -> Value {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let body = "{}";
        let request = format!(
            "POST / HTTP/1.1\r\nHost: kms.eu-west-1.amazonaws.com\r\nX-Amz-Target: TrentService.{action}\r\n\
             Content-Type: application/x-amz-json-1.1\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=x/20260101/eu-west-1/kms/aws4_request, SignedHeaders=host, Signature=x\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200"), "{action}: {response}");
        let body = response.split("\r\n\r\n").nth(1).unwrap_or_default();
        serde_json::from_str(body).unwrap_or_default()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The program `moto_server`; installs it unless it is there.
fn install() -> PathBuf {
    let _one = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto");
    let program = home.join("bin/moto_server");
    if !program.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&home));
        let mut pip = Command::new(home.join("bin/pip"));
        run(pip.args(["install", "--quiet", "--disable-pip-version-check", VERSION]));
    }
    program
}

fn run(command: &mut Command) {
    let ended = command.status().unwrap();
    assert!(ended.success(), "{command:?}");
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

async fn wait_for(port: u16) {
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("moto does not listen");
}

async fn forward_to(port: u16, line: SharedLine) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((inbound, _)) = listener.accept().await {
            tokio::spawn(serve(inbound, port, Arc::clone(&line)));
        }
    });
    url
}

/// Serves a connection as the line is now, until the line changes.
async fn serve(mut inbound: TcpStream, port: u16, line: SharedLine) -> Option<()> {
    let now = current(&line);
    let served = async {
        match now {
            Line::Open => {
                let mut outbound = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
                copy_bidirectional(&mut inbound, &mut outbound).await.ok()?;
            }
            Line::Cut => {}
            Line::Silent => std::future::pending().await,
            Line::Slow => {
                tokio::time::sleep(Duration::from_secs(30)).await;
                respond(&mut inbound, 500, "{}").await?;
            }
            Line::Refusing(status, code) => {
                let body = json!({ "__type": code, "message": "refused" });
                respond(&mut inbound, status, &body.to_string()).await?;
            }
            Line::Garbage => respond(&mut inbound, 200, "\u{0}garbage").await?,
        }
        Some(())
    };
    tokio::select! {
        () = until_changed(&line, now) => None,
        served = served => served,
    }
}

async fn respond(stream: &mut TcpStream, status: u16, body: &str) -> Option<()> {
    let mut request = vec![0; 16 * 1024];
    // What was asked does not matter, only that something was.
    let _length = stream.read(&mut request).await.ok()?;
    let response = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(response.as_bytes()).await.ok()
}

fn current(line: &SharedLine) -> Line {
    *line.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn until_changed(line: &SharedLine, from: Line) {
    while current(line) == from {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A service that refuses every call with this status and code; counts the calls.
pub async fn refusing_service(status: u16, code: &'static str) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let body = json!({ "__type": code, "message": "refused" }).to_string();
            counted.fetch_add(1, Ordering::SeqCst);
            respond(&mut stream, status, &body).await;
        }
    });
    (url, calls)
}
