//! Starts moto behind a connection that a test can cut.

#![expect(clippy::panic, reason = "a moto that does not start fails the test")]

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
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
    is_cut: Arc<AtomicBool>,
    process: Child,
}

impl Moto {
    pub async fn start() -> Self {
        let program = tokio::task::spawn_blocking(install).await.unwrap();
        let port = free_port();
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let is_cut = Arc::default();
        let mut moto = Self {
            url: forward_to(port, Arc::clone(&is_cut)).await,
            arn: String::new(),
            is_cut,
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

    /// Refuses connections, or forwards them again.
    pub fn cut_off(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::SeqCst);
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
    let _one = INSTALLED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
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

async fn forward_to(port: u16, is_cut: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut inbound, _)) = listener.accept().await {
            let is_cut = Arc::clone(&is_cut);
            tokio::spawn(async move {
                let mut outbound = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
                let copied = copy_bidirectional(&mut inbound, &mut outbound);
                tokio::select! {
                    () = until_cut(&is_cut) => None,
                    copied = copied => copied.ok(),
                }
            });
        }
    });
    url
}

async fn until_cut(is_cut: &AtomicBool) {
    while !is_cut.load(Ordering::SeqCst) {
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
            let mut request = [0; 16 * 1024];
            if stream.read(&mut request).await.unwrap_or_default() == 0 {
                continue;
            }
            counted.fetch_add(1, Ordering::SeqCst);
            let body = json!({ "__type": code, "message": "refused" }).to_string();
            let response = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            );
            drop(stream.write_all(response.as_bytes()).await);
        }
    });
    (url, calls)
}
