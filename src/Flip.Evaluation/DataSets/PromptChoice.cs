using Flip.Data.Classes;
using Flip.Evaluation.ZeroShot;

namespace Flip.Evaluation.DataSets;

/// <summary>What zero-shot classification says of each class.</summary>
/// <param name="Templates">Templates instead of the data sets' own: <c>flip7</c>, <c>clip80</c>, or a file; null keeps those, and FLIP's seven where a data set has none.</param>
/// <param name="Prompts">File of prompts for each class instead of templates (CuPL); null for templates.</param>
public sealed record PromptChoice(string? Templates = null, string? Prompts = null)
{
    /// <summary>The prompts of a data set's classes, and what they are called in results.</summary>
    /// <exception cref="Flip.ConfigException">A file is not there or not one of prompts.</exception>
    public (ClassPrompts Prompts, string Description) Of(DataSetDescription set, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(set);
        return Prompts is { } file ? (ClassPrompts.OfFile(file, classNames), Path.GetFileName(file))
            : Templates is { } named ? (ClassPrompts.OfTemplates(classNames, ClassTemplates.Load(named)), Path.GetFileName(named))
            : set.Templates.Count > 0 ? (ClassPrompts.OfTemplates(classNames, set.Templates), $"{set.Templates.Count} of the data set's description")
            : (ClassPrompts.OfTemplates(classNames, ClassTemplates.Flip7), "flip7");
    }

    /// <summary>What it is called in results of several data sets.</summary>
    public override string ToString() => Prompts ?? Templates ?? "of each data set";
}
