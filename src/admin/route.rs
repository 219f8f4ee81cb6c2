//! Paths and methods: what is asked for, and where. `openapi.json` documents the same, and a test compares them.

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{AdminError, BASE};

/// Bytes of one segment of a path; no name, id or URN is longer.
const SEGMENT_MAX: usize = 256;
/// The one path that needs no key.
const DOCUMENT: &str = "/openapi.json";
const OPENAPI: &str = include_str!("openapi.json");

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Document,
    ListTenants,
    CreateTenant,
    ShowTenant,
    ChangeTenant,
    EraseTenant,
    ListConnections,
    CreateConnection,
    ShowConnection,
    ChangeConnection,
    DeleteConnection,
    ShowPolicies,
    ReplacePolicies,
    ShowSetup,
    ListTokens,
    CreateToken,
    ShowToken,
    LabelToken,
    RevokeToken,
    RotateToken,
    ListClients,
    CreateClient,
    ShowClient,
    ChangeClient,
    DeleteClient,
    AddSecret,
    RemoveSecret,
    ListSchemas,
    AddSchema,
    ShowSchema,
    RemoveSchema,
    CheckIntegrity,
    Repair,
    ListKeys,
    CreateKey,
    RevokeKey,
}

impl Action {
    /// Whether it can be done to a tenant that is being erased.
    pub(super) fn is_for_the_gone(self) -> bool {
        matches!(
            self,
            Self::ShowTenant | Self::EraseTenant | Self::CheckIntegrity
        )
    }
}

/// A method of a path.
#[derive(Debug)]
struct Verb {
    method: &'static str,
    action: Action,
    /// Names that its query may have.
    query: &'static [&'static str],
}

#[derive(Debug)]
struct Route {
    path: &'static str,
    /// The methods, as the Allow header has them.
    allowed: &'static str,
    verbs: &'static [Verb],
}

const fn verb(method: &'static str, action: Action) -> Verb {
    Verb {
        method,
        action,
        query: &[],
    }
}

const fn list(action: Action) -> Verb {
    Verb {
        query: &["limit", "after"],
        ..verb("GET", action)
    }
}

const ROUTES: [Route; 19] = [
    Route {
        path: DOCUMENT,
        allowed: "GET",
        verbs: &[verb("GET", Action::Document)],
    },
    Route {
        path: "/tenants",
        allowed: "GET, POST",
        verbs: &[
            list(Action::ListTenants),
            verb("POST", Action::CreateTenant),
        ],
    },
    Route {
        path: "/tenants/{tenant}",
        allowed: "GET, PATCH, DELETE",
        verbs: &[
            verb("GET", Action::ShowTenant),
            verb("PATCH", Action::ChangeTenant),
            verb("DELETE", Action::EraseTenant),
        ],
    },
    Route {
        path: "/tenants/{tenant}/connections",
        allowed: "GET, POST",
        verbs: &[
            list(Action::ListConnections),
            verb("POST", Action::CreateConnection),
        ],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}",
        allowed: "GET, PATCH, DELETE",
        verbs: &[
            verb("GET", Action::ShowConnection),
            verb("PATCH", Action::ChangeConnection),
            verb("DELETE", Action::DeleteConnection),
        ],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}/policies",
        allowed: "GET, PUT",
        verbs: &[
            verb("GET", Action::ShowPolicies),
            verb("PUT", Action::ReplacePolicies),
        ],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}/setup",
        allowed: "GET",
        verbs: &[verb("GET", Action::ShowSetup)],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}/tokens",
        allowed: "GET, POST",
        verbs: &[list(Action::ListTokens), verb("POST", Action::CreateToken)],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}/tokens/{token}",
        allowed: "GET, PATCH, DELETE",
        verbs: &[
            verb("GET", Action::ShowToken),
            verb("PATCH", Action::LabelToken),
            verb("DELETE", Action::RevokeToken),
        ],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}/tokens/{token}/rotate",
        allowed: "POST",
        verbs: &[verb("POST", Action::RotateToken)],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}/clients",
        allowed: "GET, POST",
        verbs: &[
            list(Action::ListClients),
            verb("POST", Action::CreateClient),
        ],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}/clients/{client}",
        allowed: "GET, PATCH, DELETE",
        verbs: &[
            verb("GET", Action::ShowClient),
            verb("PATCH", Action::ChangeClient),
            verb("DELETE", Action::DeleteClient),
        ],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}/clients/{client}/secrets",
        allowed: "POST",
        verbs: &[verb("POST", Action::AddSecret)],
    },
    Route {
        path: "/tenants/{tenant}/connections/{connection}/clients/{client}/secrets/{secret}",
        allowed: "DELETE",
        verbs: &[verb("DELETE", Action::RemoveSecret)],
    },
    Route {
        path: "/tenants/{tenant}/schemas",
        allowed: "GET, POST",
        verbs: &[
            list(Action::ListSchemas),
            Verb {
                query: &["resourceType"],
                ..verb("POST", Action::AddSchema)
            },
        ],
    },
    Route {
        path: "/tenants/{tenant}/schemas/{schema}",
        allowed: "GET, DELETE",
        verbs: &[
            verb("GET", Action::ShowSchema),
            verb("DELETE", Action::RemoveSchema),
        ],
    },
    Route {
        path: "/tenants/{tenant}/integrity",
        allowed: "GET, POST",
        verbs: &[
            verb("GET", Action::CheckIntegrity),
            verb("POST", Action::Repair),
        ],
    },
    Route {
        path: "/keys",
        allowed: "GET, POST",
        verbs: &[list(Action::ListKeys), verb("POST", Action::CreateKey)],
    },
    Route {
        path: "/keys/{key}",
        allowed: "DELETE",
        verbs: &[verb("DELETE", Action::RevokeKey)],
    },
];

/// A route that a path and a method lead to.
#[derive(Debug)]
pub(super) struct Found {
    /// With its variable parts left open.
    pub path: &'static str,
    pub action: Action,
    /// The variable parts, by name.
    pub parameters: Vec<(&'static str, String)>,
    /// Names that the query may have.
    pub query: &'static [&'static str],
}

/// What of a path stands below [`BASE`]; `None` where it stands elsewhere.
pub(super) fn below_base(path: &str) -> Option<String> {
    let rest = path.strip_prefix(BASE)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
}

/// Whether a path can be read without a key.
pub(super) fn is_open(path: &str) -> bool {
    path == DOCUMENT
}

/// The document that describes all of this.
pub(super) fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap_or_default()
}

/// 404 where nothing is, 405 where something is that does not take the method.
pub(super) fn find(method: &Method, path: &str) -> Result<Found, AdminError> {
    let path = path.split('?').next().unwrap_or_default();
    let segments = segments(path).ok_or_else(AdminError::no_such_path)?;
    let fit = |route: &'static Route| Some((route, parameters(route.path, &segments)?));
    let (route, parameters) = ROUTES
        .iter()
        .find_map(fit)
        .ok_or_else(AdminError::no_such_path)?;
    let verb = route
        .verbs
        .iter()
        .find(|verb| verb.method == method.as_str())
        .ok_or_else(|| AdminError::method_not_allowed(route.allowed))?;
    Ok(Found {
        path: route.path,
        action: verb.action,
        parameters,
        query: verb.query,
    })
}

/// The decoded segments of a path; a trailing slash does not count. `None` where one is no text, or too long.
fn segments(path: &str) -> Option<Vec<String>> {
    let decoded = |segment: &str| {
        let text = percent_decode_str(segment).decode_utf8().ok()?;
        (text.len() <= SEGMENT_MAX).then(|| text.into_owned())
    };
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(decoded)
        .collect()
}

fn parameters(route: &'static str, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
    let mut parameters = vec![];
    let mut given = segments.iter();
    for wanted in route.split('/').skip(1) {
        let given = given.next()?;
        match wanted
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(name) => parameters.push((name, given.clone())),
            None if wanted == given => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(parameters)
}
