//! Each verb of the admin API, on the data and over HTTP: the same words and the same JSON.

use serde_json::json;

use crate::support::process::{folder, text};
use crate::ways::{Way, both, member};

/// A tenant with its first connection.
fn with_tenant() -> [Way; 2] {
    both().map(|way| {
        way.says(&["tenant", "create", "fabrikam"]);
        way
    })
}

#[test]
fn a_tenant_is_created_shown_changed_and_listed() {
    for way in both() {
        let created = way.json(&[
            "tenant",
            "create",
            "fabrikam",
            "--display-name",
            "Fabrikam Inc.",
            "--provider",
            "okta",
            "--token-expiry-default",
            "90d",
        ]);
        assert_eq!(created["tenant"], "fabrikam");
        assert!(member(&created, "secretToken").starts_with("scim_"));
        let shown = way.json(&["tenant", "show", "FABRIKAM"]);
        assert_eq!(shown["displayName"], "Fabrikam Inc.");
        assert_eq!(
            (&shown["provider"], &shown["id"]),
            (&json!("okta"), &created["id"])
        );
        assert_eq!(shown["tokenExpiryDefault"], 90 * 86_400);
        let connection = way.json(&["connection", "show", "default", "--tenant", "fabrikam"]);
        assert_eq!(
            (&connection["provider"], &connection["id"]),
            (&json!("okta"), &created["connection"])
        );

        let changed = way.says(&[
            "tenant",
            "change",
            "fabrikam",
            "--display-name",
            "Fabrikam",
            "--token-expiry-default",
            "none",
            "--token-expiry-maximum",
            "365d",
        ]);
        assert_eq!(
            changed,
            "Changed fabrikam. It is felt everywhere within 30 seconds.\n"
        );
        let shown = way.json(&["tenant", "show", &member(&created, "id")]);
        assert_eq!(shown["displayName"], "Fabrikam");
        assert_eq!(shown["tokenExpiryDefault"], json!(null));
        assert_eq!(shown["tokenExpiryMaximum"], 365 * 86_400);
        assert_eq!(shown["provider"], "okta", "what was not named stays");

        way.says(&["tenant", "create", "contoso"]);
        let rows = way.table(&["tenant", "list"]);
        assert_eq!(
            rows[0],
            ["name", "id", "display name", "provider", "state", "created"]
        );
        let row = rows
            .iter()
            .find(|row| row[0] == "fabrikam")
            .expect("its row");
        assert_eq!(
            row[1..5],
            [
                member(&created, "id").as_str(),
                "Fabrikam",
                "okta",
                "active"
            ]
        );
        assert!(row[5].ends_with('Z') && row[5].len() == 17, "{row:?}");
        let first = way.json(&["tenant", "list", "--limit", "1"]);
        let next = member(&first, "next");
        let second = way.json(&["tenant", "list", "--limit", "1", "--after", &next]);
        assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
        let page = way.says(&["tenant", "list", "--limit", "1"]);
        assert!(
            page.ends_with(&format!("There are more: add --after {next}\n")),
            "{page}"
        );
    }
}

#[test]
fn a_tenant_is_suspended_and_resumed() {
    for way in with_tenant() {
        let state = || member(&way.json(&["tenant", "show", "fabrikam"]), "state");
        assert!(
            way.says(&["tenant", "suspend", "fabrikam"])
                .starts_with("Suspended fabrikam.")
        );
        assert_eq!(state(), "suspended");
        assert!(
            way.says(&["tenant", "resume", "fabrikam"])
                .starts_with("Resumed fabrikam.")
        );
        assert_eq!(state(), "active");
    }
}

#[test]
fn connections_are_made_changed_and_taken_away() {
    for way in with_tenant() {
        let of = ["--tenant", "fabrikam"];
        let with = |arguments: &[&str]| [arguments, &of].concat();
        let made = way.json(&with(&[
            "connection",
            "create",
            "Okta, production",
            "--provider",
            "okta",
        ]));
        let id = member(&made, "id");
        let rows = way.table(&with(&["connection", "list"]));
        assert_eq!(
            rows[0],
            [
                "name",
                "id",
                "provider",
                "created",
                "active since",
                "last used"
            ]
        );
        assert_eq!(rows[2][..3], ["Okta, production", &id, "okta"]);
        assert_eq!(rows[2][4..], ["-", "-"]);

        let changed = with(&["connection", "change", "Okta, production", "--name", "Okta"]);
        assert!(
            way.says(&changed)
                .ends_with("It is felt everywhere within 30 seconds.\n")
        );
        let bearer = ["--entra-tenant-id", "t", "--entra-audience", "a"];
        way.says(&[with(&["connection", "change", "Okta"]).as_slice(), &bearer].concat());
        let shown = way.json(&with(&["connection", "show", &id]));
        assert_eq!(shown["name"], "Okta");
        assert_eq!(
            shown["entraBearer"],
            json!({ "tenantId": "t", "audience": "a" })
        );
        way.says(&with(&["connection", "change", &id, "--no-entra-bearer"]));
        assert_eq!(
            way.json(&with(&["connection", "show", &id]))["entraBearer"],
            json!(null)
        );

        let setup = way.json(&with(&["connection", "setup", &id]));
        let url = member(&setup, "tenantUrl");
        assert!(url.ends_with("/scim/v2"), "{url}");
        let words = way.says(&with(&["connection", "setup", &id]));
        assert!(
            words.starts_with(&format!("Tenant URL    {url}\n")),
            "{words}"
        );
        assert!(
            words.contains("\n 1. ") && words.contains("\n 2. "),
            "{words}"
        );

        let gone = way.says(&with(&["connection", "delete", "Okta"]));
        assert!(gone.starts_with("Deleted Okta."), "{gone}");
        assert_eq!(way.table(&with(&["connection", "list"])).len(), 2);
    }
}

#[test]
fn policies_are_replaced_by_a_document() {
    for way in with_tenant() {
        let of = ["--tenant", "fabrikam"];
        let files = folder();
        let file = files.path().join("policies.json");
        let path = text(&file);
        let set = |document: &str| std::fs::write(&file, document).expect("a file");
        set(r#"{"seatLimit": 100, "unknownMembers": "skip"}"#);
        let words = way.says(&[["policy", "set", path].as_slice(), &of].concat());
        assert!(
            words.ends_with("They are in force everywhere within 30 seconds.\n"),
            "{words}"
        );
        let shown = way.json(&[["policy", "show"].as_slice(), &of].concat());
        assert_eq!(
            (&shown["seatLimit"], &shown["unknownMembers"]),
            (&json!(100), &json!("skip"))
        );
        let rows = way.table(&[["policy", "show"].as_slice(), &of].concat());
        assert!(
            rows.contains(&vec!["seatLimit".to_owned(), "100".to_owned()]),
            "{rows:?}"
        );

        set("{}");
        way.says(&[["policy", "set", path].as_slice(), &of].concat());
        let shown = way.json(&[["policy", "show"].as_slice(), &of].concat());
        assert_eq!(
            shown["seatLimit"],
            json!(null),
            "what is left out is as without a policy"
        );

        set(r#"{"seatLimit": 0}"#);
        let words = way.refused(&[["policy", "set", path].as_slice(), &of].concat());
        assert!(
            words.starts_with(path) && words.contains("seatLimit"),
            "{words}"
        );
        set("{");
        let words = way.refused(&[["policy", "set", path].as_slice(), &of].concat());
        assert!(
            words.starts_with(&format!("{path}: not valid JSON: ")),
            "{words}"
        );
    }
}

#[test]
fn tokens_are_made_labelled_rotated_and_revoked() {
    for way in with_tenant() {
        let of = ["--tenant", "fabrikam"];
        let with = |arguments: &[&str]| [arguments, &of].concat();
        let made = way.json(&with(&[
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
        way.says(&with(&["token", "label", &id, "Entra, production"]));
        let next = way.json(&with(&["token", "rotate", &id, "--retire-after", "1h"]));
        assert_eq!(next["replaces"], made["id"]);
        assert_ne!(next["token"], made["token"]);
        assert_eq!(
            way.says(&with(&["token", "revoke", &id])),
            format!("Revoked {id}. It is refused everywhere within 30 seconds.\n")
        );
        let rows = way.table(&with(&["token", "list"]));
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

        let words = way.says(&with(&["token", "create"]));
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
fn clients_are_made_listed_given_secrets_and_taken_away() {
    for way in with_tenant() {
        let of = ["--tenant", "fabrikam"];
        let with = |arguments: &[&str]| [arguments, &of].concat();
        let made = way.json(&with(&[
            "client",
            "create",
            "--label",
            "Entra",
            "--access-token-life",
            "2h",
        ]));
        let id = member(&made, "clientId");
        assert!(member(&made, "clientSecret").starts_with("scimsecret_"));
        assert_eq!(made["accessTokenLife"], 7_200);
        let second = way.json(&with(&["client", "secret", "add", &id]));
        let words = way.refused(&with(&["client", "secret", "add", &id]));
        assert!(words.contains("at most 2 secrets"), "{words}");
        way.says(&with(&[
            "client",
            "secret",
            "remove",
            &id,
            &member(&second, "id"),
        ]));
        let words = way.says(&with(&["client", "secret", "add", &id]));
        assert!(words.contains("Client secret  scimsecret_"), "{words}");

        let files = folder();
        let jwks = files.path().join("jwks.json");
        std::fs::write(&jwks, r#"{"keys": [{"kty": "EC"}]}"#).expect("a file");
        let by_key = way.json(&with(&[
            "client",
            "create",
            "--label",
            "k",
            "--jwks",
            text(&jwks),
        ]));
        assert!(by_key["method"]["privateKey"].is_object(), "{by_key}");
        assert!(by_key.get("clientSecret").is_none(), "{by_key}");
        let federated = way.json(&with(&[
            "client",
            "create",
            "--label",
            "f",
            "--issuer",
            "https://login.microsoftonline.com/x/v2.0",
            "--audience",
            "api://a",
            "--audience",
            "api://b",
            "--subject",
            "s",
            "--tenant-id",
            "x",
        ]));
        assert_eq!(
            federated["method"]["federation"],
            json!({ "issuer": "https://login.microsoftonline.com/x/v2.0", "audiences": ["api://a", "api://b"], "subject": "s", "tenantId": "x" })
        );
        let rows = way.table(&with(&["client", "list"]));
        assert_eq!(rows.len(), 4, "{rows:?}");
        assert_eq!(rows[1][..3], [id.as_str(), "Entra", "secret"]);
        assert_eq!(way.json(&with(&["client", "show", &id]))["label"], "Entra");
        way.says(&with(&["client", "delete", &id]));
        assert!(
            way.refused(&with(&["client", "show", &id]))
                .starts_with("there is no client")
        );
    }
}

#[test]
fn schemas_are_added_shown_and_removed() {
    const URN: &str = "urn:fabrikam:params:scim:schemas:hr:1.0:User";
    for way in with_tenant() {
        let of = ["--tenant", "fabrikam"];
        let with = |arguments: &[&str]| [arguments, &of].concat();
        let files = folder();
        let file = files.path().join("hr.json");
        let document = json!({ "id": URN, "attributes": [{ "name": "badge" }] });
        std::fs::write(&file, document.to_string()).expect("a file");
        let words = way.says(&with(&["schema", "add", text(&file)]));
        assert!(
            words.starts_with(&format!("Added {URN} for fabrikam.\n")),
            "{words}"
        );
        let words = way.says(&with(&["schema", "add", text(&file)]));
        assert!(words.starts_with("Replaced "), "{words}");
        let rows = way.table(&with(&["schema", "list"]));
        assert_eq!(
            rows,
            [
                vec!["schema", "resource type", "attributes"],
                vec![URN, "User", "1"]
            ]
        );
        assert_eq!(way.json(&with(&["schema", "show", URN]))["schema"], URN);
        way.says(&with(&["schema", "remove", URN]));
        assert_eq!(
            way.says(&with(&["schema", "list"])),
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
