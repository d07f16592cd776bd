using System.Globalization;
using HmsOps.Series;
using HmsOps.Simulation.Time;

namespace HmsOps.Tsdb.Tests;

/// <summary>The store against a dictionary of lists: random batches, resends, late samples, histograms, gaps, deletions, sealing, merging, checkpoints, restarts and clocks, from a seed.</summary>
public sealed class ModelTests
{
    [Fact]
    public void The_store_is_a_dictionary_of_lists_that_survives()
    {
        var renewals = 0L;
        for (var seed = 0; seed < 30; seed++)
        {
            var run = new Run(seed);
            try
            {
                run.Go();
                renewals += run.Renewals;
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }
        }
        Assert.InRange(renewals, 20, long.MaxValue); // series are forgotten often enough for the head to be changed under all of this
    }

    private sealed class Run(int seed)
    {
        private static readonly string[] Names = ["a", "b", "c/x", "c/y", "d"];

        private readonly Random _dice = new(seed);
        private readonly StoreWorld _world = new(seed, StoreWorld.Small with
        {
            SegmentBytes = 40 * 1024,
            BatchBytesMax = 32 * 1024,
            CheckpointEvery = TimeSpan.FromSeconds(7),
            CheckpointGrowth = seed % 2 == 0 ? 0 : 0.25,
            LateSamplesMax = 50,
            ForgottenMin = 1,
            ShareSeriesMin = 1,
        });

        private readonly bool _sealing = seed % 3 != 0; // hours pass, and what is older becomes blocks

        private readonly SortedDictionary<string, SortedList<long, string>> _model = [];

        public long Renewals { get; private set; }

        public void Go()
        {
            for (var life = 0; life < 4; life++)
            {
                var end = (End)_dice.Next(2);
                string? last = null;
                _world.Live(end, async (store, time) =>
                {
                    for (var step = 0; step < 40; step++)
                        await Step(store, time);
                    Assert.Equal(Expected(long.MinValue, long.MaxValue), store.Dump());
                    last = store.Dump();
                    Renewals += store.Counts.Renewals;
                });
                var (dump, counts) = _world.Look(store => (store.Dump(), store.Counts));
                Assert.Equal(last, dump);
                var samples = _model.Values.Sum(series => (long)series.Count);
                Assert.InRange(counts.Samples, samples, counts.Blocks == 0 ? samples : long.MaxValue); // one that is in both counts twice
            }
        }

        private async Task Step(MetricStore store, VirtualTime time)
        {
            if (_dice.Next(4) == 0)
                await time.Seconds(_dice.Next(1, 40) * 0.25);
            if (_sealing && _dice.Next(5) == 0)
                await time.Seconds(_dice.Next(1, 20) * 600);
            if (_sealing && _dice.Next(25) == 0)
                await store.CompactAsync(CancellationToken.None);
            if (_dice.Next(12) == 0)
                await Delete(store, time.Ms());
            var batch = _dice.Next(6) == 0 ? Steady(time.Ms()) : Mixed(time.Ms());
            var expected = Apply(batch, time.Ms());
            Assert.Equal(expected, (await store.AppendAsync(Of(batch), CancellationToken.None)).Reasons());
            var (from, to) = (time.Ms() + Offset(), time.Ms() + Offset());
            Assert.Equal(Expected(from, to), Dump(store, from, to));
        }

        private async Task Delete(MetricStore store, long now)
        {
            var name = Names[_dice.Next(Names.Length)];
            var (a, b) = (now + Offset(), now + Offset());
            var (from, to) = (Math.Min(a, b), Math.Max(a, b));
            var parts = name.Split('/');
            Matcher[] matchers = [new Matcher("__name__", MatchOp.Equal, parts[0]), new Matcher("job", MatchOp.Equal, parts.Length > 1 ? parts[1] : "")];
            await store.DeleteAsync(matchers, from, to, CancellationToken.None);
            if (!_model.TryGetValue(name, out var samples))
                return;
            foreach (var time in samples.Keys.Where(time => time >= from && time <= to).ToArray())
                samples.Remove(time);
        }

        private (string Series, long Time, object Value)[] Mixed(long now)
        {
            var batch = new (string, long, object)[_dice.Next(1, 40)];
            for (var i = 0; i < batch.Length; i++)
                batch[i] = (Names[_dice.Next(Names.Length)], now + Offset(), Value());
            return batch;
        }

        // A run of one series that fills tails and pieces: evenly spaced or not, resting or not.
        private (string Series, long Time, object Value)[] Steady(long now)
        {
            var (name, jitter, rests) = (Names[_dice.Next(Names.Length)], _dice.Next(2) * 3, _dice.Next(2) == 0);
            return [.. Enumerable.Range(0, _dice.Next(30, 200)).Select(i => (name, now - 10_000 + (i * 10L) + _dice.Next(jitter + 1), (object)(rests ? 7.0 : i * 0.1)))];
        }

        private object Value() => _dice.Next(9) == 0 ? HistogramTests.Exponential(_dice.Next(3), isFloat: false) : (double)_dice.Next(3);

        private long Offset() => _dice.Next(10) switch
        {
            0 => _dice.Next(-90_000_000, 0),
            1 => _dice.Next(0, 310_000),
            _ => _dice.Next(-20, 0),
        };

        private static SampleBatch Of((string Series, long Time, object Value)[] samples)
        {
            var batch = new SampleBatch();
            foreach (var (series, time, value) in samples)
            {
                if (value is NativeHistogram histogram)
                    batch.Add(batch.AddSeries(StoreSentences.Named(series)), time, histogram);
                else
                    batch.Add(StoreSentences.Named(series), time, (double)value);
            }
            return batch;
        }

        private string Apply((string Series, long Time, object Value)[] batch, long now)
        {
            var taken = 0;
            var refused = "";
            for (var i = 0; i < batch.Length; i++)
            {
                var reason = Apply(batch[i].Series, batch[i].Time, Shown(batch[i].Value), now);
                if (reason is null)
                    taken++;
                else
                    refused += $", {i} {reason}";
            }
            return $"{taken} taken{refused}";
        }

        private string? Apply(string series, long time, string value, long now)
        {
            if (time < now - 86_400_000)
                return "late";
            if (time > now + 300_000)
                return "ahead";
            var known = _model.TryGetValue(series, out var samples);
            if (known && samples!.TryGetValue(time, out var stored))
                return stored == value ? null : "duplicate_time";
            if (!known)
                _model.Add(series, samples = []);
            samples!.Add(time, value);
            return null;
        }

        private static string Dump(MetricStore store, long from, long to)
        {
            var text = new System.Text.StringBuilder();
            var shares = (int)((ulong)from % 4) + 1;
            foreach (var cursor in store.SelectParts(new Selection([], from, to), shares, new QueryBudget(long.MaxValue), CancellationToken.None))
            {
                using (cursor)
                    Dump(cursor, text);
            }
            return text.ToString();
        }

        private static void Dump(SeriesCursor cursor, System.Text.StringBuilder text)
        {
            while (cursor.MoveNext())
            {
                for (var i = 0; i < cursor.Current.Times.Length; i++)
                {
                    var histogram = cursor.Current.Histograms.IsEmpty ? null : cursor.Current.Histograms[i];
                    text.AppendLine($"{cursor.Current.Labels} {cursor.Current.Times[i]} {Shown(histogram ?? (object)cursor.Current.Values[i])}");
                }
            }
        }

        private static string Shown(object value) => value is NativeHistogram histogram
            ? StoreSentences.Shown(histogram)
            : BitConverter.DoubleToInt64Bits((double)value).ToString("x16", CultureInfo.InvariantCulture);

        private string Expected(long from, long to) => string.Concat(_model
            .OrderBy(series => series.Key, StringComparer.Ordinal)
            .SelectMany(series => series.Value.Where(sample => sample.Key >= from && sample.Key <= to).Select(sample => string.Create(
                CultureInfo.InvariantCulture, $"{StoreSentences.Named(series.Key)} {sample.Key} {sample.Value}{Environment.NewLine}"))));
    }
}
