using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Shards;
using Flip.Data.Stores;

namespace Flip.Tasks.Answering;

/// <summary>A source of questions as a user writes it.</summary>
/// <param name="Name">What it is called in results.</param>
/// <param name="Path">Where it is.</param>
internal readonly record struct NamedSource(string Name, string Path)
{
    /// <summary>Takes <c>NAME=PATH</c> apart; what is there as a path, or as shards, is that path, and is called by its last part.</summary>
    public static NamedSource Of(string written)
    {
        var sign = written.IndexOf('=', StringComparison.Ordinal);
        if (sign > 0 && !StoreAddress.Is(written) && !System.IO.Path.Exists(WrittenPaths.Existing(written)) && !ShardPattern.NamesSomething(written))
        {
            return new NamedSource(UnicodeName.Shown(written[..sign]), written[(sign + 1)..]);
        }

        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(written));
        var last = Directory.Exists(full) ? System.IO.Path.GetFileName(full) : System.IO.Path.GetFileNameWithoutExtension(full);
        return new NamedSource(UnicodeName.Shown(last.Length > 0 ? last : written), written);
    }
}
