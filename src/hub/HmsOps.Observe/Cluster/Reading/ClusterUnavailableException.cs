using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>The cluster does not answer, or not so that it can be understood. Whoever has something of his own may go on with that.</summary>
public sealed class ClusterUnavailableException(string message, Exception? cause = null) : SourceUnavailableException(message, cause);

/// <summary>The cluster answers, and refuses this one question. What it would have said is in nobody's hands, so the question fails.</summary>
public sealed class ClusterRefusedException(string message, Exception? cause = null) : SourceUnavailableException(message, cause);
