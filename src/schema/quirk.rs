//! The quirk catalogue: what clients send beside the letter of the RFC, and what we do with it.
//!
//! Each deviation the code makes is one row here, and a request that met one names it in its log line.

use std::collections::BTreeSet;

macro_rules! catalogue {
    ($($variant:ident $code:literal $name:literal, $client:literal, $sends:literal, $does:literal, $source:literal;)*) => {
        /// One way in which clients depart from the RFC.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Quirk {
            $(#[doc = concat!($code, ". ", $client, ": ", $sends, " -> ", $does, ". Source: ", $source, ".")] $variant,)*
        }

        impl Quirk {
            /// Every row of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// What names the row in the provisioning log.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// Code and name as they stand in the log.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($code, " ", $name),)*
                }
            }
        }
    };
}

// variant          code   name                        client            sends                                        we do                                    source
catalogue! {
    OpCase          "E-01" "op in another case",       "Entra",          "op Add, Replace, Remove",                   "compare without case",                  "Entra docs, SCIM compliance";
    FlatKeys        "E-02" "flat keys without path",   "Entra",          "value keys that are dotted or carry a URN", "expand each key as a path",             "Entra docs, SCIM compliance";
    BooleanText     "E-03" "boolean as string",        "Entra",          "\"True\" or \"False\"",                     "read as the schema's boolean",          "Entra docs, SCIM compliance";
    FilterCreates   "E-04" "filtered path creates",    "Entra",          "a value filter that matches nothing",       "create the element from its equalities", "departs from RFC 7644 §3.5.2.3";
    MembersRemoved  "E-05" "remove members by value",  "Entra",          "remove members with a value list",          "remove those listed",                   "Entra docs, use SCIM to provision";
    ManagerShape    "E-06" "manager in another shape", "Entra",          "manager as text or as a list",              "read as its value",                     "Entra docs; gallery validator";
    EmptyValue      "E-07" "empty value",              "Entra, Okta",    "\"\" or {\"value\": \"\"}",                   "unassign",                              "Entra gallery validator; Okta";
    RolesText       "E-08" "roles as JSON text",       "Entra",          "a JSON object inside a role's value",       "read the object",                       "Entra docs, app role mapping";
    RoleDisplayName "E-09" "role displayName",         "Entra",          "displayName inside a role",                 "store as display",                      "Entra docs, app role mapping";
    WrappedScalar   "E-10" "scalar in a list",         "Entra",          "[{\"value\": x}] for a single value",       "take x",                                "Entra docs, SCIM compliance";
    BareElement     "E-11" "element without list",     "Entra",          "an object or text for a list",              "take it as one element",                "Microsoft's sample collection";
    UrnDot          "E-12" "dot after a URN",          "Entra",          "urn:...:User.manager",                      "read the dot as a colon",               "Entra docs, SCIM compliance";
    RemoveValue     "E-13" "remove with a value",      "Entra",          "remove of a single value with a value",     "unassign, ignore the value",            "Microsoft's reference code, issue 87";
    UnfilteredSub   "E-14" "sub-attribute of a list",  "Entra",          "emails.value without a filter",             "write the primary or only element",     "public issue reports";
    BareLiteral     "E-15" "unquoted filter value",    "authentik",      "externalId eq abc",                         "read as a string",                      "Entra docs; authentik issue 16455";
    ExtensionName   "E-16" "extension name alone",     "Entra",          "manager without its URN",                   "find it in the extension",              "Entra docs, use SCIM to provision";
    PrimaryTwice    "C-01" "several primary",          "any",            "more than one primary: true",               "the last one stays primary",            "RFC 7643 §2.4";
    UnknownName     "C-02" "unknown attribute",        "any",            "an attribute no schema defines",            "ignore it",                             "RFC 7644 §3.12";
    ReadOnlyIgnored "C-03" "readOnly attribute",       "Okta, Entra",    "id, meta, groups in a body",                "ignore it",                             "RFC 7644 §3.3, §3.5.1";
    PasswordIgnored "C-04" "password",                 "Okta",           "a password",                                "accept, store nothing",                 "Okta SCIM reference";
    BulkSpelling    "C-05" "bulk method or path",      "any",            "post, Users/1, /scim/v2/Users/1 in Bulk",    "read as POST, /Users/1",                "RFC 7644 §3.7";
}

/// The quirks one request met, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quirks(BTreeSet<Quirk>);

impl Quirks {
    /// Notes that the request relied on `quirk`.
    pub fn met(&mut self, quirk: Quirk) {
        self.0.insert(quirk);
    }

    /// Notes what another part of the request met.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Codes in the order of the catalogue.
    pub fn codes(&self) -> Vec<&'static str> {
        self.0.iter().map(|quirk| quirk.code()).collect()
    }

    /// Labels in the order of the catalogue.
    pub fn labels(&self) -> Vec<&'static str> {
        self.0.iter().map(|quirk| quirk.label()).collect()
    }
}
