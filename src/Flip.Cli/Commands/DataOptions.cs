using System.CommandLine;
using Flip.Data;

namespace Flip.Cli.Commands;

/// <summary>What commands ask of data that may be a stranger's.</summary>
internal static class DataOptions
{
    /// <summary>Lets lists, descriptions and links name what lies outside their folder.</summary>
    public static Option<bool> AllowOutside { get; } = new(FolderBounds.Option)
    {
        Description = "Read files outside the folder of a data set too, where its lists, descriptions or links name them: for data that you made or have looked into.",
    };
}
