using System.Net;
using System.Net.Sockets;
using System.Text;
using HmsOps.Observe;
using HmsOps.Present.Tests.Stage;
using HmsOps.PromQL;
using HmsOps.Series;

namespace HmsOps.Present.Tests.Api;

/// <summary>Each limit of this room's doors as the settings say it: just below, at, and above.</summary>
public sealed class LimitsTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    public static TheoryData<int, int, int> Bodies
    {
        get
        {
            var rows = new TheoryData<int, int, int>();
            foreach (var most in new[] { 100, 1 << 20, 3 << 20, 9 << 20 }) // the last is more than the server takes of any other request
            {
                rows.Add(most, most - 1, 202);
                rows.Add(most, most, 202);
                rows.Add(most, most + 1, 413);
            }
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_push_has_as_many_bytes_as_the_settings_allow(int most, int bytes, int status)
    {
        await using var hub = await HubAsync(l => l with { MetricBodyBytes = most });
        using var declared = await hub.Client.SendAsync(Body(bytes, chunked: false));
        using var chunked = await hub.Client.SendAsync(Body(bytes, chunked: true));

        Assert.Equal((status, status), ((int)declared.StatusCode, (int)chunked.StatusCode));
        foreach (var answer in new[] { declared, chunked })
            Assert.Contains(status == 202 ? $"{{\"accepted\":{bytes}}}" : $"{most} bytes (limits.metric.body)", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_other_request_keeps_the_servers_own_limit()
    {
        await using var hub = await HubAsync(l => l with { MetricBodyBytes = 64 << 20 });
        using var request = TestHub.Post("/api/v1/query", "query=" + new string('1', 9 << 20), "application/x-www-form-urlencoded");
        request.Headers.ExpectContinue = true;
        using var answer = await hub.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Theory]
    [InlineData(-1, 202)]
    [InlineData(0, 408)]
    [InlineData(1, 408)]
    public async Task A_body_has_as_long_to_arrive_as_the_settings_allow(int msBesideLimit, int status)
    {
        var clock = new StoppedClock(CountyCourt.At(16, 9, 12));
        await using var hub = await HubAsync(l => l with { MetricRead = TimeSpan.FromSeconds(7) }, s => s with { Time = clock });
        using var socket = new TcpClient();
        await socket.ConnectAsync(hub.Address.Host, hub.Address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /metric HTTP/1.1\r\nHost: {hub.Address.Authority}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{"));
        await clock.Armed; // the hub waits for the rest
        clock.Advance(TimeSpan.FromSeconds(7) + (msBesideLimit * Moment));
        if (status == 202)
            await stream.WriteAsync("}"u8.ToArray());
        var answer = "";
        var some = new byte[4_096];
        while (!answer.Contains('}', StringComparison.Ordinal)) // not to the end: after a refusal the server ends the connection when it likes
        {
            var read = await stream.ReadAsync(some);
            Assert.True(read > 0, $"The connection ended after: {answer}");
            answer += Encoding.ASCII.GetString(some, 0, read);
        }

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains(status == 202 ? "{\"accepted\":2}" : "7 s to arrive (limits.metric.read)", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, 200, null)]
    [InlineData(0, 503, null)]
    [InlineData(1, 503, null)]
    [InlineData(-1, 503, "2s")] // who asks for less time gets less
    [InlineData(1, 503, "1h")] // and never more
    public async Task A_query_runs_as_long_as_the_settings_allow(int msBesideLimit, int status, string? timeout)
    {
        var clock = new StoppedClock(CountyCourt.At(16, 9, 12));
        var slow = new SlowSource(CountyCourt.Over.Store, () => clock.Advance(TimeSpan.FromSeconds(7) + (msBesideLimit * Moment)));
        var refusals = new Refusals();
        await using var hub = await HubAsync(
            l => l with { QueryTime = TimeSpan.FromSeconds(7) }, s => s with { Time = clock, PromQL = new PromEngine(slow, PromLimits.Default), Refusals = refusals });
        using var answer = await hub.Client.GetAsync($"/api/v1/query?query=county_api_ms{(timeout is null ? "" : $"&timeout={timeout}")}");

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(status == 503 ? [("query", "time_limit", 1L)] : [], refusals.All);
        if (status == 503)
            Assert.Contains(timeout == "2s" ? "timeout=\\\"2s\\\" is over" : "limits.query.time", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal); // whose limit it is
    }

    [Theory]
    [InlineData("/api/v1/query?query=rate(county_api_ms[1h])", 1, 50_000, "sample_limit")]
    [InlineData("/api/v1/query?query=county_api_ms", 1_000_000, 0, "series_limit")]
    [InlineData("/api/v1/query?query=sum(county_api_ms)", 1_000_000, 0, "series_limit")]
    [InlineData("/api/v1/query_range?query=1&start=0&end=100000&step=1", 1_000_000, 50_000, "point_limit")]
    public async Task A_query_over_a_limit_is_refused_and_counted_by_the_limits_name(string address, long samples, int series, string limit)
    {
        var refusals = new Refusals();
        var engine = new PromEngine(CountyCourt.Over.Store, new PromLimits { SamplesMax = samples, SeriesMax = series });
        await using var hub = await HubAsync(l => l, s => s with { PromQL = engine, Refusals = refusals });
        using var answer = await hub.Client.GetAsync(address);

        Assert.InRange((int)answer.StatusCode, 400, 422);
        Assert.Equal([("query", limit, 1L)], refusals.All);
    }

    [Theory]
    [InlineData(1, 200)]
    [InlineData(2, 200)]
    [InlineData(3, 503)]
    public async Task As_many_streams_are_open_as_the_settings_allow(int nth, int status)
    {
        await using var hub = await HubAsync(l => l with { LiveStreams = 2 });
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < nth; i++)
            open.Add(await hub.Client.GetAsync("/api/ops/v1/live", HttpCompletionOption.ResponseHeadersRead));

        Assert.Equal(status, (int)open[^1].StatusCode);
        if (status == 503)
            Assert.Contains("2 of them (limits.live.streams)", await open[^1].Content.ReadAsStringAsync(), StringComparison.Ordinal);
        open.ForEach(o => o.Dispose());
    }

    private static Task<TestHub> HubAsync(Func<PresentLimits, PresentLimits> limits, Func<PresentSources, PresentSources>? change = null) =>
        TestHub.StartAsync(CountyCourt.Over.Sources(s => (change?.Invoke(s) ?? s) with { Limits = limits(PresentLimits.Default) }));

    private static HttpRequestMessage Body(int bytes, bool chunked)
    {
        var request = TestHub.Post("/metric", new string(' ', bytes));
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = !chunked && bytes > 1 << 20;
        return request;
    }

    /// <summary>A store in which every look takes its time.</summary>
    private sealed class SlowSource(ISeriesSource store, Action passTime) : ISeriesSource
    {
        public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken)
        {
            passTime();
            return store.Select(selection, budget, cancellationToken);
        }

        public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken) => store.Series(selection, most, cancellationToken);

        public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) => store.LabelNames(selection, cancellationToken);

        public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) =>
            store.LabelValues(name, selection, cancellationToken);
    }
}
