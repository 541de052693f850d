namespace Flip.Serving;

/// <summary>Something was asked of a model that it has no part for.</summary>
/// <param name="ability">What was asked for, as <see cref="ServedModel.Abilities"/> has it.</param>
/// <param name="model">Name of the model.</param>
/// <param name="abilities">What the model can do.</param>
public sealed class MissingAbilityException(string ability, string model, IReadOnlyList<string> abilities)
    : FlipException($"The model '{model}' has no part for {ability}; it has {string.Join(", ", abilities)}.")
{
    /// <summary>What was asked for.</summary>
    public string Ability { get; } = ability;
}
