//! The description as a picture, by `plotters`.

use plotters::prelude::*;
use relent::Description;

use crate::table::short;

const SIZE: (u32, u32) = (760, 400);
const RANGE: RGBColor = RGBColor(158, 202, 225);
const MEAN: RGBColor = RGBColor(8, 81, 156);
/// The most bars that can still be distinguished.
const MOST_BARS: usize = 100;

/// A bar for each wait, from the shortest to the longest, with a line at the mean.
pub fn picture(title: &str, description: &Description) -> String {
    let mut svg = String::new();
    draw(title, description, &mut svg).expect("drawing into a string does not fail");
    svg
}

fn draw(
    title: &str,
    description: &Description,
    svg: &mut String,
) -> Result<(), Box<dyn std::error::Error>> {
    let waits = &description.waits[..description.waits.len().min(MOST_BARS)];
    let longest = waits.iter().map(|wait| wait.length.longest.as_secs_f64()).fold(0.0, f64::max);
    let text = description.to_string();
    let [total, calls] = ["total: ", "calls: "]
        .map(|label| text.lines().find(|line| line.starts_with(label)).unwrap_or_default());

    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let root = root.titled(title, ("sans-serif", 16))?;
    let root = root.titled(&format!("{total}. {calls}."), ("sans-serif", 13))?;
    let last = waits.len().max(1) as f64 + 0.5;
    let mut chart = ChartBuilder::on(&root)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(0.5..last, 0.0..(longest * 1.1).max(1e-9))?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .x_labels(waits.len().clamp(1, 20) + 2)
        .x_label_formatter(&|place| {
            let is_whole = (place - place.round()).abs() < 1e-9;
            if is_whole { format!("{place:.0}") } else { String::new() }
        })
        .y_label_formatter(&|seconds| short(std::time::Duration::from_secs_f64(seconds.max(0.0))))
        .x_desc("after try (a bar from the shortest wait to the longest, a line at the mean)")
        .y_desc("wait")
        .label_style(("sans-serif", 12))
        .draw()?;
    for (at, wait) in waits.iter().enumerate() {
        let (left, right) = (at as f64 + 0.65, at as f64 + 1.35);
        let [shortest, mean, longest] =
            [wait.length.shortest, wait.length.mean, wait.length.longest]
                .map(|wait| wait.as_secs_f64());
        // The fewer runs have it, the paler.
        let range = RANGE.mix(wait.share.max(0.1)).filled();
        chart.draw_series([Rectangle::new([(left, shortest), (right, longest)], range)])?;
        chart
            .draw_series([PathElement::new([(left, mean), (right, mean)], MEAN.stroke_width(2))])?;
    }
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::path::Path;
    use std::{env, fs};

    use clap::Parser;

    use super::*;
    use crate::flags::Flags;

    /// The command that the guide names.
    const COMMAND: &str =
        "schedule expo --first-wait 100ms --max-wait 10s --jitter full --tries 10";

    /// The texts of a picture. Another version of `plotters` may draw lines elsewhere.
    fn texts(svg: &str) -> Vec<&str> {
        let is_text = |line: &&str| !line.is_empty() && !line.starts_with('<');
        svg.lines().map(str::trim).filter(is_text).collect()
    }

    /// Documentation has no files beside its pages: there the picture is in the link itself.
    fn definition(svg: &str) -> String {
        let mut line = String::from("[schedule]: data:image/svg+xml,");
        for c in svg.chars() {
            match c {
                '\n' | ' ' => line.push_str("%20"),
                '<' | '>' | '#' | '%' | '(' | ')' | '"' => {
                    write!(line, "%{:02X}", u32::from(c)).expect("a string takes it all");
                }
                c => line.push(c),
            }
        }
        line + "\n"
    }

    #[test]
    fn the_guide_shows_what_this_program_draws() {
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/guide");
        let [picture_file, definition_file, page] =
            ["schedule.svg", "schedule.plot", "schedule.md"].map(|name| guide.join(name));
        let flags = Flags::parse_from(COMMAND.split(' '));
        let svg = picture(&flags.title(), &flags.description().unwrap());
        if env::var_os("OVERWRITE").is_some() {
            fs::write(&picture_file, &svg).unwrap();
            fs::write(&definition_file, definition(&svg)).unwrap();
        }
        let committed = fs::read_to_string(picture_file).unwrap();
        assert_eq!(texts(&committed), texts(&svg), "draw it again: OVERWRITE=1 cargo test");
        assert!(texts(&svg).len() > 15, "{svg}");
        assert_eq!(fs::read_to_string(definition_file).unwrap(), definition(&committed));

        let page = fs::read_to_string(page).unwrap();
        let command = COMMAND.replacen("schedule", "cargo run --example schedule --", 1);
        assert!(page.contains(&command), "the page does not name the command");
        for line in crate::table::table(&flags.description().unwrap()).lines() {
            assert!(page.contains(line), "the page does not show: {line}");
        }
    }

    #[test]
    fn policies_without_waits_and_with_a_thousand_are_drawn() {
        for line in [
            "schedule expo --tries 1",
            "schedule constant --first-wait 0s",
            "schedule expo --forever",
        ] {
            let flags = Flags::parse_from(line.split(' '));
            let svg = picture(&flags.title(), &flags.description().unwrap());
            assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
            assert!(!svg.contains("NaN"), "{svg}");
        }
    }
}
