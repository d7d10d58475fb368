//! regrant-storage
