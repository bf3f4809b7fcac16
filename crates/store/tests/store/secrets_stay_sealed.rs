//! No password and no HA1 stands in clear in any file of the database.

use kiestoon_store::NewExtension;

use crate::{Fixture, KANTOOR, import};

#[tokio::test]
async fn the_raw_files_hold_no_secret() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let ha1 = "939e7578ed9e3c518a452acee763bce9";
    let forms =
        format!("ha1_md5 = \"{ha1}\"\nha1_sha256 = \"{ha1}{ha1}\"\nha1_sha512_256 = \"{ha1}{ha1}\"\n");
    import(&store, &format!("[[extension]]\nnumber = \"203\"\n{forms}")).await;
    let secret = store.extension(None, "203").await.unwrap().secret;
    assert_eq!(secret.ha1_sha512_256, secret.ha1_sha256);
    assert!(secret.ha1_sha512_256.is_some() && secret.ha1_md5.is_some());
    let new = NewExtension { number: "204".into(), ..NewExtension::default() };
    let generated = store.add_extension(&new).await.unwrap().password;
    store.set_password(None, "202", Some("opnieuw202")).await.unwrap();

    let look = |bytes: &[u8]| {
        let found = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(found(b"Balie"), "the search itself works");
        let raw_ha1 = [0x93, 0x9e, 0x75, 0x78, 0xed, 0x9e, 0x3c, 0x51];
        let secrets: [&[u8]; 6] =
            [b"geheim201", b"geheim202", b"opnieuw202", ha1.as_bytes(), &raw_ha1, generated.as_bytes()];
        for secret in secrets {
            assert!(!found(secret), "{}", String::from_utf8_lossy(secret));
        }
    };
    look(&fixture.raw_bytes());
    store.close().await;
    look(&fixture.raw_bytes());
}

#[tokio::test]
async fn a_secret_copied_to_another_row_does_not_open() {
    let fixture = Fixture::new();
    let store = fixture.open().await;
    import(&store, KANTOOR).await;
    let mut stranger = fixture.stranger().await;
    let sql = "UPDATE extensions SET password = (SELECT password FROM extensions WHERE number = '201')";
    sqlx::query(sql).execute(&mut stranger).await.unwrap();
    assert!(store.extension(None, "201").await.is_ok());
    let message = store.extension(None, "202").await.unwrap_err().to_string();
    assert!(message.contains("set that password again"), "{message}");
    assert!(store.directory().await.is_err());
}
