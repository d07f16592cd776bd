using FsCheck;

namespace HmsOps.Tests;

/// <summary>
/// How every property of the house is checked: over cases drawn from one seed, the same in every run, so that a test which fails once fails again. Compiled into
/// each test project that has FsCheck.
/// </summary>
internal static class FixedDraw
{
    private const ulong Seed = 1;
    private const ulong Gamma = 3; // odd, as the generator demands
    private const int Cases = 100;

    /// <summary>Fails on the first case that does not hold, and says which.</summary>
    public static void Holds(this Property property, int cases = Cases) =>
        property.Check(Config.QuickThrowOnFailure.WithReplay(Seed, Gamma).WithMaxTest(cases));
}
