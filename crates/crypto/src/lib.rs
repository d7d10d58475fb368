//! regrant-crypto
