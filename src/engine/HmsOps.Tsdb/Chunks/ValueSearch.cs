namespace HmsOps.Tsdb.Chunks;

/// <summary>Looks for the shortest way to write one chunk's values as integers. Works in room that its maker hands over.</summary>
internal ref struct ValueSearch(ReadOnlySpan<double> values, Span<long> integers, Span<ushort> lifted)
{
    /// <summary>Of so many values one may be lifted for being no decimal; when more are, the rest hardly pays for it.</summary>
    const int RoguesOneIn = 8;

    /// <summary>Decimals that take more bytes a sample than this may be shorter as patterns.</summary>
    const int DecimalBytesGood = 3;

    /// <summary>How many values are looked at for the exponent that most of them have.</summary>
    const int Looks = 16;

    readonly Span<long> _integers = integers;
    readonly Span<ushort> _lifted = lifted;
    int _count;
    int _liftedCount;

    public ReadOnlySpan<double> Values { get; } = values;

    /// <summary>What <see cref="Prepare"/> made of the values that are not lifted.</summary>
    public readonly ReadOnlySpan<long> Integers => _integers[.._count];

    /// <summary>The positions of those that are.</summary>
    public readonly ReadOnlySpan<ushort> Lifted => _lifted[.._liftedCount];

    /// <summary>What served the chunk before; null when it does not serve as it did, or nothing is known.</summary>
    public ValuePlan? Guess(ValueHint hint)
    {
        if (!hint.IsKnown)
            return null;
        var parameter = hint.Exponent;
        if (hint.Kind == ValueKind.Decimal)
            parameter = ExponentOfAll(hint.Exponent);
        else
            parameter = HasBothSigns() ? 1 : 0;
        if (parameter < 0 || !Prepare(hint.Kind, parameter) || _count <= IntegerColumn.Firsts(hint.Order))
            return null;
        var plan = Planned(hint.Kind, parameter, ColumnSearch.Of(Integers, hint.Order));
        return hint.IsMet(plan.Bytes, Values.Length) && plan.Bytes < ValueChunk.BytesMax(Values.Length) ? plan : null;
    }

    /// <summary>The shortest of all ways; null when raw is shorter.</summary>
    public ValuePlan? Best()
    {
        var raw = ValueChunk.BytesMax(Values.Length);
        ValuePlan? best = null;
        var exponent = ExponentOfAll(0);
        if (exponent >= 0)
        {
            best = Try(ValueKind.Decimal, exponent, best);
            var usual = exponent == 0 ? 0 : UsualExponent();
            if (usual >= 0 && usual < exponent)
                best = Try(ValueKind.Decimal, usual, best);
        }
        if (best is null || best.Value.Bytes > DecimalBytesGood * Values.Length)
            best = Try(ValueKind.Bits, HasBothSigns() ? 1 : 0, best);
        return best is { } found && found.Bytes < raw ? best : null;
    }

    ValuePlan? Try(ValueKind kind, int parameter, ValuePlan? best)
    {
        if (!Prepare(kind, parameter))
            return best;
        var plan = Planned(kind, parameter, ColumnSearch.Best(Integers));
        return best is { } other && other.Bytes <= plan.Bytes ? best : plan;
    }

    readonly ValuePlan Planned(ValueKind kind, int parameter, in ColumnPlan column) =>
        new(kind, parameter, column, 1 + LiftedValues.Bytes(Values, Lifted) + column.Bytes);

    /// <summary>Makes integers of the values in one way and lifts what has none; false when too many have none.</summary>
    public bool Prepare(ValueKind kind, int parameter)
    {
        _count = 0;
        _liftedCount = 0;
        return kind == ValueKind.Decimal ? PrepareDecimals(parameter) : PrepareBits(parameter == 1);
    }

    bool PrepareDecimals(int exponent)
    {
        for (var at = 0; ;)
        {
            var fitting = Decimals.Scale(Values[at..], exponent, _integers[_count..]);
            at += fitting;
            _count += fitting;
            if (at == Values.Length)
                return _count > 0;
            if (!Lift(at++))
                return false;
        }
    }

    bool PrepareBits(bool rotated)
    {
        for (var i = 0; i < Values.Length; i++)
        {
            var bits = BitConverter.DoubleToUInt64Bits(Values[i]);
            // When there is no room to lift them all, those that are left stay in the column as patterns like any other.
            if (LiftedValues.IsSpecial(Values[i]) && Lift(i))
                continue;
            _integers[_count++] = (long)(rotated ? ulong.RotateLeft(bits, 1) : bits);
        }
        if (_count > 0)
            return true;
        // All are special: then they are the rule.
        _liftedCount = 0;
        for (; _count < Values.Length; _count++)
        {
            var bits = BitConverter.DoubleToUInt64Bits(Values[_count]);
            _integers[_count] = (long)(rotated ? ulong.RotateLeft(bits, 1) : bits);
        }
        return true;
    }

    bool Lift(int position)
    {
        if (_liftedCount == LiftedValues.CountMax)
            return false;
        _lifted[_liftedCount++] = (ushort)position;
        return true;
    }

    /// <summary>The smallest exponent from a given one on at which all values but a few are decimals; −1 when they are too many.</summary>
    readonly int ExponentOfAll(int from)
    {
        var exponent = from;
        var rogues = Values.Length / RoguesOneIn;
        for (var at = 0; ; at++)
        {
            at += Decimals.Scale(Values[at..], exponent, _integers);
            if (at == Values.Length)
                return exponent;
            if (LiftedValues.IsSpecial(Values[at]))
                continue;
            var raised = Decimals.ExponentOf(Values[at], exponent + 1);
            if (raised >= 0)
                exponent = raised;
            else if (--rogues < 0)
                return -1;
        }
    }

    /// <summary>The exponent that is enough for half of some of the values: what it leaves out may be cheaper lifted than carried by all.</summary>
    readonly int UsualExponent()
    {
        Span<int> exponents = stackalloc int[Looks];
        var count = Math.Min(Looks, Values.Length);
        for (var i = 0; i < count; i++)
        {
            var exponent = Decimals.ExponentOf(Values[i * Values.Length / count], 0);
            exponents[i] = exponent < 0 ? Decimals.ExponentMax + 1 : exponent;
        }
        exponents[..count].Sort();
        var usual = exponents[count / 2];
        return usual > Decimals.ExponentMax ? -1 : usual;
    }

    /// <summary>Patterns of numbers of both signs lie far apart; with the sign at the low end they do not.</summary>
    readonly bool HasBothSigns()
    {
        var positive = false;
        var negative = false;
        foreach (var value in Values)
        {
            if (LiftedValues.IsSpecial(value))
                continue;
            positive |= !double.IsNegative(value);
            negative |= double.IsNegative(value);
        }
        return positive && negative;
    }
}

/// <summary>One way to write a chunk, and the bytes it takes. The parameter is a decimal's exponent, or 1 for patterns with the sign at the low end.</summary>
internal readonly record struct ValuePlan(ValueKind Kind, int Parameter, ColumnPlan Column, int Bytes);

/// <summary>
/// What a series' chunk was written as, in 16 bits that the head keeps for it: kind (2), exponent (4), order (2), and its size in quarters of a bit a
/// sample (8), by which the next one sees whether the same way still serves.
/// </summary>
internal readonly record struct ValueHint(ushort Bits)
{
    const int QuarterBitsMax = 255;

    public bool IsKnown => Kind is ValueKind.Decimal or ValueKind.Bits && Order != ColumnOrder.Line;

    public ValueKind Kind => (ValueKind)(Bits & 3);

    public int Exponent => (Bits >> 2) & 15;

    public ColumnOrder Order => (ColumnOrder)((Bits >> 6) & 3);

    int QuarterBits => Bits >> 8;

    /// <summary>
    /// False when this size is more than an eighth and a quarter of a bit worse than last time's; also when it is less than three quarters of it, for
    /// then the series has changed its ways, and may have a shorter one.
    /// </summary>
    public bool IsMet(int bytes, int samples)
    {
        var now = QuarterBitsOf(bytes, samples);
        return now <= QuarterBits + (QuarterBits / 8) + 1 && now >= QuarterBits - (QuarterBits / 4) - 1;
    }

    /// <summary>The hint that a plan leaves behind; raw leaves none.</summary>
    public static ValueHint Of(ValuePlan? plan, int samples) => plan is not { } found ? default : new((ushort)(
        (int)found.Kind
        | (found.Kind == ValueKind.Decimal ? found.Parameter << 2 : 0)
        | ((int)found.Column.Order << 6)
        | (Math.Min(QuarterBitsMax, QuarterBitsOf(found.Bytes, samples)) << 8)));

    static int QuarterBitsOf(int bytes, int samples) => bytes * 32 / samples;
}
