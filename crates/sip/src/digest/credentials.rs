//! Reading the parameters of `Authorization` and of a challenge: `Digest name=value, name="value"`.

use std::borrow::Cow;

use super::{Algorithm, DigestFailure};

/// A parsed `Authorization` or `Proxy-Authorization` header field value; it borrows from that value.
#[derive(Debug, Clone)]
pub struct Credentials<'a> {
    /// Whose password the response proves.
    pub username: Cow<'a, str>,
    /// The realm of the challenge.
    pub realm: Cow<'a, str>,
    /// The nonce of the challenge.
    pub nonce: Cow<'a, str>,
    /// The URI that the response covers.
    pub uri: Cow<'a, str>,
    /// The proof, in hexadecimal.
    pub response: Cow<'a, str>,
    /// MD5 where none is named.
    pub algorithm: Algorithm,
    /// Absent from clients of RFC 2069.
    pub qop: Option<Qop<'a>>,
}

/// What `qop=auth` brings along.
#[derive(Debug, Clone)]
pub struct Qop<'a> {
    /// The client's own nonce.
    pub cnonce: Cow<'a, str>,
    /// How often the client has used the nonce, this request included.
    pub count: u32,
    pub(super) qop: Cow<'a, str>,
    pub(super) nc: Cow<'a, str>,
}

impl<'a> Credentials<'a> {
    /// Reads a header field value.
    ///
    /// # Errors
    /// `Malformed` where the grammar is broken or a parameter is missing or given twice, `Unsupported` for
    /// other schemes than `Digest`, unknown algorithms, and `qop` values other than `auth`.
    pub fn parse(value: &'a str) -> Result<Self, DigestFailure> {
        let mut fields = Fields::default();
        for parameter in Parameters::of(value)? {
            let (name, value) = parameter?;
            fields.store(name, value)?;
        }
        fields.finish()
    }
}

#[derive(Default)]
struct Fields<'a> {
    username: Option<Cow<'a, str>>,
    realm: Option<Cow<'a, str>>,
    nonce: Option<Cow<'a, str>>,
    uri: Option<Cow<'a, str>>,
    response: Option<Cow<'a, str>>,
    algorithm: Option<Cow<'a, str>>,
    qop: Option<Cow<'a, str>>,
    nc: Option<Cow<'a, str>>,
    cnonce: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    fn store(&mut self, name: &str, value: Cow<'a, str>) -> Result<(), DigestFailure> {
        let known = [
            ("username", &mut self.username),
            ("realm", &mut self.realm),
            ("nonce", &mut self.nonce),
            ("uri", &mut self.uri),
            ("response", &mut self.response),
            ("algorithm", &mut self.algorithm),
            ("qop", &mut self.qop),
            ("nc", &mut self.nc),
            ("cnonce", &mut self.cnonce),
        ];
        for (key, slot) in known {
            if name.eq_ignore_ascii_case(key) {
                let first = slot.replace(value).is_none();
                return if first { Ok(()) } else { Err(DigestFailure::Malformed("a parameter given twice")) };
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Credentials<'a>, DigestFailure> {
        let algorithm = match self.algorithm {
            None => Algorithm::Md5,
            Some(token) => Algorithm::from_token(&token).ok_or(DigestFailure::Unsupported("algorithm"))?,
        };
        let qop = match self.qop {
            None => None,
            Some(qop) => Some(read_qop(qop, self.nc, self.cnonce)?),
        };
        Ok(Credentials {
            username: self.username.ok_or(DigestFailure::Malformed("no username"))?,
            realm: self.realm.ok_or(DigestFailure::Malformed("no realm"))?,
            nonce: self.nonce.ok_or(DigestFailure::Malformed("no nonce"))?,
            uri: self.uri.ok_or(DigestFailure::Malformed("no uri"))?,
            response: self.response.ok_or(DigestFailure::Malformed("no response"))?,
            algorithm,
            qop,
        })
    }
}

fn read_qop<'a>(
    qop: Cow<'a, str>,
    nc: Option<Cow<'a, str>>,
    cnonce: Option<Cow<'a, str>>,
) -> Result<Qop<'a>, DigestFailure> {
    if !qop.eq_ignore_ascii_case("auth") {
        return Err(DigestFailure::Unsupported("qop"));
    }
    let nc = nc.ok_or(DigestFailure::Malformed("qop without nc"))?;
    if nc.len() != 8 || !nc.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(DigestFailure::Malformed("nc is not eight hexadecimal digits"));
    }
    let count = u32::from_str_radix(&nc, 16).map_err(|_| DigestFailure::Malformed("nc"))?;
    let cnonce = cnonce.ok_or(DigestFailure::Malformed("qop without cnonce"))?;
    Ok(Qop { cnonce, count, qop, nc })
}

/// The comma-separated parameters after the scheme `Digest`.
pub(super) struct Parameters<'a> {
    rest: &'a str,
}

impl<'a> Parameters<'a> {
    pub(super) fn of(value: &'a str) -> Result<Self, DigestFailure> {
        match value.trim_start().split_once([' ', '\t']) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("Digest") => Ok(Self { rest }),
            _ => Err(DigestFailure::Unsupported("scheme")),
        }
    }

    /// Of a header field without a scheme, such as `Authentication-Info`.
    pub(super) fn without_scheme(value: &'a str) -> Self {
        Self { rest: value }
    }

    fn parameter(&mut self) -> Result<(&'a str, Cow<'a, str>), DigestFailure> {
        let (name, after) =
            self.rest.split_once('=').ok_or(DigestFailure::Malformed("a parameter without a value"))?;
        let after = after.trim_start();
        let (value, rest) = match after.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => {
                let (token, _) = after.split_once(',').unwrap_or((after, ""));
                (Cow::Borrowed(token.trim_end()), after.get(token.len()..).unwrap_or_default())
            }
        };
        let rest = rest.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return Err(DigestFailure::Malformed("text after a quoted string"));
        }
        self.rest = rest;
        Ok((name.trim(), value))
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Result<(&'a str, Cow<'a, str>), DigestFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest = self.rest.trim_start_matches([',', ' ', '\t']);
        if self.rest.is_empty() {
            return None;
        }
        let parameter = self.parameter();
        if parameter.is_err() {
            self.rest = "";
        }
        Some(parameter)
    }
}

/// The content of a quoted string, whose opening quote has been taken, and what follows it.
fn quoted_string(text: &str) -> Result<(Cow<'_, str>, &str), DigestFailure> {
    let unclosed = DigestFailure::Malformed("an unclosed quoted string");
    let plain = text.find(['"', '\\']).ok_or(unclosed)?;
    let (head, tail) = text.split_at_checked(plain).ok_or(unclosed)?;
    if let Some(rest) = tail.strip_prefix('"') {
        return Ok((Cow::Borrowed(head), rest));
    }
    let mut value = String::from(head);
    let mut characters = tail.chars();
    loop {
        match characters.next().ok_or(unclosed)? {
            '"' => return Ok((Cow::Owned(value), characters.as_str())),
            '\\' => value.push(characters.next().ok_or(unclosed)?),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_2617_is_read() {
        let value = r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        let read = Credentials::parse(value).unwrap();
        assert_eq!(read.username, "Mufasa");
        assert_eq!(read.uri, "/dir/index.html");
        assert_eq!(read.algorithm, Algorithm::Md5);
        let qop = read.qop.unwrap();
        assert_eq!((qop.count, &*qop.cnonce), (1, "0a4f113b"));
    }

    #[test]
    fn escapes_odd_spacing_and_unknown_parameters_are_read() {
        let value =
            "dIgEsT ,, username = \"a\\\"b\\\\,c\" ,realm=\"r\",nonce=n,uri=\"sip:x\",response=f,x=\"y,z\",";
        let read = Credentials::parse(value).unwrap();
        assert_eq!(read.username, "a\"b\\,c");
        assert_eq!(read.nonce, "n");
        assert!(read.qop.is_none());
    }

    #[test]
    fn broken_values_name_their_fault() {
        let base = r#"Digest username="u",realm="r",nonce="n",uri="sip:x",response="f""#;
        let with = |more: &str| Credentials::parse(&format!("{base}{more}")).map(|_| ()).unwrap_err();
        assert_eq!(with(r#",realm="s""#), DigestFailure::Malformed("a parameter given twice"));
        assert_eq!(with(",qop=auth-int,nc=00000001,cnonce=c"), DigestFailure::Unsupported("qop"));
        assert_eq!(with(",qop=auth,cnonce=c"), DigestFailure::Malformed("qop without nc"));
        assert_eq!(
            with(",qop=auth,cnonce=c,nc=+0000001"),
            DigestFailure::Malformed("nc is not eight hexadecimal digits")
        );
        assert_eq!(with(",algorithm=MD5-sess"), DigestFailure::Unsupported("algorithm"));
        assert_eq!(with(r#",x="open"#), DigestFailure::Malformed("an unclosed quoted string"));
        assert_eq!(with(r#",x="a"b"#), DigestFailure::Malformed("text after a quoted string"));
        assert_eq!(with(",lonely"), DigestFailure::Malformed("a parameter without a value"));
        assert_eq!(Credentials::parse("Basic eDp5").unwrap_err(), DigestFailure::Unsupported("scheme"));
        assert_eq!(
            Credentials::parse("Digest username=\"u\"").unwrap_err(),
            DigestFailure::Malformed("no realm")
        );
    }
}
