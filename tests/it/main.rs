//! End to end: the real server, real databases, the sandbox over HTTP.
