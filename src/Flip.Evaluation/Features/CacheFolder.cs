using Flip.Io;

namespace Flip.Evaluation.Features;

/// <summary>Where features and classifiers are kept unless a user names another folder.</summary>
public static class CacheFolder
{
    /// <summary>A folder in the user's own cache.</summary>
    public static string Default => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "flip",
        "features");

    /// <summary>
    /// Makes a folder, for its owner alone, and refuses one that cannot be written. The user's own is closed to others if it is not yet; of another that
    /// is open to others it is told what that means.
    /// </summary>
    /// <param name="folder">The folder; need not be there.</param>
    /// <param name="say">Told what a user should know, in a sentence.</param>
    public static void Open(string folder, Action<string> say)
    {
        OutputPlace.CheckFolder(folder, "--cache");
        PrivateFolder.Create(folder);
        if (!(folder == Default && PrivateFolder.Narrow(folder)) && PrivateFolder.IsOpenToOthers(folder))
        {
            say($"Warning: the cache {folder} is another user's, or others may write to it: numbers that they put there would be taken for this model's. Another --cache is your own.");
        }
    }
}
