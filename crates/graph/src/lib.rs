//! regrant-graph
