//! The built web files, which the binary holds, and the headers that go with every answer. A binary that was built without
//! them has one page that says how to build them.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::client::Client;
use crate::problem::Refusal;

/// Name below `web/dist` and content.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// Answers a path that no route has.
pub(crate) fn answer(method: &Method, uri: &Uri) -> Result<Response, Refusal> {
    if method != Method::GET && method != Method::HEAD {
        return Err(Refusal::Method);
    }
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Err(Refusal::NoPath);
    }
    match find(FILES, path) {
        Some((name, content)) => Ok(file(name, content)),
        None if FILES.is_empty() && !is_file(path) => Ok(page(NOT_BUILT)),
        None => Err(Refusal::NoPath),
    }
}

/// The file of a path; a path that names no file is a place inside the pages' own, which the start page knows.
fn find(
    files: &'static [(&'static str, &'static [u8])],
    path: &str,
) -> Option<(&'static str, &'static [u8])> {
    let named = |wanted: &str| files.iter().find(|(name, _)| *name == wanted).copied();
    if path.is_empty() {
        return named(INDEX);
    }
    named(path).or_else(|| {
        if is_file(path) { None } else { named(&format!("{path}.html")).or_else(|| named(INDEX)) }
    })
}

/// Whether the last part of a path has an ending.
fn is_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

fn file(name: &'static str, content: &'static [u8]) -> Response {
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    // The names of these hold a hash of their content.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

fn page(html: &'static str) -> Response {
    let mut response = (StatusCode::OK, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Headers of every answer: what a page of ours may load and do, and that nobody frames or guesses it.
pub(crate) fn protect(headers: &mut HeaderMap, client: Option<&Client>) {
    let is_clear = client.is_some_and(|client| !client.is_https);
    // Older browsers do not count a WebSocket of the same host as 'self'.
    let policy = if is_clear { POLICY_CLEAR } else { POLICY };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    let devices =
        "microphone=(self), speaker-selection=(self), camera=(), geolocation=(), display-capture=()";
    headers.insert("permissions-policy", HeaderValue::from_static(devices));
}

const INDEX: &str = "index.html";
const POLICY: &str = "default-src 'self'; connect-src 'self' wss:; img-src 'self' data:; media-src 'self' blob: data:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const POLICY_CLEAR: &str = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; media-src 'self' blob: \
     data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Kiestoon</title>\n\
     <h1>Kiestoon</h1>\n<p>The sidecar runs. Its web pages were not built into it: run <code>make run</code>, or \
     <code>npm ci &amp;&amp; npm run build</code> in <code>web/</code> and then <code>cargo build --bin kiestoon-admin</code>.</p>\n\
     <p>The API is at <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.</p>\n";

#[cfg(test)]
mod tests {
    use super::*;

    static BUILT: &[(&str, &[u8])] =
        &[("assets/phone-1a2b.js", b"js"), ("index.html", b"index"), ("login.html", b"login")];

    #[test]
    fn a_path_finds_its_file_or_the_start_page() {
        let name = |path| find(BUILT, path).map(|(name, _)| name);
        assert_eq!(name(""), Some("index.html"));
        assert_eq!(name("index.html"), Some("index.html"));
        assert_eq!(name("assets/phone-1a2b.js"), Some("assets/phone-1a2b.js"));
        assert_eq!(name("login"), Some("login.html"));
        assert_eq!(name("calls/today"), Some("index.html"));
        assert_eq!(name("assets/gone.js"), None);
        assert_eq!(name("../Cargo.toml"), None);
    }

    #[test]
    fn hashed_files_are_kept_for_a_year_and_others_asked_for_again() {
        let cache = |name| file(name, b"").headers()[header::CACHE_CONTROL].to_str().unwrap().to_owned();
        assert!(cache("assets/phone-1a2b.js").contains("max-age=31536000"));
        assert_eq!(cache("index.html"), "no-cache");
        assert_eq!(media_type("a/b.js"), "text/javascript; charset=utf-8");
    }
}
