//! Tenants, connections and policies, on the data and over HTTP: the same words and the same JSON.

use serde_json::json;

use crate::support::process::{folder, text};
use crate::ways::{both, member, of_fabrikam, with_tenant};

#[test]
fn a_tenant_is_created_shown_and_changed() {
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
    }
}

#[test]
fn tenants_are_listed() {
    for way in both() {
        let named = ["--display-name", "Fabrikam", "--provider", "okta"];
        let create = [&["tenant", "create", "fabrikam"], &named[..]].concat();
        let created = way.json(&create);
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
        let made = way.json(&of_fabrikam(&[
            "connection",
            "create",
            "Okta, production",
            "--provider",
            "okta",
        ]));
        let id = member(&made, "id");
        let rows = way.table(&of_fabrikam(&["connection", "list"]));
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

        let changed = of_fabrikam(&["connection", "change", "Okta, production", "--name", "Okta"]);
        assert!(
            way.says(&changed)
                .ends_with("It is felt everywhere within 30 seconds.\n")
        );
        let bearer = ["--entra-tenant-id", "t", "--entra-audience", "a"];
        way.says(
            &[
                of_fabrikam(&["connection", "change", "Okta"]).as_slice(),
                &bearer,
            ]
            .concat(),
        );
        let shown = way.json(&of_fabrikam(&["connection", "show", &id]));
        assert_eq!(shown["name"], "Okta");
        assert_eq!(
            shown["entraBearer"],
            json!({ "tenantId": "t", "audience": "a" })
        );
        way.says(&of_fabrikam(&[
            "connection",
            "change",
            &id,
            "--no-entra-bearer",
        ]));
        assert_eq!(
            way.json(&of_fabrikam(&["connection", "show", &id]))["entraBearer"],
            json!(null)
        );
        let gone = way.says(&of_fabrikam(&["connection", "delete", "Okta"]));
        assert!(gone.starts_with("Deleted Okta."), "{gone}");
        assert_eq!(way.table(&of_fabrikam(&["connection", "list"])).len(), 2);
    }
}

#[test]
fn a_connection_tells_how_it_is_set_up() {
    for way in with_tenant() {
        let create = ["connection", "create", "Okta", "--provider", "okta"];
        let id = member(&way.json(&of_fabrikam(&create)), "id");
        let setup = way.json(&of_fabrikam(&["connection", "setup", &id]));
        let url = member(&setup, "tenantUrl");
        assert!(url.ends_with("/scim/v2"), "{url}");
        let words = way.says(&of_fabrikam(&["connection", "setup", &id]));
        assert!(
            words.starts_with(&format!("Tenant URL    {url}\n")),
            "{words}"
        );
        assert!(
            words.contains("\n 1. ") && words.contains("\n 2. "),
            "{words}"
        );
    }
}

#[test]
fn policies_are_replaced_by_a_document() {
    for way in with_tenant() {
        let files = folder();
        let file = files.path().join("policies.json");
        let path = text(&file);
        let set = |document: &str| std::fs::write(&file, document).expect("a file");
        set(r#"{"seatLimit": 100, "unknownMembers": "skip"}"#);
        let words = way.says(&of_fabrikam(&["policy", "set", path]));
        assert!(
            words.ends_with("They are in force everywhere within 30 seconds.\n"),
            "{words}"
        );
        let shown = way.json(&of_fabrikam(&["policy", "show"]));
        assert_eq!(
            (&shown["seatLimit"], &shown["unknownMembers"]),
            (&json!(100), &json!("skip"))
        );
        let rows = way.table(&of_fabrikam(&["policy", "show"]));
        assert!(
            rows.contains(&vec!["seatLimit".to_owned(), "100".to_owned()]),
            "{rows:?}"
        );

        set(r#"{"allowedVerbs": []}"#);
        way.says(&of_fabrikam(&["policy", "set", path]));
        let verbs = |words: &str| {
            let rows = way.table(&of_fabrikam(&["policy", "show"]));
            let row = vec!["allowedVerbs".to_owned(), words.to_owned()];
            assert!(rows.contains(&row), "{rows:?}");
        };
        verbs("none");

        set("{}");
        way.says(&of_fabrikam(&["policy", "set", path]));
        verbs("-");
        let shown = way.json(&of_fabrikam(&["policy", "show"]));
        assert_eq!(
            shown["seatLimit"],
            json!(null),
            "what is left out is as without a policy"
        );

        set(r#"{"seatLimit": 0}"#);
        let words = way.refused(&of_fabrikam(&["policy", "set", path]));
        assert!(
            words.starts_with(path) && words.contains("seatLimit"),
            "{words}"
        );
        set("{");
        let words = way.unasked(&of_fabrikam(&["policy", "set", path]));
        assert!(
            words.starts_with(&format!("{path}: not valid JSON: ")),
            "{words}"
        );
    }
}
