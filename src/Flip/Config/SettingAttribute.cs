namespace Flip.Config;

/// <summary>
/// Owner, meaning and range of a setting, beside its default: the reader checks it, <c>flip config --describe</c> prints it. Every number has a
/// smallest and a largest value.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(SettingOwner owner, string meaning) : Attribute
{
    /// <summary>Who decides it.</summary>
    public SettingOwner Owner { get; } = owner;

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

    /// <summary>Of a text that is a name or a path: the names. A model's files may say one of them; a path is the user's to say.</summary>
    public string[] Names { get; init; } = [];
}
