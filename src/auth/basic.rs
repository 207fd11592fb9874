//! Basic (RFC 7617), over TLS only.
