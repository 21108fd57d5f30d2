//! The times people type: `2026-11-25`, `2026-11-25T14:03`, `-7d`, `today`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};

use crate::journal::Failure;

/// Now, and the time zone in which people think.
#[derive(Clone, Debug)]
pub struct Clock {
    now: ZonedDateTime,
}

impl Clock {
    /// The present, in the system's time zone.
    #[must_use]
    pub fn system() -> Self {
        Clock { now: ZonedDateTime::now() }
    }

    /// That moment, in ms since 1970, in that time zone.
    #[must_use]
    pub fn at(now_ms: i64, zone: TimeZone) -> Self {
        let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
        Clock { now: now.to_zoned_datetime(zone) }
    }

    /// Ms since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now.timestamp().as_millisecond()
    }

    /// The moment at which a period begins: of a day, its start. In ms since 1970.
    ///
    /// # Errors
    ///
    /// The text is not a time.
    pub fn from(&self, text: &str) -> Result<i64, Failure> {
        self.read(text).map(|(start, _)| start)
    }

    /// The moment at which a period has ended: of a day, the start of the next; of a minute, the start of the next. In ms
    /// since 1970.
    ///
    /// # Errors
    ///
    /// The text is not a time.
    pub fn to(&self, text: &str) -> Result<i64, Failure> {
        self.read(text).map(|(_, end)| end)
    }

    /// `2026-11-25 14:03:20`, in the time zone.
    #[must_use]
    pub fn show(&self, at_ms: i64) -> String {
        self.zoned(at_ms).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The hour of the week, 0 for Monday from 0:00 to 1:00.
    #[must_use]
    pub fn hour_of_week(&self, at_ms: i64) -> usize {
        let at = self.zoned(at_ms);
        let day = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or_default();
        day * 24 + usize::try_from(at.hour()).unwrap_or_default()
    }

    /// `2026-11-25`, in the time zone.
    #[must_use]
    pub fn day(&self, at_ms: i64) -> String {
        self.zoned(at_ms).date().to_string()
    }

    /// The name of the time zone.
    #[must_use]
    pub fn zone(&self) -> String {
        let zone = self.now.time_zone();
        zone.iana_name().map_or_else(|| self.now.offset().to_string(), str::to_owned)
    }

    fn zoned(&self, at_ms: i64) -> ZonedDateTime {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        at.to_zoned_datetime(self.now.time_zone().clone())
    }

    /// When what the text names begins and has ended.
    fn read(&self, text: &str) -> Result<(i64, i64), Failure> {
        let bad = || {
            let text: String = text.chars().take(40).collect();
            Failure::BadArgument(format!(
                "{text:?} is not a time; write 2026-11-25, 2026-11-25T14:03, today, yesterday, now, -7d, -12h or -30m"
            ))
        };
        let today = self.now.date();
        match text {
            "now" => return Ok((self.now_ms(), self.now_ms())),
            "today" => return self.days(today, bad),
            "yesterday" => return self.days(today.yesterday().map_err(|_| bad())?, bad),
            _ => {}
        }
        if let Some(ago) = text.strip_prefix('-') {
            let at = self.ago(ago).ok_or_else(bad)?;
            return Ok((at, at));
        }
        // A date is also a DateTime to jiff.
        if text.len() == 10 {
            return self.days(text.parse::<Date>().map_err(|_| bad())?, bad);
        }
        if text.len() > 25 || text.get(10..11).is_none_or(|between| between != "T") {
            return Err(bad());
        }
        let start: DateTime = text.parse().map_err(|_| bad())?;
        let unit = if text.len() == 16 { 1.minute() } else { 1.second() };
        let end = start.checked_add(unit).map_err(|_| bad())?;
        Ok((self.moment(start, bad)?, self.moment(end, bad)?))
    }

    fn days(&self, day: Date, bad: impl Fn() -> Failure) -> Result<(i64, i64), Failure> {
        let next = day.tomorrow().map_err(|_| bad())?;
        Ok((self.moment(day.at(0, 0, 0, 0), &bad)?, self.moment(next.at(0, 0, 0, 0), &bad)?))
    }

    fn moment(&self, at: DateTime, bad: impl Fn() -> Failure) -> Result<i64, Failure> {
        let zoned = at.to_zoned_datetime(self.now.time_zone().clone()).map_err(|_| bad())?;
        Ok(zoned.timestamp().as_millisecond())
    }

    fn ago(&self, text: &str) -> Option<i64> {
        let unit = text.chars().last()?;
        let count: i64 = text.strip_suffix(unit)?.parse().ok()?;
        if !(0..=100_000).contains(&count) {
            return None;
        }
        let span = match unit {
            'm' => count.minutes(),
            'h' => count.hours(),
            'd' => count.days(),
            'w' => count.weeks(),
            _ => return None,
        };
        Some(self.now.checked_sub(span).ok()?.timestamp().as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-25 14:03:20 in Berlin, a Wednesday.
    fn clock() -> Clock {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        Clock::at(1_795_611_800_000, zone)
    }

    #[test]
    fn a_time_has_a_start_and_an_end() {
        let clock = clock();
        for (text, from, to) in [
            ("now", "2026-11-25 14:03:20", "2026-11-25 14:03:20"),
            ("today", "2026-11-25 00:00:00", "2026-11-26 00:00:00"),
            ("yesterday", "2026-11-24 00:00:00", "2026-11-25 00:00:00"),
            ("2026-11-25", "2026-11-25 00:00:00", "2026-11-26 00:00:00"),
            ("2026-11-25T14:03", "2026-11-25 14:03:00", "2026-11-25 14:04:00"),
            ("2026-11-25T14:03:22", "2026-11-25 14:03:22", "2026-11-25 14:03:23"),
            ("-7d", "2026-11-18 14:03:20", "2026-11-18 14:03:20"),
            ("-2w", "2026-11-11 14:03:20", "2026-11-11 14:03:20"),
            ("-36h", "2026-11-24 02:03:20", "2026-11-24 02:03:20"),
            ("-90m", "2026-11-25 12:33:20", "2026-11-25 12:33:20"),
            // The clocks went back on 25 October: a day of 25 hours.
            ("2026-10-25", "2026-10-25 00:00:00", "2026-10-26 00:00:00"),
            ("-40d", "2026-10-16 14:03:20", "2026-10-16 14:03:20"),
        ] {
            assert_eq!(clock.show(clock.from(text).unwrap()), from, "{text}");
            assert_eq!(clock.show(clock.to(text).unwrap()), to, "{text}");
        }
        let day = clock.to("2026-10-25").unwrap() - clock.from("2026-10-25").unwrap();
        assert_eq!(day, 25 * 3_600_000);
        assert_eq!(clock.hour_of_week(clock.now_ms()), 2 * 24 + 14);
    }

    #[test]
    fn what_is_not_a_time_is_refused_with_what_is() {
        let clock = clock();
        for text in [
            "",
            "-",
            "-d",
            "-7",
            "-7y",
            "-999999999999d",
            "--7d",
            "tomorrow",
            "25.11.2026",
            "2026-13-01",
            "2026-11-31",
            "2026-11-25 14:03",
            "2026-11-25T25:00",
            "-7ü",
            "2026-11-2ü",
            "9999-12-31",
        ] {
            let err = clock.from(text).unwrap_err().to_string();
            assert!(err.contains("2026-11-25T14:03"), "{text}: {err}");
        }
    }
}
