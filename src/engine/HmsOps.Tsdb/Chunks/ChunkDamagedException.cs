namespace HmsOps.Tsdb.Chunks;

/// <summary>The bytes are not a chunk. Who read them knows from where, and says so around this.</summary>
internal sealed class ChunkDamagedException(string what) : IOException($"The chunk is damaged: {what}.");
