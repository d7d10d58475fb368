//! A browser without scripts: cookies, forms, and the log-in dialog, which a query drives.

use std::{collections::BTreeMap, sync::Mutex};

use reqwest::{Method, Response};
use url::Url;

use crate::harness::http;

/// A browser profile.
pub struct Visitor {
    /// The cookies by name.
    cookies: Mutex<BTreeMap<String, String>>,
    http: reqwest::Client,
}

/// What a browser got.
pub struct Seen {
    pub status: u16,
    pub location: Option<String>,
    pub headers: String,
    pub html: String,
}

impl Visitor {
    pub fn new() -> Self {
        Self {
            cookies: Mutex::default(),
            http: http(),
        }
    }

    pub async fn get(&self, url: &str) -> Seen {
        self.send(self.request(Method::GET, url)).await
    }

    pub async fn head(&self, url: &str) -> Seen {
        self.send(self.request(Method::HEAD, url)).await
    }

    /// Submits the form of a page that sends `act`.
    pub async fn press(&self, url: &str, page: &Seen, act: &str) -> Seen {
        let fields = page.form(act);
        self.send(self.request(Method::POST, url).form(&fields))
            .await
    }

    pub fn request(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, url);
        let cookies = self.cookies.lock().expect("no panic");
        let pairs: Vec<_> = cookies
            .iter()
            .map(|(name, it)| format!("{name}={it}"))
            .collect();
        if pairs.is_empty() {
            request
        } else {
            request.header("Cookie", pairs.join("; "))
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Seen {
        let answer = request.send().await.expect("the server answers");
        for set in answer.headers().get_all("set-cookie") {
            let pair = set.to_str().expect("text").split(';').next();
            let (name, value) = pair.and_then(|it| it.split_once('=')).expect("a pair");
            let mut cookies = self.cookies.lock().expect("no panic");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        Seen::of(answer).await
    }

    /// Opens a link and goes to the dialog; the address of the dialog.
    pub async fn go_to_dialog(&self, link: &str) -> String {
        let page = self.get(link).await;
        assert_eq!(page.status, 200, "{}", page.html);
        let sent = self.press(link, &page, "log_in").await;
        assert_eq!(sent.status, 303, "{}", sent.html);
        sent.location.expect("the dialog's address")
    }

    /// Does `act` in the dialog as a person; the address that the dialog leads back to.
    pub async fn decide(&self, dialog: &str, person: &str, more: &[(&str, &str)]) -> String {
        let mut url = Url::parse(dialog).expect("an address");
        url.query_pairs_mut()
            .append_pair("person", person)
            .extend_pairs(more);
        let answer = self.http.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), 302);
        let location = answer.headers()["location"].to_str().expect("text");
        location.to_owned()
    }

    /// Logs in as a person who grants everything; the path of the next step.
    pub async fn log_in(&self, link: &str, person: &str) -> String {
        let dialog = self.go_to_dialog(link).await;
        let back = self.decide(&dialog, person, &[("act", "continue")]).await;
        let returned = self.get(&back).await;
        assert_eq!(returned.status, 303, "{}", returned.html);
        let path = returned.location.expect("the next step");
        format!("{}{path}", base_of(link))
    }

    /// Loads a step until it waits for nothing.
    pub async fn settle(&self, step: &str) -> Seen {
        for _ in 0..200 {
            let page = self.get(step).await;
            if !page.html.contains("http-equiv=\"refresh\"") {
                return page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{step} keeps waiting");
    }
}

impl Seen {
    async fn of(answer: Response) -> Self {
        let header = answer.headers().get("location");
        let location = header.map(|it| it.to_str().expect("text").to_owned());
        Self {
            status: answer.status().as_u16(),
            location,
            headers: format!("{:?}", answer.headers()),
            html: answer.text().await.expect("a body"),
        }
    }

    /// The fields that the form with this button sends.
    pub fn form(&self, act: &str) -> Vec<(String, String)> {
        let button = format!("value=\"{act}\"");
        let form = self
            .html
            .split("<form")
            .find(|it| it.contains(&button))
            .unwrap_or_else(|| panic!("no button {act}: {}", self.html));
        let hidden = form.split("<input type=\"hidden\" ").skip(1);
        let mut fields: Vec<_> = hidden
            .map(|it| (attribute(it, "name"), attribute(it, "value")))
            .collect();
        fields.push(("act".to_owned(), act.to_owned()));
        fields
    }

    pub fn title(&self) -> &str {
        let behind = self.html.split("<h1>").nth(1).unwrap_or_default();
        behind.split("</h1>").next().unwrap_or_default()
    }

    /// What must be equal where two answers must not differ.
    pub fn bytes(&self) -> String {
        let varies = ["date", "x-request-id", "ratelimit"];
        let headers = self.headers.trim_matches(['{', '}']).split(", \"");
        let mut kept: Vec<_> = headers
            .map(|it| it.trim_matches('"'))
            .filter(|it| !varies.iter().any(|name| it.contains(name)))
            .collect();
        // The server writes headers in any order.
        kept.sort_unstable();
        format!("{} {} {}", self.status, kept.join(", "), self.html)
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let behind = tag.split(&format!("{name}=\"")).nth(1).unwrap_or_default();
    behind.split('"').next().unwrap_or_default().to_owned()
}

/// The origin of an address.
pub fn base_of(url: &str) -> String {
    let url = Url::parse(url).expect("an address");
    url.origin().ascii_serialization()
}
