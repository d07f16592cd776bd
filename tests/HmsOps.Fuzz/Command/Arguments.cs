using System.Globalization;

namespace HmsOps.Fuzz.Command;

/// <summary>What is to be done.</summary>
enum FuzzTask
{
    Run,
    Only,
    List,
    WriteSeeds,
    Salvage,
    Help,
}

/// <summary>The words behind <c>./fuzz</c>, read.</summary>
sealed record Arguments
{
    static readonly TimeSpan TimeDefault = TimeSpan.FromSeconds(60);

    public FuzzTask Task { get; private set; }

    /// <summary>None means all.</summary>
    public IReadOnlyList<string> Decoders { get; private set; } = [];

    /// <summary>Inputs over all decoders; null when time is the measure.</summary>
    public long? Inputs { get; private set; }

    public TimeSpan Time { get; private set; } = TimeDefault;

    public int Seed { get; private set; } = 1;

    public bool WithOutcomes { get; private set; }

    /// <summary>Of <see cref="FuzzTask.Only"/>.</summary>
    public string? File { get; private set; }

    /// <summary>Reads the words; null, and what is wrong, when they mean nothing.</summary>
    public static Arguments? Read(IReadOnlyList<string> words, IReadOnlyList<string> known, out string wrong)
    {
        var read = new Arguments();
        var named = new List<string>();
        wrong = "";
        for (var i = 0; i < words.Count && wrong.Length == 0; i++)
        {
            if (!words[i].StartsWith('-'))
            {
                named.Add(words[i]);
                wrong = known.Contains(words[i]) ? "" : $"there is no decoder {words[i]}; there are: {string.Join(' ', known)}";
            }
            else if (!read.TrySwitch(words[i]) && (i + 1 == words.Count || !read.TryOption(words[i], words[++i])))
            {
                wrong = $"{words[i]} is not understood; see ./fuzz --help";
            }
        }
        if (read.Task == FuzzTask.Only && named.Count != 1)
            wrong = "--only wants one decoder: ./fuzz DECODER --only FILE";
        else if (read.Task == FuzzTask.Only && !System.IO.File.Exists(read.File))
            wrong = $"there is no file {read.File}";
        return wrong.Length == 0 ? read with { Decoders = named } : null;
    }

    bool TrySwitch(string word)
    {
        FuzzTask? task = word switch
        {
            "--list" => FuzzTask.List,
            "--write-seeds" => FuzzTask.WriteSeeds,
            "--salvage" => FuzzTask.Salvage,
            "-h" or "--help" => FuzzTask.Help,
            _ => null,
        };
        Task = task ?? Task;
        WithOutcomes |= word == "--outcomes";
        return task is not null || word == "--outcomes";
    }

    bool TryOption(string word, string value)
    {
        if (word == "--only")
            (Task, File) = (FuzzTask.Only, value);
        if (word == "--only")
            return true;
        if (!long.TryParse(value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number) || number < 0 || number > int.MaxValue)
            return false;
        switch (word)
        {
            case "--inputs":
                Inputs = number;
                return true;
            case "--seconds":
                Time = TimeSpan.FromSeconds(number);
                return true;
            case "--seed":
                Seed = (int)number;
                return true;
            default:
                return false;
        }
    }
}
