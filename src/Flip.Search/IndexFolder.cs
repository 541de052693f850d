using Flip.Io;
using Flip.Search.Catalog;
using Flip.Search.Vectors;

namespace Flip.Search;

/// <summary>The files of an index.</summary>
/// <param name="path">Its folder.</param>
internal sealed class IndexFolder(string path)
{
    private const string Database = "images.sqlite";
    private const string PendingFile = "pending.vectors";

    /// <summary>The folder.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The database of images.</summary>
    public string Catalog => At(Database);

    /// <summary>Vectors that are in no published file yet.</summary>
    public string Pending => At(PendingFile);

    /// <summary>The file of vectors of a description.</summary>
    public string Vectors(IndexDescription description) => At(description.VectorFile);

    /// <summary>Whether there is an index.</summary>
    public bool Exists => File.Exists(At(IndexDescription.FileName));

    /// <summary>Refuses entries that are links, pipes or devices.</summary>
    /// <exception cref="ForeignEntryException">One is.</exception>
    public void RequireOwn()
    {
        OwnEntries.Require(Path, [IndexDescription.FileName, Database, Database + "-wal", Database + "-shm", Database + "-journal", PendingFile, .. VectorFiles().Select(System.IO.Path.GetFileName).OfType<string>()]);
        OwnEntries.RequireKind(Path, isFolder: false, IndexDescription.FileName, Database, Database + "-wal", Database + "-shm", PendingFile);
    }

    /// <summary>Refuses a folder that holds something else than an index.</summary>
    /// <exception cref="ConfigException">It does.</exception>
    public void RequireNothingElse()
    {
        if (Directory.Exists(Path) && Directory.EnumerateFileSystemEntries(Path).FirstOrDefault(entry => !FolderLock.Owns(entry) && !IsOwn(System.IO.Path.GetFileName(entry))) is { } other)
        {
            throw new ConfigException($"The folder {Path} is an index's and holds '{System.IO.Path.GetFileName(other)}' too: move that elsewhere, or name another folder.");
        }
    }

    /// <summary>Removes what killed processes left of files in the making.</summary>
    public void DeleteLeftovers()
    {
        AtomicFile.DeleteLeftovers(At(IndexDescription.FileName), GraphWriter.TemporarySuffix);
        CatalogDatabase.DeleteLeftovers(Catalog);
    }

    /// <summary>Removes files of vectors that a description does not name, and what killed processes left.</summary>
    public void DeleteOthers(IndexDescription description)
    {
        foreach (var file in VectorFiles().Where(file => file != Vectors(description)))
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A reader has it open, on a system that keeps it then: the next change removes it.
            }
        }
    }

    /// <summary>Removes the index, where the folder holds nothing else; where there is none nothing happens.</summary>
    /// <exception cref="ConfigException">It holds something else.</exception>
    /// <exception cref="FolderInUseException">Another process changes it.</exception>
    public void Delete()
    {
        if (Exists)
        {
            RequireNothingElse();
            using var held = FolderLock.Take(Path);
            RequireOwn();
            held.DeleteFolder();
        }
    }

    private string At(string name) => System.IO.Path.Combine(Path, name);

    private IEnumerable<string> VectorFiles() => Directory.Exists(Path) ? Directory.EnumerateFiles(Path, "vectors-*.usearch*") : [];

    private static bool IsOwn(string name) => name.StartsWith(Database, StringComparison.Ordinal) || name == PendingFile
        || name.StartsWith(IndexDescription.FileName, StringComparison.Ordinal) || (name.StartsWith("vectors-", StringComparison.Ordinal) && name.Contains(".usearch", StringComparison.Ordinal));
}
