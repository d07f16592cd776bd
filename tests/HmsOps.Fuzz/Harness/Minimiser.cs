using System.Diagnostics;

namespace HmsOps.Fuzz.Harness;

/// <summary>Makes a failing input smaller for as long as it fails in the same way: pieces out, halves first, then bytes to zero. Bounded in time.</summary>
sealed class Minimiser(Decoder decoder, Trial trial)
{
    static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);

    public byte[] Smallest(byte[] input, Failure failure)
    {
        var start = Stopwatch.GetTimestamp();
        for (var piece = Math.Max(1, input.Length / 2); piece > 0 && Stopwatch.GetElapsedTime(start) < TimeMax; piece /= 2)
        {
            for (var at = 0; at < input.Length && Stopwatch.GetElapsedTime(start) < TimeMax;)
            {
                byte[] shorter = [.. input[..at], .. input[Math.Min(input.Length, at + piece)..]];
                if (Fails(ref shorter, failure))
                    input = shorter;
                else
                    at += piece;
            }
        }
        for (var at = 0; at < input.Length && Stopwatch.GetElapsedTime(start) < TimeMax; at++)
        {
            var plainer = input.ToArray();
            plainer[at] = 0;
            if (input[at] != 0 && Fails(ref plainer, failure))
                input = plainer;
        }
        return input;
    }

    // Checksums are made right again first: they are not what fails.
    bool Fails(ref byte[] input, Failure failure)
    {
        if (trial.Run(input).Failure?.Kind == failure.Kind)
            return true;
        if (decoder.Seal is not { } seal)
            return false;
        seal(input);
        return trial.Run(input).Failure?.Kind == failure.Kind;
    }
}
