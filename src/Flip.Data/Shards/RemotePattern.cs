using System.Text.RegularExpressions;
using Flip.Data.Stores;

namespace Flip.Data.Shards;

/// <summary>Patterns of shards in the network: braces anywhere, and where the store has lists, as S3 has, wildcards and folders.</summary>
internal static class RemotePattern
{
    /// <summary>The shards that a pattern names, in the order written; those of a list in ordinal order.</summary>
    /// <param name="pattern">One address, without a comma outside braces.</param>
    /// <param name="list">Lists the files whose addresses begin with a text.</param>
    /// <exception cref="FormatException">Its braces make no pattern.</exception>
    /// <exception cref="ConfigException">It names nothing, or something that is no shard.</exception>
    /// <exception cref="StoreException">The store has no lists, or does not answer.</exception>
    public static IReadOnlyList<string> Expand(string pattern, Func<string, IReadOnlyList<string>> list) =>
        [.. Braces.Expand(pattern).SelectMany(name => Named(name, list))];

    private static List<string> Named(string name, Func<string, IReadOnlyList<string>> list)
    {
        var isFolder = name.EndsWith('/');
        var wildcard = name.AsSpan().IndexOfAny(StoreAddress.IsS3(name) ? "*?" : "*"); // a question mark begins a query elsewhere
        if (!isFolder && wildcard < 0)
        {
            return ShardPattern.IsShard(StoreAddress.NameOf(name)) ? [name] : throw new ConfigException(
                $"'{StoreAddress.Show(name)}' is not a {SourceOptions.ShardExtension} shard; of an S3 folder the name ends with a slash.");
        }

        var start = isFolder ? name : name[..wildcard];
        var form = new Regex("^" + Regex.Escape(isFolder ? name + "*" : name).Replace(@"\*", "[^/]*", StringComparison.Ordinal).Replace(@"\?", "[^/]", StringComparison.Ordinal) + "$",
            RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        var found = list(start).Where(file => form.IsMatch(file) && ShardPattern.IsShard(StoreAddress.NameOf(file))).Order(StringComparer.Ordinal).ToList();
        return found.Count > 0 ? found : throw new ConfigException($"No {SourceOptions.ShardExtension} shard matches '{StoreAddress.Show(name)}'.");
    }
}
