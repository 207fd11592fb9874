//! How often the crate allocates for one instance of an enumeration, without a network.
//!
//!     allocations FILE
//!
//! Reads the pages that the responder has dumped as instances, as a type, and as a stream of that type, and prints the
//! allocations and bytes for each instance. All is read once before, so that what is made once does not count; the copy of
//! each page that stands for the network does.

use compare::{Machine, PAGE, Result, dump::Dump, machines, next};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator as it came; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        BYTES.fetch_add(u64::try_from(layout.size()).unwrap_or(u64::MAX), Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        BYTES.fetch_add(u64::try_from(size.saturating_sub(layout.size())).unwrap_or(u64::MAX), Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

async fn read(file: &str, mode: &str) -> Result<usize> {
    let call = Dump::read(file)?.client()?.enumerate(&machines()).max_elements(PAGE);
    Ok(match mode {
        "instances" => call.instances().await?.len(),
        "typed" => call.typed::<Machine>().await?.len(),
        _ => {
            let (mut stream, mut rows) = (call.stream(), 0);
            while let Some(item) = next(&mut stream).await {
                item?.into_typed::<Machine>()?;
                rows += 1;
            }
            rows
        }
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let file = std::env::args().nth(1).ok_or("usage: allocations FILE")?;
    for mode in ["instances", "typed", "stream"] {
        read(&file, mode).await?;
        let before = (ALLOCATIONS.load(Relaxed), BYTES.load(Relaxed));
        let rows = u64::try_from(read(&file, mode).await?)?;
        let tenths = |after: u64, before: u64| (after - before) * 10 / rows.max(1);
        let allocations = tenths(ALLOCATIONS.load(Relaxed), before.0);
        let bytes = tenths(BYTES.load(Relaxed), before.1);
        println!(
            r#"{{"mode":"{mode}","rows":{rows},"allocations":{}.{},"bytes":{}}}"#,
            allocations / 10,
            allocations % 10,
            bytes / 10,
        );
    }
    Ok(())
}
