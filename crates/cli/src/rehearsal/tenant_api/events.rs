//! Parses server-sent events; only the fields that a reconnect's stream uses.

use futures_util::{Stream, StreamExt as _, stream::BoxStream};

/// A stream of events.
pub(crate) struct Events {
    body: BoxStream<'static, anyhow::Result<Vec<u8>>>,
    /// Received bytes that are not a whole event yet.
    rest: Vec<u8>,
}

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// The type, `message` unless the stream names one.
    pub name: String,
    /// The payload.
    pub data: String,
}

impl Events {
    pub fn from_response(response: reqwest::Response) -> Self {
        let chunks = response.bytes_stream();
        Self::from_chunks(chunks.map(|it| {
            it.map(|bytes| bytes.to_vec())
                .map_err(|error| error.without_url().into())
        }))
    }

    fn from_chunks(chunks: impl Stream<Item = anyhow::Result<Vec<u8>>> + Send + 'static) -> Self {
        Self {
            body: chunks.boxed(),
            rest: Vec::new(),
        }
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next_event(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            if let Some(event) = self.take_event() {
                return Ok(Some(event));
            }
            match self.body.next().await {
                Some(chunk) => self.rest.extend(chunk?),
                None => return Ok(None),
            }
        }
    }

    /// Removes the first whole event from the buffer; skips comments and empty blocks.
    fn take_event(&mut self) -> Option<Event> {
        loop {
            let end = self.rest.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.rest.drain(..end.saturating_add(2)).collect();
            if let Some(event) = Event::parse(&String::from_utf8_lossy(&block)) {
                return Some(event);
            }
        }
    }
}

impl Event {
    fn parse(block: &str) -> Option<Self> {
        let field = |name: &str| {
            block
                .lines()
                .find_map(|line| Some(line.strip_prefix(name)?.trim_start().to_owned()))
        };
        let data = field("data:")?;
        Some(Self {
            name: field("event:").unwrap_or_else(|| "message".to_owned()),
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_are_whole_however_the_chunks_are_cut() {
        let chunks = [
            ": hello\n\nid: 1\nevent: item\nda",
            "ta: {\"a\":1}\n",
            "\nevent: end\ndata: {}\n\n",
        ];
        let chunks = chunks.map(|it| Ok(it.as_bytes().to_vec()));
        let mut events = Events::from_chunks(futures_util::stream::iter(chunks));
        let mut names = Vec::new();
        while let Some(event) = events.next_event().await.unwrap() {
            names.push((event.name, event.data));
        }
        let expected = [("item", "{\"a\":1}"), ("end", "{}")]
            .map(|(name, data)| (name.to_owned(), data.to_owned()));
        assert_eq!(names, expected);
    }
}
