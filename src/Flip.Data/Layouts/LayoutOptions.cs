using Flip.Data.Classes;

namespace Flip.Data.Layouts;

/// <summary>What is wanted of labelled, captioned or questioned images.</summary>
public sealed record LayoutOptions
{
    /// <summary>The part of the data set; "test" and "val" stand for each other where only one is there.</summary>
    public string Split { get; init; } = SplitNames.Test;

    /// <summary>The classes in the order of their numbers; null takes what the data say.</summary>
    public ClassTable? Classes { get; init; }

    /// <summary>Whether names that lie beside numbered data are taken where they are others than <see cref="Classes"/>; else numbers are those
    /// of <see cref="Classes"/>.</summary>
    public bool PreferPublishedNames { get; init; }

    /// <summary>Whether images of classes that are not in <see cref="Classes"/> are passed over; they are an error else.</summary>
    public bool IgnoreOtherClasses { get; init; }

    /// <summary>Whether an image may have several labels, or none.</summary>
    public bool SeveralLabels { get; init; }

    /// <summary>Whether folders below the classes' are videos: the middle one of a folder's frames stands for it.</summary>
    public bool Videos { get; init; }

    /// <summary>Whether an image may have no caption; it is an error else.</summary>
    internal bool AllowNoCaption { get; init; }

    /// <summary>Whether a question may have no answer: it is to be answered, not scored or learnt from; it is an error else.</summary>
    public bool AllowNoAnswer { get; init; }

    /// <summary>What is allowed and who receives messages.</summary>
    public SourceOptions Source { get; init; } = new();
}
