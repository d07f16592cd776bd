namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// A sum that carries what rounding lost (Kahan's summation as improved by Neumaier, 1974), so 1e100 + 1 - 1e100 is 1. Where the sum
/// leaves the range of numbers, the carry means nothing and is dropped. Mutable: a field, an array's cell or a local.
/// </summary>
internal struct CompensatedSum(double first)
{
    public double Sum { get; private set; } = first;

    public double Carry { get; private set; }

    public readonly double Total => Sum + Carry;

    public void Add(double x)
    {
        var sum = Sum + x;
        if (double.IsInfinity(sum))
            Carry = 0;
        else if (Math.Abs(Sum) >= Math.Abs(x))
            Carry += Sum - sum + x;
        else
            Carry += x - sum + Sum;
        Sum = sum;
    }

    /// <summary>Adds another sum, with what it carries.</summary>
    public void Add(CompensatedSum other)
    {
        Add(other.Sum);
        if (!double.IsInfinity(Sum))
            Carry += other.Carry;
    }

    public void Scale(double factor)
    {
        Sum *= factor;
        Carry *= factor;
    }

    public void Divide(double by)
    {
        Sum /= by;
        Carry /= by;
    }
}

/// <summary>
/// A mean: sum over count, until the sum would leave the range of numbers; from there on, a mean corrected by each further number. As
/// Prometheus since 3.5. Mutable: a field, an array's cell or a local.
/// </summary>
internal struct CompensatedMean
{
    private CompensatedSum _sum; // of the numbers; once incremental, the mean itself
    private double _count;
    private bool _isIncremental;

    public readonly double Count => _count;

    public readonly double Value => _isIncremental ? _sum.Total : _sum.Sum / _count + _sum.Carry / _count;

    /// <summary>Joins the mean of other numbers.</summary>
    public void Add(CompensatedMean other)
    {
        if (other._count == 0 || _count == 0)
        {
            this = _count == 0 ? other : this;
            return;
        }
        if (!_isIncremental && !other._isIncremental)
        {
            var more = _sum;
            more.Add(other._sum);
            if (!double.IsInfinity(more.Sum))
            {
                (_sum, _count) = (more, _count + other._count);
                return;
            }
        }
        var count = _count + other._count;
        var mean = new CompensatedSum(Value * (_count / count));
        mean.Add(other.Value * (other._count / count));
        (_sum, _count, _isIncremental) = (mean, count, true);
    }

    public void Add(double x)
    {
        _count++;
        if (_count == 1)
        {
            _sum = new CompensatedSum(x);
            return;
        }
        if (!_isIncremental)
        {
            var more = _sum;
            more.Add(x);
            if (!double.IsInfinity(more.Sum))
            {
                _sum = more;
                return;
            }
            _isIncremental = true;
            _sum.Divide(_count - 1);
        }
        _sum.Scale((_count - 1) / _count);
        _sum.Add(x / _count);
    }
}
