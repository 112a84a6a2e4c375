//! Several assays at once, as many as the machine has cores.

use super::LOG;
use sp_panic_handler::AbortGuard;
use std::{
    num::NonZeroUsize,
    panic::{catch_unwind, AssertUnwindSafe},
    sync::{
        atomic::{AtomicUsize, Ordering},
        Condvar, Mutex, OnceLock, PoisonError,
    },
    thread,
};

/// Desks for those who measure. Whoever measures needs one, so however many callers there are, no
/// more assays than this are in memory.
pub struct Crew {
    desks: NonZeroUsize,
    free: Mutex<usize>,
    freed: Condvar,
}

/// A place to work; free again when dropped.
struct Desk<'a>(&'a Crew);

impl Crew {
    /// As many desks as asked for.
    pub fn new(desks: NonZeroUsize) -> Self {
        Self {
            desks,
            free: Mutex::new(desks.get()),
            freed: Condvar::new(),
        }
    }

    /// Does each of these in no particular order, the caller helping. What came of each is in its
    /// place, or `None` if doing it panicked.
    ///
    /// `work` is to wait for a desk ([`Crew::at_a_desk`]) when it begins what takes memory.
    pub fn each<Item: Sync, Done: Send + Sync>(
        &self,
        items: &[Item],
        work: impl Fn(&Item) -> Done + Sync,
    ) -> Vec<Option<Done>> {
        let done: Vec<OnceLock<Done>> = items.iter().map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        let work_on = || {
            // Only in this thread, and only until the work is done: a panic must not end the node.
            let _unwind = AbortGuard::force_unwind();
            while let Some((item, done)) = {
                let place = next.fetch_add(1, Ordering::Relaxed);
                items.get(place).zip(done.get(place))
            } {
                // What `work` leaves behind are caches, whole entries only.
                match catch_unwind(AssertUnwindSafe(|| work(item))) {
                    // No other thread has this place.
                    Ok(outcome) => drop(done.set(outcome)),
                    Err(_) => log::error!(target: LOG, "an assay panicked; please report this"),
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.desks.get().min(items.len()) {
                let thread = thread::Builder::new().name("assay".into());
                // Without help it takes longer.
                if let Err(error) = thread.spawn_scoped(scope, work_on) {
                    log::warn!(target: LOG, "cannot start a thread: {error}");
                }
            }
            work_on();
        });
        done.into_iter().map(OnceLock::into_inner).collect()
    }

    /// Waits for a free desk and works there.
    pub fn at_a_desk<Done>(&self, work: impl FnOnce() -> Done) -> Done {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        drop(free);
        let _desk = Desk(self);
        work()
    }
}

impl Drop for Desk<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::{collections::HashSet, time::Duration};

    fn crew(desks: usize) -> Crew {
        Crew::new(NonZeroUsize::new(desks).unwrap())
    }

    #[test]
    fn all_is_done_and_in_its_place() {
        for desks in [1, 2, 7] {
            for count in [0, 1, 2, 50] {
                let items: Vec<usize> = (0..count).collect();
                let done = crew(desks).each(&items, |item| item * 2);
                let expected: Vec<_> = items.iter().map(|item| Some(item * 2)).collect();
                assert_eq!(done, expected);
            }
        }
    }

    #[test]
    fn one_desk_needs_no_other_thread() {
        let here = thread::current().id();
        let threads = crew(1).each(&[(); 5], |()| thread::current().id());
        assert_eq!(threads, [Some(here); 5]);
        let threads: HashSet<_> = crew(3)
            .each(&[(); 9], |()| {
                thread::sleep(Duration::from_millis(5));
                thread::current().id()
            })
            .into_iter()
            .collect();
        assert_eq!(threads.len(), 3);
    }

    #[test]
    fn a_panic_is_alone() {
        for desks in [1, 3] {
            let crew = crew(desks);
            let done = crew.each(&[1, 2, 3, 4], |&item| {
                crew.at_a_desk(|| {
                    if item % 2 == 0 {
                        panic!("in a test")
                    } else {
                        item
                    }
                })
            });
            assert_eq!(done, [Some(1), None, Some(3), None]);
            // The desks are free again.
            assert_eq!(*crew.free.lock().unwrap(), desks);
        }
    }

    #[test]
    fn callers_share_the_desks() {
        let crew = crew(2);
        let (working, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    crew.each(&[(); 5], |()| {
                        crew.at_a_desk(|| {
                            let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                            most.fetch_max(now, Ordering::SeqCst);
                            thread::sleep(Duration::from_millis(2));
                            working.fetch_sub(1, Ordering::SeqCst);
                        });
                    })
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
    }
}
