//! The table of routes.

/// The one path that needs no key.
pub(super) const DOCUMENT: &str = "/openapi.json";

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::admin) enum Action {
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
    ListKept,
    ShowKept,
    ForgetKept,
    ReadLog,
    CheckIntegrity,
    Repair,
    ListKeys,
    CreateKey,
    RevokeKey,
}

impl Action {
    /// Whether it can be done to a tenant that is being erased.
    pub(in crate::admin) fn is_for_the_gone(self) -> bool {
        matches!(
            self,
            Self::ShowTenant | Self::EraseTenant | Self::CheckIntegrity
        )
    }
}

/// A method of a path.
#[derive(Debug)]
pub(super) struct Verb {
    pub method: &'static str,
    pub action: Action,
    /// Names that its query may have.
    pub query: &'static [&'static str],
}

#[derive(Debug)]
pub(super) struct Route {
    pub path: &'static str,
    /// The methods, as the Allow header has them.
    pub allowed: &'static str,
    pub verbs: &'static [Verb],
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

/// Every path with its methods.
pub(super) const ROUTES: [Route; 22] = [
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
        path: "/tenants/{tenant}/users/kept",
        allowed: "GET",
        verbs: &[list(Action::ListKept)],
    },
    Route {
        path: "/tenants/{tenant}/users/kept/{user}",
        allowed: "GET, DELETE",
        verbs: &[
            verb("GET", Action::ShowKept),
            verb("DELETE", Action::ForgetKept),
        ],
    },
    Route {
        path: "/tenants/{tenant}/log",
        allowed: "GET",
        verbs: &[Verb {
            query: &["limit", "after", "connection"],
            ..verb("GET", Action::ReadLog)
        }],
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
