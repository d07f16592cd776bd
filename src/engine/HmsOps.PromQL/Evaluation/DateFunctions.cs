namespace HmsOps.PromQL.Evaluation;

/// <summary>Parts of the date that a number of seconds since 1970 is, in UTC and by the calendar of today, in whatever year. What is no number of seconds has no date.</summary>
internal static class DateFunctions
{
    private const long DaySeconds = 86_400;

    // A cycle of the calendar: 400 years.
    private const long CycleDays = 146_097;

    // From the first of March of the year 0, so that the day that comes and goes is the last of its year.
    private const long EpochDay = 719_468;

    // Farther than this from 1970, seconds are no whole numbers any more, and days would leave the range of ours.
    private const double SecondsMax = 9e15;

    private static readonly int[] DaysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

    /// <summary>By name.</summary>
    public static readonly IReadOnlyDictionary<string, Func<double, double>> All = new Dictionary<string, Func<double, double>>
    {
        ["day_of_month"] = static t => Of(t, static (_, date) => date.Day),
        ["day_of_week"] = static t => Of(t, static (days, _) => (((days + 4) % 7) + 7) % 7), // the first of January 1970 was a Thursday; Sunday is 0
        ["day_of_year"] = static t => Of(t, static (_, date) => DaysBeforeMonth[date.Month - 1] + date.Day + (date.Month > 2 && IsLeap(date.Year) ? 1 : 0)),
        ["days_in_month"] = static t => Of(t, static (_, date) => DaysIn(date.Year, date.Month)),
        ["hour"] = static t => IsDate(t) ? SecondOfDay(t) / 3_600 : double.NaN,
        ["minute"] = static t => IsDate(t) ? SecondOfDay(t) / 60 % 60 : double.NaN,
        ["month"] = static t => Of(t, static (_, date) => date.Month),
        ["year"] = static t => Of(t, static (_, date) => date.Year),
    };

    private static double Of(double seconds, Func<long, (long Year, int Month, int Day), double> part)
    {
        if (!IsDate(seconds))
            return double.NaN;
        var days = FloorDivide((long)seconds, DaySeconds);
        return part(days, DateOf(days));
    }

    private static bool IsDate(double seconds) => Math.Abs(seconds) <= SecondsMax; // false for NaN

    private static long SecondOfDay(double seconds) => (long)seconds - (FloorDivide((long)seconds, DaySeconds) * DaySeconds);

    private static long FloorDivide(long a, long b) => (a / b) - (a % b < 0 ? 1 : 0);

    private static (long Year, int Month, int Day) DateOf(long days)
    {
        var since = days + EpochDay;
        var cycle = FloorDivide(since, CycleDays);
        var dayOfCycle = since - (cycle * CycleDays);
        var yearOfCycle = (dayOfCycle - (dayOfCycle / 1_460) + (dayOfCycle / 36_524) - (dayOfCycle / 146_096)) / 365;
        var dayOfYear = dayOfCycle - ((365 * yearOfCycle) + (yearOfCycle / 4) - (yearOfCycle / 100));
        var monthFromMarch = ((5 * dayOfYear) + 2) / 153;
        var day = (int)(dayOfYear - (((153 * monthFromMarch) + 2) / 5) + 1);
        var month = (int)(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9);
        return ((cycle * 400) + yearOfCycle + (month <= 2 ? 1 : 0), month, day);
    }

    private static int DaysIn(long year, int month) => month switch
    {
        2 => IsLeap(year) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    private static bool IsLeap(long year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
