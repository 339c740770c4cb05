//! Prints the waits of other retry crates beside those of the policy that replaces them:
//! `cargo run` for all, or `cargo run -- backon` for one.

fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    for pair in relent_moving::pairs() {
        if named.is_empty() || named.iter().any(|name| name == pair.there) {
            println!("{}", pair.table());
        }
    }
}
