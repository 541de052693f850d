using Flip.Models;

namespace Flip.Tasks.Studies;

/// <summary>A study as its author wrote it: settings that are compared, what is measured and what is drawn. It is data; <see cref="StudyPlan"/> makes cells of it.</summary>
public sealed record StudyDescription
{
    /// <summary>Its name: a built-in one's, or the file's.</summary>
    public string Name { get; init; } = "";

    /// <summary>What it is called in a table's heading.</summary>
    public required string Title { get; init; }

    /// <summary>The question that it answers, a sentence.</summary>
    public string? Question { get; init; }

    /// <summary>Where the paper has it, with its model and data; null where it has not.</summary>
    public string? Paper { get; init; }

    /// <summary>Named recipe to start from, where the user names none.</summary>
    public string? Preset { get; init; }

    /// <summary>Settings of all cells, <c>key=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>What differs between cells; cells are all combinations.</summary>
    public required IReadOnlyList<StudyAxis> Axes { get; init; }

    /// <summary>Names of values, one an axis, with which the others are compared; by default each axis's first.</summary>
    public IReadOnlyList<string> Baseline { get; init; } = [];

    /// <summary>Combinations that are left out; a name stands for all combinations that have it.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Skip { get; init; } = [];

    /// <summary>The axis of lengths, where the study asks for the time to equal accuracy; null where it does not.</summary>
    public string? LengthAxis { get; init; }

    /// <summary>Runs of each cell, with seeds of their own.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>The paper's own numbers.</summary>
    public IReadOnlyList<PublishedCell> Published { get; init; } = [];
}

/// <summary>One thing that differs between cells.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Values">What it can be, two or more.</param>
public sealed record StudyAxis(string Name, IReadOnlyList<StudyValue> Values);

/// <summary>One value of an axis.</summary>
public sealed record StudyValue
{
    /// <summary>What it is called in tables.</summary>
    public required string Name { get; init; }

    /// <summary>Settings, <c>key=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Settings that are a multiple of what they are without it, such as a batch of twice the pairs.</summary>
    public IReadOnlyDictionary<string, double> Multiply { get; init; } = new Dictionary<string, double>();

    /// <summary>Share of the training's shards, in (0, 1]; at least one shard.</summary>
    public double? Data { get; init; }

    /// <summary>Unmasked tuning behind the training; null for none.</summary>
    public StudyTuning? Tune { get; init; }

    /// <summary>How images are seen when the model is measured.</summary>
    public InferenceMask? Inference { get; init; }
}

/// <summary>Unmasked tuning relative to the training before it.</summary>
/// <param name="Length">Samples, as a share of the training's; null as <see cref="Config.TuneRecipe"/> has it.</param>
/// <param name="Rate">Learning rate, as a share of the training's; null as <see cref="Config.TuneRecipe"/> has it.</param>
public sealed record StudyTuning(double? Length = null, double? Rate = null);

/// <summary>What the paper found for a cell.</summary>
/// <param name="Cell">Names of its values, one an axis.</param>
/// <param name="Score">Accuracy, per cent; null where the paper has none.</param>
/// <param name="Time">Time of training relative to the baseline's.</param>
/// <param name="Flops">Operations of training relative to the baseline's.</param>
public sealed record PublishedCell(IReadOnlyList<string> Cell, double? Score = null, double? Time = null, double? Flops = null);
