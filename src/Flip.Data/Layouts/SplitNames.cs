namespace Flip.Data.Layouts;

/// <summary>Names that parts of data sets go by.</summary>
public static class SplitNames
{
    /// <summary>What is measured on.</summary>
    public const string Test = "test";

    /// <summary>What is trained on.</summary>
    public const string Train = "train";

    private static readonly string[] Training = [Train, "trainval", "training"];
    private static readonly string[] Testing = [Test, "val", "valid", "validation", "dev"];

    /// <summary>A part's own name, then what else data sets call such a part.</summary>
    public static IReadOnlyList<string> Of(string split) =>
        [.. (Training.Contains(split) ? Training : Testing.Contains(split) ? Testing : []).Prepend(split).Distinct()];

    /// <summary>Whether a folder's name is that of a part.</summary>
    public static bool IsSplit(string name) => Training.Contains(name) || Testing.Contains(name);
}
