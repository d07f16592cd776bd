using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// One walk over the series of a selector, for all places of an expression that read them: each series is decoded once, and every place makes of it what it
/// wants. Where the source can be walked in parts, several workers have a part each.
/// </summary>
internal sealed class SeriesScan(EvaluationRun run)
{
    private readonly List<(SeriesRead Read, Func<SeriesTaker> Taker)> _places = [];

    /// <summary>Another place that reads the same series.</summary>
    public void Add(SeriesRead read, Func<SeriesTaker> taker) => _places.Add((read, taker));

    /// <summary>Walks; answers what each place took, in the order in which they were added.</summary>
    public List<SeriesTaker> Run()
    {
        var first = _places[0].Read;
        if (first.Subquery is { } known)
        {
            using var walk = new SeriesWalk(run.Context, first.Origin, known);
            return Take(walk);
        }
        SeriesTaker[] wanted = [.. _places.Select(place => place.Taker())];
        var selection = new Selection(first.Selector!.Matchers, _places.Min(place => place.Read.From), _places.Max(place => place.Read.To)) // it is no subquery
        {
            InAnyOrder = Array.TrueForAll(wanted, taker => taker.InAnyOrder),
        };
        var walks = SeriesWalk.Open(run.Context, first.Origin, selection);
        try
        {
            var parts = new List<SeriesTaker>[walks.Count];
            run.Context.Workers.Run(walks.Count, part => parts[part] = Take(walks[part]));
            for (var part = 1; part < parts.Length; part++)
            {
                for (var place = 0; place < _places.Count; place++)
                    parts[0][place].Join(parts[part][place]);
            }
            return parts[0];
        }
        finally
        {
            foreach (var walk in walks)
                walk.Dispose();
        }
    }

    private List<SeriesTaker> Take(SeriesWalk walk)
    {
        var takers = _places.ConvertAll(place => place.Taker());
        var kernels = _places.ConvertAll(place => place.Read.Kernel());
        while (walk.MoveNext())
        {
            var samples = walk.Current;
            for (var place = 0; place < takers.Count; place++)
            {
                var (taker, kernel) = (takers[place], kernels[place]);
                var cells = taker.Begin(walk, kernel.DropsName);
                kernel.Fill(samples, cells);
                taker.End(walk, kernel.DropsName);
            }
        }
        return takers;
    }
}
