using Flip.Data.Stores;

namespace Flip.Data.Shards;

/// <summary>How shards are reached.</summary>
/// <param name="Remote">Reads those in the network; null where only files are read.</param>
/// <param name="Index">An index file of the shards; null looks for <c>index.flip</c> beside them.</param>
internal sealed record ShardAccess(RemoteFiles? Remote = null, string? Index = null);
