using System.Globalization;
using HmsOps.Simulation.Time;

namespace HmsOps.Tsdb.Tests;

/// <summary>The store against a dictionary of lists: random batches, resends, restarts and clocks, from a seed.</summary>
public sealed class ModelTests
{
    [Fact]
    public void The_store_is_a_dictionary_of_lists_that_survives()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var run = new Run(seed);
            try
            {
                run.Go();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
            }
        }
    }

    private sealed class Run(int seed)
    {
        private static readonly string[] Names = ["a", "b", "c/x", "c/y", "d"];

        private readonly Random _dice = new(seed);
        private readonly StoreWorld _world = new(seed, StoreWorld.Small with { SegmentBytes = 12 * 1024, BatchBytesMax = 4 * 1024 });
        private readonly SortedDictionary<string, SortedList<long, double>> _model = [];

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
                    Assert.Equal(Expected(), store.Dump());
                    last = store.Dump();
                });
                var (dump, samples) = _world.Look(store => (store.Dump(), store.Counts.Samples));
                Assert.Equal(last, dump);
                Assert.Equal(_model.Values.Sum(series => (long)series.Count), samples);
            }
        }

        private async Task Step(MetricStore store, VirtualTime time)
        {
            if (_dice.Next(4) == 0)
                await time.Seconds(_dice.Next(1, 40) * 0.25);
            var batch = new (string, long, double)[_dice.Next(1, 40)];
            for (var i = 0; i < batch.Length; i++)
                batch[i] = (Names[_dice.Next(Names.Length)], time.Ms() + Offset(), _dice.Next(3));
            var expected = Apply(batch, time.Ms());
            Assert.Equal(expected, (await store.Append(batch)).Reasons());
        }

        private long Offset() => _dice.Next(10) switch
        {
            0 => _dice.Next(-90_000_000, 0),
            1 => _dice.Next(0, 310_000),
            _ => _dice.Next(-20, 0),
        };

        private string Apply((string Series, long Time, double Value)[] batch, long now)
        {
            var taken = 0;
            var refused = "";
            for (var i = 0; i < batch.Length; i++)
            {
                var reason = Apply(batch[i].Series, batch[i].Time, batch[i].Value, now);
                if (reason is null)
                    taken++;
                else
                    refused += $", {i} {reason}";
            }
            return $"{taken} taken{refused}";
        }

        private string? Apply(string series, long time, double value, long now)
        {
            var known = _model.TryGetValue(series, out var samples);
            if (known && samples!.TryGetValue(time, out var stored))
                return stored == value ? null : "duplicate_time";
            if (time < now - 86_400_000)
                return "late";
            if (time > now + 300_000)
                return "ahead";
            if (!known)
                _model.Add(series, samples = []);
            samples!.Add(time, value);
            return null;
        }

        private string Expected() => string.Concat(_model
            .OrderBy(series => series.Key, StringComparer.Ordinal)
            .SelectMany(series => series.Value.Select(sample => string.Create(
                CultureInfo.InvariantCulture,
                $"{StoreSentences.Named(series.Key)} {sample.Key} {BitConverter.DoubleToInt64Bits(sample.Value):x16}{Environment.NewLine}"))));
    }
}
