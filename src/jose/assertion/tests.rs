use serde_json::json;

use super::*;

const NOW_S: i64 = 1_790_000_000;

fn claims(value: Value) -> Claims {
    serde_json::from_value(value).unwrap()
}

fn time(value: Value) -> Result<i64, Fault> {
    claims(value).check_time(NOW_S * 1_000)
}

fn token(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(header), part(claims))
}

fn read(text: &str) -> Option<Fault> {
    Assertion::read(text).err()
}

#[test]
fn a_token_is_good_from_its_start_to_its_end_give_or_take_a_minute() {
    for (value, expected) in [
        (json!({ "exp": NOW_S + 300 }), Ok((NOW_S + 360) * 1_000)),
        (
            json!({ "exp": NOW_S - SKEW_S + 1 }),
            Ok((NOW_S + 1) * 1_000),
        ),
        (json!({ "exp": NOW_S - SKEW_S }), Err(Fault::Expired)),
        (json!({}), Err(Fault::Endless)),
        (json!({ "exp": null }), Err(Fault::Endless)),
        (
            json!({ "exp": NOW_S + 300, "nbf": NOW_S + SKEW_S }),
            Ok((NOW_S + 360) * 1_000),
        ),
        (
            json!({ "exp": NOW_S + 300, "nbf": NOW_S + SKEW_S + 1 }),
            Err(Fault::NotYet),
        ),
        (
            json!({ "exp": NOW_S + 300, "iat": NOW_S + SKEW_S + 1 }),
            Err(Fault::NotYet),
        ),
        (
            json!({ "exp": NOW_S + LIFE_MAX_S, "iat": NOW_S }),
            Ok((NOW_S + LIFE_MAX_S + SKEW_S) * 1_000),
        ),
        (
            json!({ "exp": NOW_S + LIFE_MAX_S + 1, "iat": NOW_S }),
            Err(Fault::TooLong),
        ),
        (
            json!({ "exp": NOW_S + LIFE_MAX_S + 1 }),
            Err(Fault::TooLong),
        ),
        (json!({ "exp": 1e300 }), Err(Fault::TooLong)),
        (json!({ "exp": u64::MAX }), Err(Fault::TooLong)),
        (
            json!({ "exp": i64::MAX, "iat": i64::MIN }),
            Err(Fault::TooLong),
        ),
        (json!({ "exp": -1e300 }), Err(Fault::Expired)),
        (
            json!({ "exp": 1_790_000_300.75 }),
            Ok((NOW_S + 360) * 1_000),
        ),
    ] {
        assert_eq!(time(value.clone()), expected, "{value}");
    }
}

#[test]
fn one_audience_of_several_is_enough() {
    let wanted = ["api://one", "api://two/.default"];
    for (aud, good) in [
        (json!("api://one"), true),
        (json!("api://one/.default"), true),
        (json!("api://two"), true),
        (json!(["api://three", "api://two"]), true),
        (json!("api://ONE"), false),
        (json!("api://one/"), false),
        (json!("api://one/.default/.default"), false),
        (json!([]), false),
        (json!(""), false),
    ] {
        let claims = claims(json!({ "aud": aud }));
        assert_eq!(claims.are_for(wanted), good, "{aud}");
    }
    assert!(!claims(json!({})).are_for(wanted));
}

#[test]
fn what_has_no_public_key_is_not_read() {
    let claims = json!({});
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA", "RS512", "ES384"] {
        let header = json!({ "alg": algorithm });
        assert_eq!(read(&token(&header, &claims)), None, "{algorithm}");
    }
    for algorithm in [
        "none", "None", "NONE", "", "HS256", "HS512", "rs256", "RSA-OAEP", "ES256K",
    ] {
        let header = json!({ "alg": algorithm });
        let fault = read(&token(&header, &claims));
        assert_eq!(fault, Some(Fault::Algorithm), "{algorithm}");
    }
}

#[test]
fn what_is_no_token_is_told() {
    let good = token(&json!({ "alg": "ES256" }), &json!({}));
    let padded = format!("{}=.{}", good.split('.').next().unwrap(), "e30.c2ln");
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d.e",
        &good.replace('.', " "),
        &padded,
        &format!("{good}.x"),
        &token(&json!({}), &json!({})),
        &token(&json!({ "alg": 7 }), &json!({})),
        &token(&json!({ "alg": "ES256", "crit": ["exp"] }), &json!({})),
        &token(&json!({ "alg": "ES256" }), &json!([])),
        &token(&json!({ "alg": "ES256" }), &json!({ "sub": 7 })),
        &token(&json!({ "alg": "ES256" }), &json!({ "exp": "tomorrow" })),
        &token(&json!({ "alg": "ES256" }), &json!({ "aud": { "a": 1 } })),
    ] {
        assert_eq!(read(text), Some(Fault::Malformed), "{text}");
    }
    let header = URL_SAFE_NO_PAD.encode("{\"alg\":\"none\",\"alg\":\"ES256\"}");
    assert_eq!(read(&format!("{header}.e30.c2ln")), Some(Fault::Malformed));
}

#[test]
fn a_token_is_bounded() {
    let frame = token(&json!({ "alg": "ES256" }), &json!({})).len();
    let of = |length| {
        let text = token(&json!({ "alg": "ES256" }), &json!({}));
        format!("{text}{}", "A".repeat(length - frame))
    };
    assert_eq!(read(&of(ASSERTION_MAX)), None);
    assert_eq!(read(&of(ASSERTION_MAX + 1)), Some(Fault::TooLarge));
}

#[test]
fn a_key_of_another_issuer_does_not_count() {
    let own = claims(json!({ "iss": "https://login.microsoftonline.com/t1/v2.0", "tid": "t1" }));
    assert!(own.are_of("https://login.microsoftonline.com/{tenantid}/v2.0"));
    assert!(own.are_of("https://login.microsoftonline.com/t1/v2.0"));
    assert!(!own.are_of("https://login.microsoftonline.com/consumers/v2.0"));
    let other = claims(json!({ "iss": "https://login.microsoftonline.com/t1/v2.0", "tid": "t2" }));
    assert!(!other.are_of("https://login.microsoftonline.com/{tenantid}/v2.0"));
}
