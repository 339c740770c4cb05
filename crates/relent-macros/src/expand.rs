//! The loop around the body.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Block, Error, Expr, FnArg, Pat, Result, ReturnType, Stmt, Type};

use crate::attribute::{Attribute, Source};
use crate::function::{self, Argument, Function, Passed, Shape};
use crate::moves::{self, Moved};
use crate::policy;
use crate::settings;

/// The name by which `async_trait` calls `self` in its async block.
const OWN_SELF: &str = "__self";

pub(crate) fn retry(attribute: TokenStream, item: &TokenStream) -> TokenStream {
    expand(attribute, item.clone()).unwrap_or_else(|error| {
        // With the function as it is, its other errors are reported too, and no call of it is one.
        let error = error.into_compile_error();
        quote!(#error #item)
    })
}

fn expand(mut attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function = Function::parse(item)?;
    let (returned, mut shape) = function.attempt()?;
    let mut arguments = function.arguments();
    let mut before = Vec::new();
    let mut passed_self = function.passed_self();
    if let Shape::Future(block) = &mut shape {
        let Some(tail) = function::async_tail(block) else { unreachable!("it was there") };
        let (moved, names, rest) = function::prelude(std::mem::take(&mut tail.block.stmts));
        tail.block.stmts = rest;
        before = moved;
        for mut name in names {
            if name.name == OWN_SELF {
                name.passed = passed_self.take().unwrap_or(Passed::Value);
                // Under its own name it is moved out of, and under this one it is an argument as others are.
                attribute = renamed(attribute);
            }
            if let Some(known) = arguments.iter_mut().find(|known| known.name == name.name) {
                known.is_mut |= name.is_mut;
            } else {
                arguments.push(name);
            }
        }
    }
    let attribute = Attribute::parse(attribute)?;
    check(&attribute, &function, &shape)?;
    let body = Body { attribute: &attribute, arguments: &arguments, passed_self };
    body.check_names()?;
    let block = body.expand(&mut function, &returned, shape, &before)?;
    let Function { attributes, visibility, modifiers, signature, .. } = function;
    Ok(quote!(#(#attributes)* #visibility #modifiers #signature #block))
}

fn renamed(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(name) if name == "self" => {
                TokenTree::Ident(Ident::new(OWN_SELF, name.span()))
            }
            TokenTree::Group(group) => {
                let mut renamed = Group::new(group.delimiter(), renamed(group.stream()));
                renamed.set_span(group.span());
                TokenTree::Group(renamed)
            }
            other => other,
        })
        .collect()
}

/// Refuses what does not fit the function as a whole.
fn check(attribute: &Attribute, function: &Function, shape: &Shape) -> Result<()> {
    if let Shape::Sync = shape {
        let is_async = |name: &&Ident| {
            settings::find(&name.to_string()).is_some_and(|setting| setting.is_async)
        };
        if let Some(name) = attribute.names().find(is_async) {
            let message = format!(
                "`{name}` is for async functions: this one blocks, and nothing can interrupt it or await a handler"
            );
            return Err(Error::new(name.span(), message));
        }
    }
    if let (ReturnType::Default, false) = (&function.signature.output, attribute.is_polled()) {
        let message =
            "`#[retry]` retries functions that return a `Result`, and this one returns nothing";
        return Err(Error::new(function.signature.ident.span(), message));
    }
    if let (ReturnType::Type(_, returned), Shape::Sync | Shape::Async, false) =
        (&function.signature.output, shape, attribute.is_polled())
    {
        if let Type::ImplTrait(_) = **returned {
            let message = "`#[retry]` retries functions that return a `Result`; to poll a function, \
                 name the value: `#[retry(.., until = |value| ..)]`";
            return Err(Error::new_spanned(returned, message));
        }
    }
    Ok(())
}

impl Attribute {
    /// Where the policy is.
    fn span_of_policy(&self) -> Span {
        policy::located_at(match &self.source {
            Source::Policy(policy) => policy.span(),
            Source::Strategy(name, _) => name.span(),
        })
    }

    /// Whether the function may return a plain value.
    fn is_polled(&self) -> bool {
        self.has("until") || self.has("condition")
    }

    /// The names in the values of settings, and those in strings that may be formats.
    fn mentioned(&self) -> HashSet<String> {
        let mut tokens = TokenStream::new();
        if let Source::Policy(policy) = &self.source {
            policy.to_tokens(&mut tokens);
        }
        if let Source::Strategy(_, argument) = &self.source {
            argument.to_tokens(&mut tokens);
        }
        for given in &self.settings {
            given.value.to_tokens(&mut tokens);
        }
        if let Some((_, most, error)) = &self.timeout {
            most.to_tokens(&mut tokens);
            error.to_tokens(&mut tokens);
        }
        if let Some((_, error)) = &self.at_deadline {
            error.to_tokens(&mut tokens);
        }
        let mut names = HashSet::new();
        mention(tokens, &mut names);
        names
    }
}

fn mention(tokens: TokenStream, names: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                names.insert(name.to_string());
            }
            TokenTree::Group(group) => mention(group.stream(), names),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                for part in text.split('{').skip(1) {
                    let end =
                        part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len());
                    names.insert(part[..end].to_owned());
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}

/// A name that no code of the user sees.
fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// What the expansion of a body depends on.
struct Body<'a> {
    attribute: &'a Attribute,
    arguments: &'a [Argument],
    passed_self: Option<Passed>,
}

/// An argument that is cloned for each attempt.
struct Kept {
    name: Ident,
    under: Ident,
    /// Whether a setting borrows it.
    is_borrowed: bool,
}

impl Body<'_> {
    fn argument(&self, name: &Ident) -> Option<&Argument> {
        self.arguments.iter().find(|argument| argument.name == *name)
    }

    /// The conditions under which an argument is there.
    fn conditions(&self, name: &Ident) -> &[syn::Attribute] {
        self.argument(name).map_or(&[], |argument| &argument.conditions)
    }

    /// Refuses names that are no arguments.
    fn check_names(&self) -> Result<()> {
        for (names, setting) in [(&self.attribute.clones, "clone"), (&self.attribute.shown, "show")]
        {
            for (at, name) in names.iter().enumerate() {
                if names[..at].contains(name) {
                    return Err(Error::new(name.span(), format!("`{name}` is named twice")));
                }
                if self.argument(name).is_some() || name == "self" && self.passed_self.is_some() {
                    continue;
                }
                let known: Vec<_> =
                    self.arguments.iter().map(|argument| format!("`{}`", argument.name)).collect();
                let known = if known.is_empty() {
                    "it has none".into()
                } else {
                    format!("it has {}", known.join(", "))
                };
                let message = format!(
                    "`{setting}({name})`: `{name}` is no argument of this function; {known}"
                );
                return Err(Error::new(name.span(), message));
            }
        }
        if let Some(name) = &self.attribute.attempt {
            if self.argument(name).is_some() {
                let message = format!("`{name}` is an argument: give the attempt another name");
                return Err(Error::new(name.span(), message));
            }
        }
        let is_reference = |passed| matches!(passed, Some(Passed::Shared | Passed::Mutable));
        for name in &self.attribute.clones {
            let passed = if name == "self" || name == OWN_SELF {
                self.passed_self.or_else(|| self.argument(name).map(|argument| argument.passed))
            } else {
                None
            };
            if is_reference(passed) {
                let message = "`self` is borrowed here, and every attempt borrows it again: there is nothing to clone";
                return Err(Error::new(name.span(), message));
            }
        }
        Ok(())
    }

    fn is_cloned(&self, name: &Ident) -> bool {
        self.attribute.clones.contains(name)
    }

    #[expect(clippy::too_many_lines, reason = "the expansion is read best in one piece")]
    fn expand(
        &self,
        function: &mut Function,
        returned: &Type,
        shape: Shape,
        before: &[Stmt],
    ) -> Result<TokenStream> {
        let attribute = self.attribute;
        let relent =
            attribute.path.as_ref().map_or_else(|| quote!(::relent), ToTokens::to_token_stream);
        let private = quote!(#relent::__private);
        let mentioned = attribute.mentioned();
        let is_async = !matches!(shape, Shape::Sync);

        let returned = match &attribute.explain {
            None => returned.clone(),
            Some(explain) => {
                let Some((value, error)) = function::explained(returned) else {
                    let message = "`explain` needs `Result<Succeeded<T>, RetryError<T, E>>` as the return type, written out; \
                         the body returns `Result<T, E>`";
                    return Err(Error::new(explain.span(), message));
                };
                syn::parse_quote!(#private::Result<#value, #error>)
            }
        };
        let is_erased = matches!(returned, Type::ImplTrait(_));
        let returned_borrows = function::borrows(&returned);
        let returned = function::erased(returned);

        let (stream, span) = match &shape {
            Shape::Sync | Shape::Async => (function.body.stream(), function.body.span()),
            Shape::Future(block) => {
                let mut block = block.clone();
                let Some(tail) = function::async_tail(&mut block) else {
                    unreachable!("it was there")
                };
                let statements = &tail.block.stmts;
                (quote!(#(#statements)*), tail.block.brace_token.span.join())
            }
        };
        let checks = self.check_moves(&stream, &private)?;

        let (signature, run, policy_name) = (own("signature"), own("run"), own("policy"));
        let (base, policy) = policy::policy(attribute, &relent, &signature)?;
        let returns = if attribute.explain.is_some() { quote!(explained) } else { quote!(returns) };
        let returns = quote!(#signature.#returns());
        let need = match (&attribute.at_deadline, &attribute.attempt, &attribute.traced) {
            (Some(_), ..) => quote!(UntilDeadline),
            (None, None, None) => quote!(Untimed),
            (None, ..) => quote!(Timed),
        };
        let makes_signature = if attribute.is_polled() { quote!(any) } else { quote!(fallible) };
        let makes_signature =
            quote_spanned! {returned.span()=> #private::#makes_signature::<#returned>()};
        // Also where it is not needed: one error is enough for a function that returns no `Result`.
        let imports = quote! {
            #[allow(unused_imports)]
            use #private::Polled as _;
        };

        // -- before the loop: the policy, and arguments under names that suit the loop
        let kept = self.kept(&mentioned);
        let mut prepare = TokenStream::new();
        if is_async {
            prepare.extend(self.made_mutable(&mentioned));
        }
        for Kept { name, under, is_borrowed } in &kept {
            let by = is_borrowed.then(|| quote!(&));
            let conditions = self.conditions(name);
            prepare.extend(quote! {
                #(#conditions)*
                #[allow(unused_mut, clippy::used_underscore_binding)]
                let mut #under = #by #name;
            });
        }
        self.change_signature(function, is_async);
        let (bound, timeout) = self.timeout(&relent, &signature)?;

        // Its functions and not its methods are called, and all from where the policy is: a policy that does not fit is
        // then one error, which is shown there.
        let span_of_policy = attribute.span_of_policy();
        let of_policy = policy::at(private.clone(), span_of_policy);
        let decorated = quote_spanned!(span_of_policy=> #of_policy::Decorated);
        let called = |name: &str| {
            let name = if is_async { format!("{name}_async") } else { name.to_owned() };
            Ident::new(&name, span_of_policy)
        };
        let (begin, after) = (called("begin"), called("after"));
        let within = Ident::new("within", span_of_policy);
        let run_of_policy = Ident::new(&run.to_string(), span_of_policy);
        let borrowed_run = quote_spanned!(span_of_policy=> &mut #run_of_policy);
        let shared_run = quote_spanned!(span_of_policy=> &#run_of_policy);

        // -- in the loop
        let clones = kept.iter().map(|Kept { name, under, is_borrowed }| {
            let by = (!is_borrowed).then(|| quote!(&));
            if name == "self" {
                return quote!(self = #private::Clone::clone(#by #under););
            }
            let is_mut = is_async || self.argument(name).is_some_and(|argument| argument.is_mut);
            let mutable = is_mut.then(|| quote!(mut));
            let conditions = self.conditions(name);
            quote! {
                #(#conditions)*
                #[allow(unused_mut)]
                let #mutable #name = #private::Clone::clone(#by #under);
            }
        });
        let attempt = attribute.attempt.as_ref().map(|name| {
            let method = called("attempt");
            quote! {
                #[allow(unused_variables)]
                let #name = #decorated::#method(#shared_run);
            }
        });
        let (output, outcome, wait) = (own("output"), own("returned"), own("wait"));
        let trace = own("trace");
        let spans = attribute.traced.as_ref().map(|traced| {
            let missing = quote_spanned!(traced.span()=> ());
            quote!(let mut #trace = #private::spans(#missing);)
        });
        let mut args = self.shown(&kept, &mentioned, is_async, &private);
        if attribute.traced.is_some() {
            args = quote!(#private::traced(&mut #trace, #args));
        }
        let tries = quote!(#decorated::tries(#shared_run));
        let making = if is_async {
            let mutable = self.captured(&mentioned, returned_borrows);
            let dead = if is_erased {
                quote! {
                    #[allow(clippy::used_underscore_binding)]
                    if false { #mutable }
                }
            } else {
                quote! {
                    #[allow(unreachable_code, clippy::used_underscore_binding, clippy::diverging_sub_expression)]
                    if let #private::Some(#outcome) = #private::None::<#returned> {
                        #mutable
                        return #outcome;
                    }
                }
            };
            // In braces of its own: items at the beginning of a body stand after no statement.
            let mut body = Group::new(Delimiter::Brace, stream);
            // Not those of the user, which the compiler would find superfluous here.
            body.set_span(policy::located_at(span));
            let block = Group::new(Delimiter::Brace, quote!(#dead #body));
            let attempt_future = match &bound {
                None => quote!(async #block),
                Some((most, error)) => {
                    quote!(#decorated::#within(#shared_run, async #block, #most, #private::Clone::clone(&#error)))
                }
            };
            let attempt_future = match &attribute.traced {
                None => quote!(#private::awaited(#attempt_future)),
                Some(_) => {
                    quote!(#private::awaited_traced(&mut #trace, #tries, #attempt_future))
                }
            };
            let due = Ident::new(&wait.to_string(), span_of_policy);
            let awaited =
                quote_spanned!(span_of_policy=> (#of_policy::Between { wait: #due }).await);
            quote! {
                let mut #wait = #decorated::#begin(#borrowed_run, #args);
                loop {
                    if let #private::Some(_) = #wait {
                        if let #private::Break(#output) = #awaited {
                            break #output;
                        }
                    } else {
                        #private::nothing(#wait);
                    }
                    #(#clones)*
                    #attempt
                    let #outcome = #attempt_future.await;
                    // Taken apart in a block of its own: what is not moved out of it is gone before the wait.
                    #wait = {
                        match #decorated::#after(#borrowed_run, #outcome, #args) {
                            #private::Break(#output) => break #output,
                            #private::Continue(#wait) => #wait,
                        }
                    };
                }
            }
        } else {
            let mut block = Group::new(Delimiter::Brace, stream);
            block.set_span(span);
            let call = match &attribute.traced {
                None => quote!(#private::call(|| -> #returned #block)),
                Some(_) => {
                    quote!(#private::call_traced(&mut #trace, #tries, || -> #returned #block))
                }
            };
            quote! {
                #decorated::#begin(#borrowed_run, #args);
                loop {
                    #(#clones)*
                    #attempt
                    let #outcome = #call;
                    if let #private::Break(#output) = #decorated::#after(#borrowed_run, #outcome, #args) {
                        break #output;
                    }
                }
            }
        };
        let begins = if is_async { quote!(awaited) } else { quote!(blocking) };
        let retried = quote! {
            #imports
            #(#before)*
            #checks
            let #signature = #makes_signature;
            #base
            let #policy_name = #policy;
            #timeout
            #prepare
            #spans
            let mut #run = #private::Decorated::#begins(#policy_name, #signature, #returns, #private::#need, &|| {});
            #making
        };
        let Shape::Future(mut block) = shape else {
            return Ok(quote_spanned!(Span::mixed_site()=> { #retried }));
        };
        let Some(tail) = function::async_tail(&mut block) else { unreachable!("it was there") };
        tail.block.stmts = vec![Stmt::Expr(Expr::Verbatim(retried), None)];
        let statements = &block.stmts;
        let mut body = Group::new(Delimiter::Brace, quote!(#(#statements)*));
        body.set_span(function.body.span());
        Ok(quote!(#body))
    }

    /// Refuses arguments that the body moves, as far as that can be seen.
    fn check_moves(&self, body: &TokenStream, private: &TokenStream) -> Result<TokenStream> {
        let Ok(statements) = Block::parse_within.parse2(body.clone()) else {
            return Ok(TokenStream::new());
        };
        let mut checks = TokenStream::new();
        for argument in self.arguments {
            let Argument { name, passed, r#type, conditions, .. } = argument;
            if *passed != Passed::Value || self.is_cloned(name) {
                continue;
            }
            match moves::moved(&statements, name, r#type.as_ref()) {
                None => {}
                Some(Moved::Surely) => {
                    let message = format!(
                        "the body moves `{name}`, and the next attempt needs it again: write `clone({name})` in `#[retry(..)]`, or let the body borrow it"
                    );
                    return Err(Error::new(name.span(), message));
                }
                Some(Moved::UnlessCopy) => checks.extend(quote_spanned! {name.span()=>
                    #(#conditions)*
                    let _ = || #private::used_again(&#name);
                }),
            }
        }
        Ok(checks)
    }

    fn kept(&self, mentioned: &HashSet<String>) -> Vec<Kept> {
        let keep = |name: &Ident| Kept {
            name: name.clone(),
            under: format_ident!("kept_{}", name, span = Span::mixed_site()),
            is_borrowed: name != "self" && mentioned.contains(&name.to_string()),
        };
        self.attribute.clones.iter().map(keep).collect()
    }

    /// Whether the async block of an attempt is to capture the argument by `&mut`. It is then `Send` if the argument is,
    /// as the future of the function would be.
    fn is_captured(argument: &Argument, mentioned: &HashSet<String>) -> bool {
        argument.passed != Passed::Shared && !mentioned.contains(&argument.name.to_string())
    }

    /// Binds arguments again, so that they can be borrowed by `&mut`.
    fn made_mutable(&self, mentioned: &HashSet<String>) -> TokenStream {
        let is_made = |argument: &&Argument| {
            argument.passed == Passed::Value
                && !argument.is_mut
                && !self.is_cloned(&argument.name)
                && Self::is_captured(argument, mentioned)
        };
        let made = self.arguments.iter().filter(is_made).map(|argument| {
            let Argument { name, conditions, .. } = argument;
            quote! {
                #(#conditions)*
                #[allow(unused_mut, clippy::used_underscore_binding)]
                let mut #name = #name;
            }
        });
        made.collect()
    }

    fn captured(&self, mentioned: &HashSet<String>, returned_borrows: bool) -> TokenStream {
        let mut captured = TokenStream::new();
        for argument in self.arguments {
            let Argument { name, passed, conditions, .. } = argument;
            let place = if self.is_cloned(name) {
                quote!(#name)
            } else if Self::is_captured(argument, mentioned) {
                match passed {
                    Passed::Mutable if returned_borrows => continue,
                    Passed::Mutable => quote!(*#name),
                    Passed::Value | Passed::Shared => quote!(#name),
                }
            } else {
                continue;
            };
            captured.extend(quote!(#(#conditions)* let _ = &mut #place;));
        }
        if !mentioned.contains("self") {
            match self.passed_self {
                Some(Passed::Mutable) if !returned_borrows => {
                    captured.extend(quote!(let _ = &mut *self;));
                }
                Some(Passed::Value) => captured.extend(quote!(let _ = &mut self;)),
                _ => {}
            }
        }
        captured
    }

    /// Changes patterns in the signature, which callers do not see.
    fn change_signature(&self, function: &mut Function, is_async: bool) {
        for input in &mut function.signature.inputs {
            match input {
                FnArg::Receiver(receiver) => {
                    let is_cloned = self.attribute.clones.iter().any(|name| name == "self");
                    if self.passed_self == Some(Passed::Value) && (is_cloned || is_async) {
                        receiver.mutability.get_or_insert_with(Default::default);
                    }
                }
                FnArg::Typed(argument) => {
                    if let Pat::Ident(pattern) = &mut *argument.pat {
                        if self.is_cloned(&pattern.ident) {
                            pattern.mutability = None;
                        }
                    }
                }
            }
        }
    }

    /// The timeout of an attempt: its length and what makes its error, and the statements that evaluate them.
    fn timeout(
        &self,
        relent: &TokenStream,
        signature: &Ident,
    ) -> Result<(Option<(TokenStream, Ident)>, TokenStream)> {
        let Attribute { timeout, at_deadline, .. } = self.attribute;
        let (most, error) = (own("most"), own("timeout_error"));
        let length = match timeout {
            Some((_, length, _)) => policy::duration(length, relent)?.tokens,
            None if at_deadline.is_none() => return Ok((None, TokenStream::new())),
            None => quote!(#relent::__private::Duration::MAX),
        };
        let by = timeout.as_ref().and_then(|(_, _, by)| by.as_ref());
        let made = by.map_or_else(|| quote!(#signature.convert()), |by| quote!(#signature.by(#by)));
        let made = match (timeout, at_deadline) {
            (_, None) => made,
            (None, Some((_, by))) => quote!(#signature.by(#by)),
            (Some(_), Some((_, by))) => quote!(#signature.or_at_deadline(#made, #by)),
        };
        let statements = quote! {
            let #most = #length;
            let #error = #made;
        };
        Ok((Some((quote!(#most), error)), statements))
    }

    /// The arguments that observers see, for one call.
    fn shown(
        &self,
        kept: &[Kept],
        mentioned: &HashSet<String>,
        is_async: bool,
        private: &TokenStream,
    ) -> TokenStream {
        let named = |name: &Ident, span: Span| {
            let text = if name == OWN_SELF { "self".to_owned() } else { name.to_string() };
            let text = text.trim_start_matches("r#").to_owned();
            let cloned = kept.iter().find(|kept| kept.name == *name);
            let argument = self.argument(name);
            let passed = argument.map_or(Passed::Shared, |argument| argument.passed);
            let is_mentioned = mentioned.contains(&name.to_string());
            let value = match (cloned, passed) {
                (Some(Kept { under, is_borrowed: false, .. }), _) if is_async => {
                    quote_spanned!(span=> &mut #under)
                }
                (Some(Kept { under, .. }), _) => quote_spanned!(span=> &#under),
                (None, Passed::Value) if is_async && !is_mentioned => {
                    quote_spanned!(span=> &mut #name)
                }
                (None, Passed::Mutable) if is_async && !is_mentioned => {
                    quote_spanned!(span=> &mut *#name)
                }
                _ => quote_spanned!(span=> &#name),
            };
            (text, value, self.conditions(name))
        };
        let shown: Vec<_> = match &self.attribute.show_all {
            Some(all) => self
                .arguments
                .iter()
                .filter(|argument| argument.name != OWN_SELF)
                .map(|argument| named(&argument.name, all.span()))
                .collect(),
            None => self.attribute.shown.iter().map(|name| named(name, name.span())).collect(),
        };
        if shown.is_empty() {
            return quote!(());
        }
        let fields = shown.into_iter().fold(
            quote!(#private::NoFields),
            |fields, (name, value, conditions)| {
                let field = quote!(#private::Field(#fields, #name, #value));
                if conditions.is_empty() {
                    return field;
                }
                let all = conditions.iter().map(|condition| &condition.meta);
                let all = all.map(|condition| match condition {
                    syn::Meta::List(list) => list.tokens.clone(),
                    _ => TokenStream::new(),
                });
                let none = quote!(#[cfg(not(all(#(#all),*)))]);
                quote!({ #(#conditions)* { #field } #none { #fields } })
            },
        );
        quote!(#private::Shown(#fields))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs};

    use super::retry;

    /// One line for each statement.
    fn lines(tokens: &str) -> String {
        let mut lines = tokens.replace("; ", ";\n").replace("{ ", "{\n").replace(" }", "\n}");
        lines.push('\n');
        lines
    }

    /// Compares an expansion with that in a file, or writes the file if `SNAPSHOTS` is set.
    fn same(name: &str, attribute: &str, function: &str) {
        let expanded =
            lines(&retry(attribute.parse().unwrap(), &function.parse().unwrap()).to_string());
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots").join(name);
        if env::var_os("SNAPSHOTS").is_some() {
            fs::write(&file, &expanded).unwrap();
        }
        assert_eq!(
            fs::read_to_string(file).unwrap(),
            expanded,
            "{name}: set SNAPSHOTS to write it"
        );
    }

    #[test]
    fn every_kind_of_expansion_is_as_it_was() {
        const BODY: &str = "{ self.requests += 1; request(id)? }";
        same(
            "blocking.txt",
            "API",
            &format!("fn get(&mut self, id: u32) -> Result<User, ApiError> {BODY}"),
        );
        same(
            "awaited.txt",
            "API",
            &format!("async fn get(&mut self, id: u32) -> Result<User, ApiError> {BODY}"),
        );
        same(
            "future.txt",
            "API",
            "fn get(id: u32) -> BoxFuture<'static, Result<User, ApiError>> { Box::pin(async move { request(id).await }) }",
        );
        same(
            "settings.txt",
            "expo, first_wait = \"100ms\", retry_if = |e| e.is_transient(), on_backoff = log, clone(body), show(id), \
             attempt = attempt, attempt_timeout = \"5s\"",
            "async fn send(id: u32, body: Body) -> Result<String, ApiError> { post(id, body).await }",
        );
        same(
            "polled.txt",
            "constant(\"2s\"), until = |job| job.done",
            "fn status(id: u32) -> Job { ask(id) }",
        );
    }
}
