//! Every message of a configuration. Each must be understood by someone who sees nothing but the message: it names the
//! key, the value, and what to write instead.

#[test]
fn nothing() {}
