//! regrant-api
