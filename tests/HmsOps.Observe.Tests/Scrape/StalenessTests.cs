using HmsOps.Observe.Scrape;

namespace HmsOps.Observe.Tests.Scrape;

public sealed class StalenessTests
{
    private const string Permit = "name: permit-svc\nmetrics_url: http://permit:8080/metrics\ninterval: 15s\ntimeout: 10s\n";
    private const string Own = "instance=\"permit:8080\", job=\"permit-svc\", service=\"permit-svc\"";

    private readonly ScrapeWorld _world = new() { Sets = ScrapeWorld.SetsOf(Permit) };

    // The first scrape is at the target's own place in the interval, the others follow it.
    private double First => (_world.Sink.Samples.Where(s => s.Series.StartsWith("up{", StringComparison.Ordinal)).Min(s => s.Time) - _world.Start.ToUnixTimeMilliseconds()) / 1000.0;

    private string Of(string name)
    {
        var first = First;
        return _world.Sink.Of($"{name}{{{Own}}}", _world.Start.AddSeconds(first));
    }

    [Fact]
    public void A_target_is_asked_on_its_interval_and_its_samples_bear_its_labels()
    {
        _world.Answers["permit"] = _ => "a 1\n";
        _world.Run(60);
        Assert.Equal("0=1 15=1 30=1 45=1", Of("a"));
        Assert.Equal("0=1 15=1 30=1 45=1", Of("up"));
        Assert.Equal("0=1 15=0 30=0 45=0", Of("scrape_series_added"));
        Assert.Equal("0=1 15=1 30=1 45=1", Of("scrape_samples_scraped"));
        Assert.Equal("0=1 15=1 30=1 45=1", Of("scrape_samples_post_metric_relabeling"));
        Assert.Equal("0=0 15=0 30=0 45=0", Of("scrape_duration_seconds"));
        Assert.InRange(First, 0, 15);
    }

    [Fact]
    public void A_known_series_travels_without_its_labels()
    {
        _world.Answers["permit"] = _ => "a 1\nb{x=\"1\"} 2\n";
        _world.Run(60);
        Assert.Equal(2 + (4 * 5), _world.Sink.WithLabels); // each once, and the reports
    }

    [Fact]
    public void A_series_that_is_gone_from_an_answer_ends_there()
    {
        _world.Answers["permit"] = t => t < 20 ? "a 1\nb 1\n" : t < 35 ? "a 1\n" : "a 1\nb 2\n";
        _world.Run(60);
        var b = Of("b").Split(' ');
        Assert.Single(b, s => s.EndsWith("=stale", StringComparison.Ordinal));
        Assert.Equal("0=1", b[0]);
        Assert.EndsWith("=2", b[^1]);
    }

    [Fact]
    public void A_failed_scrape_ends_all_series_once_and_says_up_0()
    {
        _world.Answers["permit"] = t => t < 18 ? "a 1\n" : t < 48 ? "!it answered 500" : "a 1\n";
        _world.Run(75);
        Assert.Single(Of("a").Split(' '), s => s.EndsWith("=stale", StringComparison.Ordinal));
        Assert.Contains("=0 ", Of("up"));
        Assert.EndsWith("=1", Of("up"));
        Assert.Contains(_world.Refusals.All, r => r is { Door: "scrape", Reason: "status" });
        Assert.EndsWith("=0", Of("scrape_series_added")); // it was not forgotten
    }

    [Fact]
    public void An_answer_that_never_comes_ends_at_the_timeout()
    {
        _world.Answers["permit"] = _ => null;
        _world.Run(40);
        Assert.StartsWith("0=0 15=0", Of("up"));
        Assert.StartsWith("0=10 15=10", Of("scrape_duration_seconds"));
        Assert.Equal("it did not answer in full within 10s", Assert.Single(_world.Scrapes.Targets.Active).Status.Error);
    }

    [Fact]
    public void An_answer_that_is_half_good_is_not_taken_at_all()
    {
        _world.Answers["permit"] = _ => "a 1\nb x\n";
        _world.Run(20);
        Assert.Equal("", Of("a"));
        Assert.StartsWith("0=0", Of("up"));
        Assert.Equal("its answer cannot be read at line 2, column 3: expected a value like 12, 0.5, 1e3, +Inf or NaN, found \"x\"", Assert.Single(_world.Scrapes.Targets.Active).Status.Error);
    }

    [Fact]
    public void A_target_that_is_gone_ends_with_its_report_when_it_would_have_been_asked_next()
    {
        _world.Answers["permit"] = _ => "a 1\n";
        _world.Run(90, (32, () => _world.Sets = []));
        Assert.EndsWith("=stale", Of("a"));
        Assert.EndsWith("=stale", Of("up"));
        Assert.Equal(1, Of("a").Split(' ').Count(s => s.EndsWith("=stale", StringComparison.Ordinal)));
        var times = Of("a").Split(' ').Select(s => double.Parse(s.Split('=')[0], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(15, times[^1] - times[^2]);
    }

    [Fact]
    public void A_target_that_comes_back_before_its_end_was_said_goes_on()
    {
        _world.Answers["permit"] = _ => "a 1\n";
        _world.Run(120, (32, () => _world.Sets = []), (48, () => _world.Sets = ScrapeWorld.SetsOf(Permit)));
        Assert.DoesNotContain("stale", Of("a"));
        Assert.EndsWith("=1", Of("a"));
    }

    [Fact]
    public void Stopping_the_hub_ends_nothing()
    {
        _world.Answers["permit"] = _ => "a 1\n";
        _world.Run(40);
        Assert.DoesNotContain("stale", Of("a"));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("scrape: {track_timestamps_staleness: true}\n", true)]
    public void Series_with_times_of_their_own_end_only_where_asked(string scrape, bool ends)
    {
        _world.Sets = ScrapeWorld.SetsOf(Permit + scrape);
        _world.Answers["permit"] = t => t < 20 ? $"a 1 {_world.Start.ToUnixTimeMilliseconds()}\n" : "b 1\n";
        _world.Run(60);
        Assert.Equal(ends, Of("a").Contains("stale"));
    }

    [Fact]
    public void Times_are_ours_where_theirs_are_not_honoured()
    {
        _world.Sets = ScrapeWorld.SetsOf(Permit + "scrape: {honor_timestamps: false}\n");
        _world.Answers["permit"] = _ => "a 1 5\n";
        _world.Run(20);
        Assert.StartsWith("0=1", Of("a"));
    }

    [Fact]
    public void The_same_series_in_another_spelling_does_not_end()
    {
        _world.Answers["permit"] = t => t < 20 ? "a{x=\"1\",y=\"2\"} 1\n" : "a{y=\"2\",x=\"1\"} 1\n";
        _world.Run(60);
        Assert.DoesNotContain(_world.Sink.Samples, s => s.Value == "stale");
        Assert.Equal(4, _world.Sink.Samples.Count(s => s.Series.StartsWith("a{", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_store_that_forgot_its_names_is_told_the_labels_again()
    {
        _world.Answers["permit"] = t => t < 16 ? "a 1\nb 1\n" : "b 2\na 2\n";
        _world.Run(60, (17, () => _world.Sink.Forget()), (40, () => _world.Sink.Forget()));
        Assert.Equal(["1", "2", "2", "2"], Of("a").Split(' ').Select(s => s.Split('=')[1]));
        Assert.DoesNotContain(_world.Refusals.All, r => r.Reason == "unknown_series");
    }

    [Fact]
    public void A_store_that_names_nothing_gets_the_labels_each_time()
    {
        _world.Sink = new RecordingSink(knowsIdentities: false);
        _world.Answers["permit"] = t => t < 35 ? "a 1\nb 1\n" : "a 1\n";
        _world.Run(60);
        Assert.Equal(4, Of("a").Split(' ').Length);
        Assert.EndsWith("=stale", Of("b"));
    }

    [Fact]
    public void An_edit_of_relabelling_takes_hold_and_what_it_renames_ends()
    {
        _world.Answers["permit"] = _ => "a 1\nc 1\n";
        _world.Run(60, (20, () => _world.Sets = ScrapeWorld.SetsOf(Permit + "scrape: {relabel: [{source_labels: [__name__], regex: a, target_label: __name__, replacement: z}]}\n")));
        Assert.EndsWith("=stale", Of("a"));
        Assert.EndsWith("=1", Of("z"));
        Assert.DoesNotContain("stale", Of("c"));
    }

    [Fact]
    public void What_the_store_refuses_is_counted_and_told_and_does_not_end()
    {
        _world.Sink.Refuses = labels => labels.Name == "b" ? ("series_limit", "too many") : null;
        _world.Answers["permit"] = t => t < 35 ? "a 1\nb 1\n" : "a 1\n";
        _world.Run(60);
        Assert.Equal("", Of("b"));
        Assert.Contains(_world.Refusals.All, r => r is { Door: "scrape", Reason: "series_limit" });
    }

    [Fact]
    public void A_line_that_repeats_a_series_is_counted_and_the_first_counts()
    {
        _world.Answers["permit"] = _ => "a 1\na 2\n";
        _world.Run(20);
        Assert.StartsWith("0=1", Of("a"));
        Assert.Equal("1 of its lines repeat a series; the first counts", Assert.Single(_world.Scrapes.Targets.Active).Status.Note);
    }

    [Fact]
    public void Metadata_is_told_once_and_when_it_changes()
    {
        _world.Answers["permit"] = t => $"# HELP a {(t < 35 ? "one" : "two")}\n# TYPE a gauge\na 1\n";
        _world.Run(75);
        Assert.Equal(["one", "two"], _world.Sink.Metadata.Select(m => m.Help));
        Assert.Equal("two", Assert.Single(Assert.Single(_world.Scrapes.Targets.Active).Metadata).Help);
    }

    [Fact]
    public void Exemplars_and_starts_come_with_their_samples()
    {
        _world.Answers["permit"] = _ => "# TYPE a counter\na_total 5 # {trace_id=\"x\"} 1 1700000000\na_created 1700000000\n# EOF\n";
        _world.Run(16);
        Assert.Contains($"a_total{{{Own}}} {{trace_id=\"x\"}} 1", _world.Sink.Exemplars);
        Assert.DoesNotContain(_world.Sink.Samples, s => s.Series.StartsWith("a_created", StringComparison.Ordinal));
    }

    [Fact]
    public void Too_many_samples_are_none()
    {
        _world.Sets = ScrapeWorld.SetsOf(Permit + "scrape: {sample_limit: 2}\n");
        _world.Answers["permit"] = t => t < 16 ? "a 1\nb 1\n" : "a 1\nb 1\nc 1\n";
        _world.Run(40);
        Assert.EndsWith("=0", Of("up"));
        Assert.Contains("=stale", Of("a"));
        Assert.Equal("it sends more than 2 samples (sample_limit of services/a.yaml:1, limits.scrape.samples)", Assert.Single(_world.Scrapes.Targets.Active).Status.Error);
    }

    [Fact]
    public void A_target_that_renames_all_it_has_each_time_does_not_grow()
    {
        var memory = new SeriesMemory();
        for (var round = 0; round < 100; round++)
        {
            memory.Begin();
            for (var i = 0; i < 100; i++)
                memory.See(memory.Add((UInt128)((round * 100) + i)));
            if (round % 2 == 0)
                memory.Keep();
            else
                memory.Undo();
        }
        Assert.Equal(100, memory.Count);
    }
}
