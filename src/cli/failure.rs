//! Why a command did nothing: in words, with the next step, and as an exit status.

use std::fmt;

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use serverless_scim::home::Error;

use super::given;

/// Why a command did nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was asked for what cannot be.
    Refused(String),
    /// It was never asked: the options are wrong, nobody is there, or whoever is cannot answer.
    Unasked(String),
}

/// What can be missing: its name, where it stands in a path, and the command that lists what there is.
const KINDS: [(&str, &str, &str); 9] = [
    ("tenant", "tenants", "tenant list"),
    ("connection", "connections", "connection list"),
    ("token", "tokens", "token list"),
    ("client", "clients", "client list"),
    ("secret", "secrets", "client list"),
    ("schema", "schemas", "schema list"),
    ("kept user", "kept", "kept list"),
    ("user", "kept", "kept list"),
    ("admin key", "keys", "key list"),
];

/// What the AWS SDK says at length where it finds no credentials, and on a machine of no role.
const NO_CREDENTIALS: [&str; 2] = [
    "no credentials found in chain",
    "failed to load IMDS session token",
];

/// Members of a body, and the options they come from.
const OPTIONS: [(&str, &str); 17] = [
    ("displayName", "--display-name"),
    ("provider", "--provider"),
    ("tokenExpiryDefault", "--token-expiry-default"),
    ("tokenExpiryMaximum", "--token-expiry-maximum"),
    ("expiresIn", "--expires-in"),
    ("scopes", "--scopes"),
    ("retireAfter", "--retire-after"),
    ("accessTokenLife", "--access-token-life"),
    ("entraBearer.tenantId", "--entra-tenant-id"),
    ("entraBearer.audience", "--entra-audience"),
    ("method.privateKey.jwks", "--jwks"),
    ("method.federation.issuer", "--issuer"),
    ("method.federation.audiences", "--audience"),
    ("method.federation.subject", "--subject"),
    ("method.federation.tenantId", "--tenant-id"),
    ("method.federation.objectId", "--object-id"),
    ("after", "--after"),
];

impl Failure {
    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            // As for options that do not parse.
            Self::Unasked(_) => 2,
        }
    }

    /// The same with words before it.
    #[must_use]
    pub(super) fn after(self, words: &str) -> Self {
        match self {
            Self::Refused(why) => Self::Refused(format!("{words}: {why}")),
            Self::Unasked(why) => Self::Unasked(format!("{words}: {why}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused(why) | Self::Unasked(why)) = self;
        let nobody = NO_CREDENTIALS.into_iter().any(|words| why.contains(words));
        f.write_str(if nobody {
            "no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID"
        } else {
            why
        })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Unasked(serverless_scim::api::chain(error.as_ref()))
    }
}

/// An answer that is not what was asked for, in words; `options` lead back to where it came from.
pub(super) fn refusal(status: StatusCode, problem: &Value, path: &str, options: &str) -> Failure {
    let member = |name: &str| problem.get(name).and_then(Value::as_str);
    let (Some(code), Some(detail)) = (member("code"), member("detail")) else {
        return Failure::Unasked(format!(
            "the answer, status {status}, is not the admin API's; an Admin URL ends in /admin/v1"
        ));
    };
    let detail = detail.to_owned();
    if status.is_server_error() {
        return Failure::Unasked(detail);
    }
    Failure::Refused(match code {
        "unauthorized" => format!(
            "{detail}; make a key where the data is, with serverless-scim key create --label NAME --data DIR (or --table NAME), and put it into SCIM_ADMIN_KEY"
        ),
        "notFound" => missing(&detail, path, options).unwrap_or(detail),
        "busy" => format!("{detail}; try again in a second"),
        "invalid" => by_option(&detail).unwrap_or(detail),
        _ => detail,
    })
}

/// What is wrong with a member of the body, in words of the option it came from.
fn by_option(detail: &str) -> Option<String> {
    let quoted = detail
        .strip_prefix('"')
        .and_then(|rest| rest.split_once("\": "));
    let (place, words) = quoted.or_else(|| detail.split_once(": "))?;
    let name = place.split('[').next()?;
    let (_, option) = OPTIONS.into_iter().find(|(member, _)| *member == name)?;
    let words = range(words).unwrap_or_else(|| {
        // The other member of a pair.
        words.replace("tokenExpiryMaximum", "--token-expiry-maximum")
    });
    Some(format!("{option}: {words}"))
}

/// `900 to 3600 seconds` as one writes it on the command line.
fn range(words: &str) -> Option<String> {
    let (from, to) = words.strip_suffix(" seconds")?.split_once(" to ")?;
    let (from, to) = (
        given::time(from.parse().ok()?),
        given::time(to.parse().ok()?),
    );
    Some(format!("between {from} and {to}"))
}

/// What is not there by its name, and how to see what is.
fn missing(detail: &str, path: &str, options: &str) -> Option<String> {
    let said = detail.strip_prefix("there is no such ")?;
    let (kind, collection, list) = KINDS.into_iter().find(|(kind, ..)| *kind == said)?;
    let id = after(path, collection)?;
    let tenant = match kind {
        "tenant" | "admin key" => String::new(),
        _ => format!(" --tenant {}", after(path, "tenants")?),
    };
    Some(format!(
        "there is no {kind} \"{id}\"; see those there are: serverless-scim {list}{tenant} {options}"
    ))
}

/// The segment of the path that follows this one.
fn after(path: &str, segment: &str) -> Option<String> {
    let path = path.split('?').next()?;
    let mut segments = path.split('/').skip_while(|found| *found != segment);
    let found = percent_decode_str(segments.nth(1)?).decode_utf8_lossy();
    Some(found.into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(status: u16, problem: &Value, path: &str) -> String {
        let status = StatusCode::from_u16(status).unwrap();
        refusal(status, problem, path, "--data d").to_string()
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_to_what_is_there() {
        let problem = |what: &str| json!({ "status": 404, "code": "notFound", "detail": format!("there is no such {what}") });
        assert_eq!(
            words(
                404,
                &problem("tenant"),
                "/tenants/no%20body/connections/x?limit=1"
            ),
            "there is no tenant \"no body\"; see those there are: serverless-scim tenant list --data d"
        );
        assert_eq!(
            words(
                404,
                &problem("connection"),
                "/tenants/fabrikam/connections/x/tokens"
            ),
            "there is no connection \"x\"; see those there are: serverless-scim connection list --tenant fabrikam --data d"
        );
        assert_eq!(
            words(404, &problem("thing"), "/x"),
            "there is no such thing"
        );
    }

    #[test]
    fn what_is_invalid_is_said_of_the_option() {
        let of = |detail: &str| {
            let problem = json!({ "status": 400, "code": "invalid", "detail": detail });
            words(400, &problem, "/x")
        };
        for (detail, expected) in [
            (
                "\"expiresIn\": 900 to 316224000 seconds",
                "--expires-in: between 15m and 3660d",
            ),
            (
                "\"retireAfter\": 0 to 90 seconds",
                "--retire-after: between 0s and 90s",
            ),
            ("scopes[0]: one of get:users", "--scopes: one of get:users"),
            (
                "\"tokenExpiryDefault\": it is longer than tokenExpiryMaximum",
                "--token-expiry-default: it is longer than --token-expiry-maximum",
            ),
            ("policies.seatLimit: 1 to 2", "policies.seatLimit: 1 to 2"),
            ("no place", "no place"),
        ] {
            assert_eq!(of(detail), expected);
        }
    }

    #[test]
    fn nobody_reads_all_that_is_tried_for_credentials() {
        let why = Failure::Unasked("dispatch failure: no credentials found in chain. x".to_owned());
        let words = "no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID";
        assert_eq!(why.to_string(), words);
    }

    #[test]
    fn what_is_not_the_admin_api_is_not_believed() {
        assert!(words(404, &Value::Null, "/tenants").contains("ends in /admin/v1"));
        assert!(
            words(404, &json!({ "status": "404", "detail": "x" }), "/")
                .contains("ends in /admin/v1")
        );
    }
}
