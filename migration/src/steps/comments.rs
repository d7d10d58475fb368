//! What each table and column holds, as comments of the database on PostgreSQL. SQLite has no comments.

pub(crate) mod s79_comments;
