//! The figures as an SVG of two panels, groups and directories, both axes logarithmic.

use std::fmt::Write as _;
use std::ops::Range;

use crate::measure::{Growth, Point};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 500.0;
/// Where the panels' axes stand.
const LEFT: [f64; 2] = [70.0, 555.0];
const PANEL: f64 = 375.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 340.0;
/// Told apart by the colour-blind as well.
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#222}\
    .title{font-size:15px;font-weight:600}.grid{stroke:#ddd}.axis{stroke:#444}.line{fill:none;stroke-width:2}";

/// A logarithmic axis: what it spans in powers of ten, and where it begins and ends on the page.
struct Axis {
    decades: Range<i32>,
    from: f64,
    to: f64,
}

impl Axis {
    /// From the power of ten below the least value to the one above the greatest.
    fn around(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            (low, high) = (low.min(value.log10()), high.max(value.log10()));
        }
        let whole = |decade: f64| format!("{decade:.0}").parse().unwrap_or(0);
        let (low, high) = (whole(low.floor()), whole(high.ceil()));
        Self {
            decades: low..high.max(low + 1),
            from,
            to,
        }
    }

    fn at(&self, value: f64) -> f64 {
        let (low, high) = (f64::from(self.decades.start), f64::from(self.decades.end));
        self.from + (value.log10() - low) / (high - low) * (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.decades.start..=self.decades.end).map(|decade| 10_f64.powi(decade))
    }
}

/// The page: what grows with the members of a group on the left, with the users of a directory on the right.
pub(crate) fn svg(groups: &[Growth], users: &[Growth], note: &str) -> String {
    let mut page = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\
         <title>Time of a request by size of group and directory</title><style>{STYLE}</style>\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    let times = || groups.iter().chain(users).flat_map(|growth| &growth.points);
    let y = Axis::around(times().map(milliseconds), BOTTOM, TOP);
    let panels = [
        ("Groups", "members of the group", groups),
        ("Directories", "users of the tenant", users),
    ];
    for ((title, label, growths), left) in panels.into_iter().zip(LEFT) {
        let sizes = growths.iter().flat_map(|growth| &growth.points).map(size);
        let x = Axis::around(sizes, left, left + PANEL);
        frame(&mut page, title, label, &x, &y);
        for ((growth, colour), row) in growths.iter().zip(COLOURS).zip(0..) {
            line(&mut page, growth, colour, (&x, &y));
            legend(
                &mut page,
                growth,
                colour,
                (left, 410.0 + 18.0 * f64::from(row)),
            );
        }
    }
    let _ = writeln!(
        page,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#666\">{note}</text></svg>",
        WIDTH - 30.0,
        HEIGHT - 12.0
    );
    page
}

fn frame(page: &mut String, title: &str, label: &str, x: &Axis, y: &Axis) {
    let (left, right) = (x.from, x.to);
    for value in y.ticks() {
        let at = y.at(value);
        let _ = writeln!(
            page,
            "<path class=\"grid\" d=\"M{left} {at:.1}H{right}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            left - 8.0,
            at + 4.0
        );
    }
    for value in x.ticks() {
        let at = x.at(value);
        let _ = writeln!(
            page,
            "<path class=\"grid\" d=\"M{at:.1} {TOP}V{BOTTOM}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            BOTTOM + 18.0,
            grouped(value)
        );
    }
    let middle = f64::midpoint(left, right);
    let turned = f64::midpoint(TOP, BOTTOM);
    let _ = writeln!(
        page,
        "<path class=\"axis\" fill=\"none\" d=\"M{left} {TOP}V{BOTTOM}H{right}\"/>\
         <text class=\"title\" x=\"{left}\" y=\"34\">{title}</text>\
         <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{label}</text>\
         <text transform=\"translate({} {turned}) rotate(-90)\" text-anchor=\"middle\">milliseconds (median)</text>",
        BOTTOM + 36.0,
        left - 48.0
    );
}

fn line(page: &mut String, growth: &Growth, colour: &str, (x, y): (&Axis, &Axis)) {
    let mut points = String::new();
    for point in &growth.points {
        let (x, y) = (x.at(size(point)), y.at(milliseconds(point)));
        let _ = write!(points, "{x:.1},{y:.1} ");
        let _ = writeln!(
            page,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>"
        );
    }
    let _ = writeln!(
        page,
        "<polyline class=\"line\" stroke=\"{colour}\" points=\"{}\"/>",
        points.trim_end()
    );
}

fn legend(page: &mut String, growth: &Growth, colour: &str, (left, top): (f64, f64)) {
    let exponent = growth
        .exponent()
        .map(|slope| format!(" (growth exponent {slope:.3})"));
    let exponent = exponent.unwrap_or_default();
    let _ = writeln!(
        page,
        "<path stroke=\"{colour}\" stroke-width=\"3\" d=\"M{left} {}h22\"/>\
         <text x=\"{}\" y=\"{top}\">{}{exponent}</text>",
        top - 4.0,
        left + 30.0,
        growth.operation.name()
    );
}

fn size(point: &Point) -> f64 {
    f64::from(u32::try_from(point.size).unwrap_or(u32::MAX))
}

fn milliseconds(point: &Point) -> f64 {
    point.median.as_secs_f64() * 1e3
}

/// A power of ten with its thousands apart.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
