using System.Globalization;
using HmsOps.Fuzz.Decoders;
using HmsOps.Fuzz.Harness;

namespace HmsOps.Fuzz.Command;

/// <summary>The command <c>./fuzz</c>: its arguments, a line a decoder, and what to do about what was found.</summary>
static class FuzzCommand
{
    const int OutcomesMax = 12;
    const int Well = 0, Failed = 1, Misused = 2;

    const string Help = """
        ./fuzz [DECODER…] [--inputs N | --seconds S] [--seed S]    changed inputs at the decoders named, or at all; 60 seconds unless said otherwise
                          [--outcomes]                             and what became of most of them
        ./fuzz DECODER --only FILE                                 just this input
        ./fuzz --list                                              the decoders
        ./fuzz [DECODER…] --write-seeds                            writes again what the corpus begins with
        ./fuzz --salvage                                           keeps the input at which the last run died
        """;

    public static int Run(IReadOnlyList<string> words, TextWriter output)
    {
        if (Arguments.Read(words, [.. Every.Decoder.Select(decoder => decoder.Name)], out var wrong) is not { } asked)
        {
            output.WriteLine($"./fuzz: {wrong}");
            return Misused;
        }
        IReadOnlyList<Decoder> decoders = [.. Every.Decoder.Where(decoder => asked.Decoders.Count == 0 || asked.Decoders.Contains(decoder.Name))];
        var corpus = Corpus.OfCheckout();
        return asked.Task switch
        {
            FuzzTask.Help => Say(output, Help),
            FuzzTask.List => Say(output, string.Join('\n', decoders.Select(decoder => decoder.Name))),
            FuzzTask.WriteSeeds => Say(output, $"{decoders.Sum(corpus.WriteSeeds)} seeds written"),
            FuzzTask.Salvage => Salvage(corpus, output),
            FuzzTask.Only => Tell([new Campaign(decoders[0], corpus, asked.Seed).Once(asked.File!)], output), // there with this task
            _ => Tell(RunAll(decoders, corpus, asked, output), output),
        };
    }

    static int Say(TextWriter output, string text)
    {
        output.WriteLine(text);
        return Well;
    }

    static List<Report> RunAll(IReadOnlyList<Decoder> decoders, Corpus corpus, Arguments asked, TextWriter output)
    {
        output.WriteLine($"{"decoder",-20} {"inputs",11} {"inputs/s",9} {"accepted",11} {"refused",11}  {"slowest",10}  {"most bytes",12}");
        var shares = decoders.Sum(decoder => decoder.Share);
        var reports = new List<Report>();
        foreach (var decoder in decoders)
        {
            var inputs = asked.Inputs is { } all ? all * decoder.Share / shares : long.MaxValue;
            var time = asked.Inputs is null ? asked.Time / decoders.Count : TimeSpan.MaxValue;
            var report = new Campaign(decoder, corpus, asked.Seed).Run(inputs, time);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{report.Decoder,-20} {report.Inputs,11:n0} {report.Inputs / report.Took.TotalSeconds,9:n0} {report.Accepted,11:n0} {report.Inputs - report.Accepted,11:n0}  {report.Slowest.TotalMilliseconds,7:n2} ms  {report.Allocated,12:n0}{(report.Finding is null ? "" : "  FAILED")}"));
            output.Flush();
            foreach (var (outcome, count) in asked.WithOutcomes ? report.Outcomes.OrderByDescending(each => each.Value).Take(OutcomesMax) : [])
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"",20} {count,11:n0} {outcome}"));
            reports.Add(report);
        }
        return reports;
    }

    static int Tell(IReadOnlyList<Report> reports, TextWriter output)
    {
        var inputs = reports.Sum(report => report.Inputs);
        if (reports.MaxBy(report => report.Slowest) is { Slowest.Ticks: > 0 } slowest)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"slowest input: {slowest.Decoder}, {slowest.Slowest.TotalMilliseconds:n1} ms, {slowest.SlowestInput.Length:n0} bytes: {Shown(slowest.SlowestInput)}"));
        var failed = reports.Where(report => report.Finding is not null).ToList();
        foreach (var (decoder, finding) in failed.Select(report => (report.Decoder, report.Finding!))) // not null: filtered above
        {
            var path = Path.GetRelativePath(Corpus.Checkout(), finding.Path);
            output.WriteLine($"\n{decoder}: {finding.Failure.Kind}: {finding.Failure.What}\nthe input: {path}\njust it:   ./fuzz {decoder} --only {path}");
        }
        output.WriteLine($"{inputs.ToString("n0", CultureInfo.InvariantCulture)} inputs at {reports.Count} decoders: {(failed.Count == 0 ? "every promise held" : $"{failed.Count} failed")}");
        return failed.Count == 0 ? Well : Failed;
    }

    static int Salvage(Corpus corpus, TextWriter output)
    {
        foreach (var (name, input) in LastInput.Left(LastInput.Folder))
        {
            var path = Path.GetRelativePath(Corpus.Checkout(), corpus.Keep(Every.Decoder.First(decoder => decoder.Name == name), input));
            output.WriteLine($"{name}: the process died at this input: {path}\njust it:   ./fuzz {name} --only {path}");
        }
        return Failed;
    }

    static string Shown(byte[] input)
    {
        const int BytesMax = 24;
        return Convert.ToHexStringLower(input.AsSpan(0, Math.Min(input.Length, BytesMax))) + (input.Length > BytesMax ? "…" : "");
    }
}
