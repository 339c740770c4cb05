//! What a request costs, and what it shows of itself.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use relent_reqwest::RequestBuilderExt;

use crate::{QUICK, client};

/// Counts what this thread allocates.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

// SAFETY: it passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.with(|all| all.set((all.get().0 + 1, all.get().1 + layout.size())));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn the_copy_of_a_request_shares_its_body() {
    let request = client()
        .put("https://example.com/items?page=7")
        .header("accept", "application/json")
        .header("authorization", "Bearer secret")
        .header("user-agent", "app/1.0")
        .body(vec![0; 1 << 20])
        .build()
        .unwrap();
    let before = ALLOCATED.get();
    let copy = request.try_clone();
    let (count, bytes) = (ALLOCATED.get().0 - before.0, ALLOCATED.get().1 - before.1);
    assert!(copy.is_some());
    assert!(count <= 12 && bytes < 1024, "{count} allocations, {bytes} bytes");
}

#[test]
fn a_request_shows_no_secret() {
    let request =
        client().get("https://user:password@example.com/a?token=secret").retry(&QUICK).read_body();
    let text = format!("{request:?}");
    assert_eq!(
        text,
        "RetryRequest { request: Some(GET example.com), repeat: Idempotent, sends_streams: false, reads_body: true, .. }"
    );
}
