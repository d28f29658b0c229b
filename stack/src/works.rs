//! Work that is done to its end, whether or not whoever asked for it still waits. Whoever hangs up – a shopper, a provider with
//! an event – takes away only the answer: a step that is stored has its messages sent, and what was begun is finished.

use std::{future::Future, sync::Arc};

use tokio::sync::Semaphore;

/// Most works that are under way at the same time; more is refused, so that hung-up ones do not pile up without end.
const AT_ONCE_MAX: u32 = 16_384;

/// Everything that is under way.
pub(crate) struct Works(Arc<Semaphore>);

impl Default for Works {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE_MAX as usize)))
    }
}

impl Works {
    /// Does a work as a task of its own and waits for it. `None` where there are too many, or where it broke off.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let place = Arc::clone(&self.0).try_acquire_owned().ok()?;
        let task = tokio::spawn(async move {
            let done = work.await;
            drop(place);
            done
        });
        task.await.ok()
    }

    /// How many there are.
    pub(crate) fn under_way(&self) -> usize {
        AT_ONCE_MAX as usize - self.0.available_permits()
    }

    /// Waits until there are none; from then on there are no new ones.
    pub(crate) async fn end(&self) {
        if let Ok(places) = self.0.acquire_many(AT_ONCE_MAX).await {
            places.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_work_goes_on_when_nobody_waits_for_it_and_the_end_waits_for_it() {
        let works = Arc::new(Works::default());
        let (open, gate) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let asking = tokio::spawn({
            let works = Arc::clone(&works);
            async move {
                let work = async move {
                    drop(gate.await);
                    tell.send("done").ok();
                };
                works.to_the_end(work).await
            }
        });
        while works.under_way() == 0 {
            tokio::task::yield_now().await;
        }
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        assert_eq!(works.under_way(), 1);
        open.send(()).unwrap();
        works.end().await;
        assert_eq!(told.await, Ok("done"));
        assert_eq!(works.to_the_end(async {}).await, None, "the shop is closed");
    }
}
