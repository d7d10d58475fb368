//! The guard against forged destinations (SSRF): the sender never connects to this machine or its
//! network.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a failing test must panic")]

use std::{
    collections::HashSet,
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use regrant_webhook::{
    DestinationRefusal, Message, NameLookup, SendFailure, SendOutcome, Sender, Settings,
    WebhookSecret,
};

use DestinationRefusal as R;

/// URLs and the refusal of each. `{p}` is the port of a listener on `127.0.0.1` and `::1`.
const URLS: [(&str, DestinationRefusal); 98] = [
    // Loopback in every notation the URL standard knows.
    ("https://127.0.0.1:{p}/", R::Loopback),
    ("https://127.0.0.1/", R::Loopback),
    ("https://127.1:{p}/", R::Loopback),
    ("https://127.0.1:{p}/", R::Loopback),
    ("https://127.0.0.1.:{p}/", R::Loopback),
    ("https://0177.0.0.1:{p}/", R::Loopback),
    ("https://0177.0.0.01:{p}/", R::Loopback),
    ("https://017700000001:{p}/", R::Loopback),
    ("https://2130706433:{p}/", R::Loopback),
    ("https://0x7f000001:{p}/", R::Loopback),
    ("https://0X7F000001:{p}/", R::Loopback),
    ("https://0x7f.0.0.1:{p}/", R::Loopback),
    ("https://0x7f.0x0.0x0.0x1:{p}/", R::Loopback),
    ("https://0x7f.1:{p}/", R::Loopback),
    ("https://127.255.255.254:{p}/", R::Loopback),
    ("https://%31%32%37.0.0.1:{p}/", R::Loopback),
    ("https:127.0.0.1:{p}/", R::Loopback),
    ("https:/127.0.0.1:{p}/", R::Loopback),
    ("https:///127.0.0.1:{p}/", R::Loopback),
    ("HTTPS://127.0.0.1:{p}/", R::Loopback),
    ("https://[::1]:{p}/", R::Loopback),
    ("https://[0:0:0:0:0:0:0:1]:{p}/", R::Loopback),
    ("https://[0000::0001]:{p}/", R::Loopback),
    // IPv4 inside IPv6.
    ("https://[::ffff:127.0.0.1]:{p}/", R::EmbeddedIpv4),
    ("https://[::ffff:7f00:1]:{p}/", R::EmbeddedIpv4),
    ("https://[::ffff:8.8.8.8]/", R::EmbeddedIpv4),
    ("https://[0:0:0:0:0:ffff:a9fe:a9fe]/", R::EmbeddedIpv4),
    ("https://[::127.0.0.1]:{p}/", R::EmbeddedIpv4),
    ("https://[::2]/", R::EmbeddedIpv4),
    ("https://[::ffff:0:127.0.0.1]:{p}/", R::EmbeddedIpv4),
    ("https://[64:ff9b::127.0.0.1]:{p}/", R::Nat64),
    ("https://[64:ff9b::7f00:1]/", R::Nat64),
    ("https://[64:ff9b:1::a9fe:a9fe]/", R::Nat64),
    ("https://[64:ff9b:1:ffff:ffff:ffff:ffff:ffff]/", R::Nat64),
    ("https://[2002:7f00:1::]:{p}/", R::SixToFour),
    ("https://[2002:a9fe:a9fe::1]/", R::SixToFour),
    ("https://192.88.99.1/", R::SixToFour),
    ("https://[2001:0:7f00:1::]/", R::Teredo),
    ("https://[2001::1]/", R::Teredo),
    // Where clouds keep their metadata.
    ("https://169.254.169.254/latest/meta-data/", R::LinkLocal),
    ("https://2852039166/", R::LinkLocal),
    ("https://0xa9fea9fe/", R::LinkLocal),
    ("https://0251.0376.0251.0376/", R::LinkLocal),
    ("https://169.254.43518/", R::LinkLocal),
    ("https://[fe80::1]/", R::LinkLocal),
    ("https://[febf::1]/", R::LinkLocal),
    ("https://[fd00:ec2::254]/", R::UniqueLocal),
    ("https://[fc00::1]/", R::UniqueLocal),
    ("https://[fec0::1]/", R::SiteLocal),
    // Networks that are not reachable from outside.
    ("https://0.0.0.0:{p}/", R::Unspecified),
    ("https://0:{p}/", R::Unspecified),
    ("https://0.1.2.3/", R::Unspecified),
    ("https://[::]:{p}/", R::Unspecified),
    ("https://10.0.0.1/", R::Private),
    ("https://10.255.255.255/", R::Private),
    ("https://012.0.0.1/", R::Private),
    ("https://0xa000001/", R::Private),
    ("https://172.16.0.1/", R::Private),
    ("https://172.31.255.255/", R::Private),
    ("https://192.168.0.1/", R::Private),
    ("https://3232235521/", R::Private),
    ("https://100.64.0.1/", R::SharedNetwork),
    ("https://100.127.255.255/", R::SharedNetwork),
    ("https://192.0.0.1/", R::Reserved),
    ("https://192.0.2.1/", R::Documentation),
    ("https://198.51.100.1/", R::Documentation),
    ("https://203.0.113.1/", R::Documentation),
    ("https://[2001:db8::1]/", R::Documentation),
    ("https://[3fff::1]/", R::Documentation),
    ("https://198.18.0.1/", R::Benchmarking),
    ("https://[2001:2::1]/", R::Benchmarking),
    ("https://224.0.0.1/", R::Multicast),
    ("https://239.255.255.250/", R::Multicast),
    ("https://[ff02::1]/", R::Multicast),
    ("https://240.0.0.1/", R::Reserved),
    ("https://255.255.255.255/", R::Broadcast),
    ("https://4294967295/", R::Broadcast),
    ("https://[100::1]/", R::Reserved),
    ("https://[5f00::1]/", R::Reserved),
    // Names of this machine or of a local network.
    ("https://localhost:{p}/", R::Name),
    ("https://LOCALHOST:{p}/", R::Name),
    ("https://localhost.:{p}/", R::Name),
    ("https://a.localhost:{p}/", R::Name),
    ("https://localhost.localdomain/", R::Name),
    ("https://metadata.google.internal/", R::Name),
    ("https://router.local/", R::Name),
    ("https://intranet/", R::Name),
    ("https://hooks.example.com./", R::Name),
    // Everything but the host.
    ("http://hooks.example.com/", R::Scheme),
    ("ftp://127.0.0.1:{p}/", R::Scheme),
    ("file:///etc/passwd", R::Scheme),
    ("https://hooks.example.com@127.0.0.1:{p}/", R::UserInfo),
    ("https://127.0.0.1:{p}@hooks.example.com/", R::UserInfo),
    ("https://hooks.example.com/#@127.0.0.1", R::Fragment),
    ("https://hooks.example.com:22/", R::Port),
    ("https://hooks.example.com:{p}/", R::Port),
    ("https://hooks.example.com\\@127.0.0.1:{p}/", R::Malformed),
    ("https://127.0.0.1:{p}/\r\nHost: inside", R::Malformed),
];

/// Addresses that a name may resolve to, and the refusal of each.
const ADDRESSES: [(&str, DestinationRefusal); 34] = [
    ("127.0.0.1", R::Loopback),
    ("127.99.99.99", R::Loopback),
    ("::1", R::Loopback),
    ("0.0.0.0", R::Unspecified),
    ("::", R::Unspecified),
    ("10.1.2.3", R::Private),
    ("172.20.0.1", R::Private),
    ("192.168.1.1", R::Private),
    ("100.100.100.200", R::SharedNetwork),
    ("169.254.169.254", R::LinkLocal),
    ("169.254.170.2", R::LinkLocal),
    ("fe80::1", R::LinkLocal),
    ("fd00:ec2::254", R::UniqueLocal),
    ("fdff::1", R::UniqueLocal),
    ("fec0::1", R::SiteLocal),
    ("::ffff:127.0.0.1", R::EmbeddedIpv4),
    ("::ffff:10.0.0.1", R::EmbeddedIpv4),
    ("::127.0.0.1", R::EmbeddedIpv4),
    ("64:ff9b::7f00:1", R::Nat64),
    ("64:ff9b:1::7f00:1", R::Nat64),
    ("2002:7f00:1::", R::SixToFour),
    ("2002:a00:1::", R::SixToFour),
    ("2001:0:7f00:1::", R::Teredo),
    ("2001:10::1", R::Reserved),
    ("2001:db8::1", R::Documentation),
    ("192.0.2.1", R::Documentation),
    ("198.19.255.255", R::Benchmarking),
    ("224.0.0.251", R::Multicast),
    ("ff05::2", R::Multicast),
    ("255.255.255.255", R::Broadcast),
    ("240.1.1.1", R::Reserved),
    ("192.0.0.170", R::Reserved),
    ("192.88.99.2", R::SixToFour),
    ("8000::1", R::Reserved),
];

/// Sends the same response to every connection, and counts the connections.
struct Listener {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Listener {
    fn at(address: SocketAddr, answer: String) -> Option<Self> {
        let listener = TcpListener::bind(address).ok()?;
        let (address, connections) = (
            listener.local_addr().unwrap(),
            Arc::new(AtomicUsize::new(0)),
        );
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut stream = stream.unwrap();
                let _head = stream.read(&mut [0; 4096]);
                let _sent = stream.write_all(answer.as_bytes());
            }
        });
        Some(Self {
            address,
            connections,
        })
    }

    fn on_loopback(answer: &str) -> Self {
        Self::at(([127, 0, 0, 1], 0).into(), answer.to_owned()).unwrap()
    }

    fn count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn sender(settings: Settings) -> Sender {
    Sender::new(Settings {
        timeout: Duration::from_secs(5),
        ..settings
    })
    .unwrap()
}

async fn send(sender: &Sender, url: &str) -> SendOutcome {
    let secret = WebhookSecret::mint().unwrap();
    let message = Message {
        id: "evt_1",
        at: chrono::DateTime::UNIX_EPOCH,
        body: b"{}",
    };
    sender.send_message(url, &[secret], message).await
}

fn refused(why: DestinationRefusal) -> SendOutcome {
    SendOutcome::Failed(SendFailure::Refused(why))
}

/// Settings with which every name resolves to these addresses.
fn resolving_to(addresses: Vec<IpAddr>) -> Settings {
    let names = NameLookup::Custom(Arc::new(move |_: &str| Ok(addresses.clone())));
    Settings {
        names,
        ..Settings::default()
    }
}

#[tokio::test]
async fn no_url_of_this_machine_or_its_network_gets_a_connection() {
    let listener = Listener::on_loopback(OK);
    let port = listener.address.port();
    let on_v6 = Listener::at(([0, 0, 0, 0, 0, 0, 0, 1], port).into(), OK.to_owned());
    let sender = sender(resolving_to(vec![[127, 0, 0, 1].into()]));
    for (url, why) in URLS {
        let url = url.replace("{p}", &port.to_string());
        assert_eq!(send(&sender, &url).await, refused(why), "{url:?}");
        assert_eq!(sender.check_destination(&url).err(), Some(why), "{url:?}");
    }
    assert_eq!(listener.count() + on_v6.map_or(0, |it| it.count()), 0);
}

#[tokio::test]
async fn no_name_that_resolves_to_such_an_address_gets_a_connection() {
    // A loopback address of this test alone, so that the one allowed port is free on it.
    let [a, b] = std::process::id().to_be_bytes()[2..].try_into().unwrap();
    let listener = Listener::at(([127, 77, a, b.max(1)], 8443).into(), OK.to_owned()).unwrap();
    for port in ["", ":8443"] {
        let url = format!("https://hooks.example.com{port}/");
        let own = [(listener.address.ip().to_string(), R::Loopback)];
        let listed = ADDRESSES.map(|(address, why)| (address.to_owned(), why));
        for (address, why) in listed.into_iter().chain(own) {
            let sender = sender(resolving_to(vec![address.parse().unwrap()]));
            assert_eq!(send(&sender, &url).await, refused(why), "{address}");
        }
    }
    assert_eq!(listener.count(), 0);
    std::net::TcpStream::connect(listener.address).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(listener.count(), 1, "the listener does count");
}

#[test]
fn at_least_120_destinations_are_tested() {
    let urls = URLS
        .iter()
        .map(|(it, _)| *it)
        .chain(ADDRESSES.iter().map(|(it, _)| *it));
    assert!(urls.collect::<HashSet<_>>().len() >= 120);
}

#[tokio::test]
async fn a_name_that_resolves_publicly_first_and_privately_later_is_refused() {
    let listener = Listener::on_loopback(OK);
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let names = move |_: &str| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(vec![[8, 8, 8, 8].into()]),
        _ => Ok(vec![[127, 0, 0, 1].into()]),
    };
    let first = names("rebinding.example.com").unwrap();
    assert_eq!(
        first,
        [IpAddr::from([8, 8, 8, 8])],
        "an earlier lookup returns a public address"
    );
    let sender = sender(Settings {
        names: NameLookup::Custom(Arc::new(names)),
        ..Settings::default()
    });
    for attempt in 1..=3 {
        assert_eq!(
            send(&sender, "https://rebinding.example.com/").await,
            refused(R::Loopback)
        );
        assert_eq!(
            asked.load(Ordering::SeqCst),
            1 + attempt,
            "one lookup for each attempt"
        );
    }
    assert_eq!(listener.count(), 0);
}

#[tokio::test]
async fn a_name_without_an_address_is_refused() {
    assert_eq!(
        send(
            &sender(resolving_to(Vec::new())),
            "https://hooks.example.com/"
        )
        .await,
        refused(R::Unresolved)
    );
    let names = NameLookup::Custom(Arc::new(|_: &str| Err(std::io::ErrorKind::NotFound.into())));
    let sender = sender(Settings {
        names,
        ..Settings::default()
    });
    assert_eq!(
        send(&sender, "https://hooks.example.com/").await,
        refused(R::Unresolved)
    );
}

fn rehearsing() -> Settings {
    Settings {
        allow_loopback: true,
        ..resolving_to(vec![[127, 0, 0, 1].into()])
    }
}

#[tokio::test]
async fn a_redirect_is_a_response_and_is_not_followed() {
    let inside = Listener::on_loopback(OK);
    for status in [301, 302, 303, 307, 308] {
        let head = format!(
            "HTTP/1.1 {status} Moved\r\nLocation: http://{}/\r\n",
            inside.address
        );
        let outside = Listener::on_loopback(&format!(
            "{head}Content-Length: 0\r\nConnection: close\r\n\r\n"
        ));
        let sent = send(
            &sender(rehearsing()),
            &format!("http://{}/", outside.address),
        )
        .await;
        assert_eq!(
            sent,
            SendOutcome::Answered {
                status,
                retry_after: None
            }
        );
        assert_eq!(outside.count(), 1);
    }
    assert_eq!(inside.count(), 0);
}

#[tokio::test]
async fn a_rehearsal_reaches_this_machine_and_no_other() {
    let listener = Listener::on_loopback(OK);
    let port = listener.address.port();
    let sender = sender(rehearsing());
    for host in ["127.0.0.1", "localhost"] {
        let sent = send(&sender, &format!("http://{host}:{port}/hook")).await;
        assert_eq!(
            sent,
            SendOutcome::Answered {
                status: 200,
                retry_after: None
            },
            "{host}"
        );
    }
    assert_eq!(listener.count(), 2);
    // `allow_loopback` does not allow a public name that resolves to this machine.
    assert_eq!(
        send(&sender, "https://hooks.example.com/").await,
        refused(R::Loopback)
    );
    assert_eq!(
        send(&sender, "https://192.168.0.1/").await,
        refused(R::Private)
    );
    assert_eq!(listener.count(), 2);
}

#[tokio::test]
async fn a_long_response_is_not_read_to_its_end() {
    let body = "x".repeat(8 * 1024 * 1024);
    let listener = Listener::on_loopback(&format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let before = std::time::Instant::now();
    let sent = send(
        &sender(rehearsing()),
        &format!("http://{}/", listener.address),
    )
    .await;
    assert_eq!(
        sent,
        SendOutcome::Answered {
            status: 200,
            retry_after: None
        }
    );
    assert!(before.elapsed() < Duration::from_secs(3));
}

/// Runs in a separate process with its own environment: see `a_proxy_in_the_environment_is_not_used`.
#[tokio::test]
#[ignore = "started by the test of proxies"]
async fn sends_with_a_proxy_in_the_environment() {
    assert!(std::env::var("HTTPS_PROXY").is_ok());
    let target = std::env::var("REGRANT_TEST_TARGET").unwrap();
    let sender = sender(rehearsing());
    assert_eq!(
        send(&sender, &target).await,
        SendOutcome::Answered {
            status: 200,
            retry_after: None
        }
    );
    assert_eq!(
        send(&sender, "https://hooks.example.com/").await,
        refused(R::Loopback)
    );
}

#[test]
fn a_proxy_in_the_environment_is_not_used() {
    let (proxy, target) = (Listener::on_loopback(OK), Listener::on_loopback(OK));
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "sends_with_a_proxy_in_the_environment",
        "--ignored",
    ]);
    child
        .env("REGRANT_TEST_TARGET", format!("http://{}/", target.address))
        .env_remove("NO_PROXY");
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ] {
        child.env(name, format!("http://{}", proxy.address));
    }
    let run = child.output().unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
    assert_eq!((target.count(), proxy.count()), (1, 0));
}
