//! For tests: the virtual clock, and scopes in which nothing really waits.

mod clock;
mod scope;
