//! Keys by which a server knows a request again.

use std::collections::HashSet;
use std::thread;

use relent::headers::IdempotencyKey;

#[test]
fn keys_are_uuids_of_version_4() {
    for key in
        [IdempotencyKey::new(), IdempotencyKey::from_bits(0), IdempotencyKey::from_bits(u128::MAX)]
    {
        let parts: Vec<&str> = key.as_str().split('-').collect();
        assert_eq!(
            parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12],
            "{key}"
        );
        assert!(
            parts.iter().all(|part| part.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))),
            "{key}"
        );
        assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{key}");
    }
    let key = IdempotencyKey::from_bits(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    assert_eq!(key.as_str(), "01234567-89ab-4def-8123-456789abcdef");
    assert_eq!(
        format!("{key} {key:?} {key:>38}").replace(key.as_str(), "_"),
        "_ IdempotencyKey(_)   _"
    );
}

#[test]
fn no_key_comes_twice_in_any_thread() {
    let threads: Vec<_> = (0..8)
        .map(|_| thread::spawn(|| (0..1000).map(|_| IdempotencyKey::new()).collect::<Vec<_>>()))
        .collect();
    let keys: HashSet<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert_eq!(keys.len(), 8000);
}
