//! regrant-migration
