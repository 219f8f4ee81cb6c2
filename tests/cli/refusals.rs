//! What is refused, in words with the next step; and what no output ever shows.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::stderr;
use crate::support::Server;
use crate::support::process::{command, folder, run, text};
use crate::ways::{both, member, of_fabrikam, on_data, over_http};

#[test]
fn what_is_not_there_is_named_with_the_way_to_what_is() {
    for way in both() {
        let options = way.options.join(" ");
        way.says(&["tenant", "create", "fabrikam"]);
        assert_eq!(
            way.refused(&["token", "create", "--tenant", "nobody"]),
            format!(
                "there is no tenant \"nobody\"; see those there are: serverless-scim tenant list {options}\n"
            )
        );
        let words = way.refused(&[
            "policy",
            "show",
            "--tenant",
            "fabrikam",
            "--connection",
            "a/b ?",
        ]);
        let list = format!("serverless-scim connection list --tenant fabrikam {options}");
        assert_eq!(
            words,
            format!("there is no connection \"a/b ?\"; see those there are: {list}\n")
        );
        let words = way.refused(&["token", "revoke", "nothing", "--tenant", "fabrikam"]);
        assert!(
            words.starts_with("there is no token \"nothing\"; see those there are: "),
            "{words}"
        );
        let words = way.refused(&["key", "revoke", "nothing"]);
        assert!(
            words.starts_with("there is no admin key \"nothing\"; see "),
            "{words}"
        );
        let words = way.refused(&["tenant", "create", "Fabrikam"]);
        assert!(
            words.starts_with("a tenant with this name exists already; choose another"),
            "{words}"
        );
        let words = way.unasked(&["tenant", "change", "fabrikam"]);
        assert!(words.starts_with("nothing to change; "), "{words}");
        let words = way.refused(&[
            "token",
            "create",
            "--tenant",
            "fabrikam",
            "--scopes",
            "get:everything",
        ]);
        assert!(words.starts_with("--scopes: one of get:users, "), "{words}");
        let words = way.refused(&[
            "token",
            "create",
            "--tenant",
            "fabrikam",
            "--expires-in",
            "14m",
        ]);
        assert_eq!(words, "--expires-in: between 15m and 3660d\n");
        for nothing in ["", ".", ".."] {
            let output = way.run(&["tenant", "show", nothing]);
            assert_eq!(output.status.code(), Some(2), "\"{nothing}\"");
        }
    }
}

#[test]
fn a_refusal_has_its_problem_as_json_too() {
    for way in both() {
        way.says(&["tenant", "create", "fabrikam"]);
        let output = way.run(&["tenant", "show", "nobody", "--json"]);
        assert_eq!(output.status.code(), Some(1));
        let problem: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&404.into(), &"notFound".into())
        );
    }
}

#[test]
fn where_there_are_several_connections_one_must_be_named() {
    for way in both() {
        way.says(&["tenant", "create", "fabrikam"]);
        way.says(&of_fabrikam(&["connection", "create", "okta"]));
        let words = way.refused(&of_fabrikam(&["token", "list"]));
        assert_eq!(
            words,
            "fabrikam has several connections; add --connection with one of: default, okta\n"
        );
        way.says(&of_fabrikam(&["token", "create", "--connection", "okta"]));
        for name in ["default", "okta"] {
            let rows = way.table(&of_fabrikam(&["token", "list", "--connection", name]));
            assert_eq!(rows.len(), 2, "{name}: {rows:?}");
            way.says(&of_fabrikam(&["connection", "delete", name]));
        }
        let words = way.refused(&of_fabrikam(&["token", "create"]));
        assert!(
            words.starts_with("fabrikam has no connection; create one: "),
            "{words}"
        );
    }
}

#[test]
fn nothing_is_erased_but_by_its_name_said_twice() {
    for way in both() {
        way.says(&["tenant", "create", "fabrikam"]);
        let words = way.unasked(&["tenant", "erase", "fabrikam", "--confirm", "contoso"]);
        assert!(words.starts_with("nothing is erased: "), "{words}");
        let output = way.run(&["tenant", "erase", "fabrikam"]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            member(&way.json(&["tenant", "show", "fabrikam"]), "state"),
            "active"
        );
    }
}

/// Runs against an Admin URL with a key in the environment.
fn at(url: &str, key: &str) -> (Option<i32>, String) {
    let output = command(&["tenant", "list", "--url", url])
        .env("SCIM_ADMIN_KEY", key)
        .output();
    let output = output.expect("the command starts");
    assert!(output.stdout.is_empty());
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !words.contains(key) || key.is_empty(),
        "the key is shown: {words}"
    );
    (output.status.code(), words)
}

#[test]
fn a_key_goes_to_a_service_that_takes_it_and_nowhere_else() {
    let server = Server::in_memory();
    let (status, words) = at(&server.admin_url, "scimadmin_mistyped");
    assert_eq!(status, Some(1), "{words}");
    assert!(
        words.contains("serverless-scim key create --label NAME"),
        "{words}"
    );
    let (status, words) = at(&server.admin_url, "");
    assert_eq!(status, Some(2), "{words}");
    assert!(
        words.starts_with("put a key into SCIM_ADMIN_KEY"),
        "{words}"
    );
    for url in [
        "http://scim.example.com/admin/v1",
        "ftp://127.0.0.1/admin/v1",
        "admin",
    ] {
        let (status, words) = at(url, "scimadmin_x");
        assert_eq!(status, Some(2), "{words}");
        assert!(words.starts_with(url), "{words}");
    }
    let (status, words) = at(&server.tenant_url, "scimadmin_x");
    assert_eq!(status, Some(2), "{words}");
    assert!(words.contains("ends in /admin/v1"), "{words}");
    drop(server);
}

/// Runs with a standard output that nobody reads any more.
#[cfg(unix)]
fn unread(arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command(arguments).stdout(writer).output();
    let output = output.expect("the command starts");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), words)
}

#[test]
#[cfg(unix)]
fn a_reader_who_goes_away_ends_it_without_a_word() {
    let data = folder();
    let of_data = ["--data", text(data.path())];
    assert!(
        run(&[&["tenant", "create", "fabrikam"], &of_data[..]].concat())
            .status
            .success()
    );
    for asked in [
        &["tenant", "list"][..],
        &["tenant", "list", "--json"],
        &["tenant", "show", "fabrikam"],
        &["log", "--tenant", "fabrikam"],
        &["check"],
        &["check", "--json"],
    ] {
        let ended = unread(&[asked, &of_data[..]].concat());
        assert_eq!(ended, (Some(141), String::new()), "{asked:?}");
    }
}

#[test]
fn without_credentials_it_says_what_to_set() {
    let nowhere = folder();
    for arguments in [
        &["check", "--table", "nosuch"][..],
        &["tenant", "list", "--table", "nosuch"],
        &["table", "create", "--table", "nosuch"],
    ] {
        let mut command = command(arguments);
        for name in [
            "AWS_PROFILE",
            "AWS_ACCESS_KEY_ID",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ] {
            command.env_remove(name);
        }
        let output = command
            .env("HOME", nowhere.path())
            .env("AWS_CONFIG_FILE", nowhere.path().join("config"))
            .env(
                "AWS_SHARED_CREDENTIALS_FILE",
                nowhere.path().join("credentials"),
            )
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output();
        let output = output.expect("the command starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID\n"
        );
    }
}

#[test]
fn a_service_checks_one_tenant() {
    let way = over_http();
    way.says(&["tenant", "create", "fabrikam"]);
    let words = way.says(&of_fabrikam(&["check"]));
    assert!(words.ends_with("The tenant is sound.\n"), "{words}");
    let repaired = way.run(&of_fabrikam(&["check", "--repair", "--json"]));
    assert_eq!(repaired.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&repaired.stdout).expect("JSON");
    assert_eq!(
        (&report["exitStatus"], &report["repairs"]),
        (&0.into(), &serde_json::json!([]))
    );
    let words = way.unasked(&["check"]);
    assert!(words.contains("add --tenant NAME"), "{words}");
    let words = way.unasked(&["check", "--tenant", "nobody"]);
    assert!(
        words.starts_with("there is no tenant \"nobody\""),
        "{words}"
    );
}

#[test]
fn nobody_there_is_another_exit_status() {
    // A port that is given to no test, so nobody listens there.
    let url = "http://127.0.0.1:1/admin/v1";
    let (status, words) = at(url, "scimadmin_x");
    assert_eq!(status, Some(2), "{words}");
    assert!(
        words.starts_with(&format!("{url} does not answer: ")),
        "{words}"
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port");
    elsewhere.set_nonblocking(true).expect("a flag");
    let target = elsewhere.local_addr().expect("its address");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "http://{}/admin/v1",
        listener.local_addr().expect("its address")
    );
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).expect("its bytes");
        let answer = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).expect("the answer");
    });
    let (status, words) = at(&url, "scimadmin_x");
    answering.join().expect("it was asked");
    assert_eq!(status, Some(2), "{words}");
    assert!(words.contains("points elsewhere"), "{words}");
    assert!(elsewhere.accept().is_err(), "nobody was asked there");
}

#[test]
fn one_way_is_named() {
    let output = run(&["tenant", "list"]);
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        words.contains("--data <DIR>") && words.contains("--url <ADMIN_URL>"),
        "{words}"
    );
    let output = run(&["tenant", "list", "--data", "d", "--table", "t"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn no_list_and_no_help_shows_a_secret() {
    let (data, http) = (on_data(), over_http());
    for way in [&data, &http] {
        let mut secrets = vec![member(
            &way.json(&["tenant", "create", "fabrikam"]),
            "secretToken",
        )];
        let token = way.json(&of_fabrikam(&["token", "create", "--label", "x"]));
        secrets.push(member(&token, "token"));
        let next = way.json(&of_fabrikam(&["token", "rotate", &member(&token, "id")]));
        secrets.push(member(&next, "token"));
        let client = way.json(&of_fabrikam(&["client", "create", "--label", "x"]));
        let id = member(&client, "clientId");
        secrets.push(member(&client, "clientSecret"));
        secrets.push(member(
            &way.json(&of_fabrikam(&["client", "secret", "add", &id])),
            "clientSecret",
        ));
        if way.name == "--data" {
            secrets.push(member(
                &way.json(&["key", "create", "--label", "x"]),
                "adminKey",
            ));
        }
        secrets.extend(way.key().map(str::to_owned));
        let looks = [
            vec!["tenant", "list"],
            vec!["tenant", "show", "fabrikam"],
            of_fabrikam(&["connection", "list"]),
            of_fabrikam(&["connection", "show", "default"]),
            of_fabrikam(&["connection", "setup", "default"]),
            of_fabrikam(&["policy", "show"]),
            of_fabrikam(&["token", "list"]),
            of_fabrikam(&["client", "list"]),
            of_fabrikam(&["client", "show", &id]),
            vec!["key", "list"],
        ];
        for look in looks {
            for json in [&[][..], &["--json"]] {
                let shown = way.says(&[look.as_slice(), json].concat());
                for secret in &secrets {
                    assert!(!shown.contains(secret.as_str()), "{look:?}: {shown}");
                }
            }
        }
        let help = way.run(&["tenant", "list", "--help"]);
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        assert!(help.contains("SCIM_ADMIN_KEY"), "{help}");
        assert!(
            secrets.iter().all(|secret| !help.contains(secret.as_str())),
            "{help}"
        );
    }
}

#[test]
fn a_first_start_that_cannot_listen_makes_no_credentials() {
    let (data, taken) = (folder(), Server::in_memory());
    let address = taken.tenant_url.trim_start_matches("http://");
    let address = address.split('/').next().expect("an address");
    let data = data.path();
    let refused = run(&["serve", "--listen", address, "--data", text(data)]);
    assert!(!refused.status.success());
    assert!(stderr(&refused).starts_with("cannot listen on "));
    let server = Server::on(data);
    assert!(server.secret.is_some() && server.admin_key.is_some());
}
