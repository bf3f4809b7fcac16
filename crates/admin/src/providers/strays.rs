//! Events that never found a call: they are forgotten beside the deliveries, which do not wait for that.

use std::time::Duration;

use kiestoon_store::Store;
use tokio::time::sleep;

/// Forgets them every hour; does not return.
pub(crate) async fn forget(store: Store) {
    sleep(SETTLING).await;
    loop {
        if let Err(error) = some(&store).await {
            tracing::warn!(%error, "old events of providers could not be looked at; the next try is in an hour");
        }
        sleep(EVERY).await;
    }
}

/// Looks at so many in one hour: more than come in one, and never so many that calls wait to be saved.
async fn some(store: &Store) -> Result<(), kiestoon_store::StoreError> {
    for _ in 0..BATCHES {
        if !store.forget_stray_events().await? {
            break;
        }
        sleep(REST).await;
    }
    Ok(())
}

/// After a start there is more to do than this.
const SETTLING: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(3_600);
const BATCHES: usize = 200;
/// Between two batches others may write.
const REST: Duration = Duration::from_millis(250);
