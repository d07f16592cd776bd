using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Influx;

/// <summary>
/// Lines in, batches out. Per line: one look-up for measurement and tags, per field a comparison of its name, a number parsed, an entry in three columns; nothing
/// is allocated for a line like one before. A line that is wrong costs itself. One owner.
/// </summary>
internal sealed class InfluxReader(InfluxLimits limits)
{
    private const int BatchSamplesMax = 5_000;
    private const int NamedMax = 5;
    private const string UnknownSeries = "unknown_series";

    private readonly TagSets _sets = new(limits.Labels);
    private readonly SampleBatch _batch = new();
    private readonly SampleBatch _again = new();
    private readonly List<FieldSeries> _series = []; // of the batch, by place
    private readonly List<string> _named = [];
    private InfluxPrecision _precision;
    private long _arrival;
    private long _batches;
    private long _line;

    /// <summary>Lines and samples refused, with their reasons.</summary>
    public RefusalTally Refused { get; } = new();

    /// <summary>Samples stored, or recognised as stored before.</summary>
    public long Taken { get; private set; }

    /// <summary>Fields that are texts, which a store of numbers has no place for.</summary>
    public long Texts { get; private set; }

    /// <summary>The first lines that were wrong, and how.</summary>
    public IReadOnlyList<string> Named => _named;

    /// <summary>Lines seen.</summary>
    public long Lines => _line;

    /// <summary>Begins a request.</summary>
    public void Begin(InfluxPrecision precision, DateTimeOffset arrival)
    {
        (_precision, _arrival) = (precision, arrival.ToUnixTimeMilliseconds());
        (_line, Taken, Texts) = (0, 0, 0);
        Refused.Clear();
        _named.Clear();
        EmptyBatch();
    }

    /// <summary>
    /// Reads lines of a chunk until it is used up or the batch wants to be stored (<see cref="IsFull"/>); answers the bytes read. What is left at the end of a
    /// chunk is the beginning of a line: bring it again with more behind it.
    /// </summary>
    public int Read(ReadOnlySpan<byte> chunk, bool isLast)
    {
        var at = 0;
        while (at < chunk.Length && !IsFull)
        {
            var rest = chunk[at..];
            var end = InfluxLine.EndOf(rest);
            if (end < 0 && !isLast)
                return at;
            var line = end < 0 ? rest : rest[..end];
            at += end < 0 ? rest.Length : end + 1;
            _line++;
            ReadLine(line);
            if (line.Contains((byte)'\n')) // within a text: people count lines as their editor does
                _line += line.Count((byte)'\n');
        }
        return at;
    }

    /// <summary>True when the batch is to be stored before more is read.</summary>
    public bool IsFull => _batch.Count >= BatchSamplesMax;

    /// <summary>Refuses a line that is too long to be looked at.</summary>
    public void RefuseLongLine()
    {
        _line++;
        Refuse(new Flaw("line_limit", $"more than {limits.LineBytesMax:n0} bytes; send shorter lines, or raise limits.influx.line"));
    }

    /// <summary>Stores what was read.</summary>
    public async Task StoreAsync(ISeriesSink sink)
    {
        if (_batch.Count == 0)
            return;
        // Not cancelled when the sender hangs up: the batch is used again, so the store has to be done with it.
        var stored = await sink.AppendAsync(_batch, CancellationToken.None);
        Remember(_batch);
        var forgotten = 0;
        foreach (var refused in stored.Refused)
        {
            if (refused.Reason == UnknownSeries)
                forgotten++;
            else
                Refuse(refused);
        }
        Taken += _batch.Count - stored.Refused.Count;
        if (forgotten > 0)
            await StoreAgainAsync(sink, stored);
        EmptyBatch();
    }

    // The store has forgotten the short name of a series: say the long one.
    private async Task StoreAgainAsync(ISeriesSink sink, AppendResult stored)
    {
        _again.Clear();
        foreach (var refused in stored.Refused)
        {
            if (refused.Reason != UnknownSeries)
                continue;
            var series = _series[_batch.SampleSeries[refused.Index]];
            series.Identity = default;
            _again.Add(_again.AddSeries(series.Key), _batch.Times[refused.Index], _batch.Values[refused.Index]);
        }
        var again = await sink.AppendAsync(_again, CancellationToken.None);
        foreach (var refused in again.Refused)
            Refuse(refused);
        Taken += _again.Count - again.Refused.Count;
    }

    private void ReadLine(ReadOnlySpan<byte> line)
    {
        line = line.TrimStart(" \t"u8).TrimEnd(" \t\r"u8);
        if (line.IsEmpty || line[0] == (byte)'#')
            return;
        if (line.Length > limits.LineBytesMax)
        {
            _line--;
            RefuseLongLine();
            return;
        }
        var headLength = InfluxLine.HeadLength(line);
        if (_sets.Find(line[..headLength], out var flaw) is not { } tags)
        {
            Refuse(flaw!); // one of the two is there
            return;
        }
        var fields = line[headLength..].TrimStart((byte)' ');
        if (!TryReadTime(ref fields, out var time))
            return;
        ReadFields(tags, fields, time);
    }

    /// <summary>Cuts the timestamp off the fields. Fields are looked at twice, so that a line that is wrong at its end stores nothing of its beginning.</summary>
    private bool TryReadTime(scoped ref ReadOnlySpan<byte> fields, out long time)
    {
        time = _arrival;
        if (fields.IsEmpty)
            return Refuse(new Flaw("no_fields", "no fields; write measurement,tag=value field=1"));
        var rest = fields;
        do
        {
            if (!InfluxLine.TryReadField(ref rest, out _, out var value, out var wrong))
                return Refuse(new Flaw("field", wrong));
            if (InfluxLine.Classify(value, out _) == FieldKind.Wrong)
                return Refuse(new Flaw("field_value", $"'{RefusalTally.Shown(value)}' is no value; write 1, 1.5, 1i, 1u, true, false or \"text\""));
        }
        while (!rest.IsEmpty && rest[0] != (byte)' ');
        fields = fields[..^rest.Length];
        rest = rest.Trim((byte)' ');
        if (rest.IsEmpty)
            return true;
        return long.TryParse(rest, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var timestamp)
            && _precision.TryConvert(timestamp, out time)
            || Refuse(new Flaw("timestamp", $"'{RefusalTally.Shown(rest)}' is no timestamp; write a whole number in the unit that ?precision= says (ns if it says none)"));
    }

    private void ReadFields(TagSet tags, ReadOnlySpan<byte> rest, long time)
    {
        for (var place = 0; !rest.IsEmpty && InfluxLine.TryReadField(ref rest, out var field, out var value, out _); place++)
        {
            if (InfluxLine.Classify(value, out var number) == FieldKind.Text)
            {
                Texts++;
                continue;
            }
            var series = _sets.SeriesOf(tags, place, field);
            if (series.Flaw is { } flaw)
                Refuse(flaw);
            else
                _batch.Add(PlaceOf(series), time, number);
        }
    }

    private int PlaceOf(FieldSeries series)
    {
        if (series.Latest.Batch == _batches)
            return series.Latest.Place;
        var place = series.Identity == default ? _batch.AddSeries(series.Key) : _batch.AddSeries(series.Identity);
        series.Latest = (_batches, place);
        _series.Add(series);
        return place;
    }

    private void Remember(SampleBatch batch)
    {
        for (var place = 0; place < _series.Count; place++)
            _series[place].Identity = batch.Identities[place];
    }

    private void EmptyBatch()
    {
        _batch.Clear();
        _again.Clear();
        _series.Clear();
        _batches++;
    }

    private void Refuse(RefusedSample refused)
    {
        if (Refused.Add(refused.Reason, refused.Detail) && _named.Count < NamedMax)
            _named.Add(refused.Detail);
    }

    private bool Refuse(Flaw flaw)
    {
        Refused.Add(flaw);
        if (_named.Count < NamedMax)
            _named.Add($"line {_line}: {flaw.Sentence}");
        return false;
    }
}
