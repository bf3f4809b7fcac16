//! When the providers of trunks last told something.

use crate::{Store, StoreError};

impl Store {
    /// Organisation, trunk and moment (microseconds UTC) of the last event of each trunk that has one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_provider_events(&self) -> Result<Vec<(String, String, i64)>, StoreError> {
        self.explain(async {
            let mut reading = self.begin_reading().await?;
            let sql = "SELECT o.slug, e.trunk, MAX(e.received_at) FROM provider_events e \
                 JOIN organisations o ON o.id = e.organisation_id GROUP BY o.slug, e.trunk";
            Ok(sqlx::query_as(sql).fetch_all(&mut *reading).await?)
        })
        .await
    }
}
