//! A SCIM 2.0 service provider (RFC 7643, 7644) on one DynamoDB table.
//!
//! Modules stand in dependency order: each uses only those above it, and a test holds them to that.

pub mod schema;

pub mod filter;

pub mod patch;

pub mod table;

pub mod store;

pub mod api;

pub mod home;
