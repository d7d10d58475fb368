//! The module of the elements that providers put into their pages: one file, embedded from `web/`.
//!
//! The rule: its name changes with its content, so that browsers and proxies may keep it. `web/bundle.sh` writes the file,
//! its name and its digest.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header, web::Path};
use serde::Deserialize;

use crate::problem::Problem;

/// The pattern of its path.
pub(super) const MODULE_PATH: &str = "/static/{module}.js";

const MODULE: &str = include_str!("../../../../web/regrant.js");

static RELEASE: LazyLock<Release> = LazyLock::new(|| {
    let text = include_str!("../../../../web/release.json");
    serde_json::from_str(text).unwrap_or_default()
});

/// The name and the digest of the module.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Release {
    /// Its path.
    pub(super) path: String,
    /// Its digest, as the attribute `integrity` has it.
    pub(super) integrity: String,
}

/// The module that this binary serves.
pub(super) fn current_release() -> &'static Release {
    &RELEASE
}

/// Serves the module to pages of any origin; other names are unknown.
pub(super) async fn serve_module(name: Path<String>) -> Result<HttpResponse, Problem> {
    if RELEASE.path != format!("/static/{name}.js") {
        return Err(Problem::not_found("file"));
    }
    Ok(HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        // A script of another origin is checked against its digest only if it may be read.
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header(("cross-origin-resource-policy", "cross-origin"))
        .body(MODULE))
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use regrant_crypto::sha256_digest;

    use super::*;

    #[actix_web::test]
    async fn the_module_is_served_under_its_name_alone() {
        let name = RELEASE.path.strip_prefix("/static/").unwrap();
        let name = name.strip_suffix(".js").unwrap().to_owned();
        let response = serve_module(Path::from(name)).await.unwrap();
        let body = to_bytes(response.into_body()).await.unwrap();
        assert_eq!(body, MODULE);
        assert!(
            serve_module(Path::from("regrant".to_owned()))
                .await
                .is_err()
        );
    }

    #[test]
    fn name_and_digest_are_those_of_the_content() {
        let digest = sha256_digest(MODULE.as_bytes());
        assert_eq!(
            RELEASE.integrity,
            format!("sha256-{}", STANDARD.encode(digest))
        );
        let hex = digest
            .iter()
            .fold(String::new(), |text, it| format!("{text}{it:02x}"));
        let short = &hex[..12];
        assert_eq!(RELEASE.path, format!("/static/regrant-0.1.0-{short}.js"));
    }
}
