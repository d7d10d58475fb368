//! regrant-vault
