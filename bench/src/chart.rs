//! Bar chart of the rows, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{report::Row, table::digits};

const WIDTH: i32 = 1100;
const HEADER: i32 = 70;
const FOOTER: i32 = 30;
const LINE: i32 = 20;
/// Width of the names, left of the bars.
const NAMES: i32 = 380;
/// Width right of the bars, for the number beside the longest.
const MARGIN: i32 = 70;

const MET: RGBColor = RGBColor(52, 132, 92);
const MISSED: RGBColor = RGBColor(196, 92, 68);
const NO_TARGET: RGBColor = RGBColor(120, 144, 168);
const INK: RGBColor = RGBColor(40, 40, 40);
const GRID: RGBColor = RGBColor(222, 222, 222);

/// Draws a bar for each row: how many times better ours is than the peer.
pub(crate) fn draw(rows: &[Row], path: &Path) -> Result<()> {
    let lines = lines(rows);
    let height = HEADER + FOOTER + LINE * i32::try_from(lines.len())?;
    let root = SVGBackend::new(path, (WIDTH.cast_unsigned(), height.cast_unsigned())).into_drawing_area();
    draw_on(&root, rows, &lines).map_err(|cause| anyhow!("cannot draw the chart {}: {cause}", path.display()))
}

/// Returns the chart's lines from the top: a workload's name, and its rows below.
fn lines(rows: &[Row]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for group in rows.chunk_by(|row, next| row.workload == next.workload) {
        lines.extend(group.first().map(Line::Workload));
        lines.extend(group.iter().map(Line::Peer));
    }
    lines
}

enum Line<'r> {
    Workload(&'r Row),
    Peer(&'r Row),
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type DrawResult = Result<(), Box<dyn std::error::Error>>;

fn draw_on(root: &Area<'_>, rows: &[Row], lines: &[Line<'_>]) -> DrawResult {
    root.fill(&WHITE)?;
    let marks = rows.iter().flat_map(|row| row.targets.iter().filter_map(|target| target.advantage));
    let values = || rows.iter().map(Row::advantage).chain(marks.clone()).filter(|value| value.is_normal());
    let least = values().fold(0.5, f64::min) / 1.1;
    let most = values().fold(2.0, f64::max) * 1.1;
    let chart = ChartBuilder::on(root)
        .margin_top(HEADER)
        .margin_bottom(FOOTER)
        .margin_left(NAMES)
        .margin_right(MARGIN)
        .build_cartesian_2d((least..most).log_scale(), 0..i32::try_from(lines.len())?)?;
    let at = |value: f64| chart.backend_coord(&(value, 0)).0;
    let top = HEADER;
    let bottom = HEADER + LINE * i32::try_from(lines.len())?;

    let text = |size: i32, color: &RGBColor, horizontal: HPos| {
        ("sans-serif", size).into_font().color(color).pos(Pos::new(horizontal, VPos::Center))
    };
    let title = "Ours against the peer, logarithmic: right of 1 is better";
    root.draw_text(title, &text(16, &INK, HPos::Left), (20, 20))?;
    let legend = "medians of the rounds; black mark: target; green: met, red: missed, blue: no target";
    root.draw_text(legend, &text(13, &INK, HPos::Left), (20, 42))?;
    for value in grid(least, most) {
        let x = at(value);
        root.draw(&PathElement::new([(x, top), (x, bottom)], GRID))?;
        for y in [top - 10, bottom + 12] {
            root.draw_text(&format!("{value}×"), &text(12, &INK, HPos::Center), (x, y))?;
        }
    }
    root.draw(&PathElement::new([(at(1.0), top), (at(1.0), bottom)], INK))?;
    for (line, y) in lines.iter().zip((top..).step_by(LINE as usize)) {
        let middle = y + LINE / 2;
        match line {
            Line::Workload(row) => {
                let bold = ("sans-serif", 13).into_font().style(FontStyle::Bold).color(&INK);
                let bold = bold.pos(Pos::new(HPos::Left, VPos::Center));
                root.draw_text(&row.workload, &bold, (20, middle + 2))?;
            }
            Line::Peer(row) => {
                let advantage = row.advantage().clamp(least, most);
                let color = match row.met() {
                    None => NO_TARGET,
                    Some(true) => MET,
                    Some(false) => MISSED,
                };
                let name = format!("{} / {}", row.subject, row.peer);
                root.draw_text(&name, &text(12, &INK, HPos::Right), (NAMES - 10, middle))?;
                let from = at(1.0).min(at(advantage));
                let to = at(1.0).max(at(advantage));
                root.draw(&Rectangle::new([(from, y + 4), (to, y + LINE - 4)], color.filled()))?;
                for target in row.targets.iter().filter_map(|target| target.advantage) {
                    let x = at(target);
                    root.draw(&Rectangle::new([(x - 1, y + 1), (x + 1, y + LINE - 1)], INK.filled()))?;
                }
                let missed = row.targets.iter().filter(|target| !target.met);
                let mut number = vec![format!("{}×", digits(row.advantage()))];
                number.extend(missed.map(|target| format!("not {}", target.target)));
                let number = number.join("  ");
                root.draw_text(&number, &text(12, &INK, HPos::Left), (to + 6, middle))?;
            }
        }
    }
    root.present()?;
    Ok(())
}

/// Returns the round numbers in `least..most`: 1, 2 and 5 times a power of ten.
fn grid(least: f64, most: f64) -> impl Iterator<Item = f64> {
    let powers = (-6..=6).map(|power| 10_f64.powi(power));
    powers
        .flat_map(|power| [power, 2.0 * power, 5.0 * power])
        .filter(move |value| (least..most).contains(value))
}
