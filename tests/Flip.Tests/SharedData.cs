using System.Runtime.CompilerServices;

namespace Flip.Tests;

/// <summary>Photos and vocabularies that stay out of the project; a test that needs one skips where it is missing.</summary>
internal static class SharedData
{
    /// <summary>A path under <c>shared/</c> beside the project; skips the test and says so where it does not exist.</summary>
    public static string Require(string relative)
    {
        var path = Path.Combine(ProjectRoot(), "..", "shared", relative);
        Assert.SkipUnless(Path.Exists(path), $"needs shared/{relative} beside the project");
        return Path.GetFullPath(path);
    }

    /// <summary>A file of <c>tests/Golden</c>, which is part of the project.</summary>
    public static string Golden(string relative) => Path.Combine(ProjectRoot(), "tests", "Golden", relative);

    /// <summary>A folder of <c>tests</c>.</summary>
    public static string Test(string relative) => Path.Combine(ProjectRoot(), "tests", relative);

    private static string ProjectRoot([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
}
