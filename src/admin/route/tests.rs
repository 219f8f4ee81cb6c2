use std::collections::BTreeSet;

use super::table::ROUTES;
use super::*;

/// Path, method and the names of the query.
type Documented = (String, String, BTreeSet<String>);

fn documented() -> BTreeSet<Documented> {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let verbs = paths.iter().flat_map(|(path, verbs)| {
        let verbs = verbs.as_object().unwrap().iter();
        verbs.map(move |(method, verb)| (path, method, verb))
    });
    verbs
        .map(|(path, method, verb)| {
            let parameters = verb["parameters"].as_array().into_iter().flatten();
            let query = parameters
                .filter(|parameter| parameter["in"] == "query")
                .map(|parameter| parameter["name"].as_str().unwrap().to_owned());
            (path.clone(), method.to_uppercase(), query.collect())
        })
        .collect()
}

#[test]
fn the_document_tells_every_route_and_no_other() {
    let routed: BTreeSet<Documented> = ROUTES
        .iter()
        .flat_map(|route| route.verbs.iter().map(move |verb| (route.path, verb)))
        .map(|(path, verb)| {
            let query = verb.query.iter().map(|name| (*name).to_owned()).collect();
            (path.to_owned(), verb.method.to_owned(), query)
        })
        .collect();
    assert_eq!(documented(), routed);
}

#[test]
fn allow_names_the_methods_there_are() {
    for route in ROUTES {
        let methods: Vec<_> = route.verbs.iter().map(|verb| verb.method).collect();
        assert_eq!(route.allowed, methods.join(", "), "{}", route.path);
    }
}

#[test]
fn a_path_is_read_with_its_parts_and_nothing_beside_it() {
    let found = find(&Method::GET, "/tenants/a%2Fb//connections/c/?limit=1").unwrap();
    assert_eq!(found.action, Action::ShowConnection);
    let parts = [("tenant", "a/b".to_owned()), ("connection", "c".to_owned())];
    assert_eq!(found.parameters, parts);
    let long = format!("/tenants/{}", "x".repeat(SEGMENT_MAX));
    assert!(find(&Method::GET, &long).is_ok());
    for path in [
        "",
        "/",
        "/tenant",
        "/tenants/a/b",
        "/tenants/%ff",
        &format!("{long}x"),
    ] {
        let error = find(&Method::GET, path).unwrap_err();
        assert_eq!(error.code, "notFound", "{path}");
    }
    let error = find(&Method::PUT, "/tenants").unwrap_err();
    assert_eq!(error.code, "methodNotAllowed");
}

#[test]
fn the_base_is_a_whole_path() {
    assert_eq!(below_base("/admin/v1/keys").as_deref(), Some("/keys"));
    assert_eq!(below_base("/admin/v1").as_deref(), Some(""));
    for path in ["/admin/v10/keys", "/admin/v2/keys", "/scim/v2/Users", ""] {
        assert_eq!(below_base(path), None, "{path}");
    }
}
