using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace HmsOps.Fuzz.Harness;

/// <summary>
/// Runs one decoder: the corpus first, then changed inputs until the budget is used up or something fails. The same seed makes the same inputs in the same order,
/// however fast the machine is. The decoder has a thread of its own with a stack as small as a request's; the caller's thread watches it.
/// </summary>
sealed class Campaign(Decoder decoder, Corpus corpus, int seed)
{
    const int StackBytes = 1 << 20;

    /// <summary>After so long one input is taken never to end. A second is the limit; a busy machine is given more before it is called a hang.</summary>
    public TimeSpan HangMax { get; init; } = TimeSpan.FromSeconds(60);

    readonly Trial _trial = new(decoder);
    readonly Stopwatch _clock = new();
    readonly Dictionary<string, long> _outcomes = [];
    byte[] _current = [];
    long _startedAt;
    long _inputs, _accepted, _allocated;
    (TimeSpan Took, byte[] Input) _slowest = (TimeSpan.Zero, []);

    /// <summary>Runs until as many changed inputs were made, or as much time has passed.</summary>
    public Report Run(long inputsMax, TimeSpan timeMax)
    {
        Finding? finding = null;
        Exception? broken = null;
        using var last = LastInput.Of(decoder);
        using var ended = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            try
            {
                finding = Work(last, inputsMax, timeMax);
            }
            catch (Exception e) // of the harness itself: handed to the caller's thread
            {
                broken = e;
            }
            ended.Set();
        }, StackBytes)
        { IsBackground = true };
        _clock.Start();
        thread.Start();
        while (!ended.Wait(TimeSpan.FromSeconds(1)))
        {
            if (_clock.Elapsed - TimeSpan.FromTicks(Interlocked.Read(ref _startedAt)) > HangMax)
                return ReportOf(new Finding(corpus.Keep(decoder, _current), new Failure("hang", $"it does not end within {HangMax.TotalSeconds:0} s")));
        }
        return broken is null ? ReportOf(finding) : throw new InvalidOperationException($"The harness failed at {decoder.Name}: {broken.Message}", broken);
    }

    /// <summary>Runs just one input.</summary>
    public Report Once(string path)
    {
        var alone = new Campaign(decoder, new Corpus(Path.GetTempPath()), seed);
        return alone.Run([(path, File.ReadAllBytes(path))]);
    }

    Report Run(IReadOnlyList<(string Path, byte[] Bytes)> inputs)
    {
        Finding? finding = null;
        _clock.Start();
        var thread = new Thread(() => finding = FirstThatFails(inputs), StackBytes) { IsBackground = true };
        thread.Start();
        return thread.Join(HangMax) ? ReportOf(finding) : ReportOf(new Finding(inputs[0].Path, new Failure("hang", $"it does not end within {HangMax.TotalSeconds:0} s")));
    }

    Finding? FirstThatFails(IReadOnlyList<(string Path, byte[] Bytes)> inputs)
    {
        foreach (var (path, bytes) in inputs)
        {
            if (Try(bytes).Failure is { } failure)
                return new Finding(path, failure);
        }
        return null;
    }

    Finding? Work(LastInput last, long inputsMax, TimeSpan timeMax)
    {
        var kept = corpus.Of(decoder);
        if (kept.Count == 0)
            throw new InvalidOperationException("its corpus is empty; ./fuzz --write-seeds makes what it begins with");
        var known = new Known();
        foreach (var (path, bytes) in kept)
        {
            last.Set(bytes);
            if (Try(bytes).Failure is { } failure)
                return new Finding(path, failure);
            known.Keep(bytes);
        }
        var dice = new Random(SeedOf(decoder.Name));
        var mutator = new Mutator(decoder, dice);
        for (var made = 0L; made < inputsMax && _clock.Elapsed < timeMax; made++)
        {
            var input = mutator.Next(known);
            last.Set(input);
            var verdict = Try(input);
            if (verdict.Failure is { } failure)
                return new Finding(corpus.Keep(decoder, new Minimiser(decoder, _trial).Smallest(input, failure)), failure);
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_outcomes, Squeezed(verdict.Reading), out var isKnown);
            count++;
            if (!isKnown)
                known.Add(input, verdict.Reading.IsAccepted);
        }
        return null;
    }

    Verdict Try(byte[] input)
    {
        _current = input;
        Interlocked.Exchange(ref _startedAt, _clock.Elapsed.Ticks);
        var verdict = _trial.Run(input);
        _inputs++;
        _accepted += verdict.Reading.IsAccepted ? 1 : 0;
        if (_inputs > 1) // the first one has the compiler's time in it
        {
            _allocated = Math.Max(_allocated, verdict.Allocated - (decoder.AllocationPerByte * input.Length));
            if (verdict.Took > _slowest.Took)
                _slowest = (verdict.Took, input);
        }
        return verdict;
    }

    Report ReportOf(Finding? finding) => new(decoder.Name, _inputs, _clock.Elapsed, _accepted, _slowest.Took, _slowest.Input, _allocated, finding) { Outcomes = _outcomes };

    // Not string.GetHashCode: that is another one in every process.
    int SeedOf(string name) => name.Aggregate(seed, (sum, c) => unchecked((sum * 31) + c));

    // Outcomes that differ in numbers of the same size, or in what they quote, are alike; refusals that differ in any numbers are.
    static string Squeezed(Reading reading)
    {
        const int CharactersMax = 60;
        var text = new StringBuilder(reading.IsAccepted ? "+" : "-");
        foreach (var c in reading.Outcome)
        {
            if (c is '\'' or '"' || text.Length == CharactersMax)
                break;
            var isDigit = char.IsAsciiDigit(c);
            if (!isDigit || reading.IsAccepted || text[^1] != '0')
                text.Append(isDigit ? '0' : c);
        }
        return text.ToString();
    }
}

/// <summary>An input that fails, and where it lies.</summary>
sealed record Finding(string Path, Failure Failure);

/// <summary>What a campaign did.</summary>
/// <param name="Allocated">The most bytes an input made it allocate, less those its length allows.</param>
sealed record Report(string Decoder, long Inputs, TimeSpan Took, long Accepted, TimeSpan Slowest, byte[] SlowestInput, long Allocated, Finding? Finding)
{
    /// <summary>How the inputs ended and how many ended so; those taken begin with +, those refused with -. Whole only once the campaign ended by itself.</summary>
    public required IReadOnlyDictionary<string, long> Outcomes { get; init; }
}
