//! Which issuers of signed tokens may be asked for their keys.

use std::sync::Arc;

use super::Error;
use crate::jose::{Hosts, Issuers};

/// Hosts separated by commas, instead of Microsoft's.
const ISSUER_HOSTS: &str = "ISSUER_HOSTS";

/// What the environment lists; a server never asks itself.
pub(super) fn from_environment() -> Result<Arc<Issuers>, Error> {
    let listed = std::env::var(ISSUER_HOSTS).unwrap_or_default();
    let hosts = hosts(listed.split(','))?.without_loopback();
    Ok(Arc::new(Issuers::new(hosts)))
}

/// Exactly these; where there are none, Microsoft's.
pub(super) fn hosts<'a>(listed: impl IntoIterator<Item = &'a str>) -> Result<Hosts, Error> {
    let named: Vec<&str> = listed
        .into_iter()
        .filter(|host| !host.trim().is_empty())
        .collect();
    if named.is_empty() {
        return Ok(Hosts::default());
    }
    Ok(Hosts::listed(named)?)
}
