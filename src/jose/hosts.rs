//! Which issuers are asked for keys: `https`, and hosts that the deployment lists, compared as parsed and never as text.
//! OIDC Discovery §4.

use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// Microsoft Entra ID: its clouds, and the two hosts of its first version.
const ENTRA: [&str; 5] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "sts.windows.net",
    "login.windows.net",
];

/// The hosts that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    host: String,
    /// Without one, that of the scheme.
    port: Option<u16>,
    /// This machine itself: the only place that is trusted without TLS, or without a name.
    loopback: bool,
}

/// An entry of the list that names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no host for a list of issuers; write a name such as login.example.com, with :PORT where it is not 443"
)]
pub struct HostError(String);

impl Default for Hosts {
    fn default() -> Self {
        let named = ENTRA.iter().map(|host| Entry {
            host: (*host).to_owned(),
            port: None,
            loopback: false,
        });
        Self(named.collect())
    }
}

impl FromStr for Entry {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let error = || HostError(text.to_owned());
        let url = Url::parse(&format!("https://{text}/")).map_err(|_| error())?;
        let host = url.host_str().ok_or_else(error)?.to_owned();
        let port = text
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok());
        // What the parser would drop or repair is a mistake in a list.
        let spelled = port.map_or(host.clone(), |port: u16| format!("{host}:{port}"));
        let loopback = is_loopback(&host);
        let named = host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        let placed = named && !is_address(&host) || loopback;
        if !spelled.eq_ignore_ascii_case(text) || !placed {
            return Err(error());
        }
        Ok(Self {
            host,
            port,
            loopback,
        })
    }
}

impl Hosts {
    /// Exactly these: names, with `:PORT` where it is not that of the scheme. No addresses but this machine's own.
    pub fn listed<'a>(hosts: impl IntoIterator<Item = &'a str>) -> Result<Self, HostError> {
        let trimmed = hosts.into_iter().map(str::trim);
        let named = trimmed.filter(|host| !host.is_empty());
        Ok(Self(named.map(str::parse).collect::<Result<_, _>>()?))
    }

    /// The same without this machine itself: on a server nothing listens there that a customer would name.
    #[must_use]
    pub fn without_loopback(self) -> Self {
        Self(self.0.into_iter().filter(|entry| !entry.loopback).collect())
    }

    /// The URL, if it may be asked.
    pub fn allow(&self, text: &str) -> Option<Url> {
        let url = plain(text)?;
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        let is_https = url.scheme() == "https";
        let listed = self.0.iter().any(|entry| {
            let usual = if is_https { 443 } else { 80 };
            let scheme = is_https || (entry.loopback && url.scheme() == "http");
            scheme && entry.host == host && entry.port.unwrap_or(usual) == port
        });
        listed.then_some(url)
    }
}

/// Whether the text can be an issuer at all: a URL that begins with `https://`, or one of this machine itself.
pub fn is_issuer(text: &str) -> bool {
    plain(text).is_some_and(|url| {
        let loopback = url.host_str().is_some_and(is_loopback);
        let scheme = url.scheme() == "https" || (loopback && url.scheme() == "http");
        scheme && url.query().is_none()
    })
}

/// A URL without a user or a fragment.
fn plain(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    plain.then_some(url)
}

fn is_address(host: &str) -> bool {
    address(host).is_some()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entra_is_asked_over_https_and_nobody_else() {
        let hosts = Hosts::default();
        for url in [
            "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
            "https://LOGIN.microsoftonline.com/x",
            "https://login.microsoftonline.com:443/x",
            "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
        ] {
            assert!(hosts.allow(url).is_some(), "{url}");
        }
        for url in [
            "",
            "login.microsoftonline.com",
            "http://login.microsoftonline.com/x",
            "ftp://login.microsoftonline.com/x",
            "file:///etc/passwd",
            "https://login.microsoftonline.com:8443/x",
            "https://login.microsoftonline.com.fabrikam.example/x",
            "https://fabrikam.example/login.microsoftonline.com",
            "https://fabrikam.example#login.microsoftonline.com/",
            "https://fabrikam.example\\@login.microsoftonline.com/",
            "https://login.microsoftonline.com@fabrikam.example/",
            "https://ada:secret@login.microsoftonline.com/",
            "https://ada@login.microsoftonline.com/",
            "https://login.microsoftonline.com./x",
            "https://login.microsoftonline.com/x#y",
            "https://169.254.169.254/latest/meta-data",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://2130706433/x",
            "http://localhost/x",
        ] {
            assert!(hosts.allow(url).is_none(), "{url}");
        }
    }

    #[test]
    fn an_issuer_is_a_url_of_somewhere_else_or_of_this_machine() {
        for (text, is) in [
            ("https://idp.fabrikam.example/x", true),
            ("http://127.0.0.1:9001/x", true),
            ("http://idp.fabrikam.example/x", false),
            ("https://ada@idp.fabrikam.example/x", false),
            ("https://idp.fabrikam.example/x?y", false),
            ("https://idp.fabrikam.example/x#y", false),
            ("fabrikam", false),
        ] {
            assert_eq!(is_issuer(text), is, "{text}");
        }
    }

    #[test]
    fn a_list_is_what_it_says() {
        let hosts = Hosts::listed(["idp.fabrikam.example:8443", " 127.0.0.1:9001 ", ""]).unwrap();
        for (url, allowed) in [
            ("https://idp.fabrikam.example:8443/x", true),
            ("https://idp.fabrikam.example/x", false),
            ("http://idp.fabrikam.example:8443/x", false),
            ("http://127.0.0.1:9001/x", true),
            ("https://127.0.0.1:9001/x", true),
            ("http://127.0.0.1:9002/x", false),
            ("http://127.0.0.1/x", false),
            ("http://localhost:9001/x", false),
            ("https://login.microsoftonline.com/x", false),
        ] {
            assert_eq!(hosts.allow(url).is_some(), allowed, "{url}");
        }
        let remote = hosts.without_loopback();
        assert!(remote.allow("http://127.0.0.1:9001/x").is_none());
        assert!(
            remote
                .allow("https://idp.fabrikam.example:8443/x")
                .is_some()
        );
    }

    #[test]
    fn a_list_holds_no_addresses_and_no_urls() {
        for text in [
            "https://idp.fabrikam.example",
            "idp.fabrikam.example/path",
            "ada@idp.fabrikam.example",
            "10.0.0.5",
            "169.254.169.254:80",
            "[fd00::1]:8443",
            "2130706433",
            "idp.fabrikam.example:99999",
            "*.fabrikam.example",
            "idp fabrikam",
            "?",
        ] {
            assert!(Hosts::listed([text]).is_err(), "{text}");
        }
        assert!(Hosts::listed(["[::1]:9001", "localhost:9001"]).is_ok());
    }
}
