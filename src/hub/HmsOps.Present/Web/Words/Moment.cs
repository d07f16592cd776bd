using System.Globalization;

namespace HmsOps.Present.Web.Words;

/// <summary>The time a page is made for, and the zone its readers live in.</summary>
public readonly record struct Moment(DateTimeOffset Now, TimeZoneInfo Zone)
{
    /// <summary><c>16:07:02</c> today, else <c>9 Nov 10:14</c>.</summary>
    public string Of(DateTimeOffset at)
    {
        var local = Local(at);
        return local.Date == Local(Now).Date
            ? local.ToString("HH:mm:ss", CultureInfo.InvariantCulture)
            : local.ToString(local.Year == Local(Now).Year ? "d MMM HH:mm" : "d MMM yyyy HH:mm", CultureInfo.InvariantCulture);
    }

    /// <summary><c>Fri 20 Nov, 16:07:12</c></summary>
    public string OfPage() => Local(Now).ToString("ddd d MMM, HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>For <c>datetime</c> attributes and hover: exact, UTC.</summary>
    public static string Exact(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    /// <summary>Local time with its zone named, for hover.</summary>
    public string Full(DateTimeOffset at) => Local(at).ToString("d MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture) + " " + ZoneName;

    /// <summary>The zone as people name it.</summary>
    public string ZoneName => Zone.BaseUtcOffset == TimeSpan.Zero && !Zone.SupportsDaylightSavingTime ? "UTC" : Zone.Id;

    /// <summary>True when both fall on one local day.</summary>
    public bool IsToday(DateTimeOffset at) => Local(at).Date == Local(Now).Date;

    /// <summary>Axis labels: <c>16:05</c>.</summary>
    public string OfAxis(DateTimeOffset at) => Local(at).ToString("HH:mm", CultureInfo.InvariantCulture);

    private DateTimeOffset Local(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, Zone);
}
