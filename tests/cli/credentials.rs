//! Credentials, schemas and keys, on the data and over HTTP: the same words and the same JSON.

use serde_json::json;

use crate::support::process::{Proxy, command, folder, text};
use crate::ways::{self, member, of_fabrikam, with_tenant};

#[test]
fn tokens_are_made_labelled_rotated_and_revoked() {
    for way in with_tenant() {
        let made = way.json(&of_fabrikam(&[
            "token",
            "create",
            "--label",
            "Entra",
            "--expires-in",
            "90d",
            "--scopes",
            "get:users,patch:users",
        ]));
        assert_eq!(
            (&made["token"], &made["tenant"]),
            (&made["secretToken"], &json!("fabrikam"))
        );
        let id = member(&made, "id");
        way.says(&of_fabrikam(&["token", "label", &id, "Entra, production"]));
        let next = way.json(&of_fabrikam(&[
            "token",
            "rotate",
            &id,
            "--retire-after",
            "1h",
        ]));
        assert_eq!(next["replaces"], made["id"]);
        assert_ne!(next["token"], made["token"]);
        assert_eq!(
            way.says(&of_fabrikam(&["token", "revoke", &id])),
            format!("Revoked {id}. It is refused everywhere within 30 seconds.\n")
        );
        let rows = way.table(&of_fabrikam(&["token", "list"]));
        assert_eq!(
            rows[0],
            [
                "id",
                "label",
                "scopes",
                "created",
                "last used",
                "ends",
                "revoked",
                "replaces"
            ]
        );
        let row = |id: &str| {
            let row = rows.iter().find(|row| row[0] == id);
            row.unwrap_or_else(|| panic!("{id} in {rows:?}"))
        };
        let (old, new) = (row(&id), row(&member(&next, "id")));
        assert_eq!(old[1..3], ["Entra, production", "get:users, patch:users"]);
        assert_eq!((old[4].as_str(), old[7].as_str()), ("-", "-"));
        assert!(old[5].ends_with('Z') && old[6].ends_with('Z'), "{old:?}");
        assert_eq!(new[1..3], old[1..3]);
        assert_eq!([&new[6], &new[7]], ["-", &id]);

        let words = way.says(&of_fabrikam(&["token", "create"]));
        let mut lines = words.lines();
        assert_eq!(lines.next(), Some("Tenant        fabrikam"));
        assert!(
            lines
                .next()
                .is_some_and(|line| line.starts_with("Secret Token  scim_"))
        );
        assert_eq!(
            lines.next(),
            Some("It is shown this once, and only its hash is stored.")
        );
    }
}

#[test]
fn a_client_is_given_secrets_shown_and_taken_away() {
    for way in with_tenant() {
        let create = ["client", "create", "--label", "Entra"];
        let create = [&create[..], &["--access-token-life", "2h"]].concat();
        let made = way.json(&of_fabrikam(&create));
        let id = member(&made, "clientId");
        assert!(member(&made, "clientSecret").starts_with("scimsecret_"));
        assert_eq!(made["accessTokenLife"], 7_200);
        let add = of_fabrikam(&["client", "secret", "add", &id]);
        let second = member(&way.json(&add), "id");
        let words = way.refused(&add);
        assert!(words.contains("at most 2 secrets"), "{words}");
        let remove = ["client", "secret", "remove", &id, &second];
        way.says(&of_fabrikam(&remove));
        let words = way.says(&add);
        assert!(words.contains("Secret        scimsecret_"), "{words}");

        let show = of_fabrikam(&["client", "show", &id]);
        assert_eq!(way.json(&show)["label"], "Entra");
        way.says(&of_fabrikam(&["client", "delete", &id]));
        let words = way.refused(&show);
        assert!(words.starts_with("there is no client"), "{words}");
    }
}

#[test]
fn clients_of_every_method_are_made_and_listed() {
    const ISSUER: &str = "https://login.microsoftonline.com/x/v2.0";
    for way in with_tenant() {
        let create = |more: &[&str]| {
            let made = way.json(&of_fabrikam(&[&["client", "create"], more].concat()));
            let secret = made.get("clientSecret").is_some();
            (made, secret)
        };
        let (by_secret, secret) = create(&["--label", "Entra"]);
        assert!(secret, "{by_secret}");
        let files = folder();
        let jwks = files.path().join("jwks.json");
        // The example of RFC 7517 appendix A.1.
        let key = json!({
            "kty": "EC", "crv": "P-256", "kid": "1",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        });
        std::fs::write(&jwks, json!({ "keys": [key] }).to_string()).expect("a file");
        let (by_key, secret) = create(&["--label", "k", "--jwks", text(&jwks)]);
        assert!(by_key["method"]["privateKey"].is_object(), "{by_key}");
        assert!(!secret, "{by_key}");
        let audiences = ["--audience", "api://a", "--audience", "api://b"];
        let claims = ["--issuer", ISSUER, "--subject", "s", "--tenant-id", "x"];
        let (federated, secret) = create(&[&["--label", "f"], &audiences[..], &claims].concat());
        assert_eq!(
            federated["method"]["federation"],
            json!({ "issuer": ISSUER, "audiences": ["api://a", "api://b"], "subject": "s", "tenantId": "x" })
        );
        assert!(!secret, "{federated}");
        let rows = way.table(&of_fabrikam(&["client", "list"]));
        assert_eq!(rows.len(), 4, "{rows:?}");
        let id = member(&by_secret, "clientId");
        assert_eq!(rows[1][..4], [id.as_str(), "Entra", "secret", "all"]);
        assert_eq!([&rows[2][2], &rows[3][2]], ["privateKey", "federation"]);
    }
}

#[test]
fn a_client_is_changed_and_the_ways_in_stand_in_one_step() {
    for way in with_tenant() {
        let client = |more: &[&str]| {
            let create = ["client", "create", "--label", "x"];
            let made = way.json(&of_fabrikam(&[&create, more].concat()));
            member(&made, "clientId")
        };
        let id = client(&[]);
        let issuer = ["--issuer", "https://issuer.fabrikam.example"];
        let federated =
            client(&[&issuer[..], &["--audience", "api://a", "--subject", "s"]].concat());
        let change = [
            "client",
            "change",
            &id,
            "--label",
            "E",
            "--access-token-life",
            "6h",
        ];
        let words = way.says(&of_fabrikam(&change));
        assert!(words.ends_with("within 30 seconds.\n"), "{words}");
        let changed = way.json(&of_fabrikam(&["client", "show", &id]));
        assert_eq!(
            (&changed["label"], &changed["accessTokenLife"]),
            (&json!("E"), &json!(21_600))
        );
        let mut other = of_fabrikam(&["client", "change"]);
        other.extend([&federated, "--issuer", "https://issuer.fabrikam.example"]);
        other.extend(["--audience", "api://c", "--subject", "t"]);
        let changed = way.json(&other);
        assert_eq!(
            changed["method"]["federation"]["audiences"],
            json!(["api://c"])
        );
        let words = way.refused(&of_fabrikam(&[
            "client",
            "change",
            &id,
            "--access-token-life",
            "7h",
        ]));
        assert_eq!(words, "--access-token-life: between 1h and 6h\n");
        let words = way.unasked(&of_fabrikam(&["client", "change", &id]));
        assert!(words.starts_with("nothing to change; "), "{words}");
        let setup = way.says(&of_fabrikam(&["connection", "setup", "default"]));
        assert!(
            setup.contains("\n 2. Authentication, one of these:\n    a) "),
            "{setup}"
        );
    }
}

#[test]
fn schemas_are_added_shown_and_removed() {
    const URN: &str = "urn:fabrikam:params:scim:schemas:hr:1.0:User";
    for way in with_tenant() {
        let files = folder();
        let file = files.path().join("hr.json");
        let document = json!({ "id": URN, "attributes": [{ "name": "badge" }] });
        std::fs::write(&file, document.to_string()).expect("a file");
        let words = way.says(&of_fabrikam(&["schema", "add", text(&file)]));
        assert!(
            words.starts_with(&format!("Added {URN} for fabrikam.\n")),
            "{words}"
        );
        let words = way.says(&of_fabrikam(&["schema", "add", text(&file)]));
        assert!(words.starts_with("Replaced "), "{words}");
        let rows = way.table(&of_fabrikam(&["schema", "list"]));
        assert_eq!(
            rows,
            [
                vec!["schema", "resource type", "attributes"],
                vec![URN, "User", "1"]
            ]
        );
        assert_eq!(
            way.json(&of_fabrikam(&["schema", "show", URN]))["schema"],
            URN
        );
        way.says(&of_fabrikam(&["schema", "remove", URN]));
        assert_eq!(
            way.says(&of_fabrikam(&["schema", "list"])),
            "fabrikam has no schemas of its own.\n"
        );
    }
}

#[test]
fn keys_are_made_where_the_data_is_and_listed_and_revoked_anywhere() {
    let [data, url] = with_tenant();
    let made = data.json(&["key", "create", "--label", "Ada", "--expires-in", "30d"]);
    assert!(member(&made, "adminKey").starts_with("scimadmin_"));
    let words = data.says(&["key", "create", "--label", "Grace"]);
    assert!(words.starts_with("Admin Key     scimadmin_"), "{words}");
    let over_http = url.run(&["key", "create", "--label", "Mallory"]);
    assert_eq!(over_http.status.code(), Some(2), "not an option");
    for way in [data, url] {
        let keys = way.json(&["key", "list"]);
        let id = member(&keys["items"][0], "id");
        let rows = way.table(&["key", "list"]);
        assert_eq!(rows[0], ["id", "label", "created", "ends", "revoked"]);
        assert_eq!(
            (rows[1][0].as_str(), rows[1][4].as_str()),
            (id.as_str(), "-")
        );
        assert_eq!(
            way.says(&["key", "revoke", &id]),
            format!("Revoked {id}. It opens nothing any more.\n")
        );
    }
}

#[test]
fn a_key_for_this_machine_reaches_no_proxy() {
    let way = ways::over_http();
    let proxy = Proxy::start();
    let mut command = proxy.around(command(&["tenant", "list"]));
    command.args(&way.options);
    command.env("SCIM_ADMIN_KEY", way.key().expect("a key"));
    let listed = command.output().expect("the command starts");
    assert_eq!(proxy.seen(), 0);
    assert!(listed.status.success(), "{listed:?}");
}
