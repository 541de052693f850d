using Flip.Data.Stores;

namespace Flip.Data;

/// <summary>How a source of images or texts is opened.</summary>
public sealed record SourceOptions
{
    /// <summary>What the names of shards end in.</summary>
    public const string ShardExtension = ".tar";

    /// <summary>Whether what a list lacks, or what is damaged in a shard, is left out; it is an error else.</summary>
    public bool AllowMissing { get; init; }

    /// <summary>Receives what was left out of shards, a line for people each: damage that is allowed, and members that no sample uses.</summary>
    public Action<string>? Say { get; init; }

    /// <summary>Receives (shards done, shards) while shards are indexed, from any thread.</summary>
    public Action<int, int>? Indexing { get; init; }

    /// <summary>Whether what the files of a source name, or link to, may lie outside the folder that the user named; it is an error else.</summary>
    public bool AllowOutside { get; init; }

    /// <summary>Reads shards in the network; null reads them by the environment's keys, through the user's own cache.</summary>
    public RemoteFiles? Remote { get; init; }

    /// <summary>An index file of the shards; null looks for one beside them.</summary>
    public string? Index { get; init; }

    /// <summary>Where everything lies; null where that is not known yet, or nothing is asked.</summary>
    internal FolderBounds? Bounds { get; private init; }

    /// <summary>The same for what a folder's files name. The first folder counts, which is the one that the user named.</summary>
    public SourceOptions Within(string folder) => AllowOutside || Bounds is not null ? this : this with { Bounds = new FolderBounds(folder) };

    /// <summary>The same for what the files of a source name: of a folder it is that folder, of a list the one that has it. Shards name nothing.</summary>
    /// <exception cref="ConfigException">The source itself is named by a file, and lies outside.</exception>
    internal SourceOptions WithinSource(string source)
    {
        if (Path.Exists(source))
        {
            Inside(source);
        }

        return Directory.Exists(source) ? Within(source)
            : File.Exists(source) && !source.EndsWith(ShardExtension, StringComparison.OrdinalIgnoreCase) ? Within(Path.GetDirectoryName(Path.GetFullPath(source))!)
            : this;
    }

    /// <summary>A path that some file names or that was found.</summary>
    /// <exception cref="ConfigException">It lies outside.</exception>
    internal string Inside(string path) => Bounds is null || StoreAddress.Is(path) ? path : Bounds.Checked(path);
}
