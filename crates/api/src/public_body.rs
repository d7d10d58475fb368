//! Bodies that are the same for every caller: pages, styles, documentation, descriptions and keys.
//!
//! The rule: only such a body is compressed and has a tag. The length of a compressed body shows what it repeats, so a body
//! that holds a secret beside text that a caller chooses must not be compressed (BREACH). Nothing of a tenant passes here.

use std::io::{Read as _, Write as _};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ETag, EntityTag, Header as _, IfNoneMatch},
    web::Bytes,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sha2::{Digest, Sha256};

/// How long a cache may use the body without asking, in seconds.
const MAX_AGE: &str = "public, max-age=300";
/// Smaller bodies gain nothing.
const LEAST_BYTES: usize = 1024;

/// A body with its tag, compressed if that makes it smaller.
#[derive(Clone)]
pub(crate) struct PublicBody {
    media_type: String,
    tag: String,
    plain: Bytes,
    gzip: Option<Bytes>,
}

impl PublicBody {
    /// A body of this media type.
    pub(crate) fn new(media_type: impl Into<String>, plain: impl Into<Bytes>) -> Self {
        let plain = plain.into();
        let gzip = (plain.len() >= LEAST_BYTES)
            .then(|| compress(&plain).ok())
            .flatten();
        Self::with_gzip(media_type.into(), plain, gzip)
    }

    /// A body that was compressed before; `None` if it cannot be decompressed.
    pub(crate) fn from_gzip(media_type: impl Into<String>, gzip: Vec<u8>) -> Option<Self> {
        let mut plain = Vec::new();
        GzDecoder::new(gzip.as_slice())
            .read_to_end(&mut plain)
            .ok()?;
        let gzip = Some(gzip.into());
        Some(Self::with_gzip(media_type.into(), plain.into(), gzip))
    }

    fn with_gzip(media_type: String, plain: Bytes, gzip: Option<Bytes>) -> Self {
        let digest = Sha256::digest(&plain);
        let tag = URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default());
        Self {
            media_type,
            tag,
            plain,
            gzip,
        }
    }

    /// The body before it is compressed.
    #[cfg(test)]
    pub(crate) fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// The response: 304 if the caller has the body, else the body, compressed if the caller accepts it.
    pub(crate) fn respond(&self, request: &HttpRequest) -> HttpResponse {
        // Weak: the compressed body has other bytes.
        let tag = EntityTag::new_weak(self.tag.clone());
        let mut response = if is_known(request, &tag) {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response
            .insert_header(ETag(tag.clone()))
            .insert_header((header::CACHE_CONTROL, MAX_AGE))
            .insert_header((header::VARY, "Accept-Encoding"));
        if is_known(request, &tag) {
            return response.finish();
        }
        response.content_type(self.media_type.as_str());
        match &self.gzip {
            Some(gzip) if accepts_gzip(request) => response
                .insert_header((header::CONTENT_ENCODING, "gzip"))
                .body(gzip.clone()),
            _ => response.body(self.plain.clone()),
        }
    }
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|it| it.weak_eq(tag)),
        Err(_) => false,
    }
}

/// Whether the caller names gzip, and does not refuse it with a weight of zero (RFC 9110 §12.5.3).
fn accepts_gzip(request: &HttpRequest) -> bool {
    let values = request.headers().get_all(header::ACCEPT_ENCODING);
    let values = values.filter_map(|it| it.to_str().ok());
    values.flat_map(|it| it.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|it| it > 0.0)
    })
}

fn compress(plain: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain)?;
    encoder.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use actix_web::{body::to_bytes, test::TestRequest};

    use super::*;

    fn body() -> PublicBody {
        PublicBody::new("text/css", "a { color: red }\n".repeat(200))
    }

    fn get(headers: &[(&'static str, &str)]) -> HttpResponse {
        let request = headers
            .iter()
            .fold(TestRequest::get(), |it, header| it.insert_header(*header));
        body().respond(&request.to_http_request())
    }

    fn header_of<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
        response.headers().get(name)?.to_str().ok()
    }

    #[actix_web::test]
    async fn a_caller_that_accepts_gzip_gets_fewer_bytes_of_the_same_text() {
        let plain = get(&[]);
        assert_eq!(header_of(&plain, "content-encoding"), None);
        let gzip = get(&[("accept-encoding", "br, gzip;q=0.5")]);
        assert_eq!(header_of(&gzip, "content-encoding"), Some("gzip"));
        assert_eq!(header_of(&gzip, "etag"), header_of(&plain, "etag"));
        assert_eq!(header_of(&gzip, "vary"), Some("Accept-Encoding"));
        let (plain, gzip) = (plain.into_body(), gzip.into_body());
        let plain = to_bytes(plain).await.unwrap();
        let gzip = to_bytes(gzip).await.unwrap();
        assert!(gzip.len() * 10 < plain.len());
        let again = PublicBody::from_gzip("text/css", gzip.to_vec()).unwrap();
        assert_eq!(again.plain, plain);
        for refused in ["identity", "gzip;q=0", "gzipped", ""] {
            let response = get(&[("accept-encoding", refused)]);
            assert_eq!(header_of(&response, "content-encoding"), None, "{refused}");
        }
    }

    #[actix_web::test]
    async fn a_caller_that_has_the_body_gets_none() {
        let tag = get(&[]);
        let tag = header_of(&tag, "etag").unwrap();
        for known in [tag, "*", &format!("\"x\", {tag}")] {
            let response = get(&[("if-none-match", known)]);
            assert_eq!(response.status(), 304, "{known}");
            assert_eq!(header_of(&response, "etag"), Some(tag));
            assert!(to_bytes(response.into_body()).await.unwrap().is_empty());
        }
        assert_eq!(get(&[("if-none-match", "\"x\"")]).status(), 200);
    }
}
