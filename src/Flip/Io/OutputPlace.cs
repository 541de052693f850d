namespace Flip.Io;

/// <summary>Whether results can be written to a place: asked before the work that makes them, by writing there. Nothing is left behind.</summary>
public static class OutputPlace
{
    /// <summary>Refuses a folder that cannot be made or written to.</summary>
    /// <param name="folder">The folder; neither it nor those above it need be there.</param>
    /// <param name="option">What a user calls it, such as <c>--out</c>.</param>
    /// <exception cref="IOException">The message has the option, the path and the system's reason.</exception>
    public static void CheckFolder(string folder, string option) => Try(folder, option, () => Probe(Path.GetFullPath(folder), ".flip"));

    /// <summary>Refuses a file that cannot be written.</summary>
    /// <inheritdoc cref="CheckFolder"/>
    /// <param name="file">The file; may be there.</param>
    /// <param name="option">What a user calls it, such as <c>--out</c>.</param>
    public static void CheckFile(string file, string option) => Try(file, option, () =>
    {
        var whole = Path.GetFullPath(file);
        if (Directory.Exists(whole) || Path.EndsInDirectorySeparator(whole))
        {
            throw new IOException("it is a folder.");
        }

        Probe(Path.GetDirectoryName(whole)!, Path.GetFileName(whole));
    });

    private static void Try(string path, string option, Action probe)
    {
        try
        {
            probe();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new IOException($"{option} '{path}' cannot be written: {e.Message}");
        }
    }

    private static void Probe(string folder, string name)
    {
        var made = new List<string>(); // the innermost first
        for (var place = folder; place is not null && !Path.Exists(place); place = Path.GetDirectoryName(place))
        {
            made.Add(place);
        }

        try
        {
            Directory.CreateDirectory(folder);
            var probe = AtomicFile.TemporaryName(Path.Combine(folder, name));
            using var file = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        finally
        {
            foreach (var place in made.Where(Directory.Exists))
            {
                TryDelete(place);
            }
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // Another process has begun to use it.
        }
    }
}
