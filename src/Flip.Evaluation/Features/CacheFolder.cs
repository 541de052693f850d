using Flip.Io;

namespace Flip.Evaluation.Features;

/// <summary>Where features and classifiers are kept unless a user names another folder.</summary>
public static class CacheFolder
{
    private static readonly Lazy<string> Temporary = new(MakeTemporary);

    /// <summary>A folder in the user's own cache.</summary>
    public static string Default => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "flip",
        "features");

    /// <summary>
    /// Makes a folder, for its owner alone, and refuses one that cannot be written. The user's own is closed to others if it is not yet; of another that
    /// is open to others it says what that means. Where the user's own cannot be written and no other is named, the process has one for itself.
    /// </summary>
    /// <param name="folder">The folder, which need not be there; null for the user's own.</param>
    /// <param name="say">Receives what a user should know, in a sentence.</param>
    /// <returns>The folder to use.</returns>
    /// <exception cref="IOException">The folder that the user named cannot be written.</exception>
    public static string Open(string? folder, Action<string> say)
    {
        ArgumentNullException.ThrowIfNull(say);
        var place = folder ?? Default;
        try
        {
            OutputPlace.CheckFolder(place, "--cache");
            PrivateFolder.Create(place);
        }
        catch (IOException e) when (folder is null)
        {
            say($"Warning: nothing is kept for the next time; --cache FOLDER names another place. {e.Message}");
            return Temporary.Value;
        }

        if (!(place == Default && PrivateFolder.Narrow(place)) && PrivateFolder.IsOpenToOthers(place))
        {
            say($"Warning: the cache {place} is another user's, or others may write to it: numbers that they put there would be taken for this model's. Another --cache is your own.");
        }

        return place;
    }

    private static string MakeTemporary()
    {
        var folder = Directory.CreateTempSubdirectory("flip-cache-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TryDelete(folder);
        return folder;
    }

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It lies among the system's temporary files.
        }
    }
}
