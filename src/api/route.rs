//! Paths: which endpoint a request names, and what it allows. RFC 7644 §3.2.

use http::Method;
use percent_encoding::percent_decode_str;

use super::ScimError;
use crate::schema::{GROUP, ResourceType, USER};

const BASE: &str = "/scim/v2";

/// What a request's path names.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// The tenant named in the path, if any.
    pub tenant: Option<String>,
    /// The path of the base URL: `/scim/v2` or `/t/TENANT/scim/v2`.
    pub base: String,
    pub endpoint: Endpoint,
}

#[derive(Debug, Clone)]
pub(super) enum Endpoint {
    Collection(&'static ResourceType),
    /// `POST /Users/.search`
    Search(&'static ResourceType),
    Resource(&'static ResourceType, String),
    /// `POST /.search`
    SearchAll,
    Bulk,
    Discovery(Discovery),
    Me,
    Unknown,
}

/// RFC 7644 §4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Discovery {
    /// The base URL itself, which clients probe when a connection is set up.
    Base,
    ServiceProviderConfig,
    ResourceTypes,
    ResourceType(String),
    Schemas,
    Schema(String),
}

/// The Lambda function an endpoint belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Users,
    Groups,
    Discovery,
    Bulk,
}

impl Route {
    /// Reads a path; doubled and trailing slashes do not count.
    pub(super) fn of(path: &str) -> Self {
        let segments = segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (tenant, base, rest) = match segments.as_slice() {
            ["t", tenant, "scim", "v2", rest @ ..] => (
                Some((*tenant).to_owned()),
                format!("/t/{tenant}{BASE}"),
                rest,
            ),
            ["scim", "v2", rest @ ..] => (None, BASE.to_owned(), rest),
            _ => {
                return Self {
                    tenant: None,
                    base: BASE.to_owned(),
                    endpoint: Endpoint::Unknown,
                };
            }
        };
        Self {
            tenant,
            base,
            endpoint: endpoint(rest),
        }
    }

    /// The route of a path given relative to this one's base URL; that base may stand in front of it.
    pub(super) fn relative(&self, path: &str) -> Self {
        let path = segments(path);
        let rest = [self.base.as_str(), BASE]
            .iter()
            .find_map(|base| path.strip_prefix(segments(base).as_slice()))
            .unwrap_or(&path);
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let endpoint = match rest.as_slice() {
            // A base URL by itself is a question about the service, not a path under it.
            [] => Endpoint::Unknown,
            rest => endpoint(rest),
        };
        Self {
            endpoint,
            ..self.clone()
        }
    }

    /// 405 where the endpoint is there and the method is not.
    pub(super) fn allows(&self, method: &Method) -> Result<(), ScimError> {
        let allowed = match self.endpoint {
            Endpoint::Collection(_) => "GET, POST",
            Endpoint::Search(_) | Endpoint::SearchAll | Endpoint::Bulk => "POST",
            Endpoint::Resource(..) => "GET, PUT, PATCH, DELETE",
            Endpoint::Discovery(_) => "GET",
            Endpoint::Me | Endpoint::Unknown => return Ok(()),
        };
        if allowed.split(", ").any(|name| name == method.as_str()) {
            return Ok(());
        }
        Err(ScimError::method_not_allowed(allowed))
    }

    /// Whether a body may be a group, and so as large as its members are many.
    pub(super) fn takes_members(&self) -> bool {
        match self.endpoint {
            Endpoint::Collection(kind) | Endpoint::Resource(kind, _) => kind.number == GROUP.number,
            _ => false,
        }
    }

    /// The route with its variable parts left open, for the log.
    pub(super) fn template(&self) -> String {
        let rest = match &self.endpoint {
            Endpoint::Collection(kind) => kind.endpoint.to_owned(),
            Endpoint::Search(kind) => format!("{}/.search", kind.endpoint),
            Endpoint::SearchAll => "/.search".to_owned(),
            Endpoint::Bulk => "/Bulk".to_owned(),
            Endpoint::Resource(kind, _) => format!("{}/{{id}}", kind.endpoint),
            Endpoint::Discovery(Discovery::Base) => "/".to_owned(),
            Endpoint::Discovery(Discovery::ServiceProviderConfig) => {
                "/ServiceProviderConfig".to_owned()
            }
            Endpoint::Discovery(Discovery::ResourceTypes) => "/ResourceTypes".to_owned(),
            Endpoint::Discovery(Discovery::ResourceType(_)) => "/ResourceTypes/{name}".to_owned(),
            Endpoint::Discovery(Discovery::Schemas) => "/Schemas".to_owned(),
            Endpoint::Discovery(Discovery::Schema(_)) => "/Schemas/{urn}".to_owned(),
            Endpoint::Me => "/Me".to_owned(),
            Endpoint::Unknown => "unknown".to_owned(),
        };
        let prefix = if self.tenant.is_some() {
            "/t/{tenant}"
        } else {
            ""
        };
        format!("{prefix}{rest}")
    }

    /// The function that serves this route.
    pub(super) fn function(&self) -> Function {
        match self.endpoint {
            Endpoint::Collection(kind) | Endpoint::Search(kind) | Endpoint::Resource(kind, _) => {
                if kind.number == USER.number {
                    Function::Users
                } else {
                    Function::Groups
                }
            }
            Endpoint::SearchAll | Endpoint::Bulk => Function::Bulk,
            Endpoint::Discovery(_) | Endpoint::Me | Endpoint::Unknown => Function::Discovery,
        }
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect()
}

fn endpoint(segments: &[&str]) -> Endpoint {
    let named = |segment: &str| -> Option<&'static ResourceType> {
        let types: [&'static ResourceType; 2] = [&USER, &GROUP];
        types
            .into_iter()
            .find(|kind| kind.endpoint.strip_prefix('/') == Some(segment))
    };
    match segments {
        [] => Endpoint::Discovery(Discovery::Base),
        ["ServiceProviderConfig"] => Endpoint::Discovery(Discovery::ServiceProviderConfig),
        ["ResourceTypes"] => Endpoint::Discovery(Discovery::ResourceTypes),
        ["ResourceTypes", name] => Endpoint::Discovery(Discovery::ResourceType((*name).to_owned())),
        ["Schemas"] => Endpoint::Discovery(Discovery::Schemas),
        ["Schemas", urn] => Endpoint::Discovery(Discovery::Schema((*urn).to_owned())),
        ["Me"] => Endpoint::Me,
        ["Bulk"] => Endpoint::Bulk,
        [".search"] => Endpoint::SearchAll,
        [collection] => named(collection).map_or(Endpoint::Unknown, Endpoint::Collection),
        [collection, ".search"] => named(collection).map_or(Endpoint::Unknown, Endpoint::Search),
        [collection, id] => named(collection).map_or(Endpoint::Unknown, |kind| {
            Endpoint::Resource(kind, (*id).to_owned())
        }),
        _ => Endpoint::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, template: &str, function: Function) {
        let route = Route::of(path);
        assert_eq!(
            (route.template().as_str(), route.function()),
            (template, function),
            "{path}"
        );
    }

    #[test]
    fn slashes_do_not_matter() {
        for path in [
            "/scim/v2/Users",
            "/scim/v2//Users",
            "/scim/v2/Users/",
            "//scim/v2/Users//",
        ] {
            check(path, "/Users", Function::Users);
        }
    }

    #[test]
    fn every_route_has_its_function() {
        check("/scim/v2/Users/.search", "/Users/.search", Function::Users);
        check("/scim/v2/Groups/1", "/Groups/{id}", Function::Groups);
        check(
            "/t/acme/scim/v2/Groups",
            "/t/{tenant}/Groups",
            Function::Groups,
        );
        check("/scim/v2", "/", Function::Discovery);
        check(
            "/scim/v2/Schemas/urn:x",
            "/Schemas/{urn}",
            Function::Discovery,
        );
        check("/scim/v2/Me", "/Me", Function::Discovery);
        check("/scim/v2/Bulk", "/Bulk", Function::Bulk);
        check("/scim/v2/.search", "/.search", Function::Bulk);
        check("/t/acme/scim/v2/Bulk/", "/t/{tenant}/Bulk", Function::Bulk);
        check("/scim/v2/users", "unknown", Function::Discovery);
        check("/scim/v2/Users/1/2", "unknown", Function::Discovery);
        check("/", "unknown", Function::Discovery);
    }

    #[test]
    fn paths_of_operations_may_carry_the_base_url() {
        let bulk = Route::of("/t/acme/scim/v2/Bulk");
        for path in [
            "/Users/1",
            "Users/1",
            "/scim/v2/Users/1",
            "t/acme/scim/v2/Users/1",
        ] {
            let route = bulk.relative(path);
            assert_eq!(route.template(), "/t/{tenant}/Users/{id}", "{path}");
        }
        for path in ["", "/", "/scim/v2", "/t/other/scim/v2/Users/1", "/v2/Users"] {
            let route = bulk.relative(path);
            assert_eq!(route.template(), "/t/{tenant}unknown", "{path}");
        }
    }

    #[test]
    fn groups_take_larger_bodies() {
        assert!(Route::of("/scim/v2/Groups/1").takes_members());
        assert!(!Route::of("/scim/v2/Groups/.search").takes_members());
        assert!(!Route::of("/scim/v2/Users").takes_members());
    }
}
