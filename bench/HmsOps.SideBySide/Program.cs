using HmsOps.SideBySide;

// side-by-side PROGRAM RUNS SCALE[,SCALE…] RESULTS: see bench/side-by-side, which calls it.
if (args is not [var program, var runsText, var scaleNames, var results, var folder] || !int.TryParse(runsText, out var runs) || runs < 1)
{
    Console.Error.WriteLine("side-by-side: call bench/side-by-side, which knows what belongs here");
    return 2;
}
var scales = new List<Scale>();
foreach (var name in scaleNames.Split(','))
{
    switch (name)
    {
        case "fleet": scales.Add(Scale.Fleet); break;
        case "wide": scales.Add(Scale.Wide); break;
        case "day": scales.Add(Scale.Day); break;
        case "small": scales.Add(new Scale("5 k series × 40", 5_000, 40, 15_000, 10)); break;
        default:
            Console.Error.WriteLine($"side-by-side: there is no scale '{name}'; there are fleet, wide, day and small");
            return 2;
    }
}
Peer[] peers = [new HmsOpsHub(program), new Prometheus(), new VictoriaMetrics()];
using var ending = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    ending.Cancel();
};
var loadBefore = ProcessCost.LoadAverage();
var report = new List<(Scale Scale, List<(Peer, Trial)> Trials)>();
foreach (var scale in scales)
{
    var trials = new List<(Peer, Trial)>();
    report.Add((scale, trials));
    for (var run = 1; run <= runs; run++)
    {
        foreach (var peer in peers)
        {
            var place = Path.Combine(folder, $"{peer.Name}-{run}");
            var trial = new Trial(peer, scale, place, TimeProvider.System);
            await trial.RunAsync(ending.Token);
            trials.Add((peer, trial));
            Directory.Delete(place, recursive: true);
            Console.WriteLine($"{scale.Name}, run {run} of {runs}, {peer.Name}: {trial.Figures["samples per core-second, k"]:0} k samples per core-second, load {ProcessCost.LoadAverage()}");
            foreach (var (what, why) in trial.Failures)
                Console.WriteLine($"    {what}: {why}");
        }
    }
}
var text = new Report(peers);
text.Begin($"bench/side-by-side {runs} {scaleNames}", runs, loadBefore, ProcessCost.LoadAverage());
foreach (var (scale, trials) in report)
    text.Add(scale, trials);
File.WriteAllText(results, text.Text);
Console.WriteLine($"written to {results}");
return 0;
