//! The address of a server.

use std::{fmt, str::FromStr};

use hyper::Uri;

const HTTP_PORT: u16 = 80;

/// Host and port of a server that speaks plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: Box<str>,
    port: u16,
}

/// A text that is no address of a server.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// It is no URL.
    #[error("a server is named as http://HOST:PORT")]
    Malformed,
    /// It asks for TLS.
    #[error("only http:// is spoken here; encrypted connections end at the proxy in front of the server")]
    Encrypted,
    /// It names a path or a query.
    #[error("a server is named without a path, as http://HOST:PORT")]
    WithPath,
}

impl Address {
    /// Host name or address, without brackets, and port: what is connected to.
    pub fn host_and_port(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// Value of the `Host` header.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let uri: Uri = text.parse().map_err(|_| NotAnAddress::Malformed)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(NotAnAddress::Encrypted),
            Some(_) | None => return Err(NotAnAddress::Malformed),
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(NotAnAddress::WithPath);
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(NotAnAddress::Malformed)?;
        Ok(Self { host: host.into(), port: uri.port_u16().unwrap_or(HTTP_PORT) })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_by_host_and_port() {
        let address: Address = "http://127.0.0.1:8787".parse().unwrap();
        assert_eq!(address.host_and_port(), ("127.0.0.1", 8787));
        assert_eq!("http://till.example/".parse::<Address>().unwrap().authority(), "till.example:80");
        let six: Address = "http://[::1]:9000".parse().unwrap();
        assert_eq!((six.host_and_port(), six.authority().as_str()), (("::1", 9000), "[::1]:9000"));
        assert_eq!(six.to_string(), "http://[::1]:9000");
    }

    #[test]
    fn what_is_no_server_is_refused() {
        assert_eq!("https://till.example".parse::<Address>(), Err(NotAnAddress::Encrypted));
        assert_eq!("http://till.example/api".parse::<Address>(), Err(NotAnAddress::WithPath));
        for text in ["", "till.example:80", "ftp://till.example", "http://"] {
            assert_eq!(text.parse::<Address>(), Err(NotAnAddress::Malformed), "{text}");
        }
    }
}
