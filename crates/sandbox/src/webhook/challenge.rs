//! The challenge with which Graph verifies the URL of a subscription.

use url::Url;

use super::loopback;
use crate::token::random_hex;

/// A challenge to one receiver.
pub(crate) struct Challenge {
    /// The URL, with the challenge in its query.
    url: Url,
    text: String,
}

impl Challenge {
    pub fn new(mut url: Url, verify_token: &str) -> Self {
        let random = random_hex();
        let number = u32::from_str_radix(random.get(..8).unwrap_or_default(), 16);
        let text = number.unwrap_or_default().to_string();
        url.query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", &text)
            .append_pair("hub.verify_token", verify_token);
        Self { url, text }
    }

    /// Sends the challenge; whether the receiver repeats it.
    pub async fn is_echoed(&self) -> bool {
        let (host, port) = loopback::address_of(&self.url);
        let target = loopback::target_of(&self.url);
        // With HTTP/1.0 the body of the response is not chunked.
        let request =
            format!("GET {target} HTTP/1.0\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
        let response = loopback::send_request(&self.url, &request).await;
        response.is_some_and(|it| it.status == 200 && it.body.trim() == self.text)
    }
}
