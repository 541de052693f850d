namespace Flip.Cli.Runs;

/// <summary>Where features and classifiers are kept unless a user names another folder.</summary>
internal static class CacheFolder
{
    /// <summary>A folder in the user's own cache.</summary>
    public static string Default => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "flip",
        "features");
}
