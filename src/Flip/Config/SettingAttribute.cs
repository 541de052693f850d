namespace Flip.Config;

/// <summary>Meaning and range of a setting, beside its default: the reader checks it, <c>flip config --describe</c> prints it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string meaning) : Attribute
{
    /// <summary>One line for people.</summary>
    public string Meaning { get; } = meaning;

    /// <summary>Smallest allowed value.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>Largest allowed value.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>True if <see cref="Max"/> itself is not allowed.</summary>
    public bool BelowMax { get; init; }

    /// <summary>True if <see cref="Min"/> itself is not allowed.</summary>
    public bool AboveMin { get; init; }
}
