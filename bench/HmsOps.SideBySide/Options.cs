using System.Globalization;
using HmsOps.SideBySide.Data;
using HmsOps.SideBySide.Peers;

namespace HmsOps.SideBySide;

/// <summary>What was asked for on the command line.</summary>
internal sealed record Options
{
    public const string Usage = """
        bench/side-by-side [options]          measures, and prints the table of what it measured
        bench/side-by-side report [options]   writes the table of all raw lines into bench/RESULTS.md

          --scale fleet,wide,day,small   how much data (default fleet,wide,day)
          --only intake,check,queries,kill,restart,compact
                                         these parts (default: all the scale has)
          --peer hms-ops,prometheus,victoria-metrics
                                         these servers (default: all)
          --runs 5                       runs of each; those in the raw file already are not made again
          --again                        make them again
          --raw FILE                     where the raw lines are kept (default .build/side-by-side/raw.jsonl)
          --print                        with report: print the table, write nothing
        """;

    public bool IsReport { get; private init; }

    public bool Print { get; private init; }

    public bool Again { get; private init; }

    public int Runs { get; private init; } = 5;

    public string Raw { get; private init; } = "";

    public required IReadOnlyList<Scale> Scales { get; init; }

    public required IReadOnlyList<Part> Parts { get; init; }

    public required IReadOnlyList<Peer> Peers { get; init; }

    /// <summary>Reads them; what is wrong is said in <paramref name="wrong"/>.</summary>
    public static Options? Read(ReadOnlySpan<string> arguments, string program, string folder, out string wrong)
    {
        Peer[] peers = [new HmsOpsHub(program), new Prometheus(), new VictoriaMetrics()];
        var options = new Options
        {
            Raw = Path.Combine(folder, "raw.jsonl"),
            Scales = [.. Scale.All.Where(s => s.Name != "small")],
            Parts = Enum.GetValues<Part>(),
            Peers = peers,
        };
        wrong = "";
        for (var i = 0; i < arguments.Length && wrong.Length == 0; i++)
        {
            var value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            switch (arguments[i])
            {
                case "report": options = options with { IsReport = true }; continue;
                case "--print": options = options with { Print = true }; continue;
                case "--again": options = options with { Again = true }; continue;
                case "--scale": options = options with { Scales = Named(value, Scale.All, s => s.Name, out wrong) }; break;
                case "--only": options = options with { Parts = Named(value, Enum.GetValues<Part>(), p => p.ToString().ToLowerInvariant(), out wrong) }; break;
                case "--peer": options = options with { Peers = Named(value, peers, p => p.Name, out wrong) }; break;
                case "--raw": options = options with { Raw = value }; break;
                case "--runs" when int.TryParse(value, CultureInfo.InvariantCulture, out var runs) && runs is > 0 and <= 100: options = options with { Runs = runs }; break;
                case "--runs": wrong = $"--runs is a number from 1 to 100, not '{value}'"; break;
                default: wrong = $"'{arguments[i]}' is none of its options"; break;
            }
            i++;
        }
        if (wrong.Length == 0 && options.Raw.Length == 0)
            wrong = "--raw needs a file";
        return wrong.Length == 0 ? options : null;
    }

    private static T[] Named<T>(string names, IReadOnlyList<T> all, Func<T, string> nameOf, out string wrong)
    {
        var asked = names.Split(',', StringSplitOptions.RemoveEmptyEntries);
        var unknown = asked.FirstOrDefault(name => !all.Any(one => nameOf(one) == name));
        wrong = unknown is not null ? $"there is no '{unknown}'; there are {string.Join(", ", all.Select(nameOf))}"
            : asked.Length == 0 ? $"name one or more of {string.Join(", ", all.Select(nameOf))}" : "";
        return [.. all.Where(one => asked.Contains(nameOf(one)))];
    }
}
