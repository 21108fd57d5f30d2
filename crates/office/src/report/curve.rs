//! Survival curves after Kaplan and Meier.

use serde::Serialize;

/// How many points a curve has at the most. More cannot be seen.
const MOST_POINTS: usize = 200;

/// How large a share of the calls still waits after how long, if one kind of end is looked at. A call that ended in another way
/// counts as waiting up to that moment, and after it not at all.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Curve {
    /// How many calls ended in this way.
    pub events: u64,
    /// How many ended in another way or are waiting.
    pub censored: u64,
    /// After how many ms half of them have ended. None: fewer have.
    pub median_ms: Option<i64>,
    /// The curve, from (0, 1). Between two points it is level.
    pub points: Vec<Point>,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Point {
    /// After how many ms.
    pub after_ms: i64,
    /// The share that still waits, 1 to 0.
    pub waiting: f64,
    /// How many calls had waited at least until then.
    pub at_risk: u64,
}

impl Curve {
    /// The curve of these waits in ms, in any order: with `true`, calls that ended in the way that is looked at.
    pub(super) fn of(mut waits: Vec<(i64, bool)>) -> Self {
        waits.sort_unstable();
        let events = waits.iter().filter(|(_, event)| *event).count();
        let mut at_risk = waits.len();
        let mut waiting = 1.0;
        let mut median_ms = None;
        let mut points = vec![Point { after_ms: 0, waiting, at_risk: at_risk as u64 }];
        for same in waits.chunk_by(|a, b| a.0 == b.0) {
            let ended = same.iter().filter(|(_, event)| *event).count();
            if let (true, Some((after_ms, _))) = (ended > 0, same.first()) {
                waiting *= 1.0 - share(ended, at_risk);
                points.push(Point { after_ms: *after_ms, waiting, at_risk: at_risk as u64 });
                if waiting <= 0.5 && median_ms.is_none() {
                    median_ms = Some(*after_ms);
                }
            }
            at_risk -= same.len();
        }
        let censored = (waits.len() - events) as u64;
        Curve { events: events as u64, censored, median_ms, points: thinned(points) }
    }
}

/// The first and the last point, and between them only such as the eye can tell apart.
fn thinned(points: Vec<Point>) -> Vec<Point> {
    let Some(last) = points.last().copied().filter(|_| points.len() > MOST_POINTS) else {
        return points;
    };
    // A step of the share, or of the time, whichever is reached first.
    let share_step = 2.0 * (1.0 - last.waiting) / MOST_POINTS as f64;
    let time_step = 2 * last.after_ms / MOST_POINTS as i64;
    let mut kept: Vec<Point> = Vec::with_capacity(MOST_POINTS + 2);
    for point in points {
        let far = kept.last().is_none_or(|before| {
            before.waiting - point.waiting >= share_step
                || point.after_ms - before.after_ms >= time_step
                || point == last
        });
        if far {
            kept.push(point);
        }
    }
    kept
}

#[expect(clippy::cast_precision_loss, reason = "a share of fewer than 2^52 calls")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_kaplan_and_meier() {
        // The example of Freireich's leukaemia patients (6-MP), with its published estimates.
        let ended = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let waits =
            ended.iter().map(|at| (*at, true)).chain(censored.iter().map(|at| (*at, false)));
        let curve = Curve::of(waits.collect());
        assert_eq!((curve.events, curve.censored, curve.median_ms), (9, 12, Some(23)));
        let expected = [
            (0, 1.0, 21),
            (6, 0.857, 21),
            (7, 0.807, 17),
            (10, 0.753, 15),
            (13, 0.690, 12),
            (16, 0.627, 11),
            (22, 0.538, 7),
            (23, 0.448, 6),
        ];
        assert_eq!(curve.points.len(), expected.len());
        for (point, (after_ms, waiting, at_risk)) in curve.points.iter().zip(expected) {
            assert_eq!((point.after_ms, point.at_risk), (after_ms, at_risk));
            assert!((point.waiting - waiting).abs() < 0.000_6, "{point:?}");
        }
    }

    #[test]
    fn a_long_curve_keeps_its_ends_and_its_form() {
        assert_eq!(Curve::of(Vec::new()).points.len(), 1);
        let curve = Curve::of((0..100_000).map(|at| (at, at % 3 != 0)).collect());
        assert!(curve.points.len() <= MOST_POINTS + 2, "{}", curve.points.len());
        assert_eq!(curve.points[0].waiting, 1.0);
        assert_eq!(curve.points.last().unwrap().after_ms, 99_998);
        assert!(curve.points.windows(2).all(|pair| pair[0].waiting >= pair[1].waiting));
    }
}
