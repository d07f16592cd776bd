namespace HmsOps.Tsdb.Chunks;

/// <summary>How long an encoder looks for the shortest form. What it writes is read alike.</summary>
internal enum Effort
{
    /// <summary>What served the chunk before, and a search only when that is clearly worse now. For the head.</summary>
    Quick,

    /// <summary>Every way is weighed. For blocks, which are written once and kept.</summary>
    Thorough,
}
