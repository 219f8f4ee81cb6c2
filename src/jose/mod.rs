//! Signed assertions: whose keys they are checked with, and what they must say. RFC 7515, RFC 7517, RFC 7519.
