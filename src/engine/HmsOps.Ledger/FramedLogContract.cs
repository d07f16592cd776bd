namespace HmsOps.Disk;
#pragma warning disable
public sealed record FramedLogOptions { public required string Folder {get;init;} public string Suffix {get;init;}=""; public int Align{get;init;}=1; public bool Strict{get;init;} public OnFlushFailure OnFlushFailure{get;init;} public long SegmentBytes{get;init;} public int ExtensionBytes{get;init;} public required ReadOnlyMemory<byte> Origin{get;init;} public Func<ReadOnlyMemory<byte>>? SegmentState{get;init;} public long AcknowledgedBelow{get;init;} }
public enum OnFlushFailure { Poison, Roll }
public enum LogState { Open, Poisoned, Damaged }
public sealed class LogRecovery;
public sealed class FrameRefusedException(string reason) : Exception(reason);
public readonly ref struct Frame { public byte Type {get;init;} public long Sequence{get;init;} public int Count{get;init;} public ReadOnlySpan<byte> Header{get;init;} public ReadOnlySpan<byte> Extension{get;init;} public ReadOnlySpan<byte> Payload{get;init;} public string Segment{get;init;} public long Offset{get;init;} }
public delegate void FrameReader(in Frame frame);
public sealed class FramedLog : IDisposable { public static FramedLog Open(IDisk disk, FramedLogOptions o, TimeProvider time, FrameReader replay)=>throw new NotSupportedException(); public LogRecovery Recovery=>throw new NotSupportedException(); public LogState State =>throw new NotSupportedException(); public string? StateReason=>throw new NotSupportedException(); public (string Segment,long Offset) Write(byte type, long sequence, int count, ReadOnlySpan<byte> extension, ReadOnlySpan<byte> payload)=>throw new NotSupportedException(); public void Flush(){} public void ReadAll(FrameReader r){} public void Dispose(){} }

public static class AtomicFile { public static void Replace(IDisk disk, string path, ReadOnlySpan<byte> content)=>throw new NotSupportedException(); public static byte[] Read(IDisk disk, string path)=>throw new NotSupportedException(); }
public sealed class FolderLock : IDisposable { public static FolderLock Take(IDisk disk, string folder, string holderDescription)=>throw new NotSupportedException(); public void Dispose(){} }
public sealed class FolderHeldException : IOException;
