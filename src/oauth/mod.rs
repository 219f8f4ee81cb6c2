//! The token endpoint: client credentials for an access token. RFC 6749 §4.4, RFC 7523.
