using HmsOps.Present.Web.Words;

namespace HmsOps.Present.Tests.Web.Words;

public sealed class QuantityTests
{
    /// <summary>What a value that stands alone is shown as: on the server, and by quantity.js in the browser.</summary>
    public static TheoryData<double, string, string> Alone { get; } = new()
    {
        { 88, "ms", "88 ms" },
        { 112.4, "ms", "112 ms" },
        { 3.14, "ms", "3.1 ms" },
        { 999.4, "ms", "999 ms" },
        { 999.6, "ms", "1.0 s" },
        { 1_400, "ms", "1.4 s" },
        { 4_000, "ms", "4.0 s" },
        { 9_960, "ms", "10 s" },
        { 41_000, "ms", "41 s" },
        { 85, "s", "1 min 25 s" },
        { 59.6, "s", "1 min" },
        { 7_500, "s", "2 h 5 min" },
        { 90_000, "s", "1 day" },
        { 260_000, "s", "3 days" },
        { 0, "s", "0 s" },
        { 0.0000123, "s", "12 µs" },
        { 0.034, "%", "0.034 %" },
        { 3.14, "%", "3.1 %" },
        { 46, "%", "46 %" },
        { 100, "%", "100 %" },
        { 0.05, "ratio", "5 %" },
        { 4_100_000, "B", "4.1 MB" },
        { 512, "B", "512 B" },
        { 118, "/s", "118/s" },
        { 12_000, "/s", "12k/s" },
        { 10_030, "", "10k" },
        { 1_234, "", "1,234" },
        { 0, "", "0" },
        { 21.5, "°C", "21.5 °C" },
        { -5, "s", "-5.0 s" },
        { double.NaN, "ms", "–" },
        { double.PositiveInfinity, "ms", "–" },
        { 1_450, "ms", "1.5 s" }, // halves go up, as people round, also where the machine's number is a hair below
        { 0.15, "", "0.15" },
        { 12.25, "", "12.3" },
        { 0.125, "%", "0.12 %" },
        { 100_000_000, "s", "1,157 days" },
        { 1_234_567_890, "/s", "1.2G/s" },
        { 999_950_000, "B", "1.0 GB" },
    };

    [Theory]
    [MemberData(nameof(Alone))]
    public void A_value_alone_takes_the_unit_a_person_would_choose(double value, string unit, string shown) => Assert.Equal(shown, Plain(Quantity.Of(value, unit)));

    [Theory]
    [InlineData(1_480, "ms", "1,480 ms")]
    [InlineData(1_580.4, "ms", "1,580 ms")]
    [InlineData(112, "ms", "112 ms")]
    [InlineData(12.34, "ms", "12.3 ms")]
    [InlineData(1.234, "s", "1.23 s")]
    [InlineData(0.0512, "ratio", "0.051")]
    [InlineData(1_000, "", "1,000")]
    public void A_value_beside_another_keeps_the_metrics_own_unit(double value, string unit, string shown) => Assert.Equal(shown, Plain(Quantity.InUnit(value, unit)));

    [Fact]
    public void What_nobody_measured_is_a_dash_and_never_a_zero() =>
        Assert.Equal(("–", "–"), (Quantity.Of(null, "ms"), Quantity.InUnit(null, "ms")));

    [Theory]
    [InlineData("3m", "3 minutes")]
    [InlineData("1m", "1 minute")]
    [InlineData("1h", "1 hour")]
    [InlineData("90s", "90 seconds")]
    [InlineData("1h30m", "90 minutes")]
    [InlineData("2 d", "2 days")]
    [InlineData("500ms", "500 ms")]
    [InlineData("soon", "soon")]
    public void A_window_is_read_aloud_and_what_is_none_stays_as_written(string written, string said) => Assert.Equal(said, Plain(Durations.InWords(written)));

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("3")]
    [InlineData("3x")]
    [InlineData("-3m")]
    [InlineData("3m!")]
    [InlineData("1e400s")]
    [InlineData("99999999999999999999y")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Durations.TryRead(text, out _));

    [Theory]
    [InlineData("county_api_ms", "ms")]
    [InlineData("http_request_duration_seconds", "s")]
    [InlineData("permit-svc.latency", "s")]
    [InlineData("cpu.percent", "%")]
    [InlineData("heap_bytes", "B")]
    [InlineData("queue_depth", "")]
    public void A_name_promises_its_unit(string metric, string unit) => Assert.Equal(unit, MetricUnit.OfName(metric));

    private static string Plain(string text) => text.Replace('\u00a0', ' ');
}
