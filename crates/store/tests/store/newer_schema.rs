//! A database that a newer release has written is refused, not guessed at.

use crate::Fixture;

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let fixture = Fixture::new();
    fixture.open().await.close().await;
    let mut stranger = fixture.stranger().await;
    let sql = "INSERT INTO schema_migrations (version, name, applied_at) VALUES (9999, 'later', 0)";
    sqlx::query(sql).execute(&mut stranger).await.unwrap();
    let message = fixture.refusal().await;
    assert!(message.contains("has schema 9999 and this release knows up to"), "{message}");
    assert!(message.ends_with("install the newer release"), "{message}");
}
