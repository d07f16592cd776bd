namespace HmsOps.SideBySide.Data;

/// <summary>When the samples of a trial are: they end a little before now, as a server that goes on expects, and one more scrape fits after them.</summary>
/// <param name="First">Of the first scrape, milliseconds since 1970.</param>
/// <param name="Scrapes">How many there are.</param>
internal readonly record struct Timeline(long First, int Scrapes)
{
    private const long BeforeNowMs = 60_000;

    public static Timeline EndingAt(long now, Scale scale) =>
        new((now / 1000 * 1000) - BeforeNowMs - ((long)(scale.Scrapes - 1) * Scale.IntervalMs), scale.Scrapes);

    public long Last => TimeOf(Scrapes - 1);

    public long TimeOf(int scrape) => First + ((long)scrape * Scale.IntervalMs);

    public IEnumerable<(int Scrape, long Time)> All
    {
        get
        {
            for (var scrape = 0; scrape < Scrapes; scrape++)
                yield return (scrape, TimeOf(scrape));
        }
    }
}
