//! The picture of the ratios.

use std::fmt::Write;
use std::fs;

use crate::report::{Line, PEERS, Results, lines};

/// Prints the ratios as a picture.
pub fn picture(results: &str) {
    const COLOURS: [&str; 8] =
        ["#d62728", "#1f77b4", "#7f7f7f", "#8c564b", "#2ca02c", "#17becf", "#9467bd", "#e0a100"];
    const LEFT: f64 = 270.0;
    const WIDTH: f64 = 460.0;
    const TOP: f64 = 84.0;
    const STEP: f64 = 24.0;
    const LEAST: f64 = 0.5;
    const MOST: f64 = 8.0;

    let results = Results::read(results);
    let x = |ratio: f64| {
        LEFT + WIDTH * (ratio.clamp(LEAST, MOST) / LEAST).log2() / (MOST / LEAST).log2()
    };
    let is_shown = |line: &Line| !line.row.starts_with("ns/");
    let shown: Vec<_> = lines().into_iter().filter(is_shown).collect();
    let bottom = TOP + STEP * shown.len() as f64;
    let mut svg = String::new();
    let mut add = |line: String| {
        svg.push_str(&line);
        svg.push('\n');
    };
    add(format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 760 {height}' width='760' \
         height='{height}' font-family='sans-serif' font-size='12'>",
        height = bottom + 36.0
    ));
    add("<rect width='100%' height='100%' fill='white'/>".into());
    add("<text x='10' y='20' font-size='14' font-weight='bold'>What a run costs, as a multiple of the loop \
         written by hand (less is better)</text>"
        .into());
    for (n, (peer, colour)) in PEERS.iter().zip(COLOURS).enumerate() {
        let (column, line) = (n % 4, n / 4);
        let (x, y) = (LEFT + 118.0 * column as f64, 40.0 + 16.0 * line as f64);
        add(format!("<circle cx='{x}' cy='{}' r='5' fill='{colour}'/>", y - 4.0));
        add(format!("<text x='{}' y='{y}'>{peer}</text>", x + 9.0));
    }
    for ratio in ["0.5", "1", "2", "4", "8"] {
        let (colour, width) = if ratio == "1" { ("black", 1.5) } else { ("#ccc", 1.0) };
        let x = x(ratio.parse().expect("a number"));
        add(format!(
            "<line x1='{x}' x2='{x}' y1='{}' y2='{bottom}' stroke='{colour}' stroke-width='{width}'/>",
            TOP - 12.0
        ));
        add(format!("<text x='{x}' y='{}' text-anchor='middle'>{ratio}</text>", bottom + 16.0));
    }
    for (n, Line { title, row, .. }) in shown.iter().enumerate() {
        let y = TOP + STEP * n as f64;
        add(format!("<text x='{}' y='{}' text-anchor='end'>{title}</text>", LEFT - 12.0, y + 4.0));
        // relent comes last, above the others.
        for (peer, colour) in PEERS.iter().zip(COLOURS).rev() {
            if let Some(ratio) = results.ratio(row, peer) {
                let radius = if *peer == "relent" { 6 } else { 4 };
                add(format!("<circle cx='{:.1}' cy='{y}' r='{radius}' fill='{colour}'>", x(ratio)));
                add(format!("<title>{peer}: {ratio:.2}</title></circle>"));
            }
        }
    }
    add("</svg>".into());
    print!("{svg}");
}

/// Prints the picture as the Markdown definition of the link `plot`, for documentation in which no file
/// lies beside the page.
pub fn definition(svg: &str) {
    let svg = fs::read_to_string(svg).expect("the picture");
    let mut line = String::from("[plot]: data:image/svg+xml,");
    for c in svg.chars() {
        match c {
            '\n' | ' ' => line.push_str("%20"),
            '<' | '>' | '#' | '%' | '(' | ')' | '"' => {
                write!(line, "%{:02X}", u32::from(c)).expect("a string takes it all");
            }
            c => line.push(c),
        }
    }
    println!("{line}");
}
