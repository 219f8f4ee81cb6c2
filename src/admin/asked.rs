//! One request as the handlers see it: whom it is about, what its query and its body say.

use http::StatusCode;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;

use super::page::{LIMIT, LIMIT_MAX};
use super::route::Found;
use super::{AdminError, AdminRequest};
use crate::store::{Connection, IdentityError, Scope, Scopes, Store, TenantInfo, TenantScope};

/// Characters of a value in a query.
const VALUE_MAX: usize = 512;

#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub store: &'a Store,
    pub request: AdminRequest,
    /// The tenant that the path names, if it names one.
    pub tenant: Option<TenantInfo>,
    connection: Option<Connection>,
    parameters: Vec<(&'static str, String)>,
    query: Vec<(String, String)>,
}

impl<'a> Asked<'a> {
    pub(super) async fn new(
        store: &'a Store,
        request: AdminRequest,
        found: &Found,
    ) -> Result<Self, AdminError> {
        let query = read_query(&request.path, found.query)?;
        let mut asked = Self {
            store,
            request,
            tenant: None,
            connection: None,
            parameters: found.parameters.clone(),
            query,
        };
        if let Some(tenant) = asked.given("tenant") {
            let tenant = store.tenant_info(tenant).await?;
            if let Some(connection) = asked.given("connection") {
                let found = find_connection(store, &tenant.scope, connection).await?;
                asked.connection = Some(found);
            }
            asked.tenant = Some(tenant);
        }
        Ok(asked)
    }

    fn given(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A variable part of the path.
    pub(super) fn parameter(&self, name: &str) -> Result<&str, AdminError> {
        self.given(name).ok_or_else(AdminError::no_such_path)
    }

    pub(super) fn tenant(&self) -> Result<&TenantInfo, AdminError> {
        let missing = || AdminError::not_found("tenant");
        self.tenant.as_ref().ok_or_else(missing)
    }

    pub(super) fn connection(&self) -> Result<&Connection, AdminError> {
        let missing = || AdminError::not_found("connection");
        self.connection.as_ref().ok_or_else(missing)
    }

    /// The tenant's connection with this id, or the only one with this name.
    pub(super) async fn connection_named(
        &self,
        name_or_id: &str,
    ) -> Result<Connection, AdminError> {
        find_connection(self.store, &self.tenant()?.scope, name_or_id).await
    }

    /// What the query says under this name.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    /// How many a page may hold.
    pub(super) fn limit(&self) -> Result<u32, AdminError> {
        let Some(text) = self.query("limit") else {
            return Ok(LIMIT);
        };
        let limit = text.parse().ok();
        limit
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| AdminError::invalid("limit", &format!("1 to {LIMIT_MAX}")))
    }

    /// The body, which must be there.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, AdminError> {
        let body = self.request.body.as_ref();
        let body = body.ok_or_else(|| AdminError::invalid("body", "send a JSON object"))?;
        read_body(body)
    }

    /// The body, or what it is when none was sent.
    pub(super) fn body_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, AdminError> {
        match &self.request.body {
            Some(body) => read_body(body),
            None => Ok(T::default()),
        }
    }
}

/// The connection with this id, or the only one with this name.
async fn find_connection(
    store: &Store,
    tenant: &TenantScope,
    name_or_id: &str,
) -> Result<Connection, AdminError> {
    let mut found = store.connections(tenant).await?;
    if let Some(connection) = found.iter().find(|known| known.id == name_or_id) {
        return Ok(connection.clone());
    }
    found.retain(|known| known.name == name_or_id);
    match (found.pop(), found.is_empty()) {
        (Some(connection), true) => Ok(connection),
        (Some(_), false) => Err(AdminError::conflict(
            "several connections have this name; say which by its id",
        )),
        (None, _) => Err(IdentityError::NotFound("connection").into()),
    }
}

fn read_query(path: &str, known: &[&str]) -> Result<Vec<(String, String)>, AdminError> {
    let Some((_, query)) = path.split_once('?') else {
        return Ok(vec![]);
    };
    let mut read: Vec<(String, String)> = vec![];
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some(name) = known.iter().find(|known| **known == name) else {
            let takes = match known {
                [] => "this path takes no parameters".to_owned(),
                known => format!("this path takes {}", known.join(", ")),
            };
            return Err(AdminError::invalid("query", &takes));
        };
        if value.chars().count() > VALUE_MAX {
            return Err(AdminError::invalid(name, "it is too long"));
        }
        if read.iter().any(|(given, _)| given == name) {
            return Err(AdminError::invalid(name, "say it once"));
        }
        read.push(((*name).to_owned(), value.into_owned()));
    }
    Ok(read)
}

/// Reads JSON and says where it is not as it should be, without repeating what was sent.
pub(super) fn read_body<T: DeserializeOwned>(body: &Value) -> Result<T, AdminError> {
    if !body.is_object() {
        return Err(AdminError::invalid("body", "send a JSON object"));
    }
    serde_path_to_error::deserialize(body).map_err(|error| {
        let place = error.path().to_string();
        let place = if place == "." { "body" } else { &place };
        AdminError::invalid(place, &words(&error.inner().to_string()))
    })
}

/// What serde expected. The rest of its words, which repeat the value, is left out.
fn words(error: &str) -> String {
    if let Some(missing) = error.strip_prefix("missing field ") {
        return format!("{} is missing", missing.replace('`', "\""));
    }
    let expected = error
        .rsplit_once(", expected ")
        .map_or("", |(_, text)| text);
    let expected = match expected {
        "" => "this cannot be read",
        "i64" | "u64" | "u32" => "a whole number",
        "a sequence" => "a list",
        text if text.starts_with("struct ") || text == "a map" => "an object",
        text => text,
    };
    let of_a_member = if error.starts_with("unknown field") {
        "there is no such member; "
    } else {
        ""
    };
    format!("{of_a_member}expected {}", expected.replace('`', "\""))
}

/// For members of a merge patch (RFC 7396): null is something else than nothing.
pub(super) fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    given: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(given).map(Some)
}

/// The scopes that a body names; all of them where it names none.
pub(super) fn scopes(names: Option<&Vec<String>>) -> Result<Option<Scopes>, AdminError> {
    let Some(names) = names else {
        return Ok(None);
    };
    if names.is_empty() {
        let why = "name at least one, or leave it out for all";
        return Err(AdminError::invalid("scopes", why));
    }
    let read = names.iter().enumerate().map(|(at, name)| {
        name.parse::<Scope>().map_err(|_| {
            let known = Scope::ALL.map(Scope::name).join(", ");
            AdminError::invalid(&format!("scopes[{at}]"), &format!("one of {known}"))
        })
    });
    read.collect::<Result<Scopes, _>>().map(Some)
}

/// A text of a body that has to be there, and short enough.
pub(super) fn text(place: &str, text: &str, max: usize) -> Result<(), AdminError> {
    if !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control) {
        return Ok(());
    }
    let expected = format!("1 to {max} characters, none of them a control character");
    Err(AdminError::invalid(place, &expected))
}

/// 201 for what is new, 200 for what took the place of something.
pub(super) fn made(replaced: bool) -> StatusCode {
    if replaced {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    }
}
