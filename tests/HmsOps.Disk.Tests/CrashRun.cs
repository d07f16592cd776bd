using System.Text;
using HmsOps.Simulation.Disk;
using static HmsOps.Disk.Tests.LogFixture;

namespace HmsOps.Disk.Tests;

/// <summary>How the writer under test reaches its disk; planted bugs go between the two.</summary>
internal delegate IDisk Between(SimulatedDisk disk);

/// <summary>
/// A writer lives several lives on one disk. Each ends in the middle of some operation: killed (the page cache stays) or by a power cut (it is
/// diced). At each start the log is held against what was promised. The seed decides everything; a broken promise names it.
/// </summary>
/// <remarks>
/// Promised: a frame whose flush returned is there after anything. In a log that acknowledges at the write (tolerant, with a window), a frame
/// whose write returned is there after a kill. Nothing is there that was not written, at its own sequence, and nothing twice.
/// </remarks>
internal sealed class CrashRun(int seed, FramedLogOptions options, DiskFaults faults, Between? between = null)
{
    private const int Lives = 6;

    private readonly Random _dice = new(seed);
    private readonly SimulatedDisk _disk = new(new Random(~seed), faults);
    private readonly SortedDictionary<long, string> _durable = []; // must be there after anything
    private readonly SortedDictionary<long, string> _written = []; // must be there after a kill
    private readonly HashSet<(long Sequence, string Payload)> _everWritten = [];
    private bool _lostPower;
    private int _refusedBefore; // flushes the disk had refused when all was last durable: after one more, a kill may lose what was only written
    private int _writings;

    /// <summary>Frames that were acknowledged as durable, over all lives.</summary>
    public int Acknowledged { get; private set; }

    public SimulatedDisk Disk => _disk;

    public void Run()
    {
        for (var life = 0; life < Lives; life++)
        {
            _disk.CutPowerAt = _disk.Operations + _dice.Next(1, _dice.Next(3) == 0 ? 12 : 60); // some lives end in the recovery, or just after
            try
            {
                Live();
            }
            catch (PowerCutException)
            {
                // as arranged
            }
            EndLife(power: _dice.Next(2) == 0);
        }
        _disk.Faults = DiskFaults.None;
        using var log = Start();
        Check(log.State == LogState.Writable, $"the log is {log.State} at the end: {log.StateReason}");
        Append(log, options, Payload(log.NextSequence, 40));
    }

    /// <summary>One life, cut at one operation; then a last look.</summary>
    public void RunOnce(long cutAt, bool power)
    {
        _disk.CutPowerAt = cutAt;
        try
        {
            Live(frames: 12);
        }
        catch (PowerCutException)
        {
            // as arranged
        }
        EndLife(power);
        using var log = Start();
        Check(log.State == LogState.Writable, $"the log is {log.State} at the end: {log.StateReason}");
    }

    private void Live(int frames = int.MaxValue)
    {
        using var log = Start();
        try
        {
            for (var i = 0; i < frames && log.State == LogState.Writable; i++)
            {
                WriteOne(log);
                if (options.Strict || _dice.Next(4) == 0)
                    FlushAll(log);
            }
        }
        catch (LogUnwritableException)
        {
            // the life goes on without the log, to its end
        }
    }

    private void WriteOne(FramedLog log)
    {
        var sequence = log.NextSequence;
        var count = _dice.Next(1, 4);
        var payload = Payload(sequence, _dice.Next(3) == 0 ? _dice.Next(20, 18_000) : _dice.Next(20, 600), _writings++);
        payload = payload.Length > log.PayloadBytesMax ? payload[..log.PayloadBytesMax] : payload;
        var text = Encoding.ASCII.GetString(payload);
        _everWritten.Add((sequence, text));
        log.Write(1, sequence, count, Extension(options), payload);
        _written[sequence] = text;
    }

    private void FlushAll(FramedLog log)
    {
        log.Flush();
        Acknowledge();
    }

    private void Acknowledge()
    {
        Acknowledged += _written.Count - _durable.Count;
        _refusedBefore = _disk.FlushesFailed;
        foreach (var (sequence, payload) in _written)
            _durable[sequence] = payload;
    }

    private FramedLog Start()
    {
        var refusedBefore = _disk.FlushesFailed;
        var disk = between?.Invoke(_disk) ?? _disk;
        var (log, frames) = Open(disk, options);
        var found = frames.ToDictionary(frame => frame.Sequence, frame => frame.Payload);
        Check(frames.Zip(frames.Skip(1)).All(pair => pair.First.Sequence < pair.Second.Sequence), "frames are out of order");
        foreach (var frame in frames)
            Check(_everWritten.Contains((frame.Sequence, frame.Payload)), $"frame {frame.Sequence} was never written");
        foreach (var (sequence, payload) in Promised())
            Check(found.GetValueOrDefault(sequence) == payload, $"frame {sequence} was acknowledged and is gone");

        // What is found is the truth from here on. A strict log has made it durable before it answered.
        _written.Clear();
        foreach (var (sequence, payload) in found)
            _written[sequence] = payload;
        foreach (var sequence in _durable.Keys.Where(sequence => !found.ContainsKey(sequence)).ToArray())
            _durable.Remove(sequence);
        if (options.Strict && log.State == LogState.Writable)
            Acknowledge();
        Check(log.State != LogState.Damaged, $"a crash was taken for damage: {log.StateReason}");
        _lostPower = false;
        // A log that could not make safe what it read promises nothing of it.
        _refusedBefore = log.State == LogState.Writable ? _disk.FlushesFailed : refusedBefore;
        return log;
    }

    private SortedDictionary<long, string> Promised() => _lostPower || _disk.FlushesFailed > _refusedBefore || options.Strict ? _durable : _written;

    private void EndLife(bool power)
    {
        if (power)
            _disk.Crash();
        else
            _disk.Restart();
        _lostPower |= power; // a life that ended in the recovery has not told what the power cut left
    }

    private void Check(bool holds, string broken)
    {
        if (!holds)
            throw new BrokenPromiseException($"{broken}. Seed {seed}, {_disk.Operations} operations, {(_lostPower ? "power cut" : "kill")}.");
    }
}

internal sealed class BrokenPromiseException(string message) : Exception(message);
