//! The policy as an expression: settings that are literals in a `const`, the others at each call.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, LitInt, Result, UnOp};

use crate::attribute::{Attribute, Given, Source};
use crate::duration;
use crate::settings::Kind;

/// A value, and whether it is known when the program is built.
pub(crate) struct Value {
    pub(crate) tokens: TokenStream,
    pub(crate) is_literal: bool,
}

impl Value {
    fn literal(tokens: TokenStream) -> Self {
        Self { tokens, is_literal: true }
    }

    fn other(tokens: TokenStream) -> Self {
        Self { tokens, is_literal: false }
    }
}

/// Returns an expression that is a reference to the policy, and a statement that it needs before it.
pub(crate) fn policy(
    attribute: &Attribute,
    relent: &TokenStream,
    signature: &Ident,
) -> Result<(TokenStream, TokenStream)> {
    let mut literals = Vec::new();
    let mut others = TokenStream::new();
    let mut is_punctual = false;
    // What is checked when the program is built, whatever the strategy is.
    let mut checked = Vec::new();
    for given in &attribute.settings {
        check_strategy(&attribute.source, given)?;
        if given.setting.name == "no_attempt_after_deadline" {
            is_punctual = true;
            continue;
        }
        let call = calls(given, relent, signature)?;
        if call.is_literal {
            let span = given.value.as_ref().map_or_else(|| given.name.span(), Spanned::span);
            let literal = Literally { call: call.tokens, span: located_at(span) };
            if given.setting.strategies.is_empty() {
                checked.push(literal.clone());
            }
            literals.push(literal);
        } else {
            others.extend(call.tokens);
        }
    }
    let punctual = is_punctual.then(|| quote!(.no_attempt_after_deadline()));
    let calls = literals.iter().map(|literal| &literal.call);
    let strategy = match &attribute.source {
        Source::Policy(policy) if attribute.settings.is_empty() => {
            return Ok((TokenStream::new(), reference(policy)));
        }
        Source::Policy(policy) => {
            let check = check(&checked, relent);
            let base = Ident::new("base", Span::mixed_site());
            let policy = reference(policy);
            return Ok((
                quote!(let #base = #policy;),
                quote!(&{ #check #base.by_ref() }#(#calls)* #punctual #others),
            ));
        }
        Source::Strategy(name, argument) => strategy(name, argument.as_ref(), relent, signature)?,
    };
    let Strategy { constructor, constant } = strategy;
    let Some(name) = constant else {
        let check = check(&checked, relent);
        return Ok((
            TokenStream::new(),
            quote!(&{ #check #constructor }#(#calls)* #punctual #others),
        ));
    };
    let (constants, mut last) = constants(&constructor, &literals, &quote!(#relent::Retry<#name>));
    let mut constants = constants;
    if is_punctual {
        constants.extend(quote! {
            const RELENT_POLICY_ON_TIME: #relent::Retry<
                #name,
                #relent::__private::AnyError,
                (),
                #relent::clock::Punctual<#relent::clock::SystemClock>,
            > = #last #punctual;
        });
        last = Ident::new("RELENT_POLICY_ON_TIME", Span::mixed_site());
    }
    let policy = if others.is_empty() {
        // A reference to a static, which takes no place in the function or its future.
        quote!({ #constants &#last })
    } else {
        quote!(&{ #constants #last }#others)
    };
    Ok((TokenStream::new(), policy))
}

/// A reference to the value of an expression.
fn reference(policy: &Expr) -> TokenStream {
    match policy {
        Expr::Path(_)
        | Expr::Field(_)
        | Expr::Call(_)
        | Expr::MethodCall(_)
        | Expr::Unary(_)
        | Expr::Reference(_)
        | Expr::Paren(_)
        | Expr::Index(_)
        | Expr::Macro(_)
        | Expr::Block(_) => quote!(&#policy),
        _ => quote!(&(#policy)),
    }
}

/// A setting whose value is a literal.
#[derive(Clone)]
struct Literally {
    /// The call of the builder.
    call: TokenStream,
    /// Where the value is, for tokens of an expansion.
    span: Span,
}

/// A place in the source, without what the code there is held to.
pub(crate) fn located_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// The tokens of a path at another place.
pub(crate) fn at(path: TokenStream, span: Span) -> TokenStream {
    path.into_iter()
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

/// Returns a `const` for the constructor and for each setting, made of the one before it, so that the compiler's error is
/// shown where the value is that it refuses. Returns the name of the last one too.
fn constants(
    constructor: &TokenStream,
    literals: &[Literally],
    r#type: &TokenStream,
) -> (TokenStream, Ident) {
    let mut last = Ident::new("RELENT_POLICY", Span::mixed_site());
    let mut constants = quote!(const #last: #r#type = #constructor;);
    for (at, Literally { call, span }) in literals.iter().enumerate() {
        let name = Ident::new(&format!("RELENT_POLICY_{at}"), *span);
        let receiver = Ident::new(&last.to_string(), *span);
        constants.extend(quote_spanned!(*span=> const #name: #r#type = #receiver #call;));
        last = name;
    }
    (constants, last)
}

fn check(literals: &[Literally], relent: &TokenStream) -> TokenStream {
    if literals.is_empty() {
        return TokenStream::new();
    }
    let (constants, last) =
        constants(&quote!(#relent::Retry::expo()), literals, &quote!(#relent::Retry));
    quote!(#constants const _: #relent::Retry = #last;)
}

/// Refuses settings that the strategy does not have.
fn check_strategy(source: &Source, given: &Given) -> Result<()> {
    let Given { name, setting, .. } = given;
    let strategies = setting.strategies;
    let (is_known, whose) = match source {
        _ if strategies.is_empty() => return Ok(()),
        Source::Strategy(strategy, _) => {
            (strategies.iter().any(|known| strategy == known), format!("not of `{strategy}`"))
        }
        Source::Policy(_) => (false, "and belongs where the policy is made".into()),
    };
    if is_known {
        return Ok(());
    }
    let named: Vec<_> = strategies.iter().map(|name| format!("`{name}`")).collect();
    let list = match &*named {
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
        [] => String::new(),
    };
    Err(Error::new(name.span(), format!("`{name}` is a setting of {list}, {whose}")))
}

/// The calls of the builder for a setting.
fn calls(given: &Given, relent: &TokenStream, signature: &Ident) -> Result<Value> {
    let Given { name, setting, value } = given;
    let Some(value) = value else {
        return Ok(Value::literal(quote_spanned!(located_at(name.span())=> .#name())));
    };
    let span = located_at(value.span());
    let list = || match value {
        Expr::Array(array) => array.elems.iter().collect(),
        one => vec![one],
    };
    let one = |value: Value| {
        let Value { tokens, is_literal } = value;
        // All of it is where the value is, as the errors about literals are.
        let name = if is_literal { Ident::new(&name.to_string(), span) } else { name.clone() };
        Value { tokens: quote_spanned!(span=> .#name(#tokens)), is_literal }
    };
    Ok(match setting.kind {
        Kind::Duration => one(duration(value, relent)?),
        Kind::Integer => one(integer(name, value)?),
        Kind::Float => one(float(name, value)?),
        Kind::Jitter => one(jitter(value, relent)?),
        Kind::Target => one(target(value)),
        Kind::Function(method) => {
            let method = Ident::new(method, value.span());
            Value::other(quote!(.#name(#signature.#method(#value))))
        }
        Kind::Handlers(event) => {
            let event = Ident::new(event, Span::call_site());
            let handlers = list();
            Value::other(quote! {
                #(.observe(#relent::__private::on(#relent::EventKind::#event, #signature.handler(#handlers))))*
            })
        }
        Kind::AsyncHandlers => {
            let handlers = list();
            Value::other(quote!(#(.#name(#signature.handler(#handlers)))*))
        }
        Kind::Expressions => {
            let values = list();
            Value::other(quote!(#(.#name(#values))*))
        }
        Kind::Expression | Kind::Flag | Kind::Own => Value::other(quote!(.#name(#value))),
    })
}

struct Strategy {
    constructor: TokenStream,
    /// The strategy's type, if it is known and the constructor can be called in a `const`.
    constant: Option<TokenStream>,
}

fn strategy(
    name: &Ident,
    argument: Option<&Expr>,
    relent: &TokenStream,
    signature: &Ident,
) -> Result<Strategy> {
    let constant = |name: &str| {
        let name = Ident::new(name, Span::call_site());
        Some(quote!(#relent::wait::#name))
    };
    let of_duration = |strategy: &str| -> Result<Strategy> {
        let Value { tokens, is_literal } = argument
            .map_or_else(|| Ok(Value::other(quote!())), |argument| duration(argument, relent))?;
        let constant = if is_literal { constant(strategy) } else { None };
        let span = located_at(argument.map_or_else(|| name.span(), Spanned::span));
        let relent = at(relent.clone(), span);
        let constructor = quote_spanned!(span=> #relent::Retry::#name(#tokens));
        Ok(Strategy { constructor, constant })
    };
    let plain = || quote!(#relent::Retry::#name());
    Ok(match &*name.to_string() {
        "expo" => {
            Strategy { constructor: quote!(#relent::Retry::expo()), constant: constant("Expo") }
        }
        "fibo" => Strategy { constructor: plain(), constant: constant("Fibo") },
        "decay" => Strategy { constructor: plain(), constant: constant("Decay") },
        "constant" => of_duration("Constant")?,
        "linear" => of_duration("Linear")?,
        "decorrelated" => of_duration("Decorrelated")?,
        "sequence" => sequence(name, argument, relent)?,
        "runtime" => Strategy {
            constructor: quote!(#relent::Retry::#name(#signature.computed(#argument))),
            constant: None,
        },
        _ => Strategy { constructor: quote!(#relent::Retry::#name(#argument)), constant: None },
    })
}

fn sequence(name: &Ident, argument: Option<&Expr>, relent: &TokenStream) -> Result<Strategy> {
    if let Some(Expr::Array(array)) = argument {
        let waits =
            array.elems.iter().map(|wait| duration(wait, relent)).collect::<Result<Vec<_>>>()?;
        let count = Literal::usize_unsuffixed(waits.len());
        let is_literal = waits.iter().all(|wait| wait.is_literal);
        let waits = waits.iter().map(|wait| &wait.tokens);
        return Ok(Strategy {
            constructor: quote!(#relent::Retry::#name([#(#waits),*])),
            constant: is_literal
                .then(|| quote!(#relent::wait::Sequence<[#relent::__private::Duration; #count]>)),
        });
    }
    Ok(Strategy { constructor: quote!(#relent::Retry::#name(#argument)), constant: None })
}

/// A duration: a string, or an expression.
pub(crate) fn duration(value: &Expr, relent: &TokenStream) -> Result<Value> {
    match literal(value) {
        Some((Lit::Str(text), false)) => {
            let (seconds, nanos) = duration::parse(&text.value())
                .map_err(|message| Error::new(text.span(), message))?;
            Ok(Value::literal(
                quote_spanned!(text.span()=> #relent::__private::Duration::new(#seconds, #nanos)),
            ))
        }
        Some((Lit::Int(_) | Lit::Float(_), false)) => {
            let number = quote!(#value);
            let message = format!(
                "a duration has a unit: write \"{number}s\" or \"{number}ms\", or an expression of the type `Duration`"
            );
            Err(Error::new_spanned(value, message))
        }
        Some(_) => {
            let message = "no duration: write a string such as \"100ms\", or an expression of the type `Duration`";
            Err(Error::new_spanned(value, message))
        }
        None => Ok(Value::other(quote!(#value))),
    }
}

fn integer(name: &Ident, value: &Expr) -> Result<Value> {
    match literal(value) {
        // Without a number of the core's type, to which the minus would be an error of the compiler.
        Some((Lit::Int(_), true)) => {
            Err(Error::new_spanned(value, format!("`{name}` cannot be negative")))
        }
        // The core refuses it as well, and names a method that is a setting here.
        Some((Lit::Int(number), _)) if name == "max_tries" && is_zero(number) => Err(
            Error::new_spanned(value, "max_tries must be at least 1; for no limit use `forever`"),
        ),
        Some((Lit::Int(_), _)) => Ok(Value::literal(quote!(#value))),
        Some(_) => {
            Err(Error::new_spanned(value, format!("`{name}` is a whole number: `{name} = 5`")))
        }
        None => Ok(Value::other(quote!(#value))),
    }
}

fn is_zero(number: &LitInt) -> bool {
    number.base10_digits() == "0"
}

fn float(name: &Ident, value: &Expr) -> Result<Value> {
    match literal(value) {
        Some((Lit::Float(_), _)) => Ok(Value::literal(quote!(#value))),
        Some((Lit::Int(number), is_negative)) if number.suffix().is_empty() => {
            let mut float: Literal = format!("{}.0", number.base10_digits())
                .parse()
                .map_err(|_| Error::new_spanned(value, "not a number"))?;
            float.set_span(number.span());
            Ok(Value::literal(if is_negative { quote!(-#float) } else { quote!(#float) }))
        }
        Some(_) => Err(Error::new_spanned(value, format!("`{name}` is a number: `{name} = 2.0`"))),
        None => Ok(Value::other(quote!(#value))),
    }
}

fn jitter(value: &Expr, relent: &TokenStream) -> Result<Value> {
    const FORMS: &str = "the jitters are none, full, equal, additive(\"1s\"), proportional(0.2), between(f), custom(f), or an expression of the type `Jitter`";
    let named = |name: &Ident, variant: &str| {
        let variant = Ident::new(variant, name.span());
        quote!(#relent::Jitter::#variant)
    };
    match value {
        Expr::Path(path) => {
            let Some(name) = path.path.get_ident() else {
                return Ok(Value::other(quote!(#value)));
            };
            let variant = match &*name.to_string() {
                "none" => "None",
                "full" => "Full",
                "equal" => "Equal",
                "additive" | "proportional" | "between" | "custom" => {
                    return Err(Error::new_spanned(value, FORMS));
                }
                _ => return Ok(Value::other(quote!(#value))),
            };
            Ok(Value::literal(named(name, variant)))
        }
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return Ok(Value::other(quote!(#value)));
            };
            let (Some(name), [argument]) =
                (path.path.get_ident(), &*call.args.iter().collect::<Vec<_>>())
            else {
                return Ok(Value::other(quote!(#value)));
            };
            let (variant, argument) = match &*name.to_string() {
                "additive" => ("Additive", duration(argument, relent)?),
                "proportional" => {
                    let part = float(name, argument);
                    ("Proportional", part.map_err(|_| Error::new_spanned(value, FORMS))?)
                }
                "between" => ("Between", Value::other(quote!(#argument))),
                "custom" => ("Custom", Value::other(quote!(#argument))),
                _ => return Ok(Value::other(quote!(#value))),
            };
            let (jitter, Value { tokens, is_literal }) = (named(name, variant), argument);
            Ok(Value { tokens: quote!(#jitter(#tokens)), is_literal })
        }
        Expr::Lit(_) => Err(Error::new_spanned(value, FORMS)),
        _ => Ok(Value::other(quote!(#value))),
    }
}

fn target(value: &Expr) -> Value {
    let is_literal = matches!(literal(value), Some((Lit::Str(_), false)));
    Value { tokens: quote!(#value), is_literal }
}

/// The literal that an expression is, and whether a minus stands before it.
fn literal(value: &Expr) -> Option<(&Lit, bool)> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => Some((lit, false)),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            literal(&unary.expr).map(|(literal, _)| (literal, true))
        }
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}
