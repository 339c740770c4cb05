//! x
use proc_macro::TokenStream;
/// x
#[proc_macro_attribute]
pub fn retry(_: TokenStream, item: TokenStream) -> TokenStream { item }
