using System.Diagnostics;

namespace HmsOps.Fuzz.Harness;

/// <summary>
/// One input against one decoder, held to what every decoder promises: it ends within a second, allocates no more than its bound, throws nothing, writes nothing
/// to its input, and makes the same of the bytes whatever lies before and behind them.
/// </summary>
sealed class Trial(Decoder decoder)
{
    /// <summary>The most processor time an input may take.</summary>
    public static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(1);

    const int GuardBytes = 96; // more than the widest blind move, 64 and 16
    const byte Guard = 0xff; // as a length or a number it always goes on
    const int Again = 3;

    byte[] _guarded = [];

    public Verdict Run(byte[] input)
    {
        var first = Measure(input);
        if (first.Failure is not null)
            return first;
        if (first.Took > TimeMax && Least(input, again => again.Cpu) is var least && least > TimeMax)
            return first with { Failure = new Failure("slow", $"it takes {least.TotalSeconds:0.0} s; at most {TimeMax.TotalSeconds:0} s are allowed") };
        var most = decoder.AllocationMax(input.Length);
        if (first.Allocated > most && Least(input, again => again.Allocated) is var bytes && bytes > most)
            return first with { Failure = new Failure("memory", $"it allocates {bytes:n0} bytes; an input of {input.Length:n0} may make it {most:n0}") };
        return first with { Failure = Guarded(input, first.Reading) };
    }

    // Reads an array that ends where the input does: a read past it is the runtime's own exception.
    Verdict Measure(byte[] input, bool withCpu = false)
    {
        var exact = input.ToArray();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var cpu = withCpu ? Environment.CpuUsage.TotalTime : default;
        var start = Stopwatch.GetTimestamp();
        var (reading, failure) = Read(exact);
        var took = Stopwatch.GetElapsedTime(start);
        var verdict = new Verdict(reading, took, GC.GetAllocatedBytesForCurrentThread() - allocated) { Cpu = withCpu ? Environment.CpuUsage.TotalTime - cpu : took, Failure = failure };
        return failure is null && !exact.AsSpan().SequenceEqual(input) ? verdict with { Failure = new Failure("writes", "it writes to its input") } : verdict;
    }

    // Reads the same between guards. What is read past an end by code that does not ask the runtime is seen by what it changes.
    Failure? Guarded(byte[] input, Reading expected)
    {
        var length = input.Length + (2 * GuardBytes);
        if (_guarded.Length < length)
            _guarded = new byte[2 * length];
        var all = _guarded.AsSpan(0, length);
        all[..GuardBytes].Fill(Guard);
        input.CopyTo(all[GuardBytes..]);
        all[(GuardBytes + input.Length)..].Fill(Guard);
        var (reading, failure) = Read(_guarded.AsMemory(GuardBytes, input.Length));
        if (failure is not null)
            return failure with { What = $"between other bytes: {failure.What}" };
        if (all[..GuardBytes].ContainsAnyExcept(Guard) || all[(GuardBytes + input.Length)..].ContainsAnyExcept(Guard))
            return new Failure("writes", "it writes beside its input");
        if (reading == expected)
            return null;
        return Read(input.ToArray()).Reading == expected
            ? new Failure("beside", $"what lies beside the input changes what is read: {expected.Outcome} becomes {reading.Outcome}")
            : new Failure("moody", $"the same input is read in two ways: {expected.Outcome}, and {reading.Outcome}");
    }

    (Reading Reading, Failure? Failure) Read(ReadOnlyMemory<byte> input)
    {
        try
        {
            return (decoder.Read(input), null);
        }
        catch (BrokenPromiseException broken)
        {
            return (default, new Failure("promise", broken.Message));
        }
        catch (Exception thrown) // whatever a decoder did not declare is what is looked for
        {
            return (default, new Failure(thrown.GetType().Name, $"{thrown.Message}\n{thrown.StackTrace}"));
        }
    }

    // On a machine that does other things too, the best of a few runs is the one that says something.
    T Least<T>(byte[] input, Func<Verdict, T> of) => Enumerable.Range(0, Again).Select(_ => of(Measure(input, withCpu: true))).Min()!;
}

/// <summary>What came of one input.</summary>
readonly record struct Verdict(Reading Reading, TimeSpan Took, long Allocated)
{
    public TimeSpan Cpu { get; init; }

    public Failure? Failure { get; init; }
}

/// <summary>What does not hold, and how.</summary>
/// <param name="Kind">A word: inputs that fail alike have the same.</param>
/// <param name="What">A sentence for people, with the stack where something was thrown.</param>
sealed record Failure(string Kind, string What);
