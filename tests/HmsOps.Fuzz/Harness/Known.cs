namespace HmsOps.Fuzz.Harness;

/// <summary>
/// The inputs that others are made of: those of the corpus, and of this run those that were the first to end as they did. One that was refused is chosen seldom:
/// what is made of it is mostly refused at the same place.
/// </summary>
sealed class Known
{
    const int AddedMax = 500;
    const int RefusedOneIn = 8;

    readonly List<byte[]> _kept = [];
    readonly List<byte[]> _accepted = [];
    readonly List<byte[]> _refused = [];

    /// <summary>Adds one of the corpus.</summary>
    public void Keep(byte[] input) => _kept.Add(input);

    /// <summary>Adds one that was made; there is room for a few hundred, the first ones.</summary>
    public void Add(byte[] input, bool isAccepted)
    {
        var list = isAccepted ? _accepted : _refused;
        if (list.Count < AddedMax)
            list.Add(input);
    }

    public byte[] Choose(Random dice)
    {
        var list = dice.Next(RefusedOneIn) == 0 ? _refused : dice.Next(2) == 0 ? _accepted : _kept;
        return list.Count > 0 ? list[dice.Next(list.Count)] : _kept[dice.Next(_kept.Count)];
    }
}
