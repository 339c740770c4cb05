//! What relent promises, tried from outside: through its public interface only.
//!
//! Nothing here sleeps for real. `support` plays one script of outcomes through every driver and
//! insists that all of them tell the same story.

mod arguments;
mod attempts;
mod auto_traits;
mod budget;
mod cancel;
mod compile_fail;
mod conformance;
mod debug;
mod defects;
mod differential;
mod events;
mod explain;
mod faults;
mod futures;
mod inference;
mod limits;
mod pointers;
mod reference;
mod scope;
mod sharing;
mod support;
mod timeout;
mod waits;
